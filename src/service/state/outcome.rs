//! What follows from an operation that changes something: the reply, and everything else.

use std::collections::BTreeSet;

use super::Rejected;
use super::event::Event;
use super::sequence::Sequence;
use crate::wire::model::{JobId, ThingName};

/// The reply to a request and its effects: the reply goes out first, then the events in order.
#[derive(Debug)]
#[must_use]
pub struct Outcome<T> {
    /// What is sent to the requester.
    pub reply: Result<T, Rejected>,
    /// What concerns everyone else.
    pub effects: Effects,
}

impl<T> Outcome<T> {
    /// Runs an operation whose only effect is on the state.
    pub(crate) fn of(operation: impl FnOnce() -> Result<T, Rejected>) -> Self {
        operation().into()
    }

    /// Runs an operation that notes the ids of the certificates that devices may no longer use.
    pub(crate) fn ending_certificates(
        operation: impl FnOnce(&mut Vec<String>) -> Result<T, Rejected>,
    ) -> Self {
        let mut effects = Effects::default();
        let reply = operation(&mut effects.ended_certificates);
        Self { reply, effects }
    }
}

impl<T> From<Result<T, Rejected>> for Outcome<T> {
    fn from(reply: Result<T, Rejected>) -> Self {
        Self { reply, effects: Effects::default() }
    }
}

/// Everything that follows from a change besides the reply to whoever made it.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    /// What is published to every subscriber, in this order.
    pub events: Vec<Event>,
    /// The ids of certificates whose connections must end.
    pub ended_certificates: Vec<String>,
    /// The jobs and job executions that may be different now.
    pub touched: Touched,
}

/// The keys of the jobs and job executions that were created, edited or deleted.
#[derive(Debug, Default)]
pub struct Touched {
    /// Jobs by id.
    pub jobs: BTreeSet<JobId>,
    /// Job executions by thing and sequence number on that thing.
    pub executions: BTreeSet<(ThingName, Sequence)>,
}

impl Touched {
    pub(crate) fn job(&mut self, id: &JobId) {
        if !self.jobs.contains(id) {
            self.jobs.insert(id.clone());
        }
    }

    pub(crate) fn execution(&mut self, thing: &ThingName, sequence: Sequence) {
        self.executions.insert((thing.clone(), sequence));
    }
}
