//! Service and devices, one after the other, to the end.

use std::cmp::Reverse;
use std::time::Duration;

use uuid::Uuid;

use super::devices::{Devices, Events};
use super::fleet::Fleet;
use super::minutes::{Minute, Minutes};
use super::request::{ACCOUNT, GROUP, JOB, REGION};
use crate::service::choices::Choices;
use crate::service::state::create_job::CreateJobRequest;
use crate::service::state::groups::{CreateThingGroupRequest, ThingInThingGroupRequest};
use crate::service::state::job_status::JobStatus;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::{Rejected, Settings, State};
use crate::service::time::Timestamp;
use crate::wire::model::JobId;

/// What is rehearsed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The things, and what their devices do.
    pub fleet: Fleet,
    /// The job that they get, as [`super::job`] reads it.
    pub job: CreateJobRequest,
    /// When to stop if nothing has ended it before, counted from the job's creation.
    pub until: Duration,
}

/// How a rollout went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// How many things there are.
    pub things: u64,
    /// How many of them the job reached.
    pub reached: u64,
    /// How many devices started the job, or rejected it.
    pub answered: u64,
    /// Where the job stands.
    pub status: JobStatus,
    /// When it was completed or canceled, counted from its creation.
    pub ended: Option<Duration>,
    /// Why the service canceled it, in its own words.
    pub comment: Option<String>,
    /// The minutes in which something changed.
    pub minutes: Vec<Minute>,
}

impl Rehearsal {
    /// The minute with the most failures, the first of several, and how many these were; none where all went well.
    #[must_use]
    pub fn worst_minute(&self) -> Option<(u64, u64)> {
        let mut before = 0;
        let failures = self.minutes.iter().map(|minute| {
            let failures = minute.failures() - before;
            before = minute.failures();
            (minute.minute, failures)
        });
        failures.filter(|(_, failures)| *failures > 0).min_by_key(|(_, failures)| Reverse(*failures))
    }
}

/// Carries a rollout out in virtual time, until nothing is left to happen.
///
/// # Errors
/// What CreateJob says of a job that it refuses.
pub fn rehearse(plan: &Plan) -> Result<Rehearsal, Rejected> {
    let mut run = Run::new(plan)?;
    run.create_job(plan.job.clone())?;
    let end = run.created.plus(plan.until);
    while let Some(now) = run.next().filter(|now| *now <= end) {
        run.step(now);
    }
    run.finish()
}

/// A rollout while it is going on.
struct Run<'a> {
    state: State,
    devices: Devices<'a>,
    job: JobId,
    created: Timestamp,
    now: Timestamp,
    minutes: Minutes,
}

impl<'a> Run<'a> {
    /// A fleet that has no job yet.
    fn new(plan: &'a Plan) -> Result<Self, Rejected> {
        let created = created_at(&plan.job)?;
        let job: JobId = JOB.parse().expect("it is short and plain");
        let devices = Devices::new(&plan.fleet, job.clone());
        let mut state = State::new(Settings { region: REGION.to_owned(), account: ACCOUNT.to_owned() });
        state.create_thing_group(created, GROUP, Uuid::nil(), CreateThingGroupRequest::default()).reply?;
        for name in devices.names() {
            let thing = CreateThingRequest::default();
            state.create_thing(created, name.as_str(), Uuid::nil(), &thing).reply?;
            let member = ThingInThingGroupRequest {
                thing_name: Some(name.to_string()),
                thing_group_name: Some(GROUP.to_owned()),
                ..ThingInThingGroupRequest::default()
            };
            state.add_thing_to_thing_group(created, &member).reply?;
        }
        Ok(Self { state, devices, job, created, now: created, minutes: Minutes::default() })
    }

    fn create_job(&mut self, request: CreateJobRequest) -> Result<(), Rejected> {
        let created = self.state.create_job(self.now, JOB, request);
        self.publish(created.effects.events);
        created.reply.map(drop)
    }

    /// When the next thing happens.
    fn next(&self) -> Option<Timestamp> {
        self.state.next_timeout().into_iter().chain(self.devices.next()).min()
    }

    /// What happens next: what falls due before what devices do at the same time.
    fn step(&mut self, now: Timestamp) {
        if self.minute(now) > self.minute(self.now) {
            self.end_minute();
        }
        self.now = now;
        let events = if self.state.next_timeout().is_some_and(|due| due <= now) {
            self.state.handle_timeout(now).events
        } else {
            self.devices.act(&mut self.state)
        };
        self.publish(events);
    }

    fn publish(&mut self, events: Events) {
        let reached = self.devices.hear(self.now, events);
        self.minutes.roll_out(reached);
    }

    /// Which minute a time belongs to, from 1.
    fn minute(&self, at: Timestamp) -> u64 {
        let seconds = at.seconds_after(self.created);
        seconds.unsigned_abs() / 60 + 1
    }

    fn end_minute(&mut self) {
        let minute = self.minute(self.now);
        if let Some(counts) = self.state.status_counts(&self.job) {
            self.minutes.end(minute, counts);
        }
    }

    fn finish(mut self) -> Result<Rehearsal, Rejected> {
        self.end_minute();
        let job = self.state.describe_job(self.now, JOB)?.job;
        let has_ended = matches!(job.status, JobStatus::Completed | JobStatus::Canceled);
        let ended = job.completed_at.unwrap_or(job.last_updated_at).millis() - self.created.millis();
        Ok(Rehearsal {
            things: self.devices.names().len() as u64,
            reached: self.devices.reached(),
            answered: self.devices.answered(),
            status: job.status,
            ended: has_ended.then(|| Duration::from_millis(ended.unsigned_abs())),
            comment: job.comment,
            minutes: self.minutes.into_past(),
        })
    }
}

/// When the job is created: any time for one that begins at once, and the shortest notice that AWS takes for one that
/// is scheduled.
fn created_at(job: &CreateJobRequest) -> Result<Timestamp, Rejected> {
    let Some(config) = &job.scheduling_config else { return Ok(Timestamp::default()) };
    let schedule = config.read(&Choices::default())?;
    match (schedule.start, schedule.end) {
        (Some(start), _) => Ok(start.plus_minutes(-NOTICE)),
        (None, None) => Ok(Timestamp::default()),
        (None, Some(_)) => Err(Rejected::InvalidRequest(
            "a rehearsal begins half an hour before the startTime: schedulingConfig has an endTime alone"
                .to_owned(),
        )),
    }
}

/// Minutes.
const NOTICE: i64 = 30;
