//! The events of jobs and job executions, for back ends.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/events-jobs.html>

use serde::Serialize;

use super::execution::Execution;
use super::job::Job;
use super::job_status::{StatusCounts, TargetSelection};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{EpochSeconds, JobExecutionStatus, JobId, StatusDetails};
use crate::wire::number::ExecutionNumber;

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOperation {
    /// All that was to be done is done.
    Completed,
    /// Its cancellation began.
    CancellationInProgress,
    /// Its cancellation is over.
    Canceled,
    /// Its deletion began.
    DeletionInProgress,
    /// It is no more.
    Deleted,
}

impl JobOperation {
    /// The operation as AWS writes it, such as `deletion_in_progress`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::CancellationInProgress => "cancellation_in_progress",
            Self::Canceled => "canceled",
            Self::DeletionInProgress => "deletion_in_progress",
            Self::Deleted => "deleted",
        }
    }
}

/// Something happened to a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobEvent {
    /// When.
    pub timestamp: EpochSeconds,
    /// What, such as `deletion_in_progress`.
    pub operation: &'static str,
    /// Unique in the account.
    pub job_id: JobId,
    /// The operation in upper case; two of these words exist in events alone.
    pub status: String,
    /// Canceled with force; in events of cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_canceled: Option<bool>,
    /// Why it was canceled; in events of cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// SNAPSHOT or CONTINUOUS.
    pub target_selection: TargetSelection,
    /// ARNs of things and groups.
    pub targets: Vec<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Epoch milliseconds; of a completed job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<i64>,
    /// Epoch milliseconds.
    pub created_at: i64,
    /// Epoch milliseconds.
    pub last_updated_at: i64,
    /// What the operator said about it; in events of cancellation and deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How its executions ended; of a job that is completed or canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_process_details: Option<EndedThings>,
}

/// Counters of a job's ended executions by status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each counts the executions of the status that it names")]
pub struct EndedThings {
    pub number_of_canceled_things: u64,
    pub number_of_rejected_things: u64,
    pub number_of_failed_things: u64,
    pub number_of_removed_things: u64,
    pub number_of_succeeded_things: u64,
    pub number_of_timed_out_things: u64,
}

/// A job execution ended, or was deleted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionEvent {
    /// When.
    pub timestamp: EpochSeconds,
    /// What: the status in lower case, or `deleted`.
    pub operation: String,
    /// The job that it belongs to.
    pub job_id: JobId,
    /// The thing, `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// Where it stands; of one that was deleted, where it stood.
    pub status: JobExecutionStatus,
    /// Canceled with force; of one that was canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_canceled: Option<bool>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_number: Option<ExecutionNumber>,
    /// What the device last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
}

impl JobEvent {
    pub(super) fn new(
        now: Timestamp,
        operation: JobOperation,
        job_id: JobId,
        job: &Job,
        choices: &Choices,
    ) -> Self {
        use JobOperation::{Canceled, CancellationInProgress, Completed};
        let completed = operation == Completed;
        let of_cancellation =
            choices.events_tell_more_than_the_guide && matches!(operation, CancellationInProgress | Canceled);
        let with_counts = completed || choices.events_tell_more_than_the_guide && operation == Canceled;
        Self {
            timestamp: now.seconds(),
            operation: operation.as_str(),
            job_id,
            status: operation.as_str().to_uppercase(),
            force_canceled: of_cancellation.then_some(job.force_canceled),
            reason_code: job.reason_code.clone().filter(|_| of_cancellation),
            target_selection: job.target_selection,
            targets: job.targets.clone(),
            description: job.description.clone(),
            completed_at: job.completed_at.filter(|_| completed).map(Timestamp::millis),
            created_at: job.created_at.millis(),
            last_updated_at: job.last_updated_at.millis(),
            comment: job.comment.clone().filter(|_| !completed),
            job_process_details: with_counts.then(|| EndedThings::of(&job.counts)),
        }
    }
}

impl EndedThings {
    fn of(counts: &StatusCounts) -> Self {
        use JobExecutionStatus as Status;
        Self {
            number_of_canceled_things: counts.get(Status::Canceled),
            number_of_rejected_things: counts.get(Status::Rejected),
            number_of_failed_things: counts.get(Status::Failed),
            number_of_removed_things: counts.get(Status::Removed),
            number_of_succeeded_things: counts.get(Status::Succeeded),
            number_of_timed_out_things: counts.get(Status::TimedOut),
        }
    }
}

impl JobExecutionEvent {
    pub(super) fn new(
        now: Timestamp,
        thing_arn: String,
        execution: &Execution,
        deleted: bool,
        choices: &Choices,
    ) -> Self {
        let tells_more = choices.events_tell_more_than_the_guide;
        let canceled = !deleted && execution.status == JobExecutionStatus::Canceled;
        Self {
            timestamp: now.seconds(),
            operation: if deleted { "deleted".to_owned() } else { execution.status.as_str().to_lowercase() },
            job_id: execution.job_id.clone(),
            thing_arn,
            status: execution.status,
            force_canceled: (tells_more && canceled).then_some(execution.force_canceled),
            execution_number: tells_more.then_some(execution.number),
            status_details: execution.status_details.clone(),
        }
    }
}
