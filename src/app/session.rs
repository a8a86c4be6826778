//! A session: the only module that knows all the others, and wires them together.
//!
//! The local service if one is asked for, then the two clients, then the background tasks that print
//! events, then commands until they end; everything is taken down in the opposite order.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::app::cli::{AwsOptions, Input, LocalOptions, Mode, ScriptOptions, SessionOptions};
use crate::app::command::UsagesShown;
use crate::app::device::{Device, DeviceTrace, Stop};
use crate::app::dispatch::{Dispatcher, IsAlone, LastCommand, Limiter, Server, find_thing};
use crate::app::events::{print_changes, print_events};
use crate::app::exit::ExitStatus;
use crate::app::output::known_jobs::KnownJobs;
use crate::app::output::printer::Printer;
use crate::app::script::{ReportFile, Script};
use crate::app::standard_streams::check_input;
use crate::app::transcript::Transcript;
use crate::app::{repl, script, serve};
use crate::client::connection;
use crate::client::control_plane::{self, ControlPlane, CredentialsSource};
use crate::client::identity::{self, Identity};
use crate::client::jobs::{Client, Streams};
use crate::client::sandbox::Sandbox;
use crate::client::trace::Trace;
use crate::service::{self, LocalService};
use crate::wire::system_error::in_words;

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The certificate files given on the command line are unusable.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// A proxy for the control plane that is not one.
    #[error(transparent)]
    Proxy(#[from] control_plane::NoProxyUrl),
    /// The script cannot be read.
    #[error("cannot read script {path}: {source}")]
    Script {
        /// Its path.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// An option for scripts, but no script.
    #[error("{option} is for a script: name one with -f FILE or -c COMMAND, or pipe it in")]
    NoScript {
        /// The option.
        option: &'static str,
    },
    /// The report of the script cannot be written.
    #[error("cannot write the report {path}: {source}")]
    Report {
        /// Its path.
        path: String,
        /// Why not.
        source: io::Error,
    },
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
            Self::Identity(_)
            | Self::Proxy(_)
            | Self::Script { .. }
            | Self::Report { .. }
            | Self::NoScript { .. } => ExitStatus::Usage,
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
    // Opened first: nothing is started, and no thing created, for a script that cannot be read or whose report
    // could not be written.
    let mut mistakes = script::Mistakes::default();
    let commands = Commands::open(&options.input, &options.script, &mut mistakes)?;
    let report = match (&commands, &options.script.junit) {
        (Commands::Scripts(_), Some(path)) => Some(open_report(path, runtime)?),
        _ => None,
    };
    if let Commands::Scripts(scripts) = &commands
        && let Some(status) = find_mistakes(scripts, &mistakes, &options.script, printer)
    {
        if let Some(report) = report.filter(|_| !mistakes.is_empty()) {
            put_report(runtime.block_on(mistakes.report(report)), printer);
        }
        return Ok(status);
    }
    if let Mode::Aws(aws) = &options.mode {
        control_plane::check_proxies(aws.control_endpoint_url.as_deref())?;
    }
    let session = match runtime.block_on(Session::start(options, printer)) {
        Ok(session) => session,
        Err(error) => {
            if let (Commands::Scripts(scripts), Some(report)) = (&commands, report) {
                let why = error.to_string();
                put_report(runtime.block_on(script::report_not_run(scripts, report, &why)), printer);
            }
            return Err(error);
        }
    };
    let status = match commands {
        Commands::Terminal => {
            let version = env!("JOBS_SANDBOX_VERSION");
            let banner = format!(
                "jobs-sandbox {version}, thing {}\nhelp lists the commands, quit leaves",
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

fn open_report(path: &Path, runtime: &Runtime) -> Result<ReportFile, SessionError> {
    let _runtime = runtime.enter();
    ReportFile::open(path).map_err(|source| SessionError::Report { path: path.display().to_string(), source })
}

/// How the program ends before anything is started: with what is wrong in scripts, or where they are only to be
/// checked.
fn find_mistakes(
    scripts: &[Script],
    mistakes: &script::Mistakes,
    options: &ScriptOptions,
    printer: &Printer,
) -> Option<ExitStatus> {
    mistakes.show(printer);
    if !mistakes.is_empty() {
        return Some(ExitStatus::Usage);
    }
    if let Some(only) =
        options.only.as_ref().filter(|only| !scripts.iter().any(|script| script.may_have_test(only)))
    {
        printer.failure("error:", &format!("no test is called {only}"));
        return Some(ExitStatus::Usage);
    }
    if !options.check {
        return None;
    }
    let commands: usize = scripts.iter().map(Script::len).sum();
    let plural = if commands == 1 { "" } else { "s" };
    printer.notice(&format!("{commands} command{plural} without a mistake"));
    Some(ExitStatus::Success)
}

/// Says if a report could not be written.
fn put_report(written: io::Result<()>, printer: &Printer) {
    if let Err(error) = written {
        printer.diagnostic(&format!("cannot write the report: {}", in_words(&error)));
    }
}

/// Where commands come from.
enum Commands {
    Terminal,
    Scripts(Vec<Script>),
}

impl Commands {
    fn open(
        input: &Input,
        options: &ScriptOptions,
        mistakes: &mut script::Mistakes,
    ) -> Result<Self, SessionError> {
        let mut load = |source: io::Result<script::Source>, path: String| {
            source
                .and_then(|source| Script::load(source, options, mistakes))
                .map_err(|source| SessionError::Script { path, source })
        };
        Ok(match input {
            Input::Commands(commands) => {
                Self::Scripts(vec![load(Ok(script::Source::commands(commands.clone())), "-c".to_owned())?])
            }
            Input::Files(paths) => Self::Scripts(
                paths
                    .iter()
                    .map(|path| load(script::Source::file(path), path.display().to_string()))
                    .collect::<Result<_, _>>()?,
            ),
            Input::Stdin if io::stdin().is_terminal() && io::stdout().is_terminal() => {
                match options.first_given() {
                    Some(option) => return Err(SessionError::NoScript { option }),
                    None => Self::Terminal,
                }
            }
            Input::Stdin => {
                let source = check_input().map(|()| script::Source::stdin());
                Self::Scripts(vec![load(source, "stdin".to_owned())?])
            }
        })
    }
}

/// Everything that runs while commands are carried out.
struct Session {
    dispatcher: Dispatcher,
    background: JoinSet<()>,
    service: Option<LocalService>,
}

impl Session {
    async fn start(options: &SessionOptions, printer: &Printer) -> Result<Self, SessionError> {
        let trace = Trace::new(options.output.trace, {
            let printer = printer.clone();
            move |line| printer.notice(line)
        });
        let device_trace =
            options.script.device.as_ref().map(|_| DeviceTrace::new(&options.client_id, trace.clone()));
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
            client_id: options.client_id.clone(),
            is_ours: service.is_some(),
        };
        let mqtt = mqtt_options(&server, options, printer)?;
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
            timeout: options.timeout,
            trace: trace.clone(),
        };
        // Without a connection there is no session, and no thing is created for a name that may be mistyped.
        let (client, streams) = Client::connect(options.thing.clone(), mqtt, trace.clone()).await?;
        let (control_plane, thing_arn) = connect_control_plane(control_plane, options, printer).await;
        let transcript = Transcript::new(printer.clone(), KnownJobs::default());
        let background = start_background(streams, &client, &transcript);
        let clock = service.as_ref().map(LocalService::clock);
        if let Some(clock) = clock {
            printer.set_clock(Arc::new(move || clock.now().millis()));
        }
        let is_alone = is_alone(service.as_ref(), &control_plane);
        let device = device_trace.zip(service.as_ref()).zip(options.script.device.clone());
        let device = device.map(|((trace, service), device)| {
            Device::new(device, service, options.client_id.clone(), trace, transcript.clone())
        });
        let dispatcher = Dispatcher {
            thing: options.thing.clone(),
            thing_arn,
            server: connected_to,
            client,
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
        Ok(Self { dispatcher, background, service })
    }

    /// Disconnects, lets the background tasks print what is left, and stops the service last.
    async fn stop(mut self) {
        self.dispatcher.end_device(Stop::Terminate).await;
        self.dispatcher.client.clone().disconnect().await;
        while let Some(ended) = self.background.join_next().await {
            if let Err(error) = ended {
                self.dispatcher.printer().diagnostic(&format!("a background task failed: {error}"));
            }
        }
        if let Some(service) = self.service {
            service.stop().await;
        }
    }
}

/// Starts the local service, and prints how another program connects to it.
async fn start_local_service(
    options: &LocalOptions,
    trace: service::trace::Trace,
    printer: &Printer,
) -> anyhow::Result<LocalService> {
    let service = serve::start(options.clone(), trace, printer).await?;
    printer.notice(&format!(
        "local service: MQTT {}, control plane http://{}",
        service.mqtt_addr(),
        service.http_addr()
    ));
    printer.notice(&format!("local service: for other programs: . {}", service.env_file().display()));
    Ok(service)
}

/// The local service as the clients see it, which is like any other server.
fn as_server(service: &LocalService, region: &str) -> AwsOptions {
    AwsOptions {
        endpoint: service.mqtt_addr().ip().to_string(),
        port: service.mqtt_addr().port(),
        cert: service.cert_file(),
        key: service.key_file(),
        ca_file: Some(service.ca_file()),
        region: Some(region.to_owned()),
        control_endpoint_url: Some(format!("http://{}", service.http_addr())),
    }
}

/// Where the HTTP port of the local service would be, if the server is one.
fn sandbox(server: &AwsOptions, options: &SessionOptions) -> Option<Sandbox> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let url = server
        .control_endpoint_url
        .clone()
        .or_else(|| variable("AWS_ENDPOINT_URL_IOT"))
        .or_else(|| variable("AWS_ENDPOINT_URL"))?;
    Sandbox::new(&url, variable("AWS_ACCESS_KEY_ID"), options.timeout).ok()
}

fn mqtt_options(
    server: &AwsOptions,
    options: &SessionOptions,
    printer: &Printer,
) -> Result<connection::Options, SessionError> {
    let identity = Identity::load(&server.cert, &server.key, server.ca_file.as_deref())?;
    for warning in identity.warnings() {
        printer.diagnostic(&format!("warning: {warning}"));
    }
    Ok(connection::Options {
        host: server.endpoint.clone(),
        port: server.port,
        client_id: options.client_id.clone(),
        tls: identity.tls_config(server.port),
        timeout: options.timeout,
        keep_alive: connection::KEEP_ALIVE,
    })
}

/// The control plane, and the ARN of the thing if that can be found. If not, the commands of the device work
/// all the same, and the first command that needs the ARN asks for it again.
async fn connect_control_plane(
    control_plane: control_plane::Options,
    options: &SessionOptions,
    printer: &Printer,
) -> (ControlPlane, OnceCell<String>) {
    let control_plane = ControlPlane::new(control_plane).await;
    let arn = find_thing(&control_plane, &options.thing, printer).await;
    if let Err(error) = &arn {
        printer.diagnostic(&format!("warning: {error}; commands of the control plane will try again"));
    }
    (control_plane, OnceCell::new_with(arn.ok()))
}

/// Starts two tasks that print events, and one that prints changes of the connection.
fn start_background(streams: Streams, client: &Client, transcript: &Transcript) -> JoinSet<()> {
    let mut background = JoinSet::new();
    background.spawn(print_events(
        "JobExecutionsChangedEvent",
        streams.job_executions_changed,
        transcript.clone(),
    ));
    background.spawn(print_events(
        "NextJobExecutionChangedEvent",
        streams.next_job_execution_changed,
        transcript.clone(),
    ));
    background.spawn(print_changes(streams.connection_changes, client.clone(), transcript.clone()));
    background
}

/// The service has seen no connection but the session's first, and no call but those that this control plane has
/// the answer to.
fn is_alone(service: Option<&LocalService>, control_plane: &ControlPlane) -> IsAlone {
    let Some(service) = service else { return Box::new(|| false) };
    let (traffic, control_plane) = (service.traffic(), control_plane.clone());
    Box::new(move || traffic.connections() == 1 && traffic.calls() == control_plane.answers())
}
