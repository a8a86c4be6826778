//! The data plane's names, requests, answers and events, spelled as AWS spells them on the wire.
//!
//! Members stand in the order in which AWS was seen to write them. A member without a value is
//! absent on MQTT, never null. All times are whole epoch seconds.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::number::{ExecutionNumber, VersionNumber};

/// Epoch seconds, as every time on the data plane.
pub type EpochSeconds = i64;

/// Why a name was not accepted: one line, without the name itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {max} characters of {alphabet}")]
pub struct InvalidName {
    kind: &'static str,
    max: usize,
    alphabet: &'static str,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $alphabet:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let allowed: fn(u8) -> bool = $allowed;
                if (1..=$max).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { kind: $kind, max: $max, alphabet: $alphabet })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name_type!(
    /// The name of a thing: 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    ThingName, "a thing name", 128, "[a-zA-Z0-9:_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-')
);

name_type!(
    /// The name of a thing group: 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    ThingGroupName, "a thing group name", 128, "[a-zA-Z0-9:_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-')
);

name_type!(
    /// The id of a job template: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    JobTemplateId, "a job template id", 64, "[a-zA-Z0-9_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
);

name_type!(
    /// The id of a job: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    JobId, "a job id", 64, "[a-zA-Z0-9_-]",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
);

/// A job by its id, or `$next`: whichever job execution is next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobRef {
    /// The head of the thing's pending list.
    Next,
    /// A job by name.
    Id(JobId),
}

impl FromStr for JobRef {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text == "$next" { Ok(Self::Next) } else { text.parse().map(Self::Id) }
    }
}

impl fmt::Display for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("$next"),
            Self::Id(job) => job.fmt(f),
        }
    }
}

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
    pub fn as_str(self) -> &'static str {
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

/// What a device reports about its progress: names and values of its own choice.
pub type StatusDetails = BTreeMap<String, String>;

/// A job document: JSON kept byte for byte as the operator wrote it.
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
    pub status: JobExecutionStatus,
    /// What the device last reported; absent while empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub status_details: StatusDetails,
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
    pub status: JobExecutionStatus,
    /// What the device last reported; absent while empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub status_details: StatusDetails,
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
    /// One of AWS's error codes, such as `VersionMismatch`.
    pub code: String,
    /// The service's own words.
    pub message: String,
    /// Where the job execution stands, for VersionMismatch and InvalidStateTransition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_state: Option<JobExecutionState>,
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
    fn names_are_held_to_their_pattern() {
        assert!("Job_1-a".parse::<JobId>().is_ok());
        assert!("a:b".parse::<JobId>().is_err());
        assert!("a:b".parse::<ThingName>().is_ok());
        assert!("".parse::<JobId>().is_err());
        assert!("x".repeat(65).parse::<JobId>().is_err());
        assert!("é".parse::<ThingName>().is_err());
        assert_eq!(
            "a b".parse::<JobId>().unwrap_err().to_string(),
            "a job id must be 1 to 64 characters of [a-zA-Z0-9_-]"
        );
    }

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
