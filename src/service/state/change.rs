//! The one way in which jobs and job executions change, and the events that follow.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html>

use super::event::Event;
use super::event_types::EventType;
use super::execution::Execution;
use super::executions::{Executions, PendingRevision};
use super::job::Job;
use super::job_event::{JobEvent, JobExecutionEvent, JobOperation};
use super::outcome::{Effects, Outcome};
use super::retry::RetriesUsed;
use super::sequence::Sequence;
use super::timers::Timer;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{
    JobExecutionStatus, JobExecutionsChangedEvent, JobId, NextJobExecutionChangedEvent, PendingJobExecutions,
    ThingName,
};
use crate::wire::number::ExecutionNumber;

/// How many job executions one call touches before the rest waits for its turn.
pub(super) const SLICE: usize = 250;

/// A change of the account while it is being made.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) state: &'a mut State,
    pub(super) now: Timestamp,
    /// What follows from the change so far.
    pub(super) effects: Effects,
    /// A retry that is queued after the events of what it follows.
    late_retry: Option<RetriesUsed>,
    /// What back ends hear of it, after the devices.
    late_event: Option<JobExecutionEvent>,
}

impl<'a> Change<'a> {
    pub(super) fn new(state: &'a mut State, now: Timestamp) -> Self {
        Self { state, now, effects: Effects::default(), late_retry: None, late_event: None }
    }
}

impl State {
    /// Carries out an operation that changes jobs or job executions.
    pub(super) fn change<T>(
        &mut self,
        now: Timestamp,
        operation: impl FnOnce(&mut Change<'_>) -> Result<T, Rejected>,
    ) -> Outcome<T> {
        let mut change = Change::new(self, now);
        let reply = operation(&mut change);
        Outcome { reply, effects: change.effects }
    }

    /// The first pending executions of `thing`, as many as AWS lists.
    pub(super) fn listed_pending(&self, thing: &ThingName) -> PendingJobExecutions {
        let mut listed = PendingJobExecutions::default();
        let pending = self.executions.get(thing).into_iter().flat_map(Executions::pending);
        for execution in pending.take(self.choices.listed_pending_job_executions) {
            let list = match execution.status {
                JobExecutionStatus::InProgress => &mut listed.in_progress,
                _ => &mut listed.queued,
            };
            list.push(execution.summary());
        }
        listed
    }
}

impl Change<'_> {
    /// Lets `edit` change the executions of `job` on `thing`, then notifies the thing's devices, then back ends.
    /// Afterwards the job may be complete, or abort.
    pub(super) fn edit_executions(&mut self, thing: &ThingName, job: &JobId, edit: impl FnOnce(&mut Self)) {
        self.notify_after(thing, edit);
        self.effects.events.extend(self.late_event.take().map(Event::JobExecution));
        if let Some(retries) = self.late_retry.take() {
            self.notify_after(thing, |change| change.queue_execution(thing, job, retries));
        }
        self.complete_or_abort(job);
    }

    /// The rule: notify if and only if the set of pending executions changed; notify-next if and only if the head
    /// did.
    fn notify_after(&mut self, thing: &ThingName, edit: impl FnOnce(&mut Self)) {
        let before = self.pending_revision(thing);
        edit(self);
        let after = self.pending_revision(thing);
        if before.set != after.set {
            let event = self.job_executions_changed(thing);
            self.effects.events.push(Event::JobExecutionsChanged(thing.clone(), event));
        }
        if before.head != after.head {
            let event = self.next_job_execution_changed(thing);
            self.effects.events.push(Event::NextJobExecutionChanged(thing.clone(), event));
        }
    }

    /// Queues the next execution of `job` on `thing`. Inside [`Change::edit_executions`] only.
    pub(super) fn queue_execution(&mut self, thing: &ThingName, job: &JobId, retries: RetriesUsed) {
        let executions = self.state.executions.entry(thing.clone()).or_default();
        let number =
            executions.find(job, None).map_or(ExecutionNumber::FIRST, |(_, newest)| newest.number.next());
        let sequence = executions.insert(Execution::queued(job.clone(), number, retries, self.now));
        self.effects.touched.execution(thing, sequence);
        if let Some(job) = self.job_mut(job) {
            job.counts.add(JobExecutionStatus::Queued);
            job.executions.insert((thing.clone(), sequence));
        }
    }

    /// Changes one execution and what is kept about it elsewhere. Inside [`Change::edit_executions`] only.
    pub(super) fn edit_execution(
        &mut self,
        thing: &ThingName,
        sequence: Sequence,
        edit: impl FnOnce(&mut Execution),
    ) {
        let Some(executions) = self.state.executions.get_mut(thing) else { return };
        let edited = executions.edit(sequence, |execution| {
            let before = (execution.status, execution.deadline());
            edit(execution);
            (before, (execution.status, execution.deadline()), execution.job_id.clone())
        });
        let Some((before, after, job)) = edited else { return };
        self.effects.touched.execution(thing, sequence);
        if before.1 != after.1 {
            self.set_timer(thing, sequence, before.1, after.1);
        }
        if before.0 == after.0 {
            return;
        }
        if let Some(job) = self.job_mut(&job) {
            job.counts.remove(before.0);
            job.counts.add(after.0);
        }
        if after.0.is_terminal() {
            self.late_event = self.job_execution_event(thing, sequence, false);
        }
    }

    /// Ends an execution by the service, with a further `edit`, and queues its retry if it has one. Inside
    /// [`Change::edit_executions`] only.
    pub(super) fn end_execution(
        &mut self,
        thing: &ThingName,
        sequence: Sequence,
        status: JobExecutionStatus,
        edit: impl FnOnce(&mut Execution),
    ) {
        let (now, raises_version) = (self.now, self.state.choices.service_raises_version);
        self.edit_execution(thing, sequence, |execution| {
            execution.end_by_service(now, status, raises_version);
            edit(execution);
        });
        self.queue_retry(thing, sequence);
    }

    /// Queues the retry of an execution that just ended, if its job provides one. Inside
    /// [`Change::edit_executions`] only.
    pub(super) fn queue_retry(&mut self, thing: &ThingName, sequence: Sequence) {
        let Some(ended) = self.state.executions.get(thing).and_then(|executions| executions.get(sequence))
        else {
            return;
        };
        let job_id = ended.job_id.clone();
        let retries = self.state.jobs.get(&job_id).and_then(|job| job.next_retry(ended));
        let retries = retries.filter(|_| self.state.may_retry(&job_id, thing));
        match retries {
            Some(retries) if self.state.choices.retry_is_queued_with_the_end => {
                self.queue_execution(thing, &job_id, retries);
            }
            retries => self.late_retry = retries,
        }
    }

    /// Deletes an execution. Inside [`Change::edit_executions`] only.
    pub(super) fn delete_execution(&mut self, thing: &ThingName, sequence: Sequence) {
        self.late_event = self.job_execution_event(thing, sequence, true);
        let Some(executions) = self.state.executions.get_mut(thing) else { return };
        let Some(removed) = executions.remove(sequence) else { return };
        // The thing's record stays even if it is empty: its revisions must not begin anew within one change.
        self.effects.touched.execution(thing, sequence);
        self.set_timer(thing, sequence, removed.deadline(), None);
        if let Some(job) = self.job_mut(&removed.job_id) {
            job.counts.remove(removed.status);
            job.executions.remove(&(thing.clone(), sequence));
        }
    }

    /// A timer of an execution expired.
    pub(super) fn time_out(&mut self, thing: &ThingName, sequence: Sequence) {
        let execution = self.state.executions.get(thing).and_then(|executions| executions.get(sequence));
        let Some(job) = execution.map(|execution| execution.job_id.clone()) else { return };
        self.edit_executions(thing, &job, |change| {
            change.end_execution(thing, sequence, JobExecutionStatus::TimedOut, |_| ());
        });
    }

    /// A job that is about to be edited.
    pub(super) fn job_mut(&mut self, id: &JobId) -> Option<&mut Job> {
        let job = self.state.jobs.get_mut(id)?;
        self.effects.touched.job(id);
        Some(job)
    }

    fn set_timer(
        &mut self,
        thing: &ThingName,
        sequence: Sequence,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
    ) {
        let timer = || Timer::JobExecution { thing: thing.clone(), sequence };
        if let Some(due) = before {
            self.state.timers.stop(due, timer());
        }
        if let Some(due) = after {
            self.state.timers.start(due, timer());
        }
    }

    fn pending_revision(&self, thing: &ThingName) -> PendingRevision {
        self.state.executions.get(thing).map(Executions::pending_revision).unwrap_or_default()
    }

    fn job_executions_changed(&self, thing: &ThingName) -> JobExecutionsChangedEvent {
        JobExecutionsChangedEvent { timestamp: self.now.seconds(), jobs: self.state.listed_pending(thing) }
    }

    fn next_job_execution_changed(&self, thing: &ThingName) -> NextJobExecutionChangedEvent {
        let head = self.state.head(thing);
        let execution = head.map(|(_, execution)| {
            execution.data(self.now, self.state.document_of(self.now, &execution.job_id))
        });
        NextJobExecutionChangedEvent { timestamp: self.now.seconds(), execution }
    }

    /// What back ends hear of an execution that has ended or is about to be deleted, if they want to.
    fn job_execution_event(
        &self,
        thing: &ThingName,
        sequence: Sequence,
        deleted: bool,
    ) -> Option<JobExecutionEvent> {
        let State { event_types, executions, settings, choices, .. } = &*self.state;
        if !event_types.is_enabled(EventType::JobExecution) {
            return None;
        }
        let execution = executions.get(thing)?.get(sequence)?;
        let arn = settings.arn("thing", thing.as_str());
        Some(JobExecutionEvent::new(self.now, arn, execution, deleted, choices))
    }

    /// Lets back ends know what happened to a job.
    pub(super) fn publish_job_event(&mut self, id: &JobId, operation: JobOperation) {
        let State { event_types, jobs, choices, .. } = &*self.state;
        if event_types.is_enabled(EventType::Job)
            && let Some(job) = jobs.get(id)
        {
            let event = JobEvent::new(self.now, operation, id.clone(), job, choices);
            self.effects.events.push(Event::Job(event));
        }
    }
}
