//! The options of `run`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::connection::DeviceConnectionArgs;
use super::durations::parse_timeout;
use super::error::UsageError;
use super::options::RunOptions;
use crate::client::executor;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    connection: DeviceConnectionArgs,
    /// Name of the thing whose job executions are carried out
    #[arg(long, env = "JOBS_SANDBOX_THING", hide_env_values = true, value_name = "NAME")]
    thing: Option<String>,
    /// How long a request waits for its answer, such as 30s or 2m
    #[arg(long, env = "JOBS_SANDBOX_TIMEOUT", hide_env_values = true, default_value = "30s", value_parser = parse_timeout)]
    timeout: Duration,
    /// Show every message as it goes and comes
    #[arg(long)]
    trace: bool,
    /// End once nothing is pending
    #[arg(long)]
    once: bool,
    /// Minutes between two reports, 1 to 10080, after which the service ends a job execution as TIMED_OUT; while the
    /// handler runs this is renewed [default: no limit]
    #[arg(long, value_name = "N", value_parser = parse_minutes)]
    step_timeout_in_minutes: Option<u32>,
    /// How often status details are sent at most; the last ones always are
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_timeout)]
    report_every: Duration,
    /// How long a handler that is told to stop may take, before it is killed
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_timeout)]
    grace: Duration,
    /// The program that carries out a job execution, started for each: the job document comes on its standard input,
    /// lines that begin with "::status " and hold a JSON object report status details, and the exit code is 0 for
    /// SUCCEEDED, 64 for REJECTED, 75 for what the next start resumes, and else FAILED
    #[arg(last = true, value_name = "HANDLER")]
    handler: Vec<OsString>,
}

impl RunArgs {
    pub(super) fn options(mut self) -> Result<RunOptions, UsageError> {
        self.connection.refuse_contents()?;
        // Nothing here asks AWS in a region.
        self.connection.take_from_folder(&mut None, &mut self.thing)?;
        let mut words = self.handler.into_iter();
        let Some(handler) = words.next() else {
            return Err(UsageError(
                "run needs a program to carry out job executions: name it at the end, as in run -- ./handler"
                    .to_owned(),
            ));
        };
        let missing = self.connection.missing(self.thing.is_some());
        if !missing.is_empty() {
            return Err(UsageError(format!(
                "run needs {}: give what is missing, or source the env file of jobs-sandbox serve, as in . service/env",
                missing.join(", ")
            )));
        }
        let thing = self.thing.unwrap_or_default();
        Ok(RunOptions {
            server: self.connection.options()?,
            thing: thing.parse().map_err(|why| UsageError(format!("--thing: {why}")))?,
            client_id: self.connection.client_id()?,
            timeout: self.timeout,
            trace: self.trace,
            executor: executor::Options {
                once: self.once,
                step_timeout_in_minutes: self.step_timeout_in_minutes,
                report_every: self.report_every,
            },
            grace: self.grace,
            handler,
            arguments: words.collect(),
        })
    }
}

fn parse_minutes(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(minutes) if (1..=10080).contains(&minutes) => Ok(minutes),
        _ => Err("write a number from 1 to 10080".into()),
    }
}
