//! The one way in which jobs and job executions change, and the events that follow.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html>

use super::event::Event;
use super::event_types::EventType;
use super::execution::Execution;
use super::executions::Executions;
use super::job::Job;
use super::job_event::{JobEvent, JobExecutionEvent, JobOperation};
use super::namespace::Scope;
use super::outcome::{Effects, Outcome};
use super::retry::RetriesUsed;
use super::sequence::Sequence;
use super::timers::Timer;
use super::touched::Record;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{
    JobExecutionStatus, JobExecutionsChangedEvent, JobId, NextJobExecutionChangedEvent, PendingJobExecutions,
    ThingName,
};
use crate::wire::number::ExecutionNumber;

/// How many job executions one call touches before the rest waits for its turn.
pub(super) const SLICE: usize = 100;

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

/// What is kept about an execution elsewhere.
struct Kept {
    status: JobExecutionStatus,
    deadline: Option<Timestamp>,
    last_updated_at: Timestamp,
}

impl Kept {
    fn of(execution: &Execution) -> Self {
        let Execution { status, last_updated_at, .. } = *execution;
        Self { status, deadline: execution.deadline(), last_updated_at }
    }
}

/// A pending list at one time: compared before and after a change, it tells which events are due.
struct PendingRevision {
    /// Differs if the set of pending executions differs.
    set: u64,
    /// Differs if another execution is the head.
    head: Option<Sequence>,
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
    pub(super) fn listed_pending(&self, thing: &ThingName, scope: Scope<'_>) -> PendingJobExecutions {
        let mut listed = PendingJobExecutions::default();
        let most = self.choices.listed_pending_job_executions;
        for (_, execution) in self.pending(thing, scope).take(most) {
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
        self.notify_after(thing, job, edit);
        self.effects.events.extend(self.late_event.take().map(Event::JobExecution));
        if let Some(retries) = self.late_retry.take() {
            self.notify_after(thing, job, |change| change.queue_execution(thing, job, retries));
        }
        self.complete_or_abort(job);
    }

    /// The rule: notify if and only if the set of pending executions changed; notify-next if and only if the head
    /// did. A namespace has a set and a head of its own.
    fn notify_after(&mut self, thing: &ThingName, job: &JobId, edit: impl FnOnce(&mut Self)) {
        let namespace = self.state.namespace_of(job).map(str::to_owned);
        let scope = Scope::Namespace(namespace.as_deref());
        let before = self.pending_revision(thing, scope);
        edit(self);
        let after = self.pending_revision(thing, scope);
        if before.set != after.set {
            let event = self.job_executions_changed(thing, scope);
            let (thing, namespace) = (thing.clone(), namespace.clone());
            self.effects.events.push(Event::JobExecutionsChanged(thing, namespace, event));
        }
        if before.head != after.head {
            let event = self.next_job_execution_changed(thing, scope);
            let (thing, namespace) = (thing.clone(), namespace.clone());
            self.effects.events.push(Event::NextJobExecutionChanged(thing, namespace, event));
        }
    }

    /// Queues the next execution of `job` on `thing`. Inside [`Change::edit_executions`] only.
    pub(super) fn queue_execution(&mut self, thing: &ThingName, job: &JobId, retries: RetriesUsed) {
        let next = Executions::of_next_thing(&self.state.executions);
        let executions = self.state.executions.entry(thing.clone()).or_insert(next);
        let is_numbered_anew = !executions.has_newest();
        let number =
            executions.find(job, None).map_or(ExecutionNumber::FIRST, |(_, newest)| newest.number.next());
        let now = self.now;
        let sequence = executions.insert(Execution::queued(job.clone(), number, retries, now));
        if is_numbered_anew {
            self.effects.touched.add(Record::ThingNumber(thing.clone()));
        }
        self.touch_execution(thing, sequence, job);
        if let Some(job) = self.state.jobs.get_mut(job) {
            job.counts.add(JobExecutionStatus::Queued);
            job.executions.insert(thing, sequence, now);
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
            let before = Kept::of(execution);
            edit(execution);
            (before, Kept::of(execution), execution.job_id.clone())
        });
        let Some((before, after, job)) = edited else { return };
        self.touch_execution(thing, sequence, &job);
        if before.deadline != after.deadline {
            self.set_timer(thing, sequence, before.deadline, after.deadline);
        }
        if let Some(job) = self.state.jobs.get_mut(&job) {
            job.executions.update(thing, sequence, before.last_updated_at, after.last_updated_at);
        }
        if before.status == after.status {
            return;
        }
        if let Some(job) = self.state.jobs.get_mut(&job) {
            job.counts.remove(before.status);
            job.counts.add(after.status);
        }
        if after.status.is_terminal() {
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
        let retries = self.state.jobs.get(&job_id).and_then(|job| job.next_retry(ended, &self.state.choices));
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
        // The thing's record stays even if it is empty: its revisions must not begin anew within one change, and its
        // number is in use.
        self.effects.touched.add(Record::ThingNumber(thing.clone()));
        self.touch_execution(thing, sequence, &removed.job_id);
        self.set_timer(thing, sequence, removed.deadline(), None);
        if let Some(job) = self.state.jobs.get_mut(&removed.job_id) {
            job.counts.remove(removed.status);
            job.executions.remove(thing, sequence, removed.last_updated_at);
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

    /// A job that is about to come further, but for what its executions tell.
    pub(super) fn job_mut(&mut self, id: &JobId) -> Option<&mut Job> {
        let job = self.state.jobs.get_mut(id)?;
        self.effects.touched.add(Record::JobProgress(id.clone()));
        Some(job)
    }

    /// Starts a timer that is not a job execution's.
    pub(super) fn start_timer(&mut self, due: Timestamp, timer: Timer) {
        self.effects.touched.add(Record::Timer(due, timer.clone()));
        self.state.timers.start(due, timer);
    }

    /// Stops a timer that is not a job execution's.
    pub(super) fn stop_timer(&mut self, due: Timestamp, timer: Timer) {
        self.effects.touched.add(Record::Timer(due, timer.clone()));
        self.state.timers.stop(due, timer);
    }

    fn touch_execution(&mut self, thing: &ThingName, sequence: Sequence, job: &JobId) {
        let State { jobs, executions, .. } = &*self.state;
        if let (Some(job), Some(executions)) = (jobs.get(job), executions.get(thing)) {
            let (job, number) = (job.sequence, executions.number());
            let name = thing.clone();
            self.effects.touched.add(Record::Execution { job, thing: number, sequence, name });
        }
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

    fn pending_revision(&self, thing: &ThingName, scope: Scope<'_>) -> PendingRevision {
        let set = self.state.executions.get(thing).map(Executions::pending_changes);
        let head = self.state.pending(thing, scope).next().map(|(sequence, _)| sequence);
        PendingRevision { set: set.unwrap_or_default(), head }
    }

    fn job_executions_changed(&self, thing: &ThingName, scope: Scope<'_>) -> JobExecutionsChangedEvent {
        let jobs = self.state.listed_pending(thing, scope);
        JobExecutionsChangedEvent { timestamp: self.now.seconds(), jobs }
    }

    fn next_job_execution_changed(
        &self,
        thing: &ThingName,
        scope: Scope<'_>,
    ) -> NextJobExecutionChangedEvent {
        let head = self.state.pending(thing, scope).next();
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
