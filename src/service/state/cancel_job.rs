//! CancelJob and DeleteJob: what becomes of a job's executions when the operator is done with it.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html>

use serde::Deserialize;

use super::change::{Change, SLICE};
use super::create_job::JobNamed;
use super::job::no_such_job;
use super::job_event::JobOperation;
use super::job_status::JobStatus;
use super::outcome::Outcome;
use super::sequence::Sequence;
use super::timers::Timer;
use super::touched::Record;
use super::validate;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, JobId, ThingName};

/// The body of CancelJob.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CancelJobRequest {
    /// A word for the reason.
    pub reason_code: Option<String>,
    /// Free text.
    pub comment: Option<String>,
}

impl State {
    /// Cancels a job and its QUEUED executions; with `force` those IN_PROGRESS too.
    pub fn cancel_job(
        &mut self,
        now: Timestamp,
        job_id: &str,
        force: bool,
        request: CancelJobRequest,
    ) -> Outcome<JobNamed> {
        self.change(now, |change| {
            let id: JobId = validate::name(job_id)?;
            let choices = change.state.choices;
            let job = change.job_mut(&id).ok_or_else(|| no_such_job(job_id))?;
            if !job.status.is_active() {
                let status = job.status.as_str();
                let message = format!("Job {job_id} in status {status} cannot be canceled.");
                return Err(Rejected::as_exception(choices.cancel_of_finished_job, message));
            }
            job.reason_code = request.reason_code;
            job.comment = request.comment;
            change.cancel(&id, force);
            change.state.job_named(&id)
        })
    }

    /// Deletes a job and all its executions; one that is not finished only with `force`.
    pub fn delete_job(&mut self, now: Timestamp, job_id: &str, force: bool) -> Outcome<()> {
        self.change(now, |change| {
            let id: JobId = validate::name(job_id)?;
            let job = change.job_mut(&id).ok_or_else(|| no_such_job(job_id))?;
            let finished = matches!(job.status, JobStatus::Completed | JobStatus::Canceled);
            if job.status == JobStatus::DeletionInProgress || !finished && !force {
                let status = job.status.as_str();
                let message = format!("Job {job_id} cannot be deleted in status {status}.");
                return Err(Rejected::InvalidStateTransition { message, state: None });
            }
            change.touch_whole_queue(&id);
            if let Some(job) = change.job_mut(&id) {
                job.set_status(now, JobStatus::DeletionInProgress);
            }
            change.publish_job_event(&id, JobOperation::DeletionInProgress);
            change.delete_executions(&id);
            Ok(())
        })
    }
}

impl Change<'_> {
    /// Cancels a job, by whomever, and its QUEUED executions; with `force` those IN_PROGRESS too.
    pub(super) fn cancel(&mut self, id: &JobId, force: bool) {
        let (now, has_completed_at) = (self.now, self.state.choices.canceled_job_has_completed_at);
        self.touch_whole_queue(id);
        let Some(job) = self.job_mut(id) else { return };
        job.force_canceled = force;
        job.cancel(now, has_completed_at);
        self.publish_job_event(id, JobOperation::CancellationInProgress);
        self.cancel_executions(id, force, None);
    }

    /// Cancels a slice of a job's executions, those behind `after`; the rest falls due at once.
    pub(super) fn cancel_executions(
        &mut self,
        job: &JobId,
        force: bool,
        after: Option<&(ThingName, Sequence)>,
    ) {
        let Some(record) = self.state.jobs.get(job).filter(|record| record.status == JobStatus::Canceled)
        else {
            return;
        };
        let slice: Vec<_> = record.executions.by_thing(after).take(SLICE).cloned().collect();
        for (thing, sequence) in &slice {
            if self.is_cancelable(thing, *sequence, force) {
                self.edit_executions(thing, job, |change| {
                    change.end_execution(thing, *sequence, JobExecutionStatus::Canceled, |execution| {
                        execution.force_canceled = force;
                    });
                });
            }
        }
        if let Some(after) = slice.into_iter().nth(SLICE - 1) {
            self.start_timer(self.now, Timer::Cancel { job: job.clone(), force, after });
        } else {
            self.publish_job_event(job, JobOperation::Canceled);
        }
    }

    fn is_cancelable(&self, thing: &ThingName, sequence: Sequence, force: bool) -> bool {
        let execution = self.state.executions.get(thing).and_then(|executions| executions.get(sequence));
        execution.is_some_and(|execution| match execution.status {
            JobExecutionStatus::Queued => true,
            status => force && status.is_pending(),
        })
    }

    /// Deletes a slice of a job's executions, and the job after its last one.
    pub(super) fn delete_executions(&mut self, job: &JobId) {
        let Some(record) =
            self.state.jobs.get(job).filter(|record| record.status == JobStatus::DeletionInProgress)
        else {
            return;
        };
        let slice: Vec<_> = record.executions.by_thing(None).take(SLICE).cloned().collect();
        for (thing, sequence) in &slice {
            self.edit_executions(thing, job, |change| change.delete_execution(thing, *sequence));
        }
        if slice.len() < SLICE {
            self.remove_job(job);
        } else {
            self.start_timer(self.now, Timer::Delete(job.clone()));
        }
    }

    fn remove_job(&mut self, id: &JobId) {
        self.publish_job_event(id, JobOperation::Deleted);
        let Some(job) = self.state.jobs.remove(id) else { return };
        // A later job may have the same id, and these would be its timers then.
        self.set_schedule(id, &job.schedule, Self::stop_timer);
        if let Some(turns) = job.window_turns {
            self.stop_timer(turns, Timer::Window(id.clone()));
        }
        let state = &mut *self.state;
        state.continuous.remove(id);
        let arn = state.settings.arn("job", id.as_str());
        state.tags.remove(&arn);
        let touched = &mut self.effects.touched;
        touched.add(Record::Job(id.clone()));
        touched.add(Record::JobProgress(id.clone()));
        touched.add(Record::Tags(arn));
    }
}
