//! A job: what is known of it, and when it is complete.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Rejected;
use super::execution::Execution;
use super::job_configs::JobConfigs;
use super::job_executions::JobExecutions;
use super::job_status::{JobStatus, StatusCounts, TargetSelection};
use super::job_target::Target;
use super::retry::RetriesUsed;
use super::rollout::Rollout;
use super::schedule::{Schedule, SchedulingConfig};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{JobDocument, ThingGroupName, ThingName};

/// A job of the account.
#[derive(Debug)]
pub(crate) struct Job {
    /// Grows with each job; lists go by it.
    pub(crate) sequence: u64,
    /// As the operator wrote it, byte for byte.
    pub(crate) document_text: Arc<str>,
    /// The same as the JSON value that devices get.
    pub(crate) document: JobDocument,
    /// The link that it was read from, where it was.
    pub(crate) document_source: Option<String>,
    pub(crate) description: Option<String>,
    /// ARNs, as the operator gave them.
    pub(crate) targets: Vec<String>,
    /// What they name.
    pub(crate) resolved: BTreeSet<Target>,
    pub(crate) target_selection: TargetSelection,
    pub(crate) configs: JobConfigs,
    pub(crate) scheduling: Option<SchedulingConfig>,
    /// The same, as points in time.
    pub(crate) schedule: Schedule,
    /// When its next maintenance window begins, or the present one ends.
    pub(crate) window_turns: Option<Timestamp>,
    /// Devices hear of it on the topics of this namespace.
    pub(crate) namespace_id: Option<String>,
    pub(crate) template_arn: Option<String>,
    pub(crate) document_parameters: Option<BTreeMap<String, String>>,
    pub(crate) status: JobStatus,
    pub(crate) force_canceled: bool,
    pub(crate) reason_code: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_updated_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) rollout: Rollout,
    pub(crate) counts: StatusCounts,
    pub(crate) executions: JobExecutions,
}

impl Job {
    /// The job takes another status.
    pub(crate) fn set_status(&mut self, now: Timestamp, status: JobStatus) {
        self.status = status;
        self.last_updated_at = now;
        if status == JobStatus::Completed {
            self.completed_at = Some(now);
        }
        if !status.is_active() {
            self.rollout.stop();
        }
    }

    /// It is canceled, by whomever; its executions are not touched.
    pub(crate) fn cancel(&mut self, now: Timestamp, has_completed_at: bool) {
        self.set_status(now, JobStatus::Canceled);
        if has_completed_at {
            self.completed_at = Some(now);
        }
    }

    /// The in-progress timer for executions that start now.
    pub(crate) fn in_progress_timeout(&self) -> Option<Duration> {
        let minutes = self.configs.timeout_config.as_ref()?.in_progress_timeout_in_minutes?;
        Some(Duration::from_secs(minutes.unsigned_abs() * 60))
    }

    /// The retry that follows `ended`; none once the job is canceled or deleted.
    pub(crate) fn next_retry(&self, ended: &Execution, choices: &Choices) -> Option<RetriesUsed> {
        if !self.follows_failures(choices) {
            return None;
        }
        self.configs.job_executions_retry_config.as_ref()?.next(ended.status, ended.retries)
    }

    /// Whether one of the job's target groups is among `groups`.
    pub(crate) fn targets_one_of(&self, groups: &BTreeSet<ThingGroupName>) -> bool {
        groups.iter().any(|group| self.resolved.contains(&Target::Group(group.clone())))
    }

    /// Whether a thing in `groups` is a target.
    pub(crate) fn is_target(&self, thing: &ThingName, groups: &BTreeSet<ThingGroupName>) -> bool {
        self.resolved.contains(&Target::Thing(thing.clone())) || self.targets_one_of(groups)
    }

    /// Why it must be given up, if it is under way and has failed too often.
    pub(crate) fn abort_comment(&self, choices: &Choices) -> Option<String> {
        let config = self.configs.abort_config.as_ref()?;
        if self.follows_failures(choices) { config.met(&self.counts) } else { None }
    }

    /// Whether it is under way, within a maintenance window or not.
    fn follows_failures(&self, choices: &Choices) -> bool {
        match self.status {
            JobStatus::Scheduled => choices.jobs_fail_between_windows,
            status => status.is_active(),
        }
    }

    /// Whether nothing is left to do: only jobs that reach no further thing become complete, and of those that
    /// reached none at all only SNAPSHOT jobs, if `empty` ones do.
    pub(crate) fn is_done(&self, empty: bool) -> bool {
        self.status == JobStatus::InProgress
            && self.counts.pending() == 0
            && self.rollout.is_over(self.target_selection)
            && (empty || self.counts.terminal() > 0)
    }
}

pub(super) fn no_such_job(id: &str) -> Rejected {
    Rejected::ResourceNotFound(format!("Job {id} cannot be found."))
}
