//! Which clients are connected, for those who wait for one to come, to subscribe or to go.

use super::{Router, Session};

impl Router {
    /// How many connections have been accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    /// Whether a client has come, gone or subscribed since the last call.
    pub(crate) fn take_clients_changed(&mut self) -> bool {
        std::mem::take(&mut self.clients_changed)
    }

    /// How many clients are connected.
    pub(crate) fn client_count(&self) -> usize {
        self.connected().count()
    }

    /// Whether the client of this id is connected.
    pub(crate) fn is_connected(&self, client_id: &str) -> bool {
        self.connected().any(|session| *session.client_id == *client_id)
    }

    /// The id of the first client, other than those of `except`, that has connected since there were so many connections and, if
    /// it is to be `subscribed`, has a subscription.
    pub(crate) fn newcomer(&self, connections: u64, except: &[String], subscribed: bool) -> Option<String> {
        self.connected()
            .filter(|session| session.connection_number > connections)
            .filter(|session| !except.iter().any(|except| **except == *session.client_id))
            .filter(|session| !subscribed || !session.subscriptions.is_empty())
            .min_by_key(|session| session.connection_number)
            .map(|session| session.client_id.to_string())
    }

    /// The sessions whose clients are connected.
    fn connected(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(|session| session.connection.is_some())
    }
}
