//! What faults delay: bounded, and sent in the order in which it is due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::limits;
use super::packet::{Message, Outgoing, Qos};
use super::session::{ConnectionHandle, SessionId};

/// Messages and packets that are to be sent later.
#[derive(Debug, Default)]
pub(super) struct Late {
    /// By when they are due, and in which order they came.
    queue: BTreeMap<(Instant, u64), LateItem>,
    next: u64,
    bytes: usize,
}

/// What is to be sent later, and to whom.
#[derive(Debug)]
pub(super) enum LateItem {
    /// For the session, connected again or not.
    Message { session: SessionId, message: Arc<Message>, qos: Qos, retain: bool },
    /// For this connection alone.
    Packet { session: SessionId, connection: Arc<ConnectionHandle>, packet: Outgoing },
}

impl LateItem {
    fn size(&self) -> usize {
        match self {
            Self::Message { message, .. } => message.size(),
            Self::Packet { .. } => size_of::<Self>(),
        }
    }
}

impl Late {
    /// When the next is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }

    /// Keeps something until it is due.
    pub(super) fn put(&mut self, due: Instant, item: LateItem) {
        self.bytes += item.size();
        self.next += 1;
        self.queue.insert((due, self.next), item);
    }

    /// What is due, and what there is no room for.
    pub(super) fn pop(&mut self, now: Instant) -> Option<LateItem> {
        let is_full = self.queue.len() > limits::LATE_MESSAGES || self.bytes > limits::LATE_BYTES;
        let first = self.queue.first_entry().filter(|first| is_full || first.key().0 <= now)?;
        let item = first.remove();
        self.bytes -= item.size();
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_late_comes_in_the_order_in_which_it_is_due_and_is_bounded() {
        let (mut late, now) = (Late::default(), Instant::now());
        let put = |late: &mut Late, seconds: u64, session: u64| {
            let message = Arc::new(Message { payload: vec![0; 1000].into(), ..Message::default() });
            let session = SessionId(session);
            let item = LateItem::Message { session, message, qos: Qos::AtMostOnce, retain: false };
            late.put(now + Duration::from_secs(seconds), item);
        };
        let pop = |late: &mut Late, seconds: u64| match late.pop(now + Duration::from_secs(seconds)) {
            Some(LateItem::Message { session, .. }) => Some(session.0),
            _ => None,
        };
        for (seconds, session) in [(2, 1), (1, 2), (2, 3)] {
            put(&mut late, seconds, session);
        }
        assert_eq!(late.due(), Some(now + Duration::from_secs(1)));
        assert_eq!([pop(&mut late, 0), pop(&mut late, 1), pop(&mut late, 1)], [None, Some(2), None]);
        assert_eq!([pop(&mut late, 2), pop(&mut late, 2)], [Some(1), Some(3)]);
        assert_eq!((late.due(), late.bytes), (None, 0));
        for number in 0..=limits::LATE_MESSAGES as u64 {
            put(&mut late, 9, number);
        }
        assert_eq!([pop(&mut late, 0), pop(&mut late, 0)], [Some(0), None]);
    }
}
