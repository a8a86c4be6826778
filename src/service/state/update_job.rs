//! UpdateJob.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateJob.html>

use serde::Deserialize;

use super::job::{Job, no_such_job};
use super::job_configs::{JobConfigs, PresignedUrlConfig, TimeoutConfig, invalid_timeout};
use super::outcome::Outcome;
use super::retry::JobExecutionsRetryConfig;
use super::rollout::JobExecutionsRolloutConfig;
use super::touched::Record;
use super::validate;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::JobId;

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
            let id: JobId = validate::name(job_id)?;
            if request == UpdateJobRequest::default() {
                return invalid(format!("Update Job request for job {job_id} cannot be empty."));
            }
            check_configs(&request.configs)?;
            let job = change.job_mut(&id).ok_or_else(|| no_such_job(job_id))?;
            if !job.status.is_active() {
                let status = job.status.as_str();
                return invalid(format!("Job {job_id} in status {status} cannot be updated."));
            }
            check_retry(job, request.configs.job_executions_retry_config.as_ref())?;

            job.description = request.description.or_else(|| job.description.take());
            job.configs = request.configs.or(&job.configs);
            job.last_updated_at = now;
            change.effects.touched.add(Record::Job(id.clone()));
            change.complete_or_abort(&id);
            Ok(())
        })
    }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Rejected> {
    Err(Rejected::InvalidRequest(message.into()))
}

/// What can be refused of the configurations whatever the job is.
fn check_configs(configs: &JobConfigs) -> Result<(), Rejected> {
    if let Some(TimeoutConfig { in_progress_timeout_in_minutes: None }) = configs.timeout_config {
        return Err(invalid_timeout("null"));
    }
    if configs.job_executions_rollout_config == Some(JobExecutionsRolloutConfig::default()) {
        return invalid("Provide MaximumPerMinute value or provide ExponentialRate and MaximumPerMinute");
    }
    let mut retries =
        configs.job_executions_retry_config.iter().flat_map(|config| &config.criteria_list).flatten();
    if retries.any(|entry| entry.number_of_retries != Some(0)) {
        return invalid("The number of retries cannot be updated to any number other than 0.");
    }
    configs.check()?;
    configs.presigned_url_config.as_ref().map_or(Ok(()), PresignedUrlConfig::check_role)
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
    Ok(())
}
