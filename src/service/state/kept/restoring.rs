//! An account that is taken up again, row by row.

use std::collections::HashMap;
use std::str::FromStr;

use uuid::Uuid;

use super::super::State;
use super::super::executions::Executions;
use super::super::job_executions::JobExecutions;
use super::super::job_status::StatusCounts;
use super::super::rollout::RolloutRate;
use super::super::settings::Settings;
use super::damaged_row::{Damage, DamagedRow};
use super::job_row::JobRow;
use super::text::read;
use crate::service::row::{Kind, Row, RowKey};
use crate::wire::model::{JobId, ThingGroupName, ThingName};

impl State {
    /// Begins to take up what was kept of an account.
    pub(crate) fn restoring(settings: Settings, rate: RolloutRate) -> Restoring {
        Restoring {
            state: Self::new(settings).rolling_out_at(rate),
            named: Vec::new(),
            unplaced: HashMap::new(),
            groups: HashMap::new(),
            jobs: HashMap::new(),
            things: HashMap::new(),
        }
    }
}

/// An account that is taken up again, row by row: those of job executions come last.
#[derive(Debug)]
pub(crate) struct Restoring {
    pub(in super::super) state: State,
    /// Rows that wait until all of them are there, since some refer to others.
    named: Vec<(Kind, String, String)>,
    /// Jobs of which it is not known yet where they stand.
    pub(super) unplaced: HashMap<JobId, JobRow<'static>>,
    /// The names of thing groups by id.
    pub(super) groups: HashMap<Uuid, ThingGroupName>,
    /// By number.
    pub(super) jobs: HashMap<u64, TakenJob>,
    /// By number.
    pub(super) things: HashMap<u64, (ThingName, Executions)>,
}

/// What other records of a job refer to.
#[derive(Debug)]
pub(super) struct TakenJob {
    pub(super) id: JobId,
    /// Where its queue begins.
    pub(super) first_place: u64,
    pub(super) executions: JobExecutions,
    pub(super) counts: StatusCounts,
}

impl Restoring {
    /// Takes up a row.
    ///
    /// # Errors
    /// [`DamagedRow`], which says which record cannot be taken up and why.
    pub(crate) fn add(&mut self, row: Row) -> Result<(), DamagedRow> {
        let Some(value) = row.value else { return Ok(()) };
        match row.key {
            RowKey::Named(kind, name) => self.named.push((kind, name, value)),
            key @ RowKey::Execution { job, thing, sequence } => {
                self.take_named()?;
                self.take_execution(job, thing, sequence, &value)
                    .map_err(|damage| DamagedRow { key, damage })?;
            }
        }
        Ok(())
    }

    /// The account. What fell due meanwhile is done when timeouts are handled next, each at its own due time.
    ///
    /// # Errors
    /// [`DamagedRow`] where one refers to another that is not there.
    pub(crate) fn finish(mut self) -> Result<State, DamagedRow> {
        self.take_named()?;
        let Self { mut state, unplaced, jobs, things, .. } = self;
        let damaged =
            |kind, name: &str, damage| DamagedRow { key: RowKey::Named(kind, name.to_owned()), damage };
        if let Some(id) = unplaced.keys().next() {
            return Err(damaged(Kind::Job, id.as_str(), Damage::NoProgress));
        }
        let is_endless = |group| state.path_up(group).nth(state.groups.len()).is_some();
        if let Some(group) = state.groups.keys().find(|group| is_endless(group)) {
            return Err(damaged(Kind::ThingGroup, group.as_str(), Damage::Circle));
        }
        // A new thing gets the number behind theirs.
        if let Some((number, (name, _))) = things.iter().find(|(number, _)| **number > things.len() as u64) {
            return Err(damaged(Kind::ThingNumber, name.as_str(), Damage::UnknownThing(number - 1)));
        }
        state.executions = things.into_values().collect();
        for TakenJob { id, executions, counts, .. } in jobs.into_values() {
            if let Some(job) = state.jobs.get_mut(&id) {
                job.executions = executions;
                job.counts = counts;
            }
        }
        Ok(state)
    }

    fn take_named(&mut self) -> Result<(), DamagedRow> {
        let mut named = std::mem::take(&mut self.named);
        named.sort_by_key(|(kind, ..)| *kind);
        for (kind, name, value) in named {
            let taken = self.take_kind(kind, &name, &value);
            taken.map_err(|damage| DamagedRow { key: RowKey::Named(kind, name), damage })?;
        }
        Ok(())
    }

    fn take_kind(&mut self, kind: Kind, name: &str, value: &str) -> Result<(), Damage> {
        match kind {
            Kind::Account => self.take_account(value),
            Kind::EventConfigurations => self.take_event_configurations(value),
            Kind::ThingType => self.take_thing_type(name, value),
            Kind::ThingGroup => self.take_group(name, value),
            Kind::DeletedThingGroup => self.take_deleted_group(name, value),
            Kind::Thing => self.take_thing(name, value),
            Kind::ThingNumber => self.take_thing_number(name, value),
            Kind::JobTemplate => self.take_template(name, value),
            Kind::Job => self.take_job(name, value),
            Kind::JobProgress => self.take_job_progress(name, value),
            Kind::JobQueue => self.take_job_queue(name, value),
            Kind::Timer => self.take_timer(value),
            Kind::Tags => {
                self.state.tags.0.insert(name.to_owned(), read(value)?);
                Ok(())
            }
            Kind::Certificate => self.take_certificate(name, value),
            Kind::Policy => self.take_policy(name, value),
            Kind::AttachedPolicies => self.take_attached(name, value),
            Kind::ThingPrincipal => self.take_principal(name, value),
            Kind::RetainedMessage | Kind::Clock | Kind::FirstState => Ok(()),
        }
    }
}

/// A name in a row.
pub(super) fn named<T: FromStr>(name: &str) -> Result<T, Damage> {
    name.parse().map_err(|_| Damage::Name)
}
