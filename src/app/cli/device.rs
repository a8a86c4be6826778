//! The options of a device program beside the local service.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::durations::parse_timeout;
use super::error::UsageError;
use super::options::DeviceOptions;
use super::selector::Selector;

/// How long a device program may take to connect and subscribe unless told otherwise.
const DEVICE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
#[command(next_help_heading = "A device program beside the local service")]
pub(super) struct DeviceArgs {
    /// Start this program with the variables of the env file, and end it with the script or the session
    #[arg(last = true, value_name = "PROGRAM")]
    pub(super) program: Vec<OsString>,
    /// How long it may take to connect and subscribe, which a script waits for [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    pub(super) device_within: Option<Duration>,
    /// Let it end by itself, which otherwise fails a script
    #[arg(long)]
    pub(super) device_may_end: bool,
}

impl DeviceArgs {
    /// Refuses an option of a program where there is none.
    pub(super) fn refuse_without_program(&self) -> Result<(), UsageError> {
        let given =
            [("--device-within", self.device_within.is_some()), ("--device-may-end", self.device_may_end)];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) if self.program.is_empty() => Err(UsageError(format!(
                "{option} is for a device program: name it at the end, as in {option}{} -- ./device",
                if self.device_within.is_some() { " 30s" } else { "" }
            ))),
            _ => Ok(()),
        }
    }

    /// What AWS mode does not have.
    pub(super) fn refuse_in_aws_mode(&self, selector: Selector) -> Result<(), UsageError> {
        if self.program.is_empty() {
            return Ok(());
        }
        Err(selector.excludes("-- PROGRAM", "runs a device program beside the local service of this process"))
    }

    /// The program, if there is one.
    pub(super) fn options(self) -> Option<DeviceOptions> {
        let mut words = self.program.into_iter();
        Some(DeviceOptions {
            program: words.next()?,
            arguments: words.collect(),
            within: self.device_within.unwrap_or(DEVICE_WITHIN),
            may_end: self.device_may_end,
        })
    }
}
