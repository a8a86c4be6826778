//! The statuses of a job execution.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The status of a job execution.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobExecutionStatus {
    /// Rolled out, not started.
    Queued,
    /// A device started it.
    InProgress,
    /// A device finished it.
    Succeeded,
    /// A device gave up.
    Failed,
    /// A timer of the service expired.
    TimedOut,
    /// A device would not do it.
    Rejected,
    /// The thing left the job's targets before it started.
    Removed,
    /// The operator canceled it.
    Canceled,
}

impl JobExecutionStatus {
    /// Every status, in the order of AWS's documentation.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::InProgress,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Rejected,
        Self::Removed,
        Self::Canceled,
    ];

    /// The status as AWS writes it, such as `IN_PROGRESS`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Rejected => "REJECTED",
            Self::Removed => "REMOVED",
            Self::Canceled => "CANCELED",
        }
    }

    /// QUEUED or IN_PROGRESS.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::InProgress)
    }

    /// A status that a job execution never leaves.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !self.is_pending()
    }
}

impl fmt::Display for JobExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A status that a service reports, which may be newer than this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReportedStatus {
    /// One of those that AWS documents.
    Known(JobExecutionStatus),
    /// Another one, as it came.
    Unknown(String),
}

impl ReportedStatus {
    /// The status, if AWS documents it.
    #[must_use]
    pub fn known(&self) -> Option<JobExecutionStatus> {
        match self {
            Self::Known(status) => Some(*status),
            Self::Unknown(_) => None,
        }
    }
}

impl From<JobExecutionStatus> for ReportedStatus {
    fn from(status: JobExecutionStatus) -> Self {
        Self::Known(status)
    }
}

impl fmt::Display for ReportedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(status) => status.fmt(f),
            Self::Unknown(status) => f.pad(status),
        }
    }
}

/// A word that is no status of a job execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a status of a job execution")]
pub struct UnknownStatus;

impl FromStr for JobExecutionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}
