//! The things that the session plays: each with a connection of its own, which stays open; one is the current one.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::app::connections::Connections;
use crate::app::events::{job_event, print_changes, print_events};
use crate::app::output::played::Played;
use crate::app::output::printer::Printer;
use crate::app::own_clients::OwnClients;
use crate::app::transcript::Transcript;
use crate::client::connection;
use crate::client::control_plane::{self, ControlPlane, ThingLookup};
use crate::client::jobs::{Client, Streams};
use crate::client::trace::Trace;
use crate::wire::model::ThingName;

/// How to connect with a client id.
pub(crate) type HowToConnect = Box<dyn Fn(&str) -> connection::Options + Send + Sync>;

/// The things of a session.
pub(crate) struct Things {
    how: HowToConnect,
    own_clients: OwnClients,
    trace: Trace,
    transcript: Transcript,
    connections: Arc<Connections>,
    /// In the order in which they were first played; never empty once the session runs.
    connected: Mutex<Vec<Arc<Thing>>>,
    background: Mutex<JoinSet<()>>,
}

/// A thing whose device this program plays.
#[derive(Debug)]
pub(crate) struct Thing {
    /// Its name.
    pub name: ThingName,
    /// The MQTT client id of its connection.
    pub client_id: String,
    /// Its data plane.
    pub client: Client,
    arn: Mutex<Option<String>>,
}

impl Thing {
    /// Its ARN, once the control plane has returned it.
    pub(crate) fn arn(&self) -> Option<String> {
        lock(&self.arn).clone()
    }

    /// The control plane has returned its ARN, or what it returned counts no longer.
    pub(crate) fn set_arn(&self, arn: Option<String>) {
        *lock(&self.arn) = arn;
    }
}

impl Things {
    /// Those of a session that is connected for the first one.
    ///
    /// # Errors
    /// Why there is no connection, or which topic the policy of the certificate does not allow.
    pub(crate) async fn connect(
        first: &ThingName,
        how: HowToConnect,
        own_clients: OwnClients,
        trace: Trace,
        transcript: Transcript,
        connections: Arc<Connections>,
    ) -> Result<Self, connection::Error> {
        let (connected, background) = (Mutex::default(), Mutex::default());
        let things = Self { how, own_clients, trace, transcript, connections, connected, background };
        things.play(first).await?;
        Ok(things)
    }

    /// Makes a thing the current one, connected for it if that is not so yet.
    ///
    /// # Errors
    /// Why there is no connection, or which topic the policy of the certificate does not allow; the current one stays.
    pub(crate) async fn play(&self, thing: &ThingName) -> Result<(), connection::Error> {
        if self.find(thing).is_none() {
            let client_id = self.own_clients.of_thing(thing);
            let options = (self.how)(&client_id);
            let (client, streams) = Client::connect(thing.clone(), options, self.trace.clone()).await?;
            self.print(thing, &client, streams);
            let arn = Mutex::default();
            lock(&self.connected).push(Arc::new(Thing { name: thing.clone(), client_id, client, arn }));
        }
        self.played().play(thing);
        Ok(())
    }

    /// Makes the first one the current one.
    pub(crate) fn play_first(&self) {
        self.played().play(&lock(&self.connected)[0].name);
    }

    /// The one that is played.
    pub(crate) fn current(&self) -> Arc<Thing> {
        let current = self.played().current().and_then(|current| self.find(&current));
        current.expect("a session begins with a thing")
    }

    /// All of them, in the order in which they were first played.
    pub(crate) fn all(&self) -> Vec<Arc<Thing>> {
        lock(&self.connected).clone()
    }

    /// Disconnects, and waits until what has come is printed.
    pub(crate) async fn close(&self) {
        for thing in self.all() {
            thing.client.clone().disconnect().await;
        }
        let mut background = mem::take(&mut *lock(&self.background));
        while let Some(ended) = background.join_next().await {
            if let Err(error) = ended {
                self.transcript.printer().diagnostic(&format!("a background task failed: {error}"));
            }
        }
    }

    fn find(&self, thing: &ThingName) -> Option<Arc<Thing>> {
        lock(&self.connected).iter().find(|known| known.name == *thing).cloned()
    }

    fn played(&self) -> &Played {
        self.transcript.printer().played()
    }

    /// Starts two tasks that print events, and one that prints changes of the connection.
    fn print(&self, thing: &ThingName, client: &Client, streams: Streams) {
        let (source, transcript) = (self.connections.add(client.feed()), &self.transcript);
        let whose = Some(thing.clone());
        let mut background = lock(&self.background);
        for (title, events) in [
            ("JobExecutionsChangedEvent", streams.job_executions_changed),
            ("NextJobExecutionChangedEvent", streams.next_job_execution_changed),
        ] {
            background.spawn(print_events(
                title,
                whose.clone(),
                job_event,
                events,
                source,
                transcript.clone(),
            ));
        }
        let whose = whose.filter(|_| !lock(&self.connected).is_empty());
        background.spawn(print_changes(
            streams.connection_changes,
            whose,
            client.clone(),
            transcript.clone(),
        ));
    }
}

/// Creates the thing if it does not exist, which is printed, and returns its ARN.
pub(crate) async fn find_thing(
    control_plane: &ControlPlane,
    thing: &ThingName,
    printer: &Printer,
) -> Result<String, control_plane::Error> {
    Ok(match control_plane.create_thing_if_missing(thing).await? {
        ThingLookup::Existing { arn } => arn,
        ThingLookup::Created { arn } => {
            printer.diagnostic(&format!("created thing {arn}"));
            arn
        }
    })
}

/// That a thing was not found, and what comes of it.
pub(crate) fn not_found(error: &control_plane::Error) -> String {
    format!("warning: {error}; commands of the control plane will try again")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Things {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Things").field("connected", &self.connected).finish_non_exhaustive()
    }
}
