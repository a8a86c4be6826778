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
use crate::service::shared::Shared;
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
    let updated = shared.write(|state, now| state.update_job_execution(now, &thing, &job, request))?;
    Output::json(&Updated {
        execution_state: updated.execution_state,
        job_document: updated.job_document.as_ref().map(text),
    })
}
