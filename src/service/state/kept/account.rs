//! How many there ever were, which events are published, and what falls due.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::State;
use super::super::event_types::EventType;
use super::super::sequence::Sequence;
use super::super::timers::Timer;
use super::damaged_row::Damage;
use super::restoring::Restoring;
use super::text::{Millis, read, write};
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingName};

/// How many of each kind there ever were: the last number that was given to one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountRow {
    jobs: u64,
    job_templates: u64,
    certificates: u64,
    policies: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventConfigurationsRow {
    /// The types whose events are published.
    enabled: Vec<EventType>,
    created_at: Option<Millis>,
    last_updated_at: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TimerRow {
    due: Millis,
    #[serde(flatten)]
    does: Does,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "does")]
enum Does {
    StartJob { job: JobId },
    EndJob { job: JobId },
    BeginOrEndWindow { job: JobId },
    RollOut { job: JobId },
    Cancel { job: JobId, force: bool, thing: ThingName, sequence: u64 },
    Delete { job: JobId },
    LeaveGroup { group: Uuid },
}

impl State {
    pub(super) fn account_row(&self) -> String {
        let (certificates, policies) = self.credentials.last_numbers();
        write(&AccountRow { jobs: self.last_job, job_templates: self.last_template, certificates, policies })
    }

    pub(super) fn event_configurations_row(&self) -> String {
        let types = &self.event_types;
        write(&EventConfigurationsRow {
            enabled: EventType::ALL.into_iter().filter(|kind| types.is_enabled(*kind)).collect(),
            created_at: types.created_at.map(Millis::from),
            last_updated_at: types.last_updated_at.map(Millis::from),
        })
    }

    /// The name of a timer's row, and what it says while the timer runs.
    pub(super) fn timer_row(&self, due: Timestamp, timer: &Timer) -> (String, Option<String>) {
        let (word, subject, does) = match timer.clone() {
            Timer::JobStart(job) => ("startJob", job.to_string(), Does::StartJob { job }),
            Timer::JobEnd(job) => ("endJob", job.to_string(), Does::EndJob { job }),
            Timer::Window(job) => ("beginOrEndWindow", job.to_string(), Does::BeginOrEndWindow { job }),
            Timer::RollOut(job) => ("rollOut", job.to_string(), Does::RollOut { job }),
            Timer::Cancel { job, force, after: (thing, sequence) } => {
                let sequence = sequence.number();
                ("cancel", job.to_string(), Does::Cancel { job, force, thing, sequence })
            }
            Timer::Delete(job) => ("delete", job.to_string(), Does::Delete { job }),
            Timer::LeaveGroup(group) => ("leaveGroup", group.to_string(), Does::LeaveGroup { group }),
            // It follows from the execution.
            Timer::JobExecution { .. } => return (String::new(), None),
        };
        let row = || write(&TimerRow { due: due.into(), does });
        (format!("{word}/{subject}/{}", due.millis()), self.timers.has(due, timer).then(row))
    }
}

impl Restoring {
    pub(super) fn take_account(&mut self, value: &str) -> Result<(), Damage> {
        let row: AccountRow = read(value)?;
        (self.state.last_job, self.state.last_template) = (row.jobs, row.job_templates);
        self.state.credentials.set_last_numbers(row.certificates, row.policies);
        Ok(())
    }

    pub(super) fn take_event_configurations(&mut self, value: &str) -> Result<(), Damage> {
        let row: EventConfigurationsRow = read(value)?;
        let types = &mut self.state.event_types;
        for kind in row.enabled {
            types.set(kind, true);
        }
        types.created_at = row.created_at.map(Timestamp::from);
        types.last_updated_at = row.last_updated_at.map(Timestamp::from);
        Ok(())
    }

    pub(super) fn take_timer(&mut self, value: &str) -> Result<(), Damage> {
        let row: TimerRow = read(value)?;
        let timer = match row.does {
            Does::StartJob { job } => Timer::JobStart(job),
            Does::EndJob { job } => Timer::JobEnd(job),
            Does::BeginOrEndWindow { job } => Timer::Window(job),
            Does::RollOut { job } => Timer::RollOut(job),
            Does::Cancel { job, force, thing, sequence } => {
                Timer::Cancel { job, force, after: (thing, Sequence::from(sequence)) }
            }
            Does::Delete { job } => Timer::Delete(job),
            Does::LeaveGroup { group } => Timer::LeaveGroup(group),
        };
        self.state.timers.start(row.due.into(), timer);
        Ok(())
    }
}
