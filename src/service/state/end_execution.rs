//! CancelJobExecution and DeleteJobExecution.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_CancelJobExecution.html>

use serde::Deserialize;

use super::execution::no_such_execution;
use super::operator::execution_path;
use super::outcome::Outcome;
use super::validate::check_version;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, StatusDetails};

/// The body of CancelJobExecution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CancelJobExecutionRequest {
    /// The version that the operator believes current.
    pub expected_version: Option<i64>,
    /// Replaces what the device last reported.
    pub status_details: Option<StatusDetails>,
}

impl State {
    /// Cancels the newest execution of a job on a thing; one that is IN_PROGRESS only with `force`.
    pub fn cancel_job_execution(
        &mut self,
        now: Timestamp,
        thing_name: &str,
        job_id: &str,
        force: bool,
        request: CancelJobExecutionRequest,
    ) -> Outcome<()> {
        self.change(now, |change| {
            let (thing, job) = execution_path(thing_name, job_id)?;
            change.state.check_status_details(request.status_details.as_ref())?;
            let (sequence, execution) = change.state.execution(&thing, &job, None)?;
            check_version(request.expected_version, execution.version)?;
            let status = execution.status;
            if status.is_terminal() || status == JobExecutionStatus::InProgress && !force {
                return Err(not_in_status("canceled", job_id, thing_name, status));
            }
            let are_merged = change.state.choices.status_details_are_merged;
            change.edit_executions(&thing, &job, |change| {
                change.end_execution(&thing, sequence, JobExecutionStatus::Canceled, |execution| {
                    execution.force_canceled = force;
                    execution.report(request.status_details, are_merged);
                });
            });
            Ok(())
        })
    }

    /// Deletes an execution of a job on a thing; one that is IN_PROGRESS only with `force`.
    pub fn delete_job_execution(
        &mut self,
        now: Timestamp,
        thing_name: &str,
        job_id: &str,
        execution_number: i64,
        force: bool,
    ) -> Outcome<()> {
        self.change(now, |change| {
            let (thing, job) = execution_path(thing_name, job_id)?;
            let number = u64::try_from(execution_number).map_err(|_| no_such_execution(&thing, job_id))?;
            let (sequence, execution) = change.state.execution(&thing, &job, Some(number.into()))?;
            let deletable = match execution.status {
                JobExecutionStatus::InProgress => force,
                JobExecutionStatus::Queued => force || change.state.choices.queued_execution_needs_no_force,
                _ => true,
            };
            if !deletable {
                return Err(not_in_status("deleted", job_id, thing_name, execution.status));
            }
            change.edit_executions(&thing, &job, |change| change.delete_execution(&thing, sequence));
            Ok(())
        })
    }
}

fn not_in_status(done: &str, job: &str, thing: &str, status: JobExecutionStatus) -> Rejected {
    let message = format!("Job execution {job} for thing {thing} cannot be {done} in status {status}.");
    Rejected::InvalidStateTransition { message, state: None }
}
