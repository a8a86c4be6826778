//! A job from its start to its end: rollout, completion, abort, schedule.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html>

use super::change::{Change, SLICE};
use super::job_event::JobOperation;
use super::job_status::JobStatus;
use super::retry::RetriesUsed;
use super::rollout::Next;
use super::schedule::Schedule;
use super::timers::Timer;
use super::touched::Record;
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingName};

impl Change<'_> {
    /// A scheduled job begins, or a maintenance window does, or ends: outside of them it is SCHEDULED.
    pub(super) fn follow_schedule(&mut self, id: &JobId) {
        let now = self.now;
        let Some(job) = self.job_mut(id).filter(|job| job.status.is_active() && !job.rollout.is_stopped())
        else {
            return;
        };
        let (is_open, turns) = job.schedule.is_open(now);
        let status = if is_open { JobStatus::InProgress } else { JobStatus::Scheduled };
        if job.status != status {
            job.set_status(now, status);
        }
        job.window_turns = turns;
        if let Some(turns) = turns {
            self.start_timer(turns, Timer::Window(id.clone()));
        }
        self.roll_out(id);
    }

    /// Queues executions of a job on its next things, at most a slice of them.
    ///
    /// The rest falls due at once or, if the job has a rate, in the next minute.
    pub(super) fn roll_out(&mut self, id: &JobId) {
        let (now, unset) = (self.now, self.state.choices.rollout_rate_without_configuration);
        // Outside of its schedule nothing drives a job.
        let is_driven = self.state.jobs.get(id).is_some_and(|job| job.status == JobStatus::InProgress);
        self.queue_targets(id, if is_driven { SLICE } else { usize::MAX });
        for _ in 0..SLICE {
            let Some(job) = self.job_mut(id).filter(|job| job.status == JobStatus::InProgress) else {
                return;
            };
            let config = job.configs.job_executions_rollout_config.as_ref();
            match job.rollout.next(now, config, &job.counts, unset) {
                Next::Thing(thing, emptied) => {
                    if let Some(block) = emptied {
                        self.touch_queue(id, [block]);
                    }
                    self.roll_out_to(&thing, id);
                }
                Next::Wait(_) | Next::Nothing if job.rollout.is_queueing() => break,
                Next::Wait(due) => {
                    self.start_timer(due, Timer::RollOut(id.clone()));
                    return;
                }
                Next::Nothing => {
                    self.complete_or_abort(id);
                    return;
                }
            }
        }
        self.start_timer(now, Timer::RollOut(id.clone()));
    }

    /// A thing becomes a target of a CONTINUOUS job: the rate holds it back no longer than to the start.
    pub(super) fn join(&mut self, thing: &ThingName, id: &JobId) {
        let Some(job) = self.state.jobs.get(id) else { return };
        if job.status == JobStatus::Scheduled {
            self.enqueue(id, [thing.clone()]);
            return;
        }
        self.leave_out(thing, id);
        if self.state.jobs.get(id).is_some_and(|job| !job.rollout.is_stopped()) {
            self.roll_out_to(thing, id);
        }
    }

    /// Lets further things wait for a job.
    pub(super) fn enqueue(&mut self, id: &JobId, things: impl IntoIterator<Item = ThingName>) {
        let Some(job) = self.job_mut(id) else { return };
        let blocks = job.rollout.add(things);
        self.touch_queue(id, blocks);
    }

    /// A thing waits for a job no more.
    pub(super) fn leave_out(&mut self, thing: &ThingName, id: &JobId) {
        let left = self.state.jobs.get_mut(id).and_then(|job| job.rollout.leave_out(thing));
        if let Some(block) = left {
            self.effects.touched.add(Record::JobProgress(id.clone()));
            self.touch_queue(id, [block]);
        }
    }

    /// The whole queue of a job is about to be cleared, or is new.
    pub(super) fn touch_whole_queue(&mut self, id: &JobId) {
        let Some(job) = self.state.jobs.get(id) else { return };
        let blocks: Vec<u64> = job.rollout.blocks().collect();
        self.touch_queue(id, blocks);
    }

    fn touch_queue(&mut self, id: &JobId, blocks: impl IntoIterator<Item = u64>) {
        let Some(job) = self.state.jobs.get(id).map(|job| job.sequence) else { return };
        for block in blocks {
            self.effects.touched.add(Record::JobQueue { job, block, id: id.clone() });
        }
    }

    /// Gives `thing` an execution of `job`, unless it has a pending one or was deleted meanwhile.
    fn roll_out_to(&mut self, thing: &ThingName, job: &JobId) {
        if !self.state.things.contains_key(thing) {
            return;
        }
        let newest = self.state.executions.get(thing).and_then(|executions| executions.find(job, None));
        if newest.is_some_and(|(_, newest)| newest.status.is_pending()) {
            return;
        }
        self.edit_executions(thing, job, |change| {
            change.queue_execution(thing, job, RetriesUsed::default());
        });
    }

    /// Completes a job that has nothing left to do, or aborts one that has failed too often.
    pub(super) fn complete_or_abort(&mut self, id: &JobId) {
        let (now, choices) = (self.now, self.state.choices);
        let Some(job) = self.state.jobs.get(id) else { return };
        if job.is_done(choices.job_without_things_completes) {
            if let Some(job) = self.job_mut(id) {
                job.set_status(now, JobStatus::Completed);
            }
            self.publish_job_event(id, JobOperation::Completed);
        } else if let Some(comment) = job.abort_comment(&choices) {
            if let Some(job) = self.job_mut(id) {
                job.reason_code = Some(choices.reason_code_of_abort.to_owned());
                job.comment = Some(comment);
            }
            self.cancel(id, false);
        }
    }

    /// The schedule of a job ends.
    pub(super) fn end_job(&mut self, id: &JobId) {
        let now = self.now;
        let Some(job) = self.job_mut(id).filter(|job| job.status.is_active()) else { return };
        let behavior = job.scheduling.as_ref().and_then(|config| config.end_behavior.as_deref());
        if let Some("CANCEL" | "FORCE_CANCEL") = behavior {
            let force = behavior == Some("FORCE_CANCEL");
            self.cancel(id, force);
        } else {
            self.touch_whole_queue(id);
            if let Some(job) = self.job_mut(id) {
                job.rollout.stop();
                if job.status == JobStatus::Scheduled {
                    job.set_status(now, JobStatus::InProgress);
                }
            }
            self.complete_or_abort(id);
        }
    }

    /// Starts, or stops, the timers of a job's schedule.
    pub(super) fn set_schedule(
        &mut self,
        id: &JobId,
        schedule: &Schedule,
        set: fn(&mut Self, Timestamp, Timer),
    ) {
        if let Some(start) = schedule.start {
            set(self, start, Timer::JobStart(id.clone()));
        }
        if let Some(end) = schedule.end {
            set(self, end, Timer::JobEnd(id.clone()));
        }
    }
}
