//! A session: the only module that knows all the others, and wires them together.
//!
//! The local service if one is asked for, then the two clients, then the background tasks that print
//! events, then commands until they end; everything is taken down in the opposite order.

mod parts;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

use crate::app::cli::{Mode, SessionOptions};
use crate::app::command::UsagesShown;
use crate::app::connections::Connections;
use crate::app::device::{Device, DeviceTrace, Stop};
use crate::app::device_folder;
use crate::app::dispatch::{Dispatcher, LastCommand, Limiter, Server};
use crate::app::exit::ExitStatus;
use crate::app::input::{self, Commands, Opened};
use crate::app::mqtt::{device_identity, mqtt_options};
use crate::app::output::known_names::KnownNames;
use crate::app::output::printer::Printer;
use crate::app::own_clients::OwnClients;
use crate::app::things::{HowToConnect, Things};
use crate::app::topics::TopicsConnection;
use crate::app::transcript::Transcript;
use crate::app::{repl, script};
use crate::client::connection;
use crate::client::control_plane::{self, CredentialsSource};
use crate::client::identity;
use crate::client::trace::Trace;
use crate::service::LocalService;

use parts::{
    as_server, connect_control_plane, is_alone, on_faults, sandbox, start_local_service, topics_options,
};

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The certificate files given on the command line are unusable.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// A proxy for the control plane that is not one.
    #[error(transparent)]
    Proxy(#[from] control_plane::NoProxyUrl),
    /// Where commands come from, or where their report goes.
    #[error(transparent)]
    Input(#[from] input::Error),
    /// The MQTT connection failed.
    #[error(transparent)]
    Connection(#[from] connection::Error),
    /// The local service did not start.
    #[error("{0:#}")]
    Service(anyhow::Error),
}

impl SessionError {
    /// How the program ends.
    #[must_use]
    pub(crate) fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Identity(_) | Self::Proxy(_) | Self::Input(_) => ExitStatus::Usage,
            Self::Connection(_) | Self::Service(_) => ExitStatus::NotConnected,
        }
    }
}

/// Runs a session, and waits until all of its output is written.
pub(crate) fn run(options: &SessionOptions, runtime: &Runtime) -> Result<ExitStatus, SessionError> {
    let printer = Printer::new(options.output.color, options.output.json);
    let ended = start_and_run(options, runtime, &printer);
    runtime.block_on(printer.flush());
    ended
}

fn start_and_run(
    options: &SessionOptions,
    runtime: &Runtime,
    printer: &Printer,
) -> Result<ExitStatus, SessionError> {
    let opened = match Opened::open(&options.input, &options.script, runtime, printer)? {
        ControlFlow::Continue(opened) => opened,
        ControlFlow::Break(status) => return Ok(status),
    };
    let started =
        check_proxies(&options.mode).and_then(|()| runtime.block_on(Session::start(options, printer)));
    let session = match started {
        Ok(session) => session,
        Err(error) => {
            opened.report_not_run(&error.to_string(), runtime, printer);
            return Err(error);
        }
    };
    let Opened { commands, report } = opened;
    let status = match commands {
        Commands::Terminal => {
            let version = env!("JOBS_SANDBOX_VERSION");
            let place = session.dispatcher.place().map_or(String::new(), |place| format!(", {place}"));
            let banner = format!(
                "jobs-sandbox {version}, thing {}{place}\nhelp lists the commands, quit leaves",
                options.thing
            );
            runtime.block_on(repl::run(&session.dispatcher, &banner))
        }
        Commands::Scripts(scripts) => {
            runtime.block_on(script::run(&session.dispatcher, scripts, &options.script, report))
        }
    };
    runtime.block_on(session.stop());
    Ok(status)
}

/// Refuses a proxy for the control plane that is not one.
fn check_proxies(mode: &Mode) -> Result<(), SessionError> {
    match mode {
        Mode::Aws(aws) => Ok(control_plane::check_proxies(aws.control_endpoint_url.as_deref())?),
        Mode::Local(_) => Ok(()),
    }
}

/// Everything that runs while commands are carried out.
struct Session {
    dispatcher: Dispatcher,
    /// Prints what arrives between commands on several connections.
    settling: AbortHandle,
    service: Option<LocalService>,
}

impl Session {
    async fn start(options: &SessionOptions, printer: &Printer) -> Result<Self, SessionError> {
        let trace = Trace::new(options.output.trace, {
            let printer = printer.clone();
            move |line| printer.notice(line)
        });
        let own_clients = OwnClients::new(&options.client_id, &options.thing);
        let device_trace =
            options.script.device.as_ref().map(|_| DeviceTrace::new(own_clients.clone(), trace.clone()));
        let (service, server) = match &options.mode {
            Mode::Aws(aws) => (None, aws.clone()),
            Mode::Local(local) => {
                let records = device_trace.as_ref().map(DeviceTrace::trace).unwrap_or_default();
                let service =
                    start_local_service(local, records, printer).await.map_err(SessionError::Service)?;
                let server = as_server(&service, &local.region);
                (Some(service), server)
            }
        };
        let connected_to = Server {
            endpoint: format!("{}:{}", server.endpoint, server.port),
            region: server.region.clone(),
            is_ours: service.is_some(),
        };
        let identity = device_identity(&server, printer)?;
        let timeout = options.timeout;
        let how: HowToConnect = Box::new({
            let (server, identity) = (server.clone(), identity.clone());
            move |client_id| mqtt_options(&server, &identity, client_id, timeout)
        });
        let topics =
            topics_options(service.as_ref(), server.clone(), identity, own_clients.of_topics(), timeout);
        let sandbox = sandbox(&server, options);
        let ca_bundle = if service.is_some() { None } else { identity::ca_bundle()? };
        let control_plane = control_plane::Options {
            region: server.region,
            endpoint_url: server.control_endpoint_url,
            ca_bundle,
            credentials: if service.is_some() {
                CredentialsSource::Dummy
            } else {
                CredentialsSource::DefaultChain
            },
            timeout,
            trace: trace.clone(),
        };
        let transcript = Transcript::new(printer.clone(), KnownNames::default());
        let on_faults = on_faults(service.as_ref());
        let connections = Arc::new(Connections::new(transcript.clone(), on_faults));
        let things = Things::connect(
            &options.thing,
            how,
            own_clients.clone(),
            trace.clone(),
            transcript.clone(),
            connections.clone(),
        );
        // Without a connection there is no session, and no thing is created for a name that may be mistyped.
        let things = Arc::new(things.await?);
        let (control_plane, thing_arn) = connect_control_plane(control_plane, options, printer).await;
        things.current().set_arn(thing_arn);
        let settling = tokio::spawn({
            let connections = connections.clone();
            async move { connections.keep_settling().await }
        })
        .abort_handle();
        let clock = service.as_ref().map(LocalService::clock);
        if let Some(clock) = clock {
            printer.set_clock(Arc::new(move || clock.now().millis()));
        }
        let is_alone = is_alone(service.as_ref(), &control_plane, &connections);
        let topics = TopicsConnection::new(topics, trace.clone(), transcript.clone(), connections.clone());
        let device = device_trace.zip(service.as_ref()).zip(options.script.device.clone());
        let device = device.map(|((trace, service), device)| {
            Device::new(device, service, own_clients, trace, transcript.clone())
        });
        let device_folder = match &options.mode {
            Mode::Aws(aws) => device_folder::of_certificate(&aws.cert),
            Mode::Local(_) => None,
        };
        let dispatcher = Dispatcher {
            things,
            device_folder,
            server: connected_to,
            topics,
            connections,
            control_plane,
            transcript,
            sandbox,
            is_alone,
            device,
            trace,
            names: Mutex::new(options.script.names.clone()),
            limiter: Limiter::default(),
            last_command: LastCommand::default(),
            usages_shown: UsagesShown::default(),
        };
        Ok(Self { dispatcher, settling, service })
    }

    /// Disconnects, lets the background tasks print what is left, and stops the service last.
    async fn stop(self) {
        self.dispatcher.end_device(Stop::Terminate).await;
        let Dispatcher { things, topics, connections, .. } = self.dispatcher;
        topics.close().await;
        things.close().await;
        self.settling.abort();
        connections.settle_arrived().await;
        if let Some(service) = self.service {
            service.stop().await;
        }
    }
}
