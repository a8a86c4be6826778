//! Who is connected, for a program that waits for another one to come or to go.

use std::sync::Arc;

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

    /// The id of a client, other than those of `except`, that has connected since there were so many connections.
    #[must_use]
    pub fn connected_since(&self, connections: u64, except: &[String]) -> Option<String> {
        self.0.look_at_clients(|router| router.newcomer(connections, except, false))
    }

    /// Waits for such a client that has a subscription too: from then on it misses nothing. One that has come and gone
    /// since this was called counts.
    pub fn subscribed_since(
        &self,
        connections: u64,
        except: &[String],
    ) -> impl Future<Output = String> + use<> {
        let except = except.to_owned();
        self.0.watch_clients(move |router| router.newcomer(connections, &except, true))
    }

    /// Waits until no client of this id is connected.
    pub fn gone(&self, client_id: &str) -> impl Future<Output = ()> + use<> {
        let client_id = client_id.to_owned();
        self.0.watch_clients(move |router| (!router.is_connected(&client_id)).then_some(()))
    }
}
