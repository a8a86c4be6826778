//! Jobs and job executions, as the operator sees them.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-management-control-api.html>

use super::super::handler::{Handlers, run};

pub(super) const HANDLERS: Handlers = &[
    ("CreateJob", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.create_job(now, call.label("jobId"), request))
    }),
    ("DescribeJob", |shared, call| run(shared, |state, _| state.describe_job(call.label("jobId")))),
    ("GetJobDocument", |shared, call| run(shared, |state, _| state.get_job_document(call.label("jobId")))),
    ("ListJobs", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_jobs(&query))
    }),
    ("UpdateJob", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.update_job(now, call.label("jobId"), request))
    }),
    ("AssociateTargetsWithJob", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.associate_targets_with_job(now, call.label("jobId"), request))
    }),
    ("CancelJob", |shared, call| {
        let request = call.body()?;
        run(shared, |state, now| state.cancel_job(now, call.label("jobId"), call.flag("force"), request))
    }),
    ("DeleteJob", |shared, call| {
        run(shared, |state, now| state.delete_job(now, call.label("jobId"), call.flag("force")))
    }),
    ("DescribeJobExecution", |shared, call| {
        let number = call.number("executionNumber");
        run(shared, |state, now| {
            state.describe_job_execution_any_status(now, call.label("thingName"), call.label("jobId"), number)
        })
    }),
    ("CancelJobExecution", |shared, call| {
        let (request, force) = (call.body()?, call.flag("force"));
        run(shared, |state, now| {
            state.cancel_job_execution(now, call.label("thingName"), call.label("jobId"), force, request)
        })
    }),
    ("DeleteJobExecution", |shared, call| {
        let (number, force) = (call.label_number("executionNumber")?, call.flag("force"));
        run(shared, |state, now| {
            state.delete_job_execution(now, call.label("thingName"), call.label("jobId"), number, force)
        })
    }),
    ("ListJobExecutionsForJob", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_job_executions_for_job(call.label("jobId"), &query))
    }),
    ("ListJobExecutionsForThing", |shared, call| {
        let query = call.query()?;
        run(shared, |state, _| state.list_job_executions_for_thing(call.label("thingName"), &query))
    }),
];
