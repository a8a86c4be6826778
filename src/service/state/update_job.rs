//! UpdateJob.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateJob.html>

use serde::Deserialize;

use super::create_job::check_description;
use super::execution::MAX_TIMEOUT_MINUTES;
use super::job::{Job, no_such_job};
use super::job_configs::{JobConfigs, PresignedUrlConfig, TimeoutConfig};
use super::outcome::Outcome;
use super::retry::JobExecutionsRetryConfig;
use super::validate;
use super::{Rejected, State};
use crate::service::time::Timestamp;

/// The body of UpdateJob.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateJobRequest {
    /// Free text.
    pub description: Option<String>,
    /// Rollout, abort, timeout, retry and presigned links.
    #[serde(flatten)]
    pub configs: JobConfigs,
}

impl State {
    /// Changes members of a job that is not finished. A new time-out holds for executions that start later.
    pub fn update_job(&mut self, now: Timestamp, job_id: &str, request: UpdateJobRequest) -> Outcome<()> {
        self.change(now, |change| {
            // The time-out is refused in words of its own, so it stays out of the common checks.
            let common = JobConfigs { timeout_config: None, ..request.configs.clone() };
            let id = validate::parsed(|violations| {
                check_description(violations, request.description.as_deref());
                common.violations(violations);
                violations.job_id(job_id)
            })?;
            if request == UpdateJobRequest::default() {
                return invalid(format!("Update Job request for job {job_id} cannot be empty."));
            }
            let job = change.job_mut(&id).ok_or_else(|| no_such_job(job_id))?;
            if !job.status.is_active() {
                let status = job.status.as_str();
                return invalid(format!("Job {job_id} in status {status} cannot be updated."));
            }
            request.configs.timeout_config.as_ref().map_or(Ok(()), check_timeout)?;
            request.configs.check()?;
            request.configs.presigned_url_config.as_ref().map_or(Ok(()), check_role)?;
            check_retry(job, request.configs.job_executions_retry_config.as_ref())?;

            job.description = request.description.or_else(|| job.description.take());
            job.configs = request.configs.or(&job.configs);
            job.last_updated_at = now;
            change.complete_or_abort(&id);
            Ok(())
        })
    }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Rejected> {
    Err(Rejected::InvalidRequest(message.into()))
}

fn check_timeout(config: &TimeoutConfig) -> Result<(), Rejected> {
    let minutes = config.in_progress_timeout_in_minutes;
    if minutes.is_some_and(|minutes| (1..=MAX_TIMEOUT_MINUTES).contains(&minutes)) {
        return Ok(());
    }
    let value = minutes.map_or_else(|| "null".to_owned(), |minutes| minutes.to_string());
    invalid(format!("Provide valid timeout value, inProgressTimeoutInMinutes cannot be {value}."))
}

fn check_role(config: &PresignedUrlConfig) -> Result<(), Rejected> {
    match config.role_arn.as_deref() {
        Some(role) if !(role.starts_with("arn:aws:iam::") && role.contains(":role/")) => {
            invalid(format!("Given role {role} is invalid."))
        }
        _ => Ok(()),
    }
}

/// Retries can be switched off, and nothing else.
fn check_retry(job: &Job, given: Option<&JobExecutionsRetryConfig>) -> Result<(), Rejected> {
    let Some(given) = given else { return Ok(()) };
    let Some(stored) = &job.configs.job_executions_retry_config else {
        return invalid(
            "RetryConfig cannot be updated if the job has no RetryConfig defined during creation.",
        );
    };
    if given.failure_types() != stored.failure_types() {
        return invalid("FailureTypes must match existing FailureTypes defined in RetryConfig.");
    }
    if given.criteria_list.iter().flatten().any(|entry| entry.number_of_retries != Some(0)) {
        return invalid("The number of retries cannot be updated to any number other than 0.");
    }
    Ok(())
}
