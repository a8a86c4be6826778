//! What there is to say while job executions are carried out.

use std::fmt;
use std::time::Duration;

use crate::wire::model::{JobExecutionData, JobExecutionStatus, JobId, RejectedResponse};
use crate::wire::number::ExecutionNumber;

/// Something to say; `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A handler begins.
    Begun {
        /// The job.
        job: JobId,
        /// Which of its executions on this thing.
        number: ExecutionNumber,
        /// Whether it was IN_PROGRESS before.
        is_resumed: bool,
    },
    /// The service has the last status of a job execution.
    Ended {
        /// The job.
        job: JobId,
        /// The status.
        status: JobExecutionStatus,
    },
    /// A handler left its job execution IN_PROGRESS.
    Unfinished {
        /// The job.
        job: JobId,
    },
    /// A job execution is not the handler's any more.
    Gone {
        /// The job.
        job: JobId,
        /// Why.
        why: Gone,
    },
    /// The service does not take status details.
    DetailsRefused {
        /// The job.
        job: JobId,
        /// The service's words.
        message: String,
    },
    /// A request is made again.
    Again {
        /// What went wrong with it.
        why: String,
        /// How long until then.
        after: Duration,
    },
}

impl Notice {
    pub(super) fn begun(execution: &JobExecutionData, is_resumed: bool) -> Self {
        Self::Begun { job: execution.job_id.clone(), number: execution.execution_number, is_resumed }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun { job, number, is_resumed: false } => write!(f, "{job}: begins, execution {number}"),
            Self::Begun { job, number, is_resumed: true } => {
                write!(f, "{job}: is resumed, execution {number}")
            }
            Self::Ended { job, status } => write!(f, "{job}: {status}"),
            Self::Unfinished { job } => write!(f, "{job}: stays IN_PROGRESS, for the next start"),
            Self::Gone { job, why } => write!(f, "{job}: stops, {why}"),
            Self::DetailsRefused { job, message } => {
                write!(f, "{job}: the service does not take these status details: {message}")
            }
            Self::Again { why, after } => write!(f, "{why}; again in {:.1} s", after.as_secs_f32()),
        }
    }
}

/// Why a job execution is not the executor's any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It has ended otherwise.
    Ended(JobExecutionStatus),
    /// It has ended otherwise, and the service does not say how.
    NotPending,
    /// It does not exist any more.
    Deleted,
    /// Somebody else has changed it.
    TakenOver,
}

impl Gone {
    /// What a refusal says of a job execution that was ours.
    pub(super) fn refused(response: &RejectedResponse) -> Option<Self> {
        let status = response.execution_state.as_ref().and_then(|state| state.status.known());
        match (response.code.as_str(), status) {
            ("ResourceNotFound", _) => Some(Self::Deleted),
            ("VersionMismatch" | "InvalidStateTransition" | "TerminalStateReached", Some(status))
                if status.is_terminal() =>
            {
                Some(Self::Ended(status))
            }
            ("TerminalStateReached" | "InvalidStateTransition", _) => Some(Self::NotPending),
            ("VersionMismatch", _) => Some(Self::TakenOver),
            _ => None,
        }
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(JobExecutionStatus::Canceled) => f.write_str("it was canceled"),
            Self::Ended(JobExecutionStatus::TimedOut) => f.write_str("it timed out"),
            Self::Ended(status) => write!(f, "it is {status} already"),
            Self::NotPending => f.write_str("it is no longer pending: canceled, or timed out"),
            Self::Deleted => f.write_str("it was deleted"),
            Self::TakenOver => f.write_str("somebody else has changed it"),
        }
    }
}
