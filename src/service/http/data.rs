//! The data plane over HTTPS: the four operations of devices, without client tokens and timestamps.
//!
//! Unlike on MQTT the job document is a string and a job execution names its thing.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-http-device-api.html>

use serde::Serialize;

use super::call::Call;
use super::exception::Exception;
use super::handler::{Handlers, Output};
use super::label::Label;
use crate::service::choices::Choices;
use crate::service::shared::Shared;
use crate::service::state::{Outcome, Rejected};
use crate::wire::model::{
    JobDocument, JobExecutionData, JobExecutionState, JobExecutionSummary, JobId, JobRef, ThingName,
};

pub(super) const HANDLERS: Handlers = &[
    ("GetPendingJobExecutions", get_pending_job_executions),
    ("StartNextPendingJobExecution", start_next_pending_job_execution),
    ("DescribeJobExecution", describe_job_execution),
    ("UpdateJobExecution", update_job_execution),
];

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingJobExecutions {
    in_progress_jobs: Vec<JobExecutionSummary>,
    queued_jobs: Vec<JobExecutionSummary>,
}

#[derive(Debug, Serialize)]
struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<Execution>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Updated {
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_state: Option<JobExecutionState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_document: Option<String>,
}

/// A job execution whose document is text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Execution {
    #[serde(flatten)]
    data: JobExecutionData,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_document: Option<String>,
}

impl Described {
    fn of(execution: Option<JobExecutionData>, thing: ThingName) -> Self {
        let execution = execution.map(|mut data| {
            data.thing_name = Some(thing);
            let job_document = data.job_document.take().map(|document| text(&document));
            Execution { data, job_document }
        });
        Self { execution }
    }
}

fn text(document: &JobDocument) -> String {
    document.get().to_owned()
}

fn get_pending_job_executions(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let (thing, request) =
        (call.name::<ThingName>(Label::ThingName)?, call.device_query().get_pending_job_executions()?);
    let pending = shared.read(|state, now| state.get_pending_job_executions(now, &thing, request))?;
    Output::json(&PendingJobExecutions {
        in_progress_jobs: pending.in_progress_jobs,
        queued_jobs: pending.queued_jobs,
    })
}

fn start_next_pending_job_execution(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let (thing, request) =
        (call.name::<ThingName>(Label::ThingName)?, call.device_body().start_next_pending_job_execution()?);
    let started = shared.write(|state, now| state.start_next_pending_job_execution(now, &thing, request))?;
    Output::json(&Described::of(started.execution, thing))
}

fn describe_job_execution(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let (thing, job): (ThingName, JobRef) = (call.name(Label::ThingName)?, call.name(Label::JobId)?);
    let request = call.device_query().describe_job_execution()?;
    let described = shared.read(|state, now| state.describe_job_execution(now, &thing, &job, request))?;
    Output::json(&Described::of(described.execution, thing))
}

fn update_job_execution(shared: &Shared, call: &Call) -> Result<Output, Exception> {
    let (thing, job): (ThingName, JobId) = (call.name(Label::ThingName)?, call.name(Label::JobId)?);
    let request = call.device_body().update_job_execution()?;
    let updated = shared.write(|state, now| {
        let Outcome { reply, effects } = state.update_job_execution(now, &thing, &job, request);
        let reply = reply.map_err(|rejected| without_version_mismatch(rejected, state.choices()));
        Outcome { reply, effects }
    })?;
    Output::json(&Updated {
        execution_state: updated.execution_state,
        job_document: updated.job_document.as_ref().map(text),
    })
}

/// AWS's model of UpdateJobExecution has no exception for VersionMismatch.
fn without_version_mismatch(rejected: Rejected, choices: &Choices) -> Rejected {
    match rejected {
        Rejected::VersionMismatch { .. } => {
            Rejected::as_exception(choices.version_mismatch_over_https, rejected.to_string())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};
    use hyper::Request;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::super::admission::Admission;
    use super::super::api::Api;
    use super::super::limits::Limits;
    use super::*;
    use crate::service::choices::StateException;
    use crate::service::state::{Settings, State};
    use crate::service::time::Timestamp;

    /// The status, the exception and the message with which an update of the thing `T` is refused.
    async fn refused(choices: Choices, update: Value) -> (u16, String, Value) {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings.clone()));
        shared.requests(|requests| {
            let (mut state, now) = (State::with_choices(settings, choices), Timestamp::default());
            let thing = serde_json::from_value(json!({})).unwrap();
            let _ = state.create_thing(now, "T", Uuid::nil(), &thing).reply.unwrap();
            let job = json!({ "targets": ["arn:aws:iot:us-east-1:123456789012:thing/T"], "document": "{}" });
            state.create_job(now, "J", serde_json::from_value(job).unwrap()).reply.unwrap();
            *requests.state = state;
        });
        let scope = "Credential=AKID/20260101/us-east-1/iot-jobs-data/aws4_request";
        let request = Request::post("/things/T/jobs/J")
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}, Signature=0"))
            .header("host", "localhost")
            .body(Full::new(Bytes::from(update.to_string())))
            .unwrap();
        let response =
            Api::new(shared, Admission::default()).answer(request, Limits::DEFAULT, || ()).await.unwrap();
        let status = response.status().as_u16();
        let exception = response.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, exception, serde_json::from_slice::<Value>(&body).unwrap()["message"].clone())
    }

    #[tokio::test]
    async fn another_version_than_expected_is_an_invalid_request_or_an_invalid_transition() {
        let exception = StateException::InvalidStateTransition;
        let other = Choices { version_mismatch_over_https: exception, ..Choices::default() };
        for (choices, status, exception) in [
            (Choices::default(), 400, "InvalidRequestException"),
            (other, 409, "InvalidStateTransitionException"),
        ] {
            let mismatch = refused(choices, json!({ "status": "IN_PROGRESS", "expectedVersion": 9 })).await;
            let message = json!("Expected version 9 but found version 1");
            assert_eq!(mismatch, (status, exception.to_owned(), message));
            let (status, exception, _) = refused(choices, json!({ "status": "CANCELED" })).await;
            assert_eq!(
                (status, &*exception),
                (409, "InvalidStateTransitionException"),
                "whatever was chosen"
            );
        }
    }
}
