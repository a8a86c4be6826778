//! A connection whose events are numbered: how to know that all have come.

use super::connection::{Connection, Error};
use super::events::EventNumbers;

/// A connection whose events are numbered. Clones share it.
#[derive(Debug, Clone)]
pub struct Feed {
    connection: Connection,
    numbers: EventNumbers,
}

impl Feed {
    pub(super) fn new(connection: Connection, numbers: EventNumbers) -> Self {
        Self { connection, numbers }
    }

    /// An ordered round trip: the events that the server sent before it answered have been numbered when this
    /// returns. From the local service comes the [`sequence`](super::events::StreamEvent::sequence) of the last one
    /// before its answer, on whichever connection.
    ///
    /// # Errors
    /// When there is no connection within the timeout, or it is lost before the server answered.
    pub async fn barrier(&self) -> Result<Option<u64>, Error> {
        self.connection.barrier().await
    }

    /// The number of the last event delivered so far; 0 before the first.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.numbers.last()
    }

    /// Whether there is a connection at the moment.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.connection.down().is_none()
    }

    /// Whether the server is the local Jobs service, on which a barrier is exact.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        self.connection.is_local_service()
    }
}
