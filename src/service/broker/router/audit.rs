//! The bookkeeping, checked after each step of a random test.

use super::*;

impl Router {
    /// Panics if the bookkeeping is wrong: sizes, names and timeouts.
    pub(crate) fn audit(&self) {
        let sessions = || self.sessions.values();
        assert_eq!(self.queued_bytes, sessions().map(|session| session.outbox.bytes()).sum::<usize>());
        assert!(self.queued_bytes <= limits::QUEUED_BYTES_IN_ALL);
        assert_eq!(self.by_client_id.len(), self.sessions.len());
        assert_eq!(self.away.len(), sessions().filter(|session| session.connection.is_none()).count());
        assert!(sessions().all(|session| session.connection.is_some() != session.due().is_some()));
        let bounded = |session: &Session| {
            session.subscriptions.len() <= limits::SUBSCRIPTIONS
                && session.aliases.len() <= limits::TOPIC_ALIASES.into()
        };
        assert!(sessions().all(bounded));
        if self.sessions.is_empty() {
            assert!(self.subscriptions.is_empty(), "subscriptions of nobody are left");
        }
    }
}
