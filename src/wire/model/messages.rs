//! Requests, answers and events of the data plane.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{JobExecutionStatus, JobId, ReportedStatus, ThingName};
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// Epoch seconds, as every time on the data plane.
pub type EpochSeconds = i64;

/// What a device reports about its progress: names and values of its own choice.
pub type StatusDetails = BTreeMap<String, String>;

/// A job document: JSON kept byte for byte as it came.
pub type JobDocument = Arc<RawValue>;

/// The body of a GetPendingJobExecutions request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPendingJobExecutionsRequest {
    /// Pairs the answer with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// The body of a StartNextPendingJobExecution request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartNextPendingJobExecutionRequest {
    /// Replaces the status details of the job execution that starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
    /// Minutes until the job execution times out, 1 to 10080, or -1 for no step timer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_timeout_in_minutes: Option<i64>,
    /// Pairs the answer with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// The body of a DescribeJobExecution request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeJobExecutionRequest {
    /// Which execution of the job on this thing; the newest unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_number: Option<ExecutionNumber>,
    /// Whether the answer carries the job document; it does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_job_document: Option<bool>,
    /// Pairs the answer with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// The body of an UpdateJobExecution request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateJobExecutionRequest {
    /// The status to move to.
    pub status: JobExecutionStatus,
    /// Replaces the status details; left out, they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
    /// The version that the sender believes current; another one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<VersionNumber>,
    /// Which execution of the job on this thing; the newest unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_number: Option<ExecutionNumber>,
    /// Whether the answer carries the state after the update.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_job_execution_state: bool,
    /// Whether the answer carries the job document.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_job_document: bool,
    /// Minutes until the job execution times out, 1 to 10080, or -1 to stop the step timer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_timeout_in_minutes: Option<i64>,
    /// Pairs the answer with this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

impl UpdateJobExecutionRequest {
    /// An update to `status` and nothing else.
    #[must_use]
    pub fn new(status: JobExecutionStatus) -> Self {
        Self {
            status,
            status_details: None,
            expected_version: None,
            execution_number: None,
            include_job_execution_state: false,
            include_job_document: false,
            step_timeout_in_minutes: None,
            client_token: None,
        }
    }
}

/// A pending job execution in a list, which determines its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionSummary {
    /// The job.
    pub job_id: JobId,
    /// When the rollout reached the thing.
    pub queued_at: EpochSeconds,
    /// When it last changed.
    pub last_updated_at: EpochSeconds,
    /// When a device started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<EpochSeconds>,
    /// Which execution of the job on this thing, from 1.
    pub execution_number: ExecutionNumber,
    /// Raised by one with each change, from 1.
    pub version_number: VersionNumber,
}

/// A job execution with all that a device needs to carry it out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionData {
    /// The job.
    pub job_id: JobId,
    /// Absent on MQTT, present over HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_name: Option<ThingName>,
    /// Where it stands.
    pub status: ReportedStatus,
    /// What the device last reported; absent until it has reported something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
    /// When the rollout reached the thing.
    pub queued_at: EpochSeconds,
    /// When a device started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<EpochSeconds>,
    /// When it last changed.
    pub last_updated_at: EpochSeconds,
    /// Seconds until a timer expires; absent where none runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximate_seconds_before_timed_out: Option<i64>,
    /// Raised by one with each change, from 1.
    pub version_number: VersionNumber,
    /// Which execution of the job on this thing, from 1.
    pub execution_number: ExecutionNumber,
    /// What to do; absent where the request asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_document: Option<JobDocument>,
}

/// The state of a job execution, in answers to updates and in rejections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionState {
    /// Where it stands.
    pub status: ReportedStatus,
    /// What the device last reported; absent until it has reported something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_details: Option<StatusDetails>,
    /// Raised by one with each change, from 1.
    pub version_number: VersionNumber,
}

/// The answer to GetPendingJobExecutions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetPendingJobExecutionsResponse {
    /// The request's client token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// When the service answered.
    pub timestamp: EpochSeconds,
    /// Started, oldest first.
    pub in_progress_jobs: Vec<JobExecutionSummary>,
    /// Not started, oldest first.
    pub queued_jobs: Vec<JobExecutionSummary>,
}

/// The answer to StartNextPendingJobExecution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartNextJobExecutionResponse {
    /// The request's client token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// When the service answered.
    pub timestamp: EpochSeconds,
    /// The job execution that is in progress now; absent where none is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<JobExecutionData>,
}

/// The answer to DescribeJobExecution.
pub type DescribeJobExecutionResponse = StartNextJobExecutionResponse;

/// The answer to UpdateJobExecution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateJobExecutionResponse {
    /// The request's client token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// When the service answered.
    pub timestamp: EpochSeconds,
    /// The state after the update, where the request asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_state: Option<JobExecutionState>,
    /// The job document, where the request asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_document: Option<JobDocument>,
}

/// A refusal, the same for all four operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedResponse {
    /// The request's client token, where the service could read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// When the service answered.
    pub timestamp: EpochSeconds,
    /// Where the job execution stands, for VersionMismatch and for an update of one that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_state: Option<JobExecutionState>,
    /// One of AWS's error codes, such as `VersionMismatch`.
    pub code: String,
    /// The service's own words.
    pub message: String,
}

/// The pending job executions of a thing by status; an empty list is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct PendingJobExecutions {
    /// Started, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_progress: Vec<JobExecutionSummary>,
    /// Not started, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queued: Vec<JobExecutionSummary>,
}

/// The event on `notify`: the set of pending job executions changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobExecutionsChangedEvent {
    /// When the service published it.
    pub timestamp: EpochSeconds,
    /// What is pending now.
    pub jobs: PendingJobExecutions,
}

/// The event on `notify-next`: another job execution is next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NextJobExecutionChangedEvent {
    /// When the service published it.
    pub timestamp: EpochSeconds,
    /// The next one; absent where none is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<JobExecutionData>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_carries_only_what_was_said() {
        let mut request = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
        request.client_token = Some("t".into());
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"status":"SUCCEEDED","clientToken":"t"}"#);
    }

    #[test]
    fn a_job_document_keeps_its_bytes() {
        let wire = r#"{"timestamp":1,"execution":{"jobId":"J","status":"QUEUED","queuedAt":1,"lastUpdatedAt":1,"versionNumber":1,"executionNumber":1,"jobDocument":{"n": 1.50}}}"#;
        let event: NextJobExecutionChangedEvent = serde_json::from_str(wire).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), wire);
    }
}
