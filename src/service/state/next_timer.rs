//! Which timer is next, as people are told.

use serde::Serialize;

use super::State;
use super::timers::Timer;
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingName};

/// A timer that runs: when it is due, and what the service does then.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NextTimer {
    pub(crate) due: Timestamp,
    does: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thing_name: Option<ThingName>,
}

impl State {
    /// The timer that is due next; none where none runs.
    pub(crate) fn next_timer(&self) -> Option<NextTimer> {
        let (due, timer) = self.timers.first()?;
        let (does, job_id, thing_name) = match timer {
            Timer::JobExecution { thing, sequence } => {
                let execution = self.executions.get(thing).and_then(|executions| executions.get(*sequence));
                let job = execution.map(|execution| execution.job_id.clone());
                ("times out a job execution", job, Some(thing.clone()))
            }
            Timer::JobStart(job) => ("starts a job", Some(job.clone()), None),
            Timer::JobEnd(job) => ("ends a job", Some(job.clone()), None),
            Timer::Window(job) => ("begins or ends a maintenance window of a job", Some(job.clone()), None),
            Timer::RollOut(job) => ("rolls a job out further", Some(job.clone()), None),
            Timer::Cancel { job, .. } => ("cancels more executions of a job", Some(job.clone()), None),
            Timer::Delete(job) => ("deletes more executions of a job", Some(job.clone()), None),
            Timer::LeaveGroup(_) => ("lets things leave a deleted group", None, None),
        };
        Some(NextTimer { due: *due, does, job_id, thing_name })
    }
}
