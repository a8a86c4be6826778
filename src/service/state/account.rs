//! The account: everything that the service knows, and how its parts are found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

use super::Rejected;
use super::credentials::Credentials;
use super::event_types::EventTypes;
use super::execution::{Execution, no_such_execution};
use super::executions::Executions;
use super::group::{DeletedGroup, Group};
use super::job::{Job, no_such_job};
use super::paging::Page;
use super::rollout::RolloutRate;
use super::sequence::Sequence;
use super::settings::Settings;
use super::tags::Tags;
use super::template::{Template, no_such_template};
use super::thing::{Thing, no_such_thing};
use super::thing_type::ThingType;
use super::timers::Timers;
use crate::service::choices::Choices;
use crate::service::s3::Presigner;
use crate::wire::model::{JobId, JobTemplateId, ThingGroupName, ThingName};
use crate::wire::number::ExecutionNumber;

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
/// let topics: Vec<_> = outcome.effects.events.iter().map(|event| event.topic()).collect();
/// assert_eq!(topics, ["$aws/things/MyThing/jobs/notify", "$aws/things/MyThing/jobs/notify-next"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct State {
    pub(super) settings: Settings,
    pub(super) choices: Choices,
    /// Signs URLs to what plays S3, if anything does.
    pub(super) presigner: Option<Arc<Presigner>>,
    pub(super) things: BTreeMap<ThingName, Thing>,
    /// By name.
    pub(super) thing_types: BTreeMap<String, ThingType>,
    pub(super) groups: BTreeMap<ThingGroupName, Group>,
    pub(super) deleted_groups: BTreeMap<Uuid, DeletedGroup>,
    pub(super) templates: BTreeMap<JobTemplateId, Template>,
    pub(super) tags: Tags,
    pub(super) jobs: BTreeMap<JobId, Job>,
    /// How many jobs were created.
    pub(super) last_job: u64,
    /// How many job templates were created.
    pub(super) last_template: u64,
    /// The CONTINUOUS jobs that still reach things that join their targets.
    pub(super) continuous: BTreeSet<JobId>,
    /// The jobs whose targets are still being put into their queues.
    pub(super) queueing: BTreeSet<JobId>,
    /// Job executions outlive their thing in the registry, so they are not part of it.
    pub(super) executions: BTreeMap<ThingName, Executions>,
    pub(super) timers: Timers,
    pub(super) event_types: EventTypes,
    pub(super) credentials: Credentials,
}

impl State {
    /// An account without things and jobs.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_choices(settings, Choices::default())
    }

    /// The same, with this rate for jobs that have none of their own.
    #[must_use]
    pub fn rolling_out_at(mut self, rate: RolloutRate) -> Self {
        if rate == RolloutRate::Unlimited {
            self.choices.rollout_rate_without_configuration = None;
        }
        self
    }

    /// The same, with URLs in place of the links to S3 in job documents.
    #[must_use]
    pub(crate) fn presigning_with(self, presigner: Option<Arc<Presigner>>) -> Self {
        Self { presigner, ..self }
    }

    /// The same under another reading of what AWS does not say.
    pub(crate) fn with_choices(settings: Settings, choices: Choices) -> Self {
        Self {
            settings,
            choices,
            presigner: None,
            things: BTreeMap::new(),
            thing_types: BTreeMap::new(),
            groups: BTreeMap::new(),
            deleted_groups: BTreeMap::new(),
            templates: BTreeMap::new(),
            tags: Tags::default(),
            jobs: BTreeMap::new(),
            last_job: 0,
            last_template: 0,
            continuous: BTreeSet::new(),
            queueing: BTreeSet::new(),
            executions: BTreeMap::new(),
            timers: Timers::default(),
            event_types: EventTypes::default(),
            credentials: Credentials::default(),
        }
    }

    /// The account that the service plays.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How it reads what AWS does not say.
    pub(crate) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The page of a list that a request asks for.
    pub(super) fn page<K: FromStr + Display>(
        &self,
        max_results: Option<i64>,
        next_token: Option<&str>,
    ) -> Result<Page<K>, Rejected> {
        Page::read(max_results.unwrap_or(self.choices.default_max_results), next_token)
    }

    pub(super) fn thing(&self, name: &ThingName) -> Result<&Thing, Rejected> {
        self.things.get(name).ok_or_else(|| no_such_thing(name))
    }

    pub(super) fn group(&self, name: &ThingGroupName) -> Result<&Group, Rejected> {
        let account = &self.settings.account;
        let unknown = || Rejected::ResourceNotFound(format!("ThingGroup {account}:{name} not found."));
        self.groups.get(name).ok_or_else(unknown)
    }

    /// A group, its parent, and so on up to the root.
    pub(super) fn path_up<'a>(
        &'a self,
        name: &'a ThingGroupName,
    ) -> impl Iterator<Item = &'a ThingGroupName> {
        std::iter::successors(Some(name), |name| self.groups.get(*name)?.parent.as_ref())
    }

    /// The groups that a thing was added to.
    ///
    /// A group that was deleted may still be in the thing's record, and another may have its name by now.
    pub(super) fn groups_of<'a>(&'a self, thing: &'a ThingName) -> impl Iterator<Item = &'a ThingGroupName> {
        let own = self.things.get(thing).into_iter().flat_map(|thing| thing.groups.as_slice());
        own.filter(|name| self.groups.get(*name).is_some_and(|group| group.members.contains(thing)))
    }

    /// Every group that a thing belongs to, those above its own included.
    pub(super) fn groups_above(&self, thing: &ThingName) -> BTreeSet<ThingGroupName> {
        self.groups_of(thing).flat_map(|group| self.path_up(group)).cloned().collect()
    }

    /// A group and all groups below it.
    pub(super) fn groups_below<'a>(
        &'a self,
        name: &'a ThingGroupName,
    ) -> impl Iterator<Item = &'a ThingGroupName> {
        self.groups.keys().filter(move |group| self.path_up(group).any(|above| above == name))
    }

    /// The things in a group and in all groups below it.
    pub(super) fn things_below(&self, name: &ThingGroupName) -> Vec<ThingName> {
        self.groups_below(name).flat_map(|group| self.groups[group].members.iter().cloned()).collect()
    }

    pub(super) fn template(&self, id: &JobTemplateId) -> Result<&Template, Rejected> {
        self.templates.get(id).ok_or_else(|| no_such_template(id.as_str()))
    }

    pub(super) fn job(&self, id: &JobId) -> Result<&Job, Rejected> {
        self.jobs.get(id).ok_or_else(|| no_such_job(id.as_str()))
    }

    /// The execution of `job` on `thing` with `number`, or the newest one.
    pub(super) fn execution(
        &self,
        thing: &ThingName,
        job: &JobId,
        number: Option<ExecutionNumber>,
    ) -> Result<(Sequence, &Execution), Rejected> {
        let found = self.executions.get(thing).and_then(|executions| executions.find(job, number));
        found.ok_or_else(|| no_such_execution(thing, job, self.jobs.contains_key(job)))
    }

    /// What is next for a device of `thing`.
    pub(super) fn head(&self, thing: &ThingName) -> Option<(Sequence, &Execution)> {
        self.pending(thing, self.requested()).next()
    }
}
