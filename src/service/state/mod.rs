//! The Jobs service of one account as a pure state machine: no socket, no clock, no random number, no log.
//!
//! Time and new ids come in as arguments; the reply and the events that it causes go out as an
//! [`Outcome`]. There is one method for each AWS operation, named after it. What the service does by
//! itself falls due at [`State::next_timeout`] and is done by [`State::handle_timeout`], long work in
//! slices, so that a request never waits behind a job for a hundred thousand things.
//!
//! | file | what it knows |
//! |---|---|
//! | `execution`, `executions` | one job execution; those of one thing, in order |
//! | `change` | the one way in which job executions change, and the events that follow |
//! | `device` | the four operations of the data plane |
//! | `job`, `create_job`, `describe_job`, `update_job`, `cancel_job` | jobs, from beginning to end |
//! | `rollout`, `retry`, `abort`, `schedule`, `timers` | how a job reaches its things, and when it stops |
//! | `targets` | how CONTINUOUS jobs follow their targets |
//! | `operator`, `end_execution` | job executions as the control plane sees and ends them |
//! | `things`, `groups`, `thing_lists` | the registry |
//! | `templates`, `tags` | job templates; labels |
//! | `credentials` | certificates, policies, and what is attached to what |
//! | `validate`, `paging`, `arn` | what all operations share |

mod abort;
mod arn;
pub mod cancel_job;
mod change;
pub mod create_job;
pub mod credentials;
pub mod describe_job;
mod device;
pub mod end_execution;
mod event;
mod execution;
mod executions;
pub mod groups;
pub mod job;
pub mod operator;
mod paging;
mod rejected;
pub mod retry;
pub mod rollout;
pub mod schedule;
pub mod tags;
pub mod targets;
pub mod templates;
pub mod thing_lists;
pub mod things;
mod timers;
pub mod update_job;
mod validate;

use std::collections::{BTreeMap, BTreeSet};

pub use event::{Event, EventBody, Outcome};
pub use rejected::Rejected;

use self::credentials::Credentials;
use self::executions::Executions;
use self::groups::Group;
use self::job::Job;
use self::tags::Tags;
use self::templates::Template;
use self::things::Thing;
use self::timers::{Timer, Timers};
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, JobTemplateId, ThingGroupName, ThingName};

/// How many job executions one call touches before the rest waits for its turn.
const SLICE: usize = 250;

/// Which account the service plays.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Such as `us-east-1`; part of every ARN.
    pub region: String,
    /// Twelve digits; part of every ARN.
    pub account: String,
}

/// Everything that the service knows.
///
/// ```
/// use jobs_sandbox::service::{state::{Settings, State}, time::Timestamp};
/// use uuid::Uuid;
///
/// let mut state = State::new(Settings { region: "us-east-1".into(), account: "123456789012".into() });
/// let now = Timestamp::from_millis(1_748_981_622_000);
/// let thing = state.create_thing(now, "MyThing", Uuid::new_v4(), &serde_json::from_str("{}")?).reply?;
///
/// let request = serde_json::json!({ "targets": [thing.thing_arn], "document": r#"{"ToDo":"Reboot"}"# });
/// let outcome = state.create_job(now, "Job1", serde_json::from_value(request)?);
/// assert_eq!(outcome.reply?.job_arn, "arn:aws:iot:us-east-1:123456789012:job/Job1");
/// let topics: Vec<_> = outcome.events.iter().map(|event| event.topic().to_string()).collect();
/// assert_eq!(topics, ["$aws/things/MyThing/jobs/notify", "$aws/things/MyThing/jobs/notify-next"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct State {
    settings: Settings,
    things: BTreeMap<ThingName, Thing>,
    groups: BTreeMap<ThingGroupName, Group>,
    templates: BTreeMap<JobTemplateId, Template>,
    tags: Tags,
    jobs: BTreeMap<JobId, Job>,
    /// How many jobs were created.
    last_job: u64,
    /// How many job templates were created.
    last_template: u64,
    /// The CONTINUOUS jobs that still reach things that join their targets.
    continuous: BTreeSet<JobId>,
    /// Job executions outlive their thing in the registry, so they are not part of it.
    executions: BTreeMap<ThingName, Executions>,
    timers: Timers,
    credentials: Credentials,
}

impl State {
    /// An account without things and jobs.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            things: BTreeMap::new(),
            groups: BTreeMap::new(),
            templates: BTreeMap::new(),
            tags: Tags::default(),
            jobs: BTreeMap::new(),
            last_job: 0,
            last_template: 0,
            continuous: BTreeSet::new(),
            executions: BTreeMap::new(),
            timers: Timers::default(),
            credentials: Credentials::default(),
        }
    }

    /// The account that the service plays.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When [`State::handle_timeout`] has something to do; it may be a time that is past already.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Does what is due by `now`, each at its own due time, and returns the events.
    ///
    /// One call does a slice of long work; it leaves [`State::next_timeout`] at or before `now` until all is done.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..SLICE {
            let Some((due, timer)) = self.timers.take_due(now) else { break };
            match timer {
                Timer::JobExecution { thing, sequence } => self.time_out(due, &thing, sequence, &mut events),
                Timer::JobStart(job) => self.start_job(due, &job, &mut events),
                Timer::JobEnd(job) => self.end_job(due, &job, &mut events),
                Timer::RollOut(job) => {
                    self.roll_out(due, &job, &mut events);
                    break;
                }
                Timer::Cancel { job, force, after } => {
                    self.cancel_executions(due, &job, force, Some(&after), &mut events);
                    break;
                }
                Timer::Delete(job) => {
                    self.delete_executions(due, &job, &mut events);
                    break;
                }
            }
        }
        events
    }
}

#[cfg(test)]
mod tests;
