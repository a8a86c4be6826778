//! The streams of a client: its two kinds of events, and the changes of the connection.

use tokio::sync::mpsc;

use super::pending::Pending;
use crate::client::connection::Change;
use crate::client::events::StreamEvent;

/// Changes of the connection that may wait to be taken; they come at most a few in a second.
const CHANGES: usize = 256;

/// What arrives without a request.
#[derive(Debug)]
pub struct Streams {
    /// Events on `notify`.
    pub job_executions_changed: mpsc::Receiver<StreamEvent>,
    /// Events on `notify-next`.
    pub next_job_execution_changed: mpsc::Receiver<StreamEvent>,
    /// What happens to the connection.
    pub connection_changes: mpsc::Receiver<ConnectionChange>,
}

/// What happened to the connection, and which job executions were pending by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionChange {
    /// What happened.
    pub change: Change,
    /// The pending job executions at that moment, or `None` if the service had not reported any yet.
    pub pending: Option<Pending>,
}

/// The sending end of the stream of changes.
#[derive(Debug)]
pub(super) struct ChangeSender {
    sender: mpsc::Sender<ConnectionChange>,
    /// A place kept free for the last change, so that it comes through however many are waiting.
    last: Option<mpsc::OwnedPermit<ConnectionChange>>,
}

impl ChangeSender {
    /// Both ends of the stream.
    pub(super) fn new() -> (Self, mpsc::Receiver<ConnectionChange>) {
        let (sender, receiver) = mpsc::channel(CHANGES + 1);
        let last = sender.clone().try_reserve_owned().ok();
        (Self { sender, last }, receiver)
    }

    /// Sends a change. It is dropped if too many are unread, unless it is the last one.
    pub(super) fn send(&mut self, change: ConnectionChange) {
        match self.last.take_if(|_| matches!(change.change, Change::Final { .. })) {
            Some(place) => drop(place.send(change)),
            None => drop(self.sender.try_send(change)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_connection_is_told_however_much_is_unread() {
        let (mut sender, mut changes) = ChangeSender::new();
        for _ in 0..2 * CHANGES {
            sender.send(ConnectionChange { change: Change::Restored, pending: None });
        }
        let end = Change::Final { reason: "over".to_owned() };
        sender.send(ConnectionChange { change: end.clone(), pending: None });
        drop(sender);
        let told: Vec<_> = std::iter::from_fn(|| changes.try_recv().ok()).collect();
        assert_eq!((told.len(), &told[CHANGES].change), (CHANGES + 1, &end));
        assert_eq!(changes.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
    }
}
