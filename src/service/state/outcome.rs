//! The form in which every operation that changes something answers.

use super::Rejected;
use super::event::Event;

/// The reply to one request and the events that it caused: the reply goes out first, then the events in order.
#[derive(Debug)]
#[must_use]
pub struct Outcome<T> {
    /// What the requester is told.
    pub reply: Result<T, Rejected>,
    /// What every subscriber is told.
    pub events: Vec<Event>,
}

impl<T> Outcome<T> {
    /// Runs `operation`, which pushes its events to the vector that it is given.
    pub(crate) fn of(operation: impl FnOnce(&mut Vec<Event>) -> Result<T, Rejected>) -> Self {
        let mut events = Vec::new();
        let reply = operation(&mut events);
        Self { reply, events }
    }
}

impl<T> From<Result<T, Rejected>> for Outcome<T> {
    fn from(reply: Result<T, Rejected>) -> Self {
        Self { reply, events: Vec::new() }
    }
}
