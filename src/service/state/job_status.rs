//! Where a job stands, and how many of its executions stand where.

use serde::{Deserialize, Serialize};

use crate::wire::model::JobExecutionStatus;

/// The status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Its start time is ahead.
    Scheduled,
    /// It is rolled out, or devices are at work.
    InProgress,
    /// Every job execution is terminal.
    Completed,
    /// An operator or an abort rule canceled it.
    Canceled,
    /// Its job executions are being deleted.
    DeletionInProgress,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::InProgress, Self::Canceled, Self::Completed, Self::DeletionInProgress, Self::Scheduled];

    /// The status as AWS writes it, such as `IN_PROGRESS`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
            Self::DeletionInProgress => "DELETION_IN_PROGRESS",
        }
    }

    /// SCHEDULED or IN_PROGRESS: there is something to cancel.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Self::Scheduled | Self::InProgress)
    }
}

/// Whether a job goes on to things that join its target groups later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetSelection {
    /// The things that are targets when it is created.
    Snapshot,
    /// Those, and the ones that join later.
    Continuous,
}

/// How many job executions of a job have each status, history included.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusCounts([u64; 8]);

impl StatusCounts {
    pub(crate) fn get(&self, status: JobExecutionStatus) -> u64 {
        self.0[status as usize]
    }

    pub(crate) fn add(&mut self, status: JobExecutionStatus) {
        self.0[status as usize] += 1;
    }

    pub(crate) fn remove(&mut self, status: JobExecutionStatus) {
        self.0[status as usize] -= 1;
    }

    pub(crate) fn pending(&self) -> u64 {
        self.get(JobExecutionStatus::Queued) + self.get(JobExecutionStatus::InProgress)
    }

    pub(crate) fn terminal(&self) -> u64 {
        self.0.iter().sum::<u64>() - self.pending()
    }
}
