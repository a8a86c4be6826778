//! An answer, and what AWS has added to it since this was written.

use aws_sdk_iot::types::{JobExecutionStatus, JobStatus};
use serde_json::Value;

use super::exchange::Exchange;

/// An answer of the control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What was asked.
    pub operation: &'static str,
    /// The JSON body as it came, if there was one.
    pub body: Option<String>,
    /// What AWS support asks for.
    pub request_id: Option<String>,
}

impl Reply {
    pub(super) fn new(operation: &'static str, exchange: Exchange) -> Self {
        Self { operation, body: exchange.body, request_id: exchange.request_id }
    }

    /// The statuses and members that AWS has added since this was written.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        self.body.as_deref().map(|body| unknown(self.operation, body)).unwrap_or_default()
    }
}

/// Objects, by the members that lead there, and the members that each has. What is not listed is no object, or the
/// user's own.
type Shape = &'static [(&'static str, &'static str)];

const CHANGED: Shape = &[("", "description jobArn jobId")];

const DESCRIBE_JOB: Shape = &[
    ("", "documentSource job"),
    (
        "job",
        "abortConfig comment completedAt createdAt description destinationPackageVersions documentParameters
         forceCanceled isConcurrent jobArn jobExecutionsRetryConfig jobExecutionsRolloutConfig jobId
         jobProcessDetails jobTemplateArn lastUpdatedAt namespaceId presignedUrlConfig reasonCode
         scheduledJobRollouts schedulingConfig status targetSelection targets timeoutConfig",
    ),
    ("job.abortConfig", "criteriaList"),
    ("job.abortConfig.criteriaList", "action failureType minNumberOfExecutedThings thresholdPercentage"),
    ("job.jobExecutionsRetryConfig", "criteriaList"),
    ("job.jobExecutionsRetryConfig.criteriaList", "failureType numberOfRetries"),
    ("job.jobExecutionsRolloutConfig", "exponentialRate maximumPerMinute"),
    (
        "job.jobExecutionsRolloutConfig.exponentialRate",
        "baseRatePerMinute incrementFactor rateIncreaseCriteria",
    ),
    (
        "job.jobExecutionsRolloutConfig.exponentialRate.rateIncreaseCriteria",
        "numberOfNotifiedThings numberOfSucceededThings",
    ),
    (
        "job.jobProcessDetails",
        "numberOfCanceledThings numberOfFailedThings numberOfInProgressThings numberOfQueuedThings
         numberOfRejectedThings numberOfRemovedThings numberOfSucceededThings numberOfTimedOutThings
         processingTargets",
    ),
    ("job.presignedUrlConfig", "expiresInSec roleArn"),
    ("job.scheduledJobRollouts", "startTime"),
    ("job.schedulingConfig", "endBehavior endTime maintenanceWindows startTime"),
    ("job.schedulingConfig.maintenanceWindows", "durationInMinutes startTime"),
    ("job.timeoutConfig", "inProgressTimeoutInMinutes"),
];

const DESCRIBE_EVENT_CONFIGURATIONS: Shape = &[("", "creationDate eventConfigurations lastModifiedDate")];

const GET_JOB_DOCUMENT: Shape = &[("", "document")];

const LIST_JOBS: Shape = &[
    ("", "jobs nextToken"),
    (
        "jobs",
        "completedAt createdAt isConcurrent jobArn jobId lastUpdatedAt status targetSelection thingGroupId",
    ),
];

const LIST_JOB_EXECUTIONS: Shape = &[
    ("", "executionSummaries nextToken"),
    ("executionSummaries", "jobExecutionSummary jobId thingArn"),
    (
        "executionSummaries.jobExecutionSummary",
        "executionNumber lastUpdatedAt queuedAt retryAttempt startedAt status",
    ),
];

/// The statuses and members that are new, each once.
fn unknown(operation: &str, body: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str(body) {
        look(&value, "", shape(operation), &mut found);
    }
    found
}

fn shape(operation: &str) -> Shape {
    match operation {
        "CreateJob" | "CancelJob" => CHANGED,
        "DescribeJob" => DESCRIBE_JOB,
        "DescribeEventConfigurations" => DESCRIBE_EVENT_CONFIGURATIONS,
        "GetJobDocument" => GET_JOB_DOCUMENT,
        "ListJobs" => LIST_JOBS,
        "ListJobExecutionsForJob" | "ListJobExecutionsForThing" => LIST_JOB_EXECUTIONS,
        // It answers with nothing.
        _ => &[],
    }
}

fn look(value: &Value, path: &str, shape: Shape, found: &mut Vec<String>) {
    if let Value::Array(items) = value {
        for item in items {
            look(item, path, shape, found);
        }
    }
    let Value::Object(members) = value else { return };
    let Some((_, known)) = shape.iter().find(|(object, _)| *object == path) else { return };
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let new = if !known.split_whitespace().any(|known| known == name) {
            format!("the member {path}")
        } else if let Some(status) = value.as_str().filter(|word| name == "status" && !is_status(word)) {
            format!("the status {status}")
        } else {
            look(value, &path, shape, found);
            continue;
        };
        if !found.contains(&new) {
            found.push(new);
        }
    }
}

fn is_status(word: &str) -> bool {
    JobStatus::values().contains(&word) || JobExecutionStatus::values().contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_wherever_it_stands() {
        let list = r#"{"jobs":[
            {"jobId":"A","status":"PAUSED","jobArn":null,"cause":{"x":1}},
            {"jobId":"B","status":"PAUSED","cause":{"y":1}},
            {"jobId":"C","status":"COMPLETED","new":null}
        ]}"#;
        assert_eq!(unknown("ListJobs", list), ["the status PAUSED", "the member jobs.cause"]);
        let job = r#"{"job":{"status":"SCHEDULED","documentParameters":{"status":"mine"},
            "abortConfig":{"criteriaList":[{"action":"CANCEL"},{"action":"CANCEL","after":1}]}}}"#;
        assert_eq!(unknown("DescribeJob", job), ["the member job.abortConfig.criteriaList.after"]);
        let executions = r#"{"executionSummaries":[{"jobId":"A","jobExecutionSummary":{"status":"LOST"}}]}"#;
        assert_eq!(unknown("ListJobExecutionsForThing", executions), ["the status LOST"]);
    }

    #[test]
    fn what_is_known_is_not_told() {
        for (operation, body) in [
            ("CreateJob", r#"{"jobArn":"a","jobId":"J","description":"d"}"#),
            ("GetJobDocument", r#"{"document":"{\"status\":\"mine\"}"}"#),
            ("ListJobs", r#"{"jobs":[{"status":"IN_PROGRESS","thingGroupId":"g"}],"nextToken":"t"}"#),
            (
                "ListJobExecutionsForJob",
                r#"{"executionSummaries":[{"thingArn":"a","jobExecutionSummary":{"status":"TIMED_OUT"}}]}"#,
            ),
            ("DeleteJob", r#"{"whatever":1}"#),
        ] {
            assert_eq!(unknown(operation, body), Vec::<String>::new(), "{operation}");
        }
    }
}
