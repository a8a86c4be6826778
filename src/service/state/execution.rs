//! One job execution: what is known of it and how it changes.

use std::time::Duration;

use super::Rejected;
use super::retry::RetriesUsed;
use super::sequence::Sequence;
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{
    JobDocument, JobExecutionData, JobExecutionState, JobExecutionStatus, JobExecutionSummary, JobId,
    StatusDetails, ThingName,
};
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// A job execution of one thing.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) job_id: JobId,
    /// From 1, counted for this job on this thing.
    pub(crate) number: ExecutionNumber,
    pub(crate) status: JobExecutionStatus,
    pub(crate) status_details: Option<StatusDetails>,
    pub(crate) queued_at: Timestamp,
    /// When a device first took it out of QUEUED.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) last_updated_at: Timestamp,
    /// From 1.
    pub(crate) version: VersionNumber,
    /// The retries that led to this execution.
    pub(crate) retries: RetriesUsed,
    /// An operator canceled it with force.
    pub(crate) force_canceled: bool,
    /// The end of the in-progress timer; set when the execution starts, never moved.
    pub(super) in_progress_deadline: Option<Timestamp>,
    /// The end of the step timer; devices set it, move it and discard it.
    pub(super) step_deadline: Option<Timestamp>,
}

/// Where an execution stands in its thing's pending list: IN_PROGRESS first, then by `queuedAt`, then as created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PendingOrder {
    queued: bool,
    queued_at: Timestamp,
    /// Grows with each execution that the thing gets.
    pub(crate) sequence: Sequence,
}

impl Execution {
    /// An execution that the rollout, or a retry, just queued.
    pub(crate) fn queued(
        job_id: JobId,
        number: ExecutionNumber,
        retries: RetriesUsed,
        now: Timestamp,
    ) -> Self {
        Self {
            job_id,
            number,
            status: JobExecutionStatus::Queued,
            status_details: None,
            queued_at: now,
            started_at: None,
            last_updated_at: now,
            version: VersionNumber::FIRST,
            retries,
            force_canceled: false,
            in_progress_deadline: None,
            step_deadline: None,
        }
    }

    /// Its place among the pending ones; none once it is terminal.
    pub(crate) fn pending_order(&self, sequence: Sequence) -> Option<PendingOrder> {
        let queued = self.status == JobExecutionStatus::Queued;
        self.status.is_pending().then_some(PendingOrder { queued, queued_at: self.queued_at, sequence })
    }

    /// When it times out: the earlier end of its timers.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match (self.in_progress_deadline, self.step_deadline) {
            (Some(hard), Some(step)) => Some(hard.min(step)),
            (hard, step) => hard.or(step),
        }
    }

    /// A device moves it to `status`, which it may; a start begins the in-progress timer.
    pub(crate) fn move_by_device(
        &mut self,
        now: Timestamp,
        status: JobExecutionStatus,
        step_timeout: Option<StepTimeout>,
        in_progress_timeout: Option<Duration>,
        choices: &Choices,
    ) {
        if self.status == JobExecutionStatus::Queued {
            let begins = status != JobExecutionStatus::Rejected || choices.rejected_execution_has_started_at;
            self.started_at = begins.then_some(now);
            self.in_progress_deadline = in_progress_timeout.map(|timeout| now.plus(timeout));
        }
        match step_timeout {
            Some(StepTimeout::After(timeout)) => self.step_deadline = Some(now.plus(timeout)),
            Some(StepTimeout::Never) => self.step_deadline = None,
            None => {}
        }
        self.set_status(now, status);
        self.version = self.version.next();
    }

    /// The service ends it: a timer expired, an operator canceled it, or its thing left the targets.
    pub(crate) fn end_by_service(
        &mut self,
        now: Timestamp,
        status: JobExecutionStatus,
        raises_version: bool,
    ) {
        self.set_status(now, status);
        if raises_version && status != JobExecutionStatus::Removed {
            self.version = self.version.next();
        }
    }

    /// A device or an operator reports status details, or none.
    pub(crate) fn report(&mut self, status_details: Option<StatusDetails>, are_merged: bool) {
        match status_details {
            Some(given) if are_merged => self.status_details.get_or_insert_default().extend(given),
            Some(given) => self.status_details = Some(given),
            None => {}
        }
    }

    fn set_status(&mut self, now: Timestamp, status: JobExecutionStatus) {
        self.status = status;
        self.last_updated_at = now;
        if status.is_terminal() {
            self.in_progress_deadline = None;
            self.step_deadline = None;
        }
    }

    /// Seconds until it times out; none where no timer runs.
    pub(crate) fn seconds_before_timed_out(&self, now: Timestamp) -> Option<i64> {
        self.deadline().map(|deadline| deadline.seconds_after(now))
    }

    pub(crate) fn state(&self) -> JobExecutionState {
        JobExecutionState {
            status: self.status.into(),
            status_details: self.status_details.clone(),
            version_number: self.version,
        }
    }

    pub(crate) fn summary(&self) -> JobExecutionSummary {
        JobExecutionSummary {
            job_id: self.job_id.clone(),
            queued_at: self.queued_at.seconds(),
            last_updated_at: self.last_updated_at.seconds(),
            started_at: self.started_at.map(Timestamp::seconds),
            execution_number: self.number,
            version_number: self.version,
        }
    }

    pub(crate) fn data(&self, now: Timestamp, job_document: Option<JobDocument>) -> JobExecutionData {
        JobExecutionData {
            job_id: self.job_id.clone(),
            thing_name: None,
            status: self.status.into(),
            status_details: self.status_details.clone(),
            queued_at: self.queued_at.seconds(),
            started_at: self.started_at.map(Timestamp::seconds),
            last_updated_at: self.last_updated_at.seconds(),
            approximate_seconds_before_timed_out: self.seconds_before_timed_out(now),
            version_number: self.version,
            execution_number: self.number,
            job_document,
        }
    }
}

pub(super) fn no_such_execution(thing: &ThingName, job: &JobId, job_exists: bool) -> Rejected {
    Rejected::ResourceNotFound(if job_exists {
        format!("Job execution for thing {thing} cannot be found within job {job}.")
    } else {
        format!("Job execution cannot be found as the Job {job} does not exist.")
    })
}

/// What a device requests of the step timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepTimeout {
    /// Begin anew from now.
    After(Duration),
    /// Discard it.
    Never,
}

impl StepTimeout {
    /// Reads `stepTimeoutInMinutes`: 1 to 10080 minutes, or -1.
    pub(crate) fn from_minutes(minutes: i64) -> Option<Self> {
        match minutes {
            -1 => Some(Self::Never),
            1..=MAX_TIMEOUT_MINUTES => Some(Self::After(Duration::from_secs(minutes.unsigned_abs() * 60))),
            _ => None,
        }
    }
}

/// The longest timer in minutes: seven days.
pub(crate) const MAX_TIMEOUT_MINUTES: i64 = 10_080;
