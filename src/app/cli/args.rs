//! What clap accepts: every option, its environment variable and its help text.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::connection::ConnectionArgs;
use super::device::DeviceArgs;
use super::durations::parse_timeout;
use super::fleet::FleetArgs;
use super::options::{HOSTNAME_VARIABLE, LOCAL_REGION};
use super::provision::{CleanUpArgs, PolicyCommand, ProvisionArgs};
use super::run::RunArgs;
use super::serve_trace::TraceArgs;
use super::values::{parse_account, parse_region};
use crate::app::command::check_name;
use crate::app::output::style::ColorChoice;
use crate::service::state::rollout::RolloutRate;
use crate::service::{Hostname, Limits, read_fault};
use crate::wire::fault::Fault;
use crate::wire::model::ThingName;

/// The terminal sandbox for AWS IoT Jobs.
///
/// Play the operator who creates jobs and the device that executes them, and watch the service's
/// events arrive. Without connection options it runs on a local Jobs service: no AWS account needed.
#[derive(Debug, Parser)]
#[command(version = env!("JOBS_SANDBOX_VERSION"), max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
    #[command(flatten)]
    pub(super) thing: ThingArg,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) local: LocalArgs,
    /// Let the folder keep jobs, things and all else too, and go on with what it keeps
    #[arg(long, requires = "dir", help_heading = "Local service")]
    pub(super) keep: bool,
    #[command(flatten)]
    pub(super) device: DeviceArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run the local Jobs service alone, in the foreground, for any device program and any AWS tool
    Serve(ServeArgs),
    /// Carry out the job executions of a thing with a program of yours, as on a device: needs no AWS credentials
    Run(RunArgs),
    /// Rehearse a rollout: a job for a fleet that does not exist, in virtual time and without a connection
    Fleet(FleetArgs),
    /// Ask a local Jobs service whether it is ready, for Compose and CI: exit code 0 when it is
    Health {
        /// Its HTTP port [default: http://127.0.0.1:9443, or what JOBS_SANDBOX_HTTP_PORT says instead of 9443]
        url: Option<String>,
        /// How long to wait for it, such as 30s
        #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
        wait: Option<Duration>,
    },
    /// Make a device on AWS: its thing, certificate and policy; again, it goes on where it broke off
    Provision(ProvisionArgs),
    /// Delete what provision made for a device, and nothing else
    CleanUp(CleanUpArgs),
    /// Check a policy for devices, or print one
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages: one of the program, and one of each of these commands
    ManPages {
        /// The folder for them, such as ~/.local/share/man/man1; made if it does not exist
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Either mode")]
pub(super) struct ThingArg {
    /// Name of the thing, created if it does not exist [default in local mode: MyThing]
    #[arg(long, env = "JOBS_SANDBOX_THING", hide_env_values = true, value_name = "NAME")]
    pub(super) thing: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Commands from elsewhere than the terminal")]
pub(super) struct InputArgs {
    /// Run this command; may be repeated
    #[arg(short = 'c', value_name = "COMMAND", conflicts_with = "files")]
    pub(super) commands: Vec<String>,
    /// Run the commands of this file, `-` is standard input; may be repeated: each begins on an empty local service
    #[arg(short = 'f', value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Find the mistakes of a script, and run nothing
    #[arg(long)]
    pub(super) check: bool,
    /// Run this test of a script alone, after what is before its first test
    #[arg(long, value_name = "TEST")]
    pub(super) only: Option<String>,
    /// What {{NAME}} stands for in a script; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_set)]
    pub(super) set: Vec<(String, String)>,
    /// Stop a script at the first error
    #[arg(long)]
    pub(super) bail: bool,
    /// Print each command of a script before its output
    #[arg(long)]
    pub(super) echo: bool,
    /// Write a JUnit XML report of the script, for CI systems
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// One JSON object a line, bodies as they were on the wire
    #[arg(long)]
    pub(super) json: bool,
    /// Show every message and control-plane call as it goes and comes
    #[arg(long)]
    pub(super) trace: bool,
    /// Whether to color the output
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorChoice,
    /// How long a request waits for its answer, such as 30s or 2m
    #[arg(long, env = "JOBS_SANDBOX_TIMEOUT", hide_env_values = true, default_value = "30s", value_parser = parse_timeout)]
    pub(super) timeout: Duration,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Local service")]
pub(super) struct LocalArgs {
    /// MQTT port [default: any free port; with serve 8883]
    #[arg(long, value_name = "PORT")]
    pub(super) mqtt_port: Option<u16>,
    /// HTTP port [default: any free port; with serve 9443]
    #[arg(long, value_name = "PORT")]
    pub(super) http_port: Option<u16>,
    /// HTTPS port, where a device uses the data plane with its certificate, 0 for any free one [default: none]
    #[arg(long, value_name = "PORT")]
    pub(super) https_port: Option<u16>,
    /// Folder that keeps the certificates and their keys, and gets the env file; with serve it keeps jobs, things and
    /// all else too [default: a private temporary one]
    #[arg(long)]
    pub(super) dir: Option<PathBuf>,
    /// Folder that plays S3: DIR/BUCKET/KEY is an object that job documents may lead to [default: none]
    #[arg(long = "files", value_name = "DIR")]
    pub(super) files_folder: Option<PathBuf>,
    /// Make other certificates and keys than those that the folder keeps
    #[arg(long, requires = "dir", value_parser = FalseyValueParser::new())]
    pub(super) new_certificates: bool,
    /// The twelve digits of the account in ARNs [default: 123456789012]
    #[arg(long, value_name = "ID", value_parser = parse_account)]
    pub(super) account: Option<String>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    pub(super) listen: Option<IpAddr>,
    /// A name by which clients may reach it, as a container's, or .example.com for all below; may be repeated
    #[arg(long, env = HOSTNAME_VARIABLE, hide_env_values = true, value_name = "NAME", value_delimiter = ',')]
    pub(super) hostname: Vec<Hostname>,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Name of a thing to create, for which alone the device certificate may act; may be repeated [default: MyThing,
    /// and the certificate may act for any thing]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) thing: Vec<ThingName>,
    /// A policy of your own for the device certificate, in place of the default; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Vec<PathBuf>,
    /// AWS region of the service
    #[arg(long, default_value = LOCAL_REGION, value_parser = parse_region)]
    pub(super) region: String,
    /// Let in only HTTP requests that name the access key id of the env file, which you alone can read
    #[arg(long, env = "JOBS_SANDBOX_REQUIRE_KEY", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(super) require_key: bool,
    /// Keep clients to the request rates that AWS publishes, and refuse what exceeds them as AWS does: aws, or off
    #[arg(
        long,
        env = "JOBS_SANDBOX_LIMITS",
        hide_env_values = true,
        value_name = "WHOSE",
        default_value = "off",
        hide_default_value = true,
        value_parser = parse_limits
    )]
    pub(super) limits: Limits,
    /// How fast jobs reach their things whose rollout is not configured: aws for 1,000 a minute, or unlimited
    #[arg(
        long,
        env = "JOBS_SANDBOX_ROLLOUT_RATE",
        hide_env_values = true,
        value_name = "RATE",
        default_value = "aws",
        hide_default_value = true,
        value_parser = parse_rollout_rate
    )]
    pub(super) rollout_rate: RolloutRate,
    /// What goes wrong from the start, such as "drop-answer --on update"; may be repeated: help fault in a session
    #[arg(
        long,
        env = "JOBS_SANDBOX_FAULT",
        hide_env_values = true,
        value_name = "FAULT",
        value_delimiter = ';',
        value_parser = read_fault
    )]
    pub(super) fault: Vec<Fault>,
    /// Let the folder keep the certificates and their keys alone, and begin without jobs each time
    #[arg(long, requires = "dir", value_parser = FalseyValueParser::new())]
    pub(super) in_memory: bool,
    #[command(flatten)]
    pub(super) trace: TraceArgs,
    #[command(flatten)]
    pub(super) local: LocalArgs,
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write a name, = and what it stands for")?;
    check_name(name)?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_limits(text: &str) -> Result<Limits, String> {
    match text {
        "aws" => Ok(Limits::Aws),
        "" | "off" => Ok(Limits::Off),
        _ => Err("write aws, or off".into()),
    }
}

fn parse_rollout_rate(text: &str) -> Result<RolloutRate, String> {
    match text {
        "" | "aws" => Ok(RolloutRate::Aws),
        "unlimited" => Ok(RolloutRate::Unlimited),
        _ => Err("write aws, or unlimited".into()),
    }
}

fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "write the address of an interface, such as 127.0.0.1 or ::1, or 0.0.0.0 for all".into())
}
