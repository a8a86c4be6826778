//! Who is connected, for a program that waits for another one to come or to go.

use std::sync::Arc;

use super::broker::Router;
use super::shared::Shared;

/// The MQTT clients of a running service.
#[derive(Debug, Clone)]
pub struct Clients(Arc<Shared>);

impl Clients {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// How many connections there have been: what comes later has come since then.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.traffic().0
    }

    /// The id of a client, other than `except`, that has connected since there were so many connections.
    #[must_use]
    pub fn connected_since(&self, connections: u64, except: &str) -> Option<String> {
        self.0.look_at_clients(|router| newcomer(router, connections, except, false))
    }

    /// Waits for such a client that has a subscription too: from then on it misses nothing. One that has come and gone
    /// since this was called counts.
    pub fn subscribed_since(&self, connections: u64, except: &str) -> impl Future<Output = String> + use<> {
        let except = except.to_owned();
        self.0.watch_clients(move |router| newcomer(router, connections, &except, true))
    }

    /// Waits until no client of this id is connected.
    pub fn gone(&self, client_id: &str) -> impl Future<Output = ()> + use<> {
        let client_id = client_id.to_owned();
        let is_gone =
            move |router: &Router| router.connected().all(|session| *session.client_id != *client_id);
        self.0.watch_clients(move |router| is_gone(router).then_some(()))
    }
}

/// The first client that has connected since there were so many connections.
fn newcomer(router: &Router, connections: u64, except: &str, subscribed: bool) -> Option<String> {
    router
        .connected()
        .filter(|session| session.connection_number > connections && *session.client_id != *except)
        .filter(|session| !subscribed || !session.subscriptions.is_empty())
        .min_by_key(|session| session.connection_number)
        .map(|session| session.client_id.to_string())
}
