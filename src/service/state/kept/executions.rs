//! Job executions, and the numbers of their things.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::super::State;
use super::super::execution::Execution;
use super::super::executions::Executions;
use super::super::retry::RetriesUsed;
use super::super::sequence::Sequence;
use super::super::timers::Timer;
use super::damaged_row::Damage;
use super::restoring::{Restoring, named};
use super::text::{Millis, read, write};
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, StatusDetails, ThingName};
use crate::wire::number::{ExecutionNumber, VersionNumber};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionRow<'a> {
    #[serde(default = "first", skip_serializing_if = "is_first")]
    execution_number: ExecutionNumber,
    status: JobExecutionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<Cow<'a, StatusDetails>>,
    queued_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Millis>,
    last_updated_at: Millis,
    version_number: VersionNumber,
    #[serde(default, skip_serializing_if = "is_zero")]
    retries_after_failed: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    retries_after_timed_out: u8,
    #[serde(default, skip_serializing_if = "is_false")]
    force_canceled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_progress_deadline: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_deadline: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThingNumberRow {
    number: u64,
    /// The place of its newest execution, if that was deleted: it is not used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sequence: Option<u64>,
}

fn first() -> ExecutionNumber {
    ExecutionNumber::FIRST
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(number: &ExecutionNumber) -> bool {
    *number == ExecutionNumber::FIRST
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u8) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl State {
    pub(super) fn thing_number_row(&self, name: &ThingName) -> Option<String> {
        let executions = self.executions.get(name)?;
        let last_sequence = (!executions.has_newest()).then(|| executions.last_sequence.number());
        Some(write(&ThingNumberRow { number: executions.number(), last_sequence }))
    }

    pub(super) fn execution_row(&self, thing: &ThingName, sequence: Sequence) -> Option<String> {
        let execution = self.executions.get(thing)?.get(sequence)?;
        Some(write(&ExecutionRow {
            execution_number: execution.number,
            status: execution.status,
            status_details: execution.status_details.as_ref().map(Cow::Borrowed),
            queued_at: execution.queued_at.into(),
            started_at: execution.started_at.map(Millis::from),
            last_updated_at: execution.last_updated_at.into(),
            version_number: execution.version,
            retries_after_failed: execution.retries.after_failed,
            retries_after_timed_out: execution.retries.after_timed_out,
            force_canceled: execution.force_canceled,
            in_progress_deadline: execution.in_progress_deadline.map(Millis::from),
            step_deadline: execution.step_deadline.map(Millis::from),
        }))
    }
}

impl Restoring {
    pub(super) fn take_thing_number(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let name: ThingName = named(name)?;
        let row: ThingNumberRow = read(value)?;
        let executions = Executions::restored(row.number, Sequence::from(row.last_sequence.unwrap_or(0)));
        match self.things.insert(row.number, (name, executions)) {
            None => Ok(()),
            Some(_) => Err(Damage::Twice(row.number)),
        }
    }

    pub(super) fn take_execution(
        &mut self,
        job: u64,
        thing: u64,
        sequence: u64,
        value: &str,
    ) -> Result<(), Damage> {
        let job = self.jobs.get_mut(&job).ok_or(Damage::UnknownJob(job))?;
        let (name, executions) = self.things.get_mut(&thing).ok_or(Damage::UnknownThing(thing))?;
        let row: ExecutionRow<'_> = read(value)?;
        let sequence = Sequence::from(sequence);
        let execution = Execution {
            job_id: job.id.clone(),
            number: row.execution_number,
            status: row.status,
            status_details: row.status_details.map(Cow::into_owned),
            queued_at: row.queued_at.into(),
            started_at: row.started_at.map(Timestamp::from),
            last_updated_at: row.last_updated_at.into(),
            version: row.version_number,
            retries: RetriesUsed {
                after_failed: row.retries_after_failed,
                after_timed_out: row.retries_after_timed_out,
            },
            force_canceled: row.force_canceled,
            in_progress_deadline: row.in_progress_deadline.map(Timestamp::from),
            step_deadline: row.step_deadline.map(Timestamp::from),
        };
        if let Some(due) = execution.deadline() {
            self.state.timers.start(due, Timer::JobExecution { thing: name.clone(), sequence });
        }
        job.counts.add(execution.status);
        job.executions.insert(name, sequence, execution.last_updated_at);
        executions.restore(sequence, execution);
        Ok(())
    }
}
