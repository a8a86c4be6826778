//! What can be configured of a job, and of a job template.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::abort::AbortConfig;
use super::execution::MAX_TIMEOUT_MINUTES;
use super::retry::JobExecutionsRetryConfig;
use super::rollout::JobExecutionsRolloutConfig;
use super::validate::Violations;

/// The parts of a job that can be changed later and that job templates hold too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobConfigs {
    /// Stored and returned, without effect: the local service has no S3 to sign for.
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
