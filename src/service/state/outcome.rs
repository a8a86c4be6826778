//! What follows from an operation that changes something: the reply, and everything else.

use super::Rejected;
use super::event::Event;
use super::touched::Touched;

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
    /// Runs an operation that notes what follows from it, which are no events of jobs.
    pub(crate) fn of(operation: impl FnOnce(&mut Effects) -> Result<T, Rejected>) -> Self {
        let mut effects = Effects::default();
        let reply = operation(&mut effects);
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
    /// The records that may be different now.
    pub touched: Touched,
}
