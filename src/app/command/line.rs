//! What a line of input means: a command with its arguments.

use std::path::PathBuf;
use std::time::Duration;

use super::expectation::Expectation;
use super::member_path::MemberPath;
use super::until::Until;
use crate::client::connection::Qos;
use crate::client::control_plane::Operation;
use crate::client::sandbox::Advance;
use crate::wire::model::{
    DescribeJobExecutionRequest, JobId, JobRef, StartNextPendingJobExecutionRequest, ThingName,
    UpdateJobExecutionRequest,
};

/// The maximum size of one command in bytes, over all its lines.
pub(crate) const MAX_COMMAND_BYTES: usize = 1024 * 1024;

/// A command as it was given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Whether `!` is before it: it passes only if the service refuses it, or, for `expect`, if no such
    /// message comes.
    pub negated: bool,
    /// What to do.
    pub command: Command,
    /// Whether there are names in it, so that it is read again when it is carried out.
    pub has_names: bool,
    /// The command's name.
    pub name: &'static str,
    /// If it is to be asked again and again: until when.
    pub until: Option<Until>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// One operation of the control plane
    Call(Box<Call>),
    /// `watch-job`
    WatchJob {
        /// The job.
        job: JobId,
        /// How long at the most; for ever unless given.
        within: Option<Duration>,
    },
    /// `get-pending-job-executions`
    GetPendingJobExecutions {
        /// As a table.
        table: bool,
    },
    /// `start-next-pending-job-execution`
    StartNextPendingJobExecution(StartNextPendingJobExecutionRequest),
    /// `describe-job-execution`
    DescribeJobExecution(JobRef, DescribeJobExecutionRequest),
    /// `describe-job-execution --control-plane`
    DescribeJobExecutionOfOperator {
        /// The job.
        job: JobId,
        /// Which of its executions on this thing; if `None`, the newest.
        execution_number: Option<i64>,
    },
    /// `update-job-execution`
    UpdateJobExecution(JobId, UpdateJobExecutionRequest),
    /// `describe-event-configurations`
    DescribeEventConfigurations,
    /// `update-event-configurations`
    UpdateEventConfigurations(JobDocument),
    /// `subscribe`
    Subscribe(String),
    /// `unsubscribe`
    Unsubscribe(String),
    /// `publish`
    Publish {
        /// The topic.
        topic: String,
        /// What the message carries.
        payload: Payload,
        /// Whether it is acknowledged.
        qos: Qos,
        /// Whether it is kept for who subscribes later.
        retain: bool,
    },
    /// `expect`
    Expect(Expectation),
    /// `clock`, which also moves the Jobs clock forward where it is told how far
    Clock(Option<Advance>),
    /// `reset`
    Reset {
        /// Also where the service keeps what would be gone.
        confirm: bool,
    },
    /// `fault`
    Fault(FaultAction),
    /// `device`
    Device(DeviceAction),
    /// `thing`, which also plays another one where one is named
    Thing(Option<ThingName>),
    /// `status`
    Status,
    /// `trace on` or `trace off`
    Trace(bool),
    /// `set`; without a value if that is not known yet
    Set {
        /// The name.
        name: String,
        /// What it stands for from here on.
        value: Option<String>,
    },
    /// `capture`
    Capture {
        /// The name.
        name: String,
        /// Where the value is.
        path: MemberPath,
    },
    /// `print`
    Print(String),
    /// `sleep`
    Sleep(Duration),
    /// `test`
    Test(String),
    /// `defer`
    Defer(Box<Deferred>),
    /// `include`
    Include(PathBuf),
    /// `help`, perhaps on this command or topic
    Help(Option<&'static str>),
    /// `quit`
    Quit,
}

impl Command {
    /// Whether it asks a service, or a device program, to change something; the others only read.
    #[must_use]
    pub(crate) fn changes(&self) -> bool {
        if let Self::Call(call) = self {
            return call.operation.is_change() && !self.is_dry_run();
        }
        matches!(
            self,
            Self::StartNextPendingJobExecution(_)
                | Self::UpdateJobExecution(..)
                | Self::UpdateEventConfigurations(_)
                | Self::Publish { .. }
                | Self::Clock(Some(_))
                | Self::Reset { .. }
                | Self::Device(_)
        )
    }

    /// Whether its request is printed, and not sent.
    #[must_use]
    pub(crate) fn is_dry_run(&self) -> bool {
        matches!(self, Self::Call(call) if call.is("--dry-run"))
    }

    /// The user has said yes: it may change something on more than one thing.
    pub(crate) fn confirm(&mut self) {
        if let Self::Call(call) = self {
            call.switches.push("--yes");
        }
    }

    /// Whether it is for scripts alone.
    #[must_use]
    pub(crate) fn is_for_scripts(&self) -> bool {
        matches!(self, Self::Test(_) | Self::Defer(_) | Self::Include(_))
    }

    /// The operation of AWS's API whose answer it brings; none if it brings none.
    #[must_use]
    pub(crate) fn operation(&self) -> Option<&'static str> {
        Some(match self {
            Self::Call(call) => call.operation.name(),
            Self::GetPendingJobExecutions { .. } => "GetPendingJobExecutions",
            Self::StartNextPendingJobExecution(_) => "StartNextPendingJobExecution",
            Self::DescribeJobExecution(..) | Self::DescribeJobExecutionOfOperator { .. } => {
                "DescribeJobExecution"
            }
            Self::UpdateJobExecution(..) => "UpdateJobExecution",
            Self::DescribeEventConfigurations => "DescribeEventConfigurations",
            Self::UpdateEventConfigurations(_) => "UpdateEventConfigurations",
            Self::Subscribe(_) => "Subscribe",
            Self::Unsubscribe(_) => "Unsubscribe",
            Self::Publish { .. } => "Publish",
            Self::Expect(_)
            | Self::WatchJob { .. }
            | Self::Clock(_)
            | Self::Reset { .. }
            | Self::Fault(_)
            | Self::Device(_)
            | Self::Thing(_)
            | Self::Status
            | Self::Trace(_)
            | Self::Set { .. }
            | Self::Capture { .. }
            | Self::Print(_)
            | Self::Sleep(_)
            | Self::Test(_)
            | Self::Defer(_)
            | Self::Include(_)
            | Self::Help(_)
            | Self::Quit => return None,
        })
    }

    /// Whether its answer is a list.
    #[must_use]
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::Call(call) => call.operation.is_list(),
            _ => matches!(self, Self::GetPendingJobExecutions { .. }),
        }
    }

    /// Whether its answer is to be shown as a table.
    #[must_use]
    pub(crate) fn as_table(&self) -> bool {
        match self {
            Self::Call(call) => call.is("--table"),
            Self::GetPendingJobExecutions { table } => *table,
            _ => false,
        }
    }
}

/// One operation of the control plane, and how it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The operation.
    pub operation: Operation,
    /// What it is given, by the names of AWS's API.
    pub members: Vec<(String, Member)>,
    /// Which of [`SWITCHES`] are given.
    pub switches: Vec<&'static str>,
}

/// The options that are no members: the answer as a table, names in the file of the document replaced, the request
/// printed and not sent, and something changed on more than one thing unasked.
pub(crate) const SWITCHES: [&str; 4] = ["--table", "--substitute", "--dry-run", "--yes"];

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member {
    /// This JSON.
    Json(String),
    /// JSON that was typed, or that is in a file.
    Document(JobDocument),
    /// Things and groups.
    Targets(Vec<String>),
}

impl Call {
    /// Whether one of [`SWITCHES`] is given.
    #[must_use]
    pub(crate) fn is(&self, switch: &str) -> bool {
        self.switches.contains(&switch)
    }

    /// A member, if it is given.
    #[must_use]
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, member)| member)
    }
}

/// What is done with faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultAction {
    /// Another one, in its words.
    Add(String),
    /// All are shown.
    List,
    /// The one with this number is taken away.
    Remove(u64),
    /// All are taken away.
    Clear,
}

/// What to do with the device program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceAction {
    /// Start it.
    Start {
        /// Whether to wait until it is connected.
        waits: bool,
    },
    /// Stop it if it runs, and start it.
    Restart {
        /// Whether to wait until it is connected.
        waits: bool,
    },
    /// Let it end.
    Stop,
    /// Make it end, as in a crash.
    Kill,
}

/// A command that is carried out when its test ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deferred {
    /// As it stands.
    pub text: String,
    /// What it means.
    pub line: Line,
}

/// What a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// As it was typed.
    Text(String),
    /// `file://path`
    File(PathBuf),
}

/// Where a job document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobDocument {
    /// JSON, byte for byte as it was typed.
    Json(String),
    /// `file://path`
    File(PathBuf),
}
