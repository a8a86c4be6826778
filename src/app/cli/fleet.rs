//! The options of `fleet`: a job as `aws iot create-job` takes it, and the fleet that gets it.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::error::UsageError;
use super::key_material;
use super::options::{FleetOptions, FleetOutput, Launch};
use crate::app::command::json_fault;
use crate::service::rehearsal::{Fleet, Outcomes, Plan, Share, job};
use crate::service::state::job_status::JobStatus;
use crate::wire::system_error::in_words;

/// Enough for every fleet that one job reaches, and for the memory of a laptop.
const MOST_THINGS: u32 = 1_000_000;

/// Much more than a configuration or a document may hold, white space included.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What AWS lets a job take at most, which is scheduled a year ahead and lasts two.
const LONGEST: Duration = Duration::from_hours(24 * 3 * 366);

#[derive(Debug, Args)]
pub(super) struct FleetArgs {
    /// How many things the fleet has, at most 1000000
    #[arg(long, value_name = "N", value_parser = parse_things)]
    things: u32,
    /// Make another fleet of the same kind; the same number makes the same one
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// When to stop if things are still at it
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = parse_duration)]
    until: Duration,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    devices: DevicesArgs,
    #[command(flatten)]
    output: FleetOutputArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The job: JSON, or file://path, as the AWS CLI takes it")]
struct JobArgs {
    /// What devices get
    #[arg(long, value_name = "JSON", default_value = "{}")]
    document: String,
    /// How many things it reaches a minute [default: 1000]
    #[arg(long, value_name = "JSON")]
    job_executions_rollout_config: Option<String>,
    /// When the service gives it up
    #[arg(long, value_name = "JSON")]
    abort_config: Option<String>,
    /// How long a device may be at work
    #[arg(long, value_name = "JSON")]
    timeout_config: Option<String>,
    /// How often a thing tries again
    #[arg(long, value_name = "JSON")]
    job_executions_retry_config: Option<String>,
    /// When it begins and ends, and in which windows it is rolled out
    #[arg(long, value_name = "JSON")]
    scheduling_config: Option<String>,
    /// SNAPSHOT, or CONTINUOUS [default: SNAPSHOT]
    #[arg(long, value_name = "SELECTION")]
    target_selection: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What devices do with it")]
struct DevicesArgs {
    /// The share that succeeds [default: what the others leave]
    #[arg(long, value_name = "SHARE")]
    succeed: Option<Share>,
    /// The share that fails, such as 3%
    #[arg(long, value_name = "SHARE")]
    fail: Option<Share>,
    /// The share that rejects the job
    #[arg(long, value_name = "SHARE")]
    reject: Option<Share>,
    /// The share that starts and is never heard of again
    #[arg(long, value_name = "SHARE")]
    hang: Option<Share>,
    /// How long a device is at work
    #[arg(long, value_name = "FROM..TO", default_value = "30s..5m", value_parser = parse_range)]
    takes: RangeInclusive<Duration>,
    /// The share that is offline when the job reaches it
    #[arg(long, value_name = "SHARE")]
    offline: Option<Share>,
    /// When those come back [default: 1h..8h]
    #[arg(long, value_name = "FROM..TO", requires = "offline", value_parser = parse_range)]
    back_after: Option<RangeInclusive<Duration>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct FleetOutputArgs {
    /// Fail unless the job ends as COMPLETED, or as CANCELED
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    expect_status: Option<JobStatus>,
    /// Print the table elsewhere than at a terminal too
    #[arg(long, conflicts_with = "json")]
    table: bool,
    /// One JSON object a line: each minute in which something changed, and a summary
    #[arg(long)]
    json: bool,
    /// Write a JUnit XML report, for CI systems
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl FleetArgs {
    pub(super) fn launch(self) -> Result<Launch, UsageError> {
        key_material::refuse_contents("--junit", self.output.junit.as_deref())?;
        let hours = |hours| Duration::from_hours(hours);
        let DevicesArgs { succeed, fail, reject, hang, takes, offline, back_after } = self.devices;
        let fleet = Fleet {
            things: self.things,
            outcomes: Outcomes::new(succeed, fail, reject, hang).map_err(UsageError)?,
            takes,
            offline: offline.unwrap_or_default(),
            back_after: back_after.unwrap_or(hours(1)..=hours(8)),
            seed: self.seed,
        };
        let job = job(self.job.members()?).map_err(UsageError)?;
        Ok(Launch::Fleet(Box::new(FleetOptions {
            plan: Plan { fleet, job, until: self.until },
            output: match (self.output.table, self.output.json) {
                (true, _) => FleetOutput::Table,
                (_, true) => FleetOutput::Json,
                _ => FleetOutput::Auto,
            },
            expect_status: self.output.expect_status,
            junit: self.output.junit,
        })))
    }
}

impl JobArgs {
    /// The body of CreateJob.
    fn members(self) -> Result<Map<String, Value>, UsageError> {
        let mut members = Map::new();
        members.insert("document".to_owned(), Value::from(text("--document", self.document)?));
        members.extend(self.target_selection.map(|word| ("targetSelection".to_owned(), Value::from(word))));
        let configs = [
            (
                "--job-executions-rollout-config",
                "jobExecutionsRolloutConfig",
                self.job_executions_rollout_config,
            ),
            ("--abort-config", "abortConfig", self.abort_config),
            ("--timeout-config", "timeoutConfig", self.timeout_config),
            ("--job-executions-retry-config", "jobExecutionsRetryConfig", self.job_executions_retry_config),
            ("--scheduling-config", "schedulingConfig", self.scheduling_config),
        ];
        for (option, member, given) in configs {
            let Some(given) = given else { continue };
            let json = text(option, given)?;
            let value =
                serde_json::from_str(&json).map_err(|_| UsageError(format!("{option} is not JSON")))?;
            members.insert(member.to_owned(), value);
        }
        Ok(members)
    }
}

/// The JSON that an option holds, or the file that it names.
fn text(option: &str, given: String) -> Result<String, UsageError> {
    let refused = |why: String| UsageError(format!("{option}: {why}"));
    let text = match given.strip_prefix("file://") {
        None => given,
        Some(path) => read(Path::new(path)).map_err(|why| refused(format!("{path}: {why}")))?,
    };
    match json_fault(&text) {
        None => Ok(text),
        Some(fault) => {
            Err(refused(format!("this is not JSON: {} (a file is named file://path)", fault.problem)))
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| -> io::Result<usize> {
        File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(bytes)
    };
    read(&mut bytes).map_err(|error| in_words(&error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err("the file is larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "the file is not text in UTF-8".to_owned())
}

fn parse_things(text: &str) -> Result<u32, String> {
    let things = text.parse().ok().filter(|things| (1..=MOST_THINGS).contains(things));
    things.ok_or_else(|| format!("write a number from 1 to {MOST_THINGS}"))
}

fn parse_status(text: &str) -> Result<JobStatus, String> {
    let ends = [JobStatus::Completed, JobStatus::Canceled];
    ends.into_iter().find(|end| end.as_str() == text).ok_or_else(|| "write COMPLETED, or CANCELED".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration > LONGEST => Err("must be at most three years".into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("write a number and a unit, such as 30s, 5m or 7d".into()),
    }
}

/// Such as `30s..5m`, or `30s` for all alike.
fn parse_range(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (parse_duration(from)?, parse_duration(to)?);
    if from > to { Err("the shorter duration comes first".into()) } else { Ok(from..=to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_durations_or_one() {
        let (second, minutes) = (Duration::from_secs(1), Duration::from_mins(5));
        assert_eq!(parse_range("1s..5m"), Ok(second..=minutes));
        assert_eq!(parse_range("1s"), Ok(second..=second));
        for wrong in ["", "..", "5m..1s", "1s..", "1", "4years"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }
}
