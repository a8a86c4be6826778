//! The one way in which job executions change, and the events that follow.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html>

use super::State;
use super::event::{Event, EventBody};
use super::execution::Execution;
use super::executions::{Executions, PendingMark};
use super::retry::RetriesUsed;
use super::timers::Timer;
use crate::service::choices;
use crate::service::time::Timestamp;
use crate::wire::model::{
    JobExecutionStatus, JobExecutionsChangedEvent, JobId, NextJobExecutionChangedEvent, PendingJobExecutions,
    ThingName,
};

/// How many job executions one call touches before the rest waits for its turn.
pub(super) const SLICE: usize = 250;

impl State {
    /// Lets `change` change executions of `job` on `thing`, then says what devices should know of it.
    ///
    /// The rule: notify if and only if the set of pending executions changed; notify-next if and only if
    /// the head did. Afterwards the job may be complete, or abort.
    pub(super) fn mutate<T>(
        &mut self,
        now: Timestamp,
        thing: &ThingName,
        job: &JobId,
        events: &mut Vec<Event>,
        change: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.pending_mark(thing);
        let result = change(self);
        let after = self.pending_mark(thing);
        if before.set != after.set {
            let body = EventBody::JobExecutionsChanged(self.job_executions_changed(now, thing));
            events.push(Event { thing: thing.clone(), body });
        }
        if before.head != after.head {
            let body = EventBody::NextJobExecutionChanged(self.next_job_execution_changed(now, thing));
            events.push(Event { thing: thing.clone(), body });
        }
        self.settle(now, job, events);
        result
    }

    /// Queues the next execution of `job` on `thing`. Inside [`State::mutate`] only.
    pub(super) fn queue(&mut self, now: Timestamp, thing: &ThingName, job: &JobId, retries: RetriesUsed) {
        let executions = self.executions.entry(thing.clone()).or_default();
        let number = executions.find(job, None).map_or(1, |(_, newest)| newest.number + 1);
        let sequence = executions.insert(Execution::queued(job.clone(), number, retries, now));
        if let Some(job) = self.jobs.get_mut(job) {
            job.counts.add(JobExecutionStatus::Queued);
            job.executions.insert((thing.clone(), sequence));
        }
    }

    /// Changes one execution and what is kept about it elsewhere. Inside [`State::mutate`] only.
    pub(super) fn change(&mut self, thing: &ThingName, sequence: u64, edit: impl FnOnce(&mut Execution)) {
        let Some(executions) = self.executions.get_mut(thing) else { return };
        let changed = executions.change(sequence, |execution| {
            let before = (execution.status, execution.deadline());
            edit(execution);
            (before, (execution.status, execution.deadline()), execution.job_id.clone())
        });
        let Some((before, after, job)) = changed else { return };
        if before.1 != after.1 {
            self.set_timer(thing, sequence, before.1, after.1);
        }
        if let Some(job) = self.jobs.get_mut(&job) {
            job.counts.remove(before.0);
            job.counts.add(after.0);
        }
    }

    /// Ends an execution by the service, and queues its retry if it has one. Inside [`State::mutate`] only.
    pub(super) fn end(
        &mut self,
        now: Timestamp,
        thing: &ThingName,
        sequence: u64,
        status: JobExecutionStatus,
    ) {
        self.change(thing, sequence, |execution| execution.end_by_service(now, status));
        self.retry(now, thing, sequence);
    }

    /// Queues the retry of an execution that just ended, if its job provides one. Inside [`State::mutate`] only.
    pub(super) fn retry(&mut self, now: Timestamp, thing: &ThingName, sequence: u64) {
        let Some(ended) = self.executions.get(thing).and_then(|executions| executions.get(sequence)) else {
            return;
        };
        let job_id = ended.job_id.clone();
        let retries = self.jobs.get(&job_id).and_then(|job| job.next_retry(ended));
        if let Some(retries) = retries.filter(|_| self.may_retry(&job_id, thing)) {
            self.queue(now, thing, &job_id, retries);
        }
    }

    /// Forgets an execution. Inside [`State::mutate`] only.
    pub(super) fn forget(&mut self, thing: &ThingName, sequence: u64) {
        let Some(executions) = self.executions.get_mut(thing) else { return };
        let Some(removed) = executions.remove(sequence) else { return };
        // An empty record stays: the numbers that tell changes apart must not begin anew within one change.
        self.set_timer(thing, sequence, removed.deadline(), None);
        if let Some(job) = self.jobs.get_mut(&removed.job_id) {
            job.counts.remove(removed.status);
            job.executions.remove(&(thing.clone(), sequence));
        }
    }

    fn set_timer(
        &mut self,
        thing: &ThingName,
        sequence: u64,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
    ) {
        let timer = || Timer::JobExecution { thing: thing.clone(), sequence };
        if let Some(due) = before {
            self.timers.stop(due, timer());
        }
        if let Some(due) = after {
            self.timers.start(due, timer());
        }
    }

    /// A timer of an execution expired.
    pub(super) fn time_out(
        &mut self,
        now: Timestamp,
        thing: &ThingName,
        sequence: u64,
        events: &mut Vec<Event>,
    ) {
        let Some(execution) = self.executions.get(thing).and_then(|executions| executions.get(sequence))
        else {
            return;
        };
        let job = execution.job_id.clone();
        self.mutate(now, thing, &job, events, |state| {
            state.end(now, thing, sequence, JobExecutionStatus::TimedOut);
        });
    }

    fn pending_mark(&self, thing: &ThingName) -> PendingMark {
        self.executions.get(thing).map(Executions::mark).unwrap_or_default()
    }

    fn job_executions_changed(&self, now: Timestamp, thing: &ThingName) -> JobExecutionsChangedEvent {
        JobExecutionsChangedEvent { timestamp: now.seconds(), jobs: self.listed_pending(thing) }
    }

    fn next_job_execution_changed(&self, now: Timestamp, thing: &ThingName) -> NextJobExecutionChangedEvent {
        let head = self.executions.get(thing).and_then(Executions::head);
        let execution = head.map(|(_, execution)| execution.data(now, self.document_of(&execution.job_id)));
        NextJobExecutionChangedEvent { timestamp: now.seconds(), execution }
    }

    /// The first pending executions of `thing`, as many as AWS lists.
    pub(super) fn listed_pending(&self, thing: &ThingName) -> PendingJobExecutions {
        let mut listed = PendingJobExecutions::default();
        let pending = self.executions.get(thing).into_iter().flat_map(Executions::pending);
        for execution in pending.take(choices::LISTED_PENDING_JOB_EXECUTIONS) {
            let list = match execution.status {
                JobExecutionStatus::InProgress => &mut listed.in_progress,
                _ => &mut listed.queued,
            };
            list.push(execution.summary());
        }
        listed
    }
}
