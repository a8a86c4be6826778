//! A job from its start to its end: rollout, completion, abort, schedule.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html>

use super::State;
use super::change::SLICE;
use super::event::Event;
use super::job_status::JobStatus;
use super::retry::RetriesUsed;
use super::rollout::Next;
use super::schedule::Schedule;
use super::timers::{Timer, Timers};
use crate::service::choices;
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingName};

impl State {
    /// A scheduled job begins.
    pub(super) fn start_job(&mut self, now: Timestamp, id: &JobId, events: &mut Vec<Event>) {
        if let Some(job) = self.jobs.get_mut(id).filter(|job| job.status == JobStatus::Scheduled) {
            job.enter(now, JobStatus::InProgress);
            self.roll_out(now, id, events);
        }
    }

    /// Queues executions of `job` on the next things, at most a slice of them.
    ///
    /// The rest falls due at once or, if the job has a rate, in the next minute.
    pub(super) fn roll_out(&mut self, now: Timestamp, job_id: &JobId, events: &mut Vec<Event>) -> usize {
        for reached in 0..SLICE {
            let Some(job) = self.jobs.get_mut(job_id).filter(|job| job.status == JobStatus::InProgress)
            else {
                return reached;
            };
            match job.rollout.next(now, job.configs.job_executions_rollout_config.as_ref(), &job.counts) {
                Next::Reach(thing) => self.reach(now, &thing, job_id, events),
                Next::Wait(due) => {
                    self.timers.start(due, Timer::RollOut(job_id.clone()));
                    return reached;
                }
                Next::Nothing => {
                    self.settle(now, job_id, events);
                    return reached;
                }
            }
        }
        self.timers.start(now, Timer::RollOut(job_id.clone()));
        SLICE
    }

    /// Gives `thing` an execution of `job`, unless it has a pending one or was deleted meanwhile.
    fn reach(&mut self, now: Timestamp, thing: &ThingName, job: &JobId, events: &mut Vec<Event>) {
        if !self.things.contains_key(thing) {
            return;
        }
        let newest = self.executions.get(thing).and_then(|executions| executions.find(job, None));
        if newest.is_some_and(|(_, newest)| newest.status.is_pending()) {
            return;
        }
        self.mutate(now, thing, job, events, |state| state.queue(now, thing, job, RetriesUsed::default()));
    }

    /// Looks whether `job` is complete, or has failed too often, after its executions changed.
    pub(super) fn settle(&mut self, now: Timestamp, job_id: &JobId, events: &mut Vec<Event>) {
        let Some(job) = self.jobs.get_mut(job_id) else { return };
        if job.is_done() {
            job.enter(now, JobStatus::Completed);
        } else if job.status == JobStatus::InProgress
            && job.configs.abort_config.as_ref().is_some_and(|config| config.is_met(&job.counts))
        {
            job.reason_code = Some(choices::REASON_CODE_OF_ABORT.to_owned());
            job.enter(now, JobStatus::Canceled);
            self.cancel_executions(now, job_id, false, None, events);
        }
    }

    /// The schedule of a job ends.
    pub(super) fn end_job(&mut self, now: Timestamp, id: &JobId, events: &mut Vec<Event>) {
        let Some(job) = self.jobs.get_mut(id).filter(|job| job.status == JobStatus::InProgress) else {
            return;
        };
        let behavior = job.scheduling.as_ref().and_then(|config| config.end_behavior.as_deref());
        if let Some("CANCEL" | "FORCE_CANCEL") = behavior {
            let force = behavior == Some("FORCE_CANCEL");
            job.force_canceled = force;
            job.enter(now, JobStatus::Canceled);
            self.cancel_executions(now, id, force, None, events);
        } else {
            job.rollout.stop();
            self.settle(now, id, events);
        }
    }

    /// Starts, or stops, the timers of a job's schedule.
    pub(super) fn set_schedule(
        &mut self,
        id: &JobId,
        schedule: Schedule,
        set: fn(&mut Timers, Timestamp, Timer),
    ) {
        if let Some(start) = schedule.start {
            set(&mut self.timers, start, Timer::JobStart(id.clone()));
        }
        if let Some(end) = schedule.end {
            set(&mut self.timers, end, Timer::JobEnd(id.clone()));
        }
    }
}
