//! What the devices of a fleet do, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::fleet::{Fleet, Outcome};
use crate::service::state::{Event, State};
use crate::service::time::Timestamp;
use crate::wire::model::{
    JobExecutionStatus, JobId, ReportedStatus, StartNextPendingJobExecutionRequest, ThingName,
    UpdateJobExecutionRequest,
};
use crate::wire::number::ExecutionNumber;

/// How the names of things begin; their number follows.
const NAME: &str = "thing-";

/// The devices of a fleet, one a thing.
#[derive(Debug)]
pub(super) struct Devices<'a> {
    fleet: &'a Fleet,
    job: JobId,
    names: Vec<ThingName>,
    /// What they are about to do, soonest first. What happens at the same time goes by the number of the thing.
    plans: BinaryHeap<Reverse<(Timestamp, u32, Plan)>>,
    /// Which of them the job has reached.
    reached: Vec<bool>,
    /// Which of them have answered it.
    answered: Vec<bool>,
}

/// What a device is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Plan {
    /// Start or reject the job execution that it heard of.
    Begin(ExecutionNumber),
    /// Report how it ended.
    End(ExecutionNumber),
}

/// What a service says of a device's message.
pub(super) type Events = Vec<Event>;

impl<'a> Devices<'a> {
    pub(super) fn new(fleet: &'a Fleet, job: JobId) -> Self {
        let name = |number: u32| format!("{NAME}{number:07}").parse().expect("it is short and plain");
        let (things, none) = (fleet.things, vec![false; fleet.things as usize]);
        let names = (0..things).map(name).collect();
        Self { fleet, job, names, plans: BinaryHeap::new(), reached: none.clone(), answered: none }
    }

    pub(super) fn names(&self) -> &[ThingName] {
        &self.names
    }

    /// How many things the job has reached.
    pub(super) fn reached(&self) -> u64 {
        count(&self.reached)
    }

    /// How many devices have started the job, or rejected it.
    pub(super) fn answered(&self) -> u64 {
        count(&self.answered)
    }

    /// When the next of them does something.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.plans.peek().map(|Reverse((at, ..))| *at)
    }

    /// They hear what the service publishes; how many things are reached for the first time.
    pub(super) fn hear(&mut self, now: Timestamp, events: Events) -> u64 {
        let mut first = 0;
        for event in events {
            let Event::NextJobExecutionChanged(thing, _, changed) = event else { continue };
            let Some(next) = changed.execution else { continue };
            let number = thing.as_str().strip_prefix(NAME).and_then(|number| number.parse::<u32>().ok());
            let Some(device) = number.filter(|_| next.status == QUEUED) else { continue };
            let reached = &mut self.reached[device as usize];
            first += u64::from(!std::mem::replace(reached, true));
            let draw = self.fleet.draw(device, next.execution_number.get());
            self.plan(now.plus(draw.offline).plus(draw.pause), device, Plan::Begin(next.execution_number));
        }
        first
    }

    /// The next of them does what it is about to do.
    pub(super) fn act(&mut self, state: &mut State) -> Events {
        let Some(Reverse((now, device, plan))) = self.plans.pop() else { return Events::new() };
        match plan {
            Plan::Begin(number) => self.begin(state, now, device, number),
            Plan::End(number) => {
                let succeeds = self.fleet.draw(device, number.get()).outcome == Outcome::Succeeds;
                let status =
                    if succeeds { JobExecutionStatus::Succeeded } else { JobExecutionStatus::Failed };
                self.report(state, now, device, number, status)
            }
        }
    }

    fn begin(&mut self, state: &mut State, now: Timestamp, device: u32, number: ExecutionNumber) -> Events {
        let draw = self.fleet.draw(device, number.get());
        if draw.outcome == Outcome::Rejects {
            return self.report(state, now, device, number, JobExecutionStatus::Rejected);
        }
        let request = StartNextPendingJobExecutionRequest::default();
        let started = state.start_next_pending_job_execution(now, &self.names[device as usize], request);
        // There is none if the job was canceled meanwhile.
        if started.reply.is_ok_and(|started| started.execution.is_some()) {
            self.answered[device as usize] = true;
            if draw.outcome != Outcome::Hangs {
                self.plan(now.plus(draw.takes), device, Plan::End(number));
            }
        }
        started.effects.events
    }

    /// A device reports a status. It is refused if the service ended the job execution meanwhile, and the device
    /// lets it be.
    fn report(
        &mut self,
        state: &mut State,
        now: Timestamp,
        device: u32,
        number: ExecutionNumber,
        status: JobExecutionStatus,
    ) -> Events {
        let request = UpdateJobExecutionRequest {
            execution_number: Some(number),
            ..UpdateJobExecutionRequest::new(status)
        };
        let updated = state.update_job_execution(now, &self.names[device as usize], &self.job, request);
        self.answered[device as usize] |= updated.reply.is_ok();
        updated.effects.events
    }

    fn plan(&mut self, at: Timestamp, device: u32, plan: Plan) {
        self.plans.push(Reverse((at, device, plan)));
    }
}

const QUEUED: ReportedStatus = ReportedStatus::Known(JobExecutionStatus::Queued);

fn count(which: &[bool]) -> u64 {
    which.iter().filter(|is| **is).count() as u64
}
