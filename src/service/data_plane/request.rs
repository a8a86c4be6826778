//! The bodies of the data plane's requests, read from JSON that may hold anything.
//!
//! Unknown members are ignored and a member that is null counts as absent. The HTTPS face of the data
//! plane reads its bodies here too.

use serde_json::{Map, Value};

use crate::service::state::Rejected;
use crate::wire::model::{
    DescribeJobExecutionRequest, GetPendingJobExecutionsRequest, JobExecutionStatus,
    StartNextPendingJobExecutionRequest, StatusDetails, UpdateJobExecutionRequest,
};

/// The members of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestBody(Map<String, Value>);

/// The payload is not a JSON object in UTF-8, or it is nested too deeply to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload is not a JSON object")]
pub(crate) struct InvalidJson;

impl From<Map<String, Value>> for RequestBody {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl RequestBody {
    /// Reads a payload; an empty one counts as `{}`.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, InvalidJson> {
        if payload.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(payload).map(Self).map_err(|_| InvalidJson)
    }

    /// The client token, where it is one.
    #[must_use]
    pub(crate) fn client_token(&self) -> Option<String> {
        self.0.get("clientToken").and_then(Value::as_str).map(str::to_owned)
    }

    /// The request as GetPendingJobExecutions.
    pub(crate) fn get_pending_job_executions(&self) -> Result<GetPendingJobExecutionsRequest, Rejected> {
        Ok(GetPendingJobExecutionsRequest { client_token: self.token()? })
    }

    /// The request as StartNextPendingJobExecution.
    pub(crate) fn start_next_pending_job_execution(
        &self,
    ) -> Result<StartNextPendingJobExecutionRequest, Rejected> {
        Ok(StartNextPendingJobExecutionRequest {
            client_token: self.token()?,
            status_details: self.status_details()?,
            step_timeout_in_minutes: self.integer("stepTimeoutInMinutes")?,
        })
    }

    /// The request as DescribeJobExecution.
    pub(crate) fn describe_job_execution(&self) -> Result<DescribeJobExecutionRequest, Rejected> {
        Ok(DescribeJobExecutionRequest {
            client_token: self.token()?,
            execution_number: self.count("executionNumber")?.map(Into::into),
            include_job_document: self.boolean("includeJobDocument")?,
        })
    }

    /// The request as UpdateJobExecution.
    pub(crate) fn update_job_execution(&self) -> Result<UpdateJobExecutionRequest, Rejected> {
        Ok(UpdateJobExecutionRequest {
            client_token: self.token()?,
            status: self.status()?,
            status_details: self.status_details()?,
            expected_version: self.count("expectedVersion")?.map(Into::into),
            execution_number: self.count("executionNumber")?.map(Into::into),
            include_job_execution_state: self.boolean("includeJobExecutionState")?.unwrap_or(false),
            include_job_document: self.boolean("includeJobDocument")?.unwrap_or(false),
            step_timeout_in_minutes: self.integer("stepTimeoutInMinutes")?,
        })
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn typed<'a, T>(
        &'a self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Rejected> {
        let Some(value) = self.member(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| Rejected::InvalidRequest(format!("{name} must be {kind}")))
    }

    fn token(&self) -> Result<Option<String>, Rejected> {
        self.typed("clientToken", "a string", |value| value.as_str().map(str::to_owned))
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Rejected> {
        self.typed(name, "true or false", Value::as_bool)
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Rejected> {
        self.typed(name, "a whole number", Value::as_i64)
    }

    /// A number; AWS's guide, its embedded C library and its older device SDKs write it in a string too.
    fn count(&self, name: &str) -> Result<Option<u64>, Rejected> {
        self.typed(name, "a whole number from 0, or one in a string", |value| match value {
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            value => value.as_u64(),
        })
    }

    fn status(&self) -> Result<JobExecutionStatus, Rejected> {
        let fails = |value: &str, constraint: &str| {
            Rejected::InvalidRequest(format!(
                "1 validation error detected: Value {value} at 'status' failed to satisfy constraint: {constraint}"
            ))
        };
        let word = self.typed("status", "a string", Value::as_str)?;
        let word = word.ok_or_else(|| fails("null", "Member must not be null"))?;
        word.parse().map_err(|_| {
            let statuses = JobExecutionStatus::ALL.map(JobExecutionStatus::as_str).join(", ");
            fails(&format!("'{word}'"), &format!("Member must satisfy enum value set: [{statuses}]"))
        })
    }

    fn status_details(&self) -> Result<Option<StatusDetails>, Rejected> {
        self.typed("statusDetails", "an object of strings", |value| {
            let entry = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            value.as_object()?.iter().map(entry).collect()
        })
    }
}

/// The status that the payload of an update asks for, if it is one.
pub(crate) fn status_asked(payload: &[u8]) -> Option<JobExecutionStatus> {
    Some(RequestBody::parse(payload).ok()?.update_job_execution().ok()?.status)
}
