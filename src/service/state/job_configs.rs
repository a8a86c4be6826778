//! What can be configured of a job, and of a job template.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::abort::AbortConfig;
use super::execution::MAX_TIMEOUT_MINUTES;
use super::retry::JobExecutionsRetryConfig;
use super::rollout::JobExecutionsRolloutConfig;

/// The parts of a job that can be changed later and that job templates hold too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobConfigs {
    /// Who signs the links to S3 in the document, and for how long.
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

impl TimeoutConfig {
    fn check(&self) -> Result<(), Rejected> {
        match self.in_progress_timeout_in_minutes {
            Some(minutes) if !(1..=MAX_TIMEOUT_MINUTES).contains(&minutes) => Err(invalid_timeout(minutes)),
            _ => Ok(()),
        }
    }
}

impl PresignedUrlConfig {
    /// A role is `arn:PARTITION:iam::ACCOUNT:role/NAME`.
    pub(super) fn check_role(&self) -> Result<(), Rejected> {
        let Some(role) = &self.role_arn else { return Ok(()) };
        let parts: Vec<&str> = role.splitn(6, ':').collect();
        let is_role = match parts[..] {
            ["arn", partition, "iam", "", account, name] => {
                !partition.is_empty()
                    && account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && name.strip_prefix("role/").is_some_and(|name| !name.is_empty())
            }
            _ => false,
        };
        if is_role { Ok(()) } else { Err(Rejected::InvalidRequest(format!("Given role {role} is invalid."))) }
    }
}

/// AWS refuses a time-out in words of its own.
pub(super) fn invalid_timeout(given: impl Display) -> Rejected {
    Rejected::InvalidRequest(format!(
        "Provide valid timeout value, inProgressTimeoutInMinutes cannot be {given}."
    ))
}

impl JobConfigs {
    /// The rules between members that are well formed.
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        self.timeout_config.as_ref().map_or(Ok(()), TimeoutConfig::check)?;
        self.job_executions_rollout_config.as_ref().map_or(Ok(()), JobExecutionsRolloutConfig::check)?;
        self.abort_config.as_ref().map_or(Ok(()), AbortConfig::check)?;
        self.job_executions_retry_config.as_ref().map_or(Ok(()), JobExecutionsRetryConfig::check)
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
