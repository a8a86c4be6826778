//! The account as it is at the first start again, and how much is in it meanwhile.

use std::collections::BTreeSet;
use std::{fmt, mem};

use serde::Serialize;

use super::State;
use super::event::Event;
use super::execution::Execution;
use super::outcome::Effects;
use super::touched::Touched;
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionsChangedEvent, NextJobExecutionChangedEvent, PendingJobExecutions};

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    things: usize,
    jobs: usize,
    job_executions: usize,
    certificates: usize,
    policies: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        write!(f, "{}, {}", count(self.things, "thing"), count(self.jobs, "job"))
    }
}

impl State {
    pub(crate) fn counts(&self) -> Counts {
        let (certificates, policies) = self.credentials.counts();
        Counts {
            things: self.things.len(),
            jobs: self.jobs.len(),
            job_executions: self.jobs.values().map(|job| job.executions.len()).sum(),
            certificates,
            policies,
        }
    }

    /// Becomes `first`. Hands back what it was, for the caller to drop, and what follows: whoever had something
    /// pending hears that nothing is, and certificates that are no longer there end their connections.
    pub(crate) fn reset(&mut self, now: Timestamp, first: Self) -> (Self, Effects) {
        let before = mem::replace(self, first);
        let mut effects = Effects { touched: Touched::all(), ..Effects::default() };
        let timestamp = now.seconds();
        for (thing, executions) in &before.executions {
            let namespace = |(_, execution): (_, &Execution)| before.namespace_of(&execution.job_id);
            for namespace in executions.pending().map(namespace).collect::<BTreeSet<_>>() {
                let jobs = PendingJobExecutions::default();
                let (changed, none_next) = (
                    JobExecutionsChangedEvent { timestamp, jobs },
                    NextJobExecutionChangedEvent { timestamp, execution: None },
                );
                let (thing, namespace) = (thing.clone(), namespace.map(str::to_owned));
                effects.events.extend([
                    Event::JobExecutionsChanged(thing.clone(), namespace.clone(), changed),
                    Event::NextJobExecutionChanged(thing, namespace, none_next),
                ]);
            }
        }
        let gone = before.credentials.certificate_ids().filter(|id| !self.credentials.has_certificate(id));
        effects.ended_certificates = gone.cloned().collect();
        (before, effects)
    }
}
