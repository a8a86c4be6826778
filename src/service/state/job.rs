//! A job: what is known of it, and when it is complete.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::abort::AbortConfig;
use super::create_job::Target;
use super::event::Event;
use super::execution::{Execution, MAX_TIMEOUT_MINUTES};
use super::retry::{JobExecutionsRetryConfig, RetriesUsed};
use super::rollout::{JobExecutionsRolloutConfig, Rollout};
use super::schedule::{Schedule, SchedulingConfig};
use super::validate::Violations;
use super::{Rejected, State};
use crate::service::choices;
use crate::service::time::Timestamp;
use crate::wire::model::{JobDocument, JobExecutionStatus, JobId, ThingName};

/// The status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Its start time is ahead.
    Scheduled,
    /// It is rolled out, or devices are at work.
    InProgress,
    /// Every job execution is terminal.
    Completed,
    /// An operator or an abort rule cancelled it.
    Canceled,
    /// Its job executions are being deleted.
    DeletionInProgress,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::InProgress, Self::Canceled, Self::Completed, Self::DeletionInProgress, Self::Scheduled];

    /// The status as AWS writes it, such as `IN_PROGRESS`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Canceled => "CANCELED",
            Self::DeletionInProgress => "DELETION_IN_PROGRESS",
        }
    }

    /// SCHEDULED or IN_PROGRESS: there is something to cancel.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Self::Scheduled | Self::InProgress)
    }
}

/// Whether a job goes on to things that join its target groups later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetSelection {
    /// The things that are targets when it is created.
    Snapshot,
    /// Those, and the ones that join later.
    Continuous,
}

/// The parts of a job that can be changed later and that job templates hold too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobConfigs {
    /// Stored and told, without effect: the local service has no S3 to sign for.
    pub presigned_url_config: Option<PresignedUrlConfig>,
    /// How fast the job reaches its things.
    pub job_executions_rollout_config: Option<JobExecutionsRolloutConfig>,
    /// When to give up.
    pub abort_config: Option<AbortConfig>,
    /// The in-progress timer.
    pub timeout_config: Option<TimeoutConfig>,
    /// What to try again.
    pub job_executions_retry_config: Option<JobExecutionsRetryConfig>,
}

/// `timeoutConfig`: the in-progress timer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TimeoutConfig {
    /// 1 to 10080 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_progress_timeout_in_minutes: Option<i64>,
}

/// `presignedUrlConfig`: who signs links to S3, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PresignedUrlConfig {
    /// The ARN of a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// 60 to 3600 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_sec: Option<i64>,
}

impl JobConfigs {
    pub(crate) fn violations(&self, violations: &mut Violations) {
        if let Some(presigned) = &self.presigned_url_config {
            violations.length("presignedUrlConfig.roleArn", presigned.role_arn.as_deref(), 20, 2048);
            violations.range("presignedUrlConfig.expiresInSec", presigned.expires_in_sec, 60, 3600);
        }
        if let Some(rollout) = &self.job_executions_rollout_config {
            rollout.violations(violations);
        }
        if let Some(abort) = &self.abort_config {
            abort.violations(violations);
        }
        if let Some(timeout) = &self.timeout_config {
            let minutes = timeout.in_progress_timeout_in_minutes;
            violations.range("timeoutConfig.inProgressTimeoutInMinutes", minutes, 1, MAX_TIMEOUT_MINUTES);
        }
        if let Some(retry) = &self.job_executions_retry_config {
            retry.violations(violations);
        }
    }

    /// The rules between members that are well formed.
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        self.job_executions_retry_config.as_ref().map_or(Ok(()), JobExecutionsRetryConfig::check)?;
        self.job_executions_rollout_config.as_ref().map_or(Ok(()), JobExecutionsRolloutConfig::check)
    }

    /// These members, and `base`'s where they are missing.
    pub(crate) fn or(self, base: &Self) -> Self {
        Self {
            presigned_url_config: self.presigned_url_config.or_else(|| base.presigned_url_config.clone()),
            job_executions_rollout_config: self
                .job_executions_rollout_config
                .or_else(|| base.job_executions_rollout_config.clone()),
            abort_config: self.abort_config.or_else(|| base.abort_config.clone()),
            timeout_config: self.timeout_config.or_else(|| base.timeout_config.clone()),
            job_executions_retry_config: self
                .job_executions_retry_config
                .or_else(|| base.job_executions_retry_config.clone()),
        }
    }
}

/// How many job executions of a job have each status, history included.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusCounts([u64; 8]);

impl StatusCounts {
    pub(crate) fn get(&self, status: JobExecutionStatus) -> u64 {
        self.0[status as usize]
    }

    pub(crate) fn add(&mut self, status: JobExecutionStatus) {
        self.0[status as usize] += 1;
    }

    pub(crate) fn remove(&mut self, status: JobExecutionStatus) {
        self.0[status as usize] -= 1;
    }

    pub(crate) fn pending(&self) -> u64 {
        self.get(JobExecutionStatus::Queued) + self.get(JobExecutionStatus::InProgress)
    }

    pub(crate) fn terminal(&self) -> u64 {
        self.0.iter().sum::<u64>() - self.pending()
    }
}

/// A job of the account.
#[derive(Debug)]
pub(crate) struct Job {
    /// Grows with each job; lists go by it.
    pub(crate) sequence: u64,
    /// As the operator wrote it, byte for byte.
    pub(crate) document_text: Arc<str>,
    /// The same as the JSON value that devices get.
    pub(crate) document: JobDocument,
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
    pub(crate) template_arn: Option<String>,
    pub(crate) document_parameters: Option<BTreeMap<String, String>>,
    pub(crate) destination_package_versions: Option<Vec<String>>,
    pub(crate) status: JobStatus,
    pub(crate) force_canceled: bool,
    pub(crate) reason_code: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_updated_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) rollout: Rollout,
    pub(crate) counts: StatusCounts,
    /// Its executions by thing and sequence number on that thing.
    pub(crate) executions: BTreeSet<(ThingName, u64)>,
}

impl Job {
    /// The job takes another status.
    pub(crate) fn enter(&mut self, now: Timestamp, status: JobStatus) {
        self.status = status;
        self.last_updated_at = now;
        let completed = status == JobStatus::Completed
            || status == JobStatus::Canceled && choices::COMPLETED_AT_OF_CANCELED_JOB;
        if completed {
            self.completed_at = Some(now);
        }
        if status != JobStatus::InProgress {
            self.rollout.stop();
        }
    }

    /// The in-progress timer for executions that start now.
    pub(crate) fn in_progress_timeout(&self) -> Option<Duration> {
        let minutes = self.configs.timeout_config.as_ref()?.in_progress_timeout_in_minutes?;
        Some(Duration::from_secs(minutes.unsigned_abs() * 60))
    }

    /// The retry that follows `ended`; none once the job is cancelled or deleted.
    pub(crate) fn next_retry(&self, ended: &Execution) -> Option<RetriesUsed> {
        if self.status != JobStatus::InProgress {
            return None;
        }
        self.configs.job_executions_retry_config.as_ref()?.next(ended.status, ended.retries)
    }

    /// Whether nothing is left to do: only jobs that reach no further thing become complete.
    fn is_done(&self) -> bool {
        self.status == JobStatus::InProgress
            && self.counts.pending() == 0
            && self.rollout.is_over(self.target_selection)
            && (choices::JOB_WITHOUT_THINGS_COMPLETES || self.counts.terminal() > 0)
    }
}

impl State {
    /// Looks whether `job` is complete, or has failed too often, after its executions changed.
    pub(super) fn settle(&mut self, now: Timestamp, job_id: &JobId, events: &mut Vec<Event>) {
        let Some(job) = self.jobs.get_mut(job_id) else { return };
        if job.is_done() {
            job.enter(now, JobStatus::Completed);
        } else if job.status == JobStatus::InProgress
            && job.configs.abort_config.as_ref().is_some_and(|config| config.is_met(&job.counts))
        {
            job.reason_code = Some(choices::REASON_CODE_OF_ABORT.to_owned());
            job.enter(now, JobStatus::Canceled);
            self.cancel_executions(now, job_id, false, None, events);
        }
    }

    pub(super) fn job(&self, id: &JobId) -> Result<&Job, Rejected> {
        self.jobs.get(id).ok_or_else(|| no_such_job(id.as_str()))
    }

    /// The document that devices get.
    pub(super) fn document_of(&self, job: &JobId) -> Option<JobDocument> {
        self.jobs.get(job).map(|job| job.document.clone())
    }
}

pub(super) fn no_such_job(id: &str) -> Rejected {
    Rejected::ResourceNotFound(format!("Job {id} cannot be found."))
}
