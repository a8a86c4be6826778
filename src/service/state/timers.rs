//! What falls due, and when.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::sequence::Sequence;
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingName};

/// Something that the service does by itself at a certain time.
///
/// What falls due at the same time is done in the order of this enumeration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A job execution times out.
    JobExecution { thing: ThingName, sequence: Sequence },
    /// A job scheduled for later begins.
    JobStart(JobId),
    /// A job's schedule ends.
    JobEnd(JobId),
    /// A maintenance window of a job begins or ends.
    Window(JobId),
    /// A job's rollout goes on: with its next slice, or when its rate allows.
    RollOut(JobId),
    /// The cancellation of a job's executions goes on behind the one named.
    Cancel { job: JobId, force: bool, after: (ThingName, Sequence) },
    /// The deletion of a job's executions goes on.
    Delete(JobId),
    /// The things of a deleted group go on leaving it.
    LeaveGroup(Uuid),
}

impl Timer {
    /// Whether it is a record of its own; that of a job execution follows from the execution.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self, Self::JobExecution { .. })
    }
}

/// All timers of the account, soonest first.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(due, _)| *due)
    }

    pub(crate) fn first(&self) -> Option<&(Timestamp, Timer)> {
        self.0.first()
    }

    pub(crate) fn start(&mut self, due: Timestamp, timer: Timer) {
        self.0.insert((due, timer));
    }

    pub(crate) fn stop(&mut self, due: Timestamp, timer: Timer) {
        self.0.remove(&(due, timer));
    }

    pub(crate) fn has(&self, due: Timestamp, timer: &Timer) -> bool {
        self.0.contains(&(due, timer.clone()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Timestamp, Timer)> {
        self.0.iter()
    }

    /// Takes the first timer that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Timer)> {
        if self.next()? > now { None } else { self.0.pop_first() }
    }
}
