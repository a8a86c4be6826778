//! Jobs and job executions, as the operator sees them.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-management-control-api.html>

use serde::Serialize;

use super::super::call::Call;
use super::super::exception::Exception;
use super::super::handler::{Handlers, Output, read, write};
use super::super::label::Label;
use crate::service::shared::Shared;
use crate::service::state::create_job::CreateJobRequest;
use crate::service::state::{Outcome, State};
use crate::service::time::Timestamp;

pub(super) const HANDLERS: Handlers = &[
    ("CreateJob", |shared, call| {
        let mut request: CreateJobRequest = call.body()?;
        request.source_text = shared.read_source(request.document_source.as_deref());
        write(shared, |state, now| state.create_job(now, call.label(Label::JobId), request))
    }),
    ("DescribeJob", |shared, call| {
        read(shared, |state, now| state.describe_job(now, call.label(Label::JobId)))
    }),
    ("GetJobDocument", |shared, call| {
        let before_substitution = call.flag("beforeSubstitution");
        read(shared, |state, _| state.get_job_document(call.label(Label::JobId), before_substitution))
    }),
    ("ListJobs", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_jobs(&query))
    }),
    ("UpdateJob", |shared, call| {
        let request = call.body()?;
        in_namespace(shared, call, |state, now| state.update_job(now, call.label(Label::JobId), request))
    }),
    ("AssociateTargetsWithJob", |shared, call| {
        let request = call.body()?;
        in_namespace(shared, call, |state, now| {
            state.associate_targets_with_job(now, call.label(Label::JobId), request)
        })
    }),
    ("CancelJob", |shared, call| {
        let request = call.body()?;
        write(shared, |state, now| {
            state.cancel_job(now, call.label(Label::JobId), call.flag("force"), request)
        })
    }),
    ("DeleteJob", |shared, call| {
        in_namespace(shared, call, |state, now| {
            state.delete_job(now, call.label(Label::JobId), call.flag("force"))
        })
    }),
    ("DescribeJobExecution", |shared, call| {
        let number = call.number("executionNumber");
        read(shared, |state, now| {
            state.describe_job_execution_any_status(
                now,
                call.label(Label::ThingName),
                call.label(Label::JobId),
                number,
            )
        })
    }),
    ("CancelJobExecution", |shared, call| {
        let (request, force) = (call.body()?, call.flag("force"));
        write(shared, |state, now| {
            state.cancel_job_execution(
                now,
                call.label(Label::ThingName),
                call.label(Label::JobId),
                force,
                request,
            )
        })
    }),
    ("DeleteJobExecution", |shared, call| {
        let (number, force) = (call.label_number(Label::ExecutionNumber), call.flag("force"));
        in_namespace(shared, call, |state, now| {
            state.delete_job_execution(
                now,
                call.label(Label::ThingName),
                call.label(Label::JobId),
                number,
                force,
            )
        })
    }),
    ("ListJobExecutionsForJob", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_job_executions_for_job(call.label(Label::JobId), &query))
    }),
    ("ListJobExecutionsForThing", |shared, call| {
        let query = call.query()?;
        read(shared, |state, _| state.list_job_executions_for_thing(call.label(Label::ThingName), &query))
    }),
];

/// Changes a job, unless the request names another namespace than the job's.
fn in_namespace<T: Serialize>(
    shared: &Shared,
    call: &Call,
    operation: impl FnOnce(&mut State, Timestamp) -> Outcome<T>,
) -> Result<Output, Exception> {
    write(shared, |state, now| {
        match state.check_namespace(call.label(Label::JobId), call.text("namespaceId")) {
            Ok(()) => operation(state, now),
            Err(refused) => Err(refused).into(),
        }
    })
}
