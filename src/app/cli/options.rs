//! The options of the program, checked and complete.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::Shell;

use super::provision_options::{CleanUpOptions, PolicyCheckOptions, PolicyPrintOptions, ProvisionOptions};
use crate::app::command::Names;
use crate::app::output::style::ColorChoice;
use crate::client::executor;
use crate::service::rehearsal::Plan;
use crate::service::state::job_status::JobStatus;
use crate::service::state::rollout::RolloutRate;
use crate::service::{DevicePolicies, Hostname, Limits};
use crate::wire::fault::Fault;
use crate::wire::model::ThingName;

/// The region of the local service unless another is given.
pub(super) const LOCAL_REGION: &str = "us-east-1";

/// The environment variable of `--hostname`.
pub(super) const HOSTNAME_VARIABLE: &str = "JOBS_SANDBOX_HOSTNAME";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Launch {
    /// The local service alone, and who sees what its clients do.
    Serve(LocalOptions, Option<TraceOptions>),
    /// A program that carries out the job executions of a thing.
    Run(Box<RunOptions>),
    /// The rehearsal of a rollout.
    Fleet(Box<FleetOptions>),
    /// Whether a local service is ready.
    Health {
        /// Its HTTP port.
        url: String,
        /// How long to wait for it.
        wait: Option<Duration>,
    },
    /// A completion script for a shell.
    Completions(Shell),
    /// Write the manual pages into this folder.
    ManPages(PathBuf),
    /// A device on AWS is made.
    Provision(ProvisionOptions),
    /// A device on AWS is taken away again.
    CleanUp(CleanUpOptions),
    /// Whether a policy lets a device do what it must.
    PolicyCheck(PolicyCheckOptions),
    /// The policy of a device.
    PolicyPrint(PolicyPrintOptions),
    /// A terminal session or a script.
    Session(Box<SessionOptions>),
}

/// The rehearsal of a rollout.
#[derive(Debug)]
pub(crate) struct FleetOptions {
    /// What is rehearsed.
    pub plan: Plan,
    /// What is printed.
    pub output: FleetOutput,
    /// How the job must end.
    pub expect_status: Option<JobStatus>,
    /// Where to write a JUnit XML report.
    pub junit: Option<PathBuf>,
}

/// What a rehearsal prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FleetOutput {
    /// How it ended, and at a terminal the table too.
    Auto,
    /// A table, and how it ended.
    Table,
    /// One JSON object a line.
    Json,
}

/// A terminal session or a script.
#[derive(Debug)]
pub(crate) struct SessionOptions {
    /// Whether it runs on AWS or on the local service.
    pub mode: Mode,
    /// The thing whose device it plays.
    pub thing: ThingName,
    /// The MQTT client id.
    pub client_id: String,
    /// How long a request waits for its answer.
    pub timeout: Duration,
    /// Where commands come from.
    pub input: Input,
    /// How a script runs.
    pub script: ScriptOptions,
    /// What is printed, and how.
    pub output: OutputOptions,
}

/// A program that carries out the job executions of a thing.
#[derive(Debug)]
pub(crate) struct RunOptions {
    /// The message broker, and the identity to use there.
    pub server: AwsOptions,
    /// The thing.
    pub thing: ThingName,
    /// The MQTT client id.
    pub client_id: String,
    /// How long a request waits for its answer.
    pub timeout: Duration,
    /// Show every message.
    pub trace: bool,
    /// How job executions are carried out.
    pub executor: executor::Options,
    /// How long the program may take to stop.
    pub grace: Duration,
    /// The program.
    pub handler: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A device program beside the local service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceOptions {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How long it may take to connect and subscribe.
    pub within: Duration,
    /// Whether it may end by itself.
    pub may_end: bool,
}

/// How a script runs.
#[derive(Debug, Clone)]
pub(crate) struct ScriptOptions {
    /// Stop at the first error.
    pub bail: bool,
    /// Print each command before its output.
    pub echo: bool,
    /// Where to write a JUnit XML report.
    pub junit: Option<PathBuf>,
    /// Find mistakes, and run nothing.
    pub check: bool,
    /// Run this test alone.
    pub only: Option<String>,
    /// What names stand for at first.
    pub names: Names,
    /// The device program beside it, or beside a terminal session, if there is one.
    pub device: Option<DeviceOptions>,
}

impl ScriptOptions {
    /// The first of these options that was given, if any.
    #[must_use]
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--bail", self.bail),
            ("--echo", self.echo),
            ("--junit", self.junit.is_some()),
            ("--check", self.check),
            ("--only", self.only.is_some()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(option))
    }
}

/// What is printed, and how.
#[derive(Debug)]
pub(crate) struct OutputOptions {
    /// One JSON object a line.
    pub json: bool,
    /// Show every message and control-plane call.
    pub trace: bool,
    /// When to color.
    pub color: ColorChoice,
}

/// Where commands come from.
#[derive(Debug)]
pub(crate) enum Input {
    /// `-c`, in order.
    Commands(Vec<String>),
    /// `-f`, in order.
    Files(Vec<PathBuf>),
    /// Standard input: the terminal, or a script where it is not one.
    Stdin,
}

/// Whether a session runs on AWS or on the local service.
#[derive(Debug)]
pub(crate) enum Mode {
    /// AWS, or whatever answers at the given endpoints.
    Aws(AwsOptions),
    /// The local service, started in this process.
    Local(LocalOptions),
}

/// Where AWS is, and the identity to use there.
#[derive(Debug, Clone)]
pub(crate) struct AwsOptions {
    /// Host name of the MQTT endpoint.
    pub endpoint: String,
    /// Its port.
    pub port: u16,
    /// PEM file of the device certificate.
    pub cert: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
    /// PEM file of the CA; the system's root certificates if `None`.
    pub ca_file: Option<PathBuf>,
    /// The region, as given or as in the endpoint's name.
    pub region: Option<String>,
    /// URL of the control plane, if it is not AWS's own.
    pub control_endpoint_url: Option<String>,
}

/// How the trace of the local service is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceOptions {
    /// In which form.
    pub format: TraceFormat,
    /// The file for it; standard error if `None`.
    pub file: Option<PathBuf>,
}

/// The form of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TraceFormat {
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The local service.
#[derive(Debug, Clone)]
pub(crate) struct LocalOptions {
    /// MQTT port; 0 is any free one.
    pub mqtt_port: u16,
    /// HTTP port; 0 is any free one.
    pub http_port: u16,
    /// HTTPS port, if there is to be one; 0 is any free one.
    pub https_port: Option<u16>,
    /// Folder for its files; a private temporary one if `None`.
    pub dir: Option<PathBuf>,
    /// Folder that plays S3, if one does.
    pub files: Option<PathBuf>,
    /// Whether the folder keeps all that the service knows, and not its identity alone.
    pub keep: bool,
    /// Whether other certificates are made than those in the folder.
    pub new_certificates: bool,
    /// Account in ARNs.
    pub account: String,
    /// Region in ARNs.
    pub region: String,
    /// Address to listen on.
    pub listen: IpAddr,
    /// Names by which clients may reach it, besides `localhost` and addresses.
    pub hostnames: Vec<Hostname>,
    /// Whether HTTP requests must name the access key id of the env file.
    pub require_key: bool,
    /// Which request rates clients are kept to.
    pub limits: Limits,
    /// How fast jobs reach their things whose rollout is not configured.
    pub rollout_rate: RolloutRate,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// Things that exist from the start.
    pub things: Vec<ThingName>,
    /// What the device certificate may do.
    pub device_policies: DevicePolicies,
}
