//! What the options mean together.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};

use super::args::{Cli, CliCommand, LocalArgs, ServeArgs};
use super::connection::parse_port;
use super::error::UsageError;
use super::habits;
use super::key_material;
use super::options::{
    HOSTNAME_VARIABLE, Input, LOCAL_REGION, Launch, LocalOptions, Mode, OutputOptions, ScriptOptions,
    SessionOptions,
};
use super::policy_files;
use super::refused;
use super::selector::Selector;
use super::values::parse_region;
use crate::app::command::Names;
use crate::service::state::rollout::RolloutRate;
use crate::service::{DevicePolicies, FAULTS, Limits};
use crate::wire::model::ThingName;

/// The MQTT port of `serve`.
const MQTT_PORT: u16 = 8883;
const HTTP_PORT: u16 = 9443;
const HTTP_PORT_VARIABLE: &str = "JOBS_SANDBOX_HTTP_PORT";

/// The options that select AWS mode.
const AWS_MODE: [&str; 7] =
    ["device_folder", "endpoint", "cert", "key", "port", "ca_file", "control_endpoint_url"];

/// The environment variables of the options of `serve`, but for those that sessions have too. None of them selects
/// AWS mode.
const SERVE_VARIABLES: [(&str, &str); 12] = [
    ("mqtt_port", "JOBS_SANDBOX_MQTT_PORT"),
    ("http_port", HTTP_PORT_VARIABLE),
    ("https_port", "JOBS_SANDBOX_HTTPS_PORT"),
    ("dir", "JOBS_SANDBOX_DIR"),
    ("files_folder", "JOBS_SANDBOX_FILES"),
    ("in_memory", "JOBS_SANDBOX_IN_MEMORY"),
    ("new_certificates", "JOBS_SANDBOX_NEW_CERTIFICATES"),
    ("account", "JOBS_SANDBOX_ACCOUNT"),
    ("listen", "JOBS_SANDBOX_LISTEN"),
    ("region", "JOBS_SANDBOX_REGION"),
    ("thing", "JOBS_SANDBOX_THING"),
    ("policy", "JOBS_SANDBOX_POLICY"),
];

impl Cli {
    /// Reads the arguments of this process. Where they make no sense, or only help is wanted, the process ends.
    ///
    /// # Errors
    /// One line where a key stands in them, which clap would repeat, or where a command or a script does.
    pub(crate) fn from_arguments() -> Result<Self, UsageError> {
        let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
        let arguments: Vec<_> = arguments.collect();
        key_material::refuse_pem(&arguments)?;
        let parsed = without_empty_variables(Self::described()).try_get_matches();
        let parsed = parsed.and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| habits::pointer(&error, &arguments).unwrap_or_else(|| refused::exit(&error)))
    }

    /// The command line as its help and its manual describe it, with the environment variables of `serve`. A session
    /// has other ones: beside a `serve` in the same container it is to use neither its ports nor its folder.
    pub(crate) fn described() -> Command {
        Self::command().mut_subcommand("serve", |serve| {
            SERVE_VARIABLES.into_iter().fold(serve, |serve, (option, variable)| {
                serve.mut_arg(option, |argument| argument.env(variable).hide_env_values(true))
            })
        })
    }

    /// Works out what the options mean together.
    ///
    /// # Errors
    /// One line where options are missing or contradict each other.
    pub(crate) fn launch(mut self) -> Result<Launch, UsageError> {
        match self.command {
            Some(CliCommand::Serve(serve)) => return serve.launch(),
            Some(CliCommand::Run(run)) => return Ok(Launch::Run(Box::new(run.options()?))),
            Some(CliCommand::Fleet(fleet)) => return fleet.launch(),
            Some(CliCommand::Health { url, wait }) => {
                return Ok(Launch::Health { url: url.map_or_else(own_url, Ok)?, wait });
            }
            Some(CliCommand::Provision(provision)) => return provision.launch(),
            Some(CliCommand::CleanUp(clean_up)) => return clean_up.launch(),
            Some(CliCommand::Policy { command }) => return command.launch(),
            Some(CliCommand::Completions { shell }) => return Ok(Launch::Completions(shell)),
            Some(CliCommand::ManPages { dir }) => return Ok(Launch::ManPages(dir)),
            None => {}
        }
        self.connection.device.refuse_contents()?;
        self.local.refuse_contents()?;
        key_material::refuse_contents("--junit", self.input.junit.as_deref())?;
        if self.keep && self.input.files.len() > 1 {
            return Err(UsageError(
                "each of several -f begins on an empty local service, but --keep goes on with what the folder keeps: \
                 leave out --keep, or give one -f"
                    .to_owned(),
            ));
        }
        self.connection.device.take_from_folder(&mut self.connection.region, &mut self.thing.thing)?;
        let thing = self.thing.thing.as_deref().map(parse_thing).transpose()?;
        self.device.refuse_without_program()?;
        let (mode, thing) = if let Some(selector) = self.connection.selects_aws() {
            self.local.refuse_in_aws_mode(selector)?;
            self.device.refuse_in_aws_mode(selector)?;
            let aws = self.connection.aws_options(thing.is_some())?;
            (Mode::Aws(aws), thing.unwrap_or_else(default_thing))
        } else {
            let thing = thing.unwrap_or_else(default_thing);
            let region = self.connection.region.as_deref().unwrap_or(LOCAL_REGION);
            let region = parse_region(region).map_err(|why| UsageError(format!("--region: {why}")))?;
            let options = self.local.options(0, 0, region, vec![thing.clone()]);
            (Mode::Local(LocalOptions { keep: self.keep, ..options }), thing)
        };
        Ok(Launch::Session(Box::new(SessionOptions {
            mode,
            thing,
            client_id: self.connection.device.client_id()?,
            timeout: self.output.timeout,
            input: input(self.input.commands, self.input.files)?,
            script: ScriptOptions {
                bail: self.input.bail,
                echo: self.input.echo,
                junit: self.input.junit,
                check: self.input.check,
                only: self.input.only,
                names: names(self.input.set)?,
                device: self.device.options(),
            },
            output: OutputOptions {
                json: self.output.json,
                trace: self.output.trace,
                color: self.output.color,
            },
        })))
    }
}

fn input(commands: Vec<String>, files: Vec<PathBuf>) -> Result<Input, UsageError> {
    let is_stdin = |file: &PathBuf| file.as_os_str() == OsStr::new("-");
    Ok(match files.as_slice() {
        [] if commands.is_empty() => Input::Stdin,
        [] => Input::Commands(commands),
        [file] if is_stdin(file) => Input::Stdin,
        files if files.iter().any(is_stdin) => {
            return Err(UsageError(
                "-f -, standard input, is a script for itself: leave out the other -f".to_owned(),
            ));
        }
        _ => Input::Files(files),
    })
}

/// What names stand for at the beginning of a script.
fn names(given: Vec<(String, String)>) -> Result<Names, UsageError> {
    let run = uuid::Uuid::new_v4().simple().to_string();
    let mut names = Names::new(&run[..8]);
    for (name, value) in given {
        names.set(&name, Some(value)).map_err(|why| UsageError(format!("--set: {why}")))?;
    }
    Ok(names)
}

/// Leaves the variables out of account that are empty, as Compose and CI set what has no value.
fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_subcommand("serve", |serve| serve.mut_args(unless_empty));
    command.mut_subcommand("run", |run| run.mut_args(unless_empty)).mut_args(unless_empty)
}

/// Leaves the variable of an option out of account where it is empty; not so where that selects AWS mode.
fn unless_empty(argument: Arg) -> Arg {
    let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty && !AWS_MODE.contains(&argument.get_id().as_str()) {
        argument.env(Resettable::Reset)
    } else {
        argument
    }
}

impl LocalArgs {
    fn options(self, mqtt_port: u16, http_port: u16, region: String, things: Vec<ThingName>) -> LocalOptions {
        LocalOptions {
            mqtt_port: self.mqtt_port.unwrap_or(mqtt_port),
            http_port: self.http_port.unwrap_or(http_port),
            https_port: self.https_port,
            dir: self.dir,
            files: self.files_folder,
            keep: false,
            new_certificates: self.new_certificates,
            account: self.account.unwrap_or_else(|| "123456789012".into()),
            region,
            listen: self.listen.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            hostnames: self.hostname,
            require_key: false,
            limits: Limits::Off,
            rollout_rate: RolloutRate::Aws,
            faults: Vec::new(),
            things,
            device_policies: DevicePolicies::AnyThing,
        }
    }

    /// A folder would be made by that name.
    fn refuse_contents(&self) -> Result<(), UsageError> {
        key_material::refuse_contents("--dir", self.dir.as_deref())
    }

    fn refuse_in_aws_mode(&self, selector: Selector) -> Result<(), UsageError> {
        let given = [
            ("--mqtt-port", self.mqtt_port.is_some()),
            ("--http-port", self.http_port.is_some()),
            ("--https-port", self.https_port.is_some()),
            ("--dir", self.dir.is_some()),
            ("--files", self.files_folder.is_some()),
            ("--new-certificates", self.new_certificates),
            ("--account", self.account.is_some()),
            ("--listen", self.listen.is_some()),
            // The variable may be set for a service that runs alongside.
            ("--hostname", !self.hostname.is_empty() && std::env::var_os(HOSTNAME_VARIABLE).is_none()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => Err(selector.excludes(option, "belongs to the local service")),
        }
    }
}

impl ServeArgs {
    fn launch(self) -> Result<Launch, UsageError> {
        self.local.refuse_contents()?;
        let device_policies = match (&self.policy[..], &self.thing[..]) {
            ([], []) => DevicePolicies::AnyThing,
            ([], _) => DevicePolicies::OwnThings,
            (files, _) => DevicePolicies::Given(policy_files::read(files)?),
        };
        let things = if self.thing.is_empty() { vec![default_thing()] } else { self.thing };
        if let Some(twice) = things.iter().enumerate().find(|(at, thing)| things[..*at].contains(thing)) {
            return Err(UsageError(format!("--thing {} is given twice", twice.1)));
        }
        if self.fault.len() > FAULTS {
            let given = self.fault.len();
            return Err(UsageError(format!("{given} faults are given with --fault: there may be {FAULTS}")));
        }
        let options = self.local.options(MQTT_PORT, HTTP_PORT, self.region, things);
        let options = LocalOptions {
            keep: options.dir.is_some() && !self.in_memory,
            require_key: self.require_key,
            limits: self.limits,
            rollout_rate: self.rollout_rate,
            faults: self.fault,
            device_policies,
            ..options
        };
        Ok(Launch::Serve(options, self.trace.options()?))
    }
}

/// Where a `serve` with the same environment is, as beside it in a container.
fn own_url() -> Result<String, UsageError> {
    let port = match std::env::var_os(HTTP_PORT_VARIABLE).filter(|port| !port.is_empty()) {
        Some(port) => parse_port(HTTP_PORT_VARIABLE, &port.to_string_lossy())
            .map_err(|why| UsageError(format!("{why}; or give health a URL")))?,
        None => HTTP_PORT,
    };
    Ok(format!("http://127.0.0.1:{port}"))
}

fn default_thing() -> ThingName {
    "MyThing".parse().expect("the default thing name fits its own pattern")
}

fn parse_thing(name: &str) -> Result<ThingName, UsageError> {
    name.parse().map_err(|why| UsageError(format!("--thing: {why}")))
}

#[cfg(test)]
mod tests;
