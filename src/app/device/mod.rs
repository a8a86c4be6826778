//! A device program beside the local service: started with its variables, observed there, ended with all that it
//! has started.
//!
//! | file | what it is |
//! |---|---|
//! | `mod` | when it starts, when it is connected, when it is gone |
//! | [`program`] | the process |
//! | [`output`] | what it prints |
//! | [`trace`] | what the service sees of it |
//! | [`ended`], [`error`] | its end, and what goes wrong with it, in a person's words |

mod ended;
mod error;
mod output;
mod program;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::app::cli::DeviceOptions;
use crate::app::own_clients::OwnClients;
use crate::app::transcript::{Incident, Transcript};
use crate::service::{Clients, LocalService};

use ended::Ended;
use output::Output;
use program::{Phase, Program};

pub(crate) use error::{Error, NO_DEVICE};
pub(crate) use program::Stop;
pub(crate) use trace::DeviceTrace;

/// How long its connection may outlive it.
const CLOSING: Duration = Duration::from_secs(5);

/// The device program of a session.
pub(crate) struct Device {
    options: DeviceOptions,
    environment: Vec<(&'static str, Option<String>)>,
    clients: Clients,
    /// The client ids of the session, whose connections are not the program's.
    own: OwnClients,
    output: Arc<Output>,
    trace: DeviceTrace,
    transcript: Transcript,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    program: Program,
    /// How many connections there were before.
    connections: u64,
    /// The client that it is, once that is known.
    client_id: Option<String>,
}

impl Device {
    /// A program that has not been started.
    pub(crate) fn new(
        options: DeviceOptions,
        service: &LocalService,
        own: OwnClients,
        trace: DeviceTrace,
        transcript: Transcript,
    ) -> Self {
        Self {
            options,
            environment: service.environment().changes(|name| std::env::var(name).ok()),
            clients: service.clients(),
            own,
            output: Arc::new(Output::new(transcript.printer().clone())),
            trace,
            transcript,
            running: Mutex::default(),
        }
    }

    /// Starts it, and waits until a client that was not connected before has connected and has a subscription;
    /// returns its id.
    ///
    /// A program that cannot be started, ends first or is not connected in time leaves nothing behind.
    pub(crate) async fn start(&self) -> Result<String, Error> {
        let mut slot = self.running.lock().await;
        let connections = self.clients.connections();
        // Before it starts: one that ends soon may have gone when it is looked for.
        let connected = self.clients.subscribed_since(connections, &self.own.all());
        let running = self.launch(&mut slot, connections, Phase::Starting).await?;
        match self.started(running, connected).await {
            Ok(client_id) => {
                running.client_id = Some(client_id.clone());
                Ok(client_id)
            }
            Err(error) => {
                running.program.stop(Stop::Kill).await;
                *slot = None;
                Err(error)
            }
        }
    }

    /// Starts it, and does not wait: that it ends by itself is an incident, however soon it does.
    pub(crate) async fn start_alone(&self) -> Result<(), Error> {
        let mut slot = self.running.lock().await;
        let connections = self.clients.connections();
        self.launch(&mut slot, connections, Phase::Running).await?;
        Ok(())
    }

    /// Stops it, and waits until it is gone with all that it has started, and its connection is closed; returns the
    /// id of the client that it was, if it was one.
    pub(crate) async fn stop(&self, how: Stop) -> Result<Option<String>, Error> {
        let mut slot = self.running.lock().await;
        let running = slot.as_mut().ok_or(Error::NotRunning)?;
        let client_id = running
            .client_id
            .clone()
            .or_else(|| self.clients.connected_since(running.connections, &self.own.all()));
        let ended = running.program.stop(how).await;
        *slot = None;
        if ended.by_itself {
            return Err(Error::NotRunning);
        }
        if let Some(client_id) = &client_id
            && timeout(CLOSING, self.clients.gone(client_id)).await.is_err()
        {
            return Err(Error::StillConnected { client_id: client_id.clone() });
        }
        Ok(client_id)
    }

    /// Ends it with the script or the session, if it runs; that it has ended by itself before is an incident.
    pub(crate) async fn end(&self, how: Stop) {
        let mut slot = self.running.lock().await;
        if let Some(running) = slot.as_mut() {
            running.program.stop(how).await;
        }
        *slot = None;
    }

    /// What it has printed since the last call.
    pub(crate) fn take_output(&self) -> String {
        self.output.take()
    }

    /// What the service sees of it.
    pub(crate) fn trace(&self) -> &DeviceTrace {
        &self.trace
    }

    async fn launch<'a>(
        &self,
        slot: &'a mut Option<Running>,
        connections: u64,
        phase: Phase,
    ) -> Result<&'a mut Running, Error> {
        if let Some(before) = slot.as_ref() {
            if !before.program.has_ended() {
                return Err(Error::Running);
            }
            // What it has left behind is no part of the new one.
            before.program.stop(Stop::Terminate).await;
        }
        let program =
            Program::start(&self.options, &self.environment, self.output.clone(), phase, self.by_itself())?;
        Ok(slot.insert(Running { program, connections, client_id: None }))
    }

    /// Waits until the program that was started is connected.
    async fn started(
        &self,
        running: &Running,
        connected: impl Future<Output = String>,
    ) -> Result<String, Error> {
        let within = self.options.within;
        let come = async {
            tokio::select! {
                biased;
                client_id = connected => Ok(client_id),
                ended = running.program.ended() => Err(Error::EndedFirst(ended)),
            }
        };
        let Ok(come) = timeout(within, come).await else {
            let connected = self.clients.connected_since(running.connections, &self.own.all());
            return Err(Error::NotConnected { within, connected, last_lines: self.output.last_lines() });
        };
        let client_id = come?;
        // The same incident whether it ends just before this or just after.
        if let Err(ended) = running.program.expect_to_run() {
            self.by_itself()(&ended);
        }
        Ok(client_id)
    }

    /// What its end is, where it ends although it was to run.
    fn by_itself(&self) -> impl Fn(&Ended) + Send + 'static + use<> {
        let (transcript, may_end) = (self.transcript.clone(), self.options.may_end);
        move |ended| {
            if !may_end {
                let (text, details) = ended.clone().told();
                transcript.incident(Incident { details, ..Incident::new("DeviceEnded", text) });
            }
        }
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("options", &self.options).finish_non_exhaustive()
    }
}
