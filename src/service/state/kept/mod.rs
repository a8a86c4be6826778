//! The account as rows that are kept, and the account again from them.
//!
//! What follows from other records is not kept: the members of a group are in the rows of the things, how many
//! executions of a job stand where is counted again, and so are the timers of job executions. So what changes
//! often is small, and nothing is written again because something else was added to it.
//!
//! | file | what it is |
//! |---|---|
//! | `registry` | things, thing types and groups |
//! | `jobs`, `job_row`, `executions` | jobs, job templates, job executions |
//! | `account` | how many there ever were, which events are published, what falls due |
//! | `queue` | what a job has yet to reach |
//! | `text` | rows as text |
//! | `restoring`, `damaged_row` | the account again, row by row, or why not |

mod account;
mod damaged_row;
mod executions;
mod job_row;
mod jobs;
mod queue;
mod registry;
mod restoring;
mod text;

pub(super) use self::damaged_row::Damage;
#[cfg(test)]
pub(crate) use self::damaged_row::DamagedRow;
pub(crate) use self::restoring::Restoring;
pub(super) use self::text::{Millis, read, write};
use super::State;
use super::touched::{Record, Touched};
use crate::service::row::{Kind, Row, RowKey};

impl State {
    /// The rows of everything touched, in the order of their records: job executions by job, then by thing.
    pub(crate) fn rows(&self, touched: &Touched) -> Vec<Row> {
        if touched.are_all() {
            return self.records().iter().map(|record| self.row(record)).collect();
        }
        touched.records.iter().map(|record| self.row(record)).collect()
    }

    fn row(&self, record: &Record) -> Row {
        let named = |kind, name: &str| RowKey::Named(kind, name.to_owned());
        let (key, value) = match record {
            Record::Account => (named(Kind::Account, ""), Some(self.account_row())),
            Record::EventConfigurations => {
                (named(Kind::EventConfigurations, ""), Some(self.event_configurations_row()))
            }
            Record::ThingType(name) => (named(Kind::ThingType, name), self.thing_type_row(name)),
            Record::Group(name) => (named(Kind::ThingGroup, name.as_str()), self.group_row(name)),
            Record::DeletedGroup(id) => {
                (named(Kind::DeletedThingGroup, &id.to_string()), self.deleted_group_row(id))
            }
            Record::Thing(name) => (named(Kind::Thing, name.as_str()), self.thing_row(name)),
            Record::ThingNumber(name) => {
                (named(Kind::ThingNumber, name.as_str()), self.thing_number_row(name))
            }
            Record::Template(id) => (named(Kind::JobTemplate, id.as_str()), self.template_row(id)),
            Record::Job(id) => (named(Kind::Job, id.as_str()), self.job_row(id)),
            Record::JobProgress(id) => (named(Kind::JobProgress, id.as_str()), self.job_progress_row(id)),
            Record::JobQueue { job, block, id } => {
                (named(Kind::JobQueue, &format!("{job}/{block}")), self.job_queue_row(*job, *block, id))
            }
            Record::Execution { job, thing, sequence, name } => {
                let key = RowKey::Execution { job: *job, thing: *thing, sequence: sequence.number() };
                (key, self.execution_row(name, *sequence))
            }
            Record::Timer(due, timer) => {
                let (name, value) = self.timer_row(*due, timer);
                (RowKey::Named(Kind::Timer, name), value)
            }
            Record::Tags(arn) => (named(Kind::Tags, arn), self.tags.0.get(arn).map(write)),
            Record::Certificate(id) => (named(Kind::Certificate, id), self.certificate_row(id)),
            Record::Policy(name) => (named(Kind::Policy, name), self.policy_row(name)),
            Record::AttachedPolicies(arn) => (named(Kind::AttachedPolicies, arn), self.attached_row(arn)),
            Record::ThingPrincipal(thing, id) => {
                (named(Kind::ThingPrincipal, &format!("{thing}/{id}")), self.principal_row(thing, id))
            }
        };
        Row { key, value }
    }

    /// The keys of all records.
    fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Account, Record::EventConfigurations];
        records.extend(self.thing_types.keys().cloned().map(Record::ThingType));
        records.extend(self.groups.keys().cloned().map(Record::Group));
        records.extend(self.deleted_groups.keys().copied().map(Record::DeletedGroup));
        records.extend(self.things.keys().cloned().map(Record::Thing));
        records.extend(self.executions.keys().cloned().map(Record::ThingNumber));
        records.extend(self.templates.keys().cloned().map(Record::Template));
        for (id, job) in &self.jobs {
            records.extend([Record::Job(id.clone()), Record::JobProgress(id.clone())]);
            let blocks = job.rollout.blocks();
            records.extend(blocks.map(|block| Record::JobQueue { job: job.sequence, block, id: id.clone() }));
            records.extend(job.executions.by_thing(None).filter_map(|(name, sequence)| {
                let (thing, name) = (self.executions.get(name)?.number(), name.clone());
                Some(Record::Execution { job: job.sequence, thing, sequence: *sequence, name })
            }));
        }
        let timers = self.timers.iter().filter(|(_, timer)| timer.is_kept());
        records.extend(timers.map(|(due, timer)| Record::Timer(*due, timer.clone())));
        records.extend(self.tags.0.keys().cloned().map(Record::Tags));
        records.extend(self.credentials.records());
        records
    }
}
