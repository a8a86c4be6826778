//! The four operations of the data plane.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

use unicode_general_category::{GeneralCategory, get_general_category};

use super::execution::{Execution, StepTimeout, no_such_execution};
use super::job::Job;
use super::outcome::Outcome;
use super::thing::no_such_thing;
use super::{Rejected, State};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, GetPendingJobExecutionsRequest,
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobId, JobRef, StartNextJobExecutionResponse,
    StartNextPendingJobExecutionRequest, StatusDetails, ThingName, UpdateJobExecutionRequest,
    UpdateJobExecutionResponse,
};

impl State {
    /// What is pending for `thing`.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing.
    pub fn get_pending_job_executions(
        &self,
        now: Timestamp,
        thing: &ThingName,
        request: GetPendingJobExecutionsRequest,
    ) -> Result<GetPendingJobExecutionsResponse, Rejected> {
        self.registered(thing)?;
        let listed = self.listed_pending(thing, self.requested());
        Ok(GetPendingJobExecutionsResponse {
            client_token: request.client_token,
            timestamp: now.seconds(),
            in_progress_jobs: listed.in_progress,
            queued_jobs: listed.queued,
        })
    }

    /// Starts the next job execution of `thing`, or returns the one that is in progress already.
    pub fn start_next_pending_job_execution(
        &mut self,
        now: Timestamp,
        thing: &ThingName,
        request: StartNextPendingJobExecutionRequest,
    ) -> Outcome<StartNextJobExecutionResponse> {
        self.change(now, |change| {
            let step_timeout = step_timeout(request.step_timeout_in_minutes)?;
            change.state.check_status_details(request.status_details.as_ref())?;
            change.state.registered(thing)?;
            if let Some((sequence, head)) = change.state.head(thing)
                && head.status == JobExecutionStatus::Queued
            {
                let job = head.job_id.clone();
                let timeout = change.state.jobs.get(&job).and_then(Job::in_progress_timeout);
                let choices = change.state.choices;
                change.edit_executions(thing, &job, |change| {
                    change.edit_execution(thing, sequence, |execution| {
                        let status = JobExecutionStatus::InProgress;
                        execution.report(request.status_details, choices.status_details_are_merged);
                        execution.move_by_device(now, status, step_timeout, timeout, &choices);
                    });
                });
            }
            let state = &*change.state;
            let execution =
                state.head(thing).map(|(_, head)| head.data(now, state.document_of(now, &head.job_id)));
            Ok(StartNextJobExecutionResponse {
                client_token: request.client_token,
                timestamp: now.seconds(),
                execution,
            })
        })
    }

    /// Describes a pending job execution of `thing`, or whichever is next.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing or job execution,
    /// [`Rejected::TerminalStateReached`] where it has ended.
    pub fn describe_job_execution(
        &self,
        now: Timestamp,
        thing: &ThingName,
        job: &JobRef,
        request: DescribeJobExecutionRequest,
    ) -> Result<DescribeJobExecutionResponse, Rejected> {
        self.registered(thing)?;
        let execution = match job {
            JobRef::Next => match (self.head(thing), request.execution_number) {
                (Some((_, head)), Some(number)) if head.number != number => {
                    return Err(no_such_execution(thing, &head.job_id, true));
                }
                (head, _) => head.map(|(_, head)| head),
            },
            JobRef::Id(job) => Some(self.execution(thing, job, request.execution_number)?.1),
        };
        if execution.is_some_and(|execution| execution.status.is_terminal()) {
            return Err(Rejected::TerminalStateReached);
        }
        let with_document = request.include_job_document.unwrap_or(true);
        let describe = |execution: &Execution| {
            let document = self.document_of(now, &execution.job_id).filter(|_| with_document);
            let mut data = execution.data(now, document);
            data.thing_name = self.choices.thing_name_on_mqtt.then(|| thing.clone());
            data
        };
        Ok(DescribeJobExecutionResponse {
            client_token: request.client_token,
            timestamp: now.seconds(),
            execution: execution.map(describe),
        })
    }

    /// Moves a job execution of `thing` to another status, or reports progress.
    pub fn update_job_execution(
        &mut self,
        now: Timestamp,
        thing: &ThingName,
        job: &JobId,
        request: UpdateJobExecutionRequest,
    ) -> Outcome<UpdateJobExecutionResponse> {
        self.change(now, |change| {
            let step_timeout = step_timeout(request.step_timeout_in_minutes)?;
            change.state.check_status_details(request.status_details.as_ref())?;
            change.state.registered(thing)?;
            let (sequence, execution) = change.state.execution(thing, job, request.execution_number)?;
            check_update(execution, &request, &change.state.choices)?;
            let timeout = change.state.jobs.get(job).and_then(Job::in_progress_timeout);
            let choices = change.state.choices;
            let mut updated = None;
            let document = change.state.document_of(now, job).filter(|_| request.include_job_document);
            change.edit_executions(thing, job, |change| {
                change.edit_execution(thing, sequence, |execution| {
                    execution.report(request.status_details, choices.status_details_are_merged);
                    execution.move_by_device(now, request.status, step_timeout, timeout, &choices);
                    updated = Some(execution.state());
                });
                change.queue_retry(thing, sequence);
            });
            Ok(UpdateJobExecutionResponse {
                client_token: request.client_token,
                timestamp: now.seconds(),
                execution_state: updated.filter(|_| request.include_job_execution_state),
                job_document: document,
            })
        })
    }

    fn registered(&self, thing: &ThingName) -> Result<(), Rejected> {
        if self.choices.unregistered_thing_is_not_found && !self.things.contains_key(thing) {
            return Err(no_such_thing(thing));
        }
        Ok(())
    }

    /// Holds status details to AWS's limits: 10 pairs, keys of 128 characters, values of 1024.
    pub(super) fn check_status_details(&self, details: Option<&StatusDetails>) -> Result<(), Rejected> {
        let Some(details) = details else { return Ok(()) };
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        if details.len() > 10 {
            return refuse(format!("statusDetails has {} pairs, it can have at most 10", details.len()));
        }
        for (key, value) in details {
            if !(1..=128).contains(&key.len()) || !key.chars().all(is_of_a_name) {
                return refuse(
                    "a key of statusDetails must be 1 to 128 characters of [a-zA-Z0-9:_-]".to_owned(),
                );
            }
            if !(1..=1024).contains(&value.chars().count()) {
                return refuse(format!("the value of statusDetails.{key} must have 1 to 1024 characters"));
            }
            if self.choices.status_details_values_are_checked && !value.chars().all(is_printable) {
                return refuse(format!("the value of statusDetails.{key} must have no control characters"));
            }
        }
        Ok(())
    }
}

/// Whether a character is one of `[a-zA-Z0-9:_-]`.
fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ':' | '_' | '-')
}

/// Whether a character is not of Unicode's category C: control, format, private use, unassigned.
fn is_printable(character: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate, Unassigned};
    !matches!(get_general_category(character), Control | Format | PrivateUse | Surrogate | Unassigned)
}

/// The version first, then the transition.
fn check_update(
    execution: &Execution,
    request: &UpdateJobExecutionRequest,
    choices: &Choices,
) -> Result<(), Rejected> {
    let (from, to) = (execution.status, request.status);
    if let Some(expected) = request.expected_version
        && expected != execution.version
    {
        return Err(Rejected::VersionMismatch { expected, state: execution.state() });
    }
    if may_move(from, to, choices) {
        return Ok(());
    }
    let message = if from.is_terminal() {
        format!("The status of job execution cannot be changed from {from} to {to}")
    } else {
        format!("The status of job execution cannot be changed to be {to}")
    };
    // AWS tells where an execution stands only if it has ended.
    let state = from.is_terminal().then(|| execution.state());
    Err(Rejected::InvalidStateTransition { message, state })
}

/// Whether a device's update may move a job execution from one status to another; one that has ended never moves.
fn may_move(from: JobExecutionStatus, to: JobExecutionStatus, choices: &Choices) -> bool {
    use JobExecutionStatus::{Failed, InProgress, Queued, Rejected, Succeeded};
    match (from, to) {
        (Queued, Succeeded) => choices.queued_may_succeed,
        (InProgress, Rejected) => choices.in_progress_may_be_rejected,
        (Queued | InProgress, InProgress | Succeeded | Failed | Rejected) => true,
        _ => false,
    }
}

fn step_timeout(minutes: Option<i64>) -> Result<Option<StepTimeout>, Rejected> {
    let Some(minutes) = minutes else { return Ok(None) };
    let message = || {
        format!(
            "stepTimeoutInMinutes is {minutes}, it must be between 1 and 10080, or -1 to discard the step timer"
        )
    };
    StepTimeout::from_minutes(minutes).map(Some).ok_or_else(|| Rejected::InvalidRequest(message()))
}
