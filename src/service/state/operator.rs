//! Job executions as the control plane sees them: in every status, history included.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_JobExecution.html>

use serde::{Deserialize, Serialize};

use super::execution::Execution;
use super::executions::Executions;
use super::job_executions::LastUpdated;
use super::paging::Page;
use super::sequence::Sequence;
use super::validate;
use super::{Rejected, State};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, JobId, StatusDetails, ThingName};
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// The answer to the control plane's DescribeJobExecution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DescribeJobExecutionAnyStatusResponse {
    /// The job execution as the control plane sees it.
    pub execution: JobExecution,
}

/// A job execution as the control plane describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecution {
    /// The job that it belongs to.
    pub job_id: JobId,
    /// Where it stands.
    pub status: JobExecutionStatus,
    /// Canceled with force.
    pub force_canceled: bool,
    /// What the device last reported.
    pub status_details: JobExecutionStatusDetails,
    /// The thing, `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// When the rollout reached the thing.
    pub queued_at: Timestamp,
    /// When a device started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it last changed.
    pub last_updated_at: Timestamp,
    /// From 1.
    pub execution_number: ExecutionNumber,
    /// From 1.
    pub version_number: VersionNumber,
    /// Seconds until it times out; absent where no timer runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approximate_seconds_before_timed_out: Option<i64>,
}

/// Status details as the control plane wraps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionStatusDetails {
    /// Names and values of the device's choice.
    pub details_map: StatusDetails,
}

/// The query of the two lists of job executions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListJobExecutionsQuery {
    /// Only job executions of this status.
    pub status: Option<String>,
    /// Only job executions of this job; for the list of a thing.
    pub job_id: Option<String>,
    /// Only job executions of jobs in this namespace; for the list of a thing.
    pub namespace_id: Option<String>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListJobExecutionsForJob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListJobExecutionsForJobResponse {
    /// Most recently updated first.
    pub execution_summaries: Vec<JobExecutionSummaryForJob>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job execution in the list of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionSummaryForJob {
    /// The thing, `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// Where the job execution stands.
    pub job_execution_summary: OperatorSummary,
}

/// The answer to ListJobExecutionsForThing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListJobExecutionsForThingResponse {
    /// Newest first.
    pub execution_summaries: Vec<JobExecutionSummaryForThing>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job execution in the list of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobExecutionSummaryForThing {
    /// The job that it belongs to.
    pub job_id: JobId,
    /// Where the job execution stands.
    pub job_execution_summary: OperatorSummary,
}

/// A job execution in the control plane's lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorSummary {
    /// Where it stands.
    pub status: JobExecutionStatus,
    /// When the rollout reached the thing.
    pub queued_at: Timestamp,
    /// When a device started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it last changed.
    pub last_updated_at: Timestamp,
    /// From 1.
    pub execution_number: ExecutionNumber,
    /// From 1 for a retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_attempt: Option<u64>,
}

impl State {
    /// Describes a job execution in any status; the newest of the job on the thing unless one is named.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such job execution; [`Rejected::InvalidRequest`] where a name is none.
    pub fn describe_job_execution_any_status(
        &self,
        now: Timestamp,
        thing_name: &str,
        job_id: &str,
        execution_number: Option<i64>,
    ) -> Result<DescribeJobExecutionAnyStatusResponse, Rejected> {
        let (thing, job) = execution_path(thing_name, job_id)?;
        let number = execution_number.map(read_number).transpose()?;
        let (_, execution) = self.execution(&thing, &job, number)?;
        let thing_arn = self.settings.arn("thing", thing_name);
        Ok(DescribeJobExecutionAnyStatusResponse { execution: describe(now, thing_arn, execution) })
    }

    /// The job executions of a job.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such job; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_job_executions_for_job(
        &self,
        job_id: &str,
        query: &ListJobExecutionsQuery,
    ) -> Result<ListJobExecutionsForJobResponse, Rejected> {
        let (id, status) = (validate::name(job_id)?, status_of(query));
        let page: Page<LastUpdated> = self.page(query.max_results, query.next_token.as_deref())?;
        let job = self.job(&id)?;
        let executions = job
            .executions
            .newest_first(page.after.as_ref())
            .filter_map(|key| Some((key, self.executions.get(&key.thing)?.get(key.sequence)?)))
            .filter(|(_, execution)| status.is_none_or(|status| status == execution.status));
        let (executions, next_token) = page.cut(executions, |(key, _)| (*key).clone());
        let entry = |(key, execution): (&LastUpdated, &Execution)| JobExecutionSummaryForJob {
            thing_arn: self.settings.arn("thing", key.thing.as_str()),
            job_execution_summary: summarize(execution, &self.choices),
        };
        let execution_summaries = executions.into_iter().map(entry).collect();
        Ok(ListJobExecutionsForJobResponse { execution_summaries, next_token })
    }

    /// The job executions of a thing.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_job_executions_for_thing(
        &self,
        thing_name: &str,
        query: &ListJobExecutionsQuery,
    ) -> Result<ListJobExecutionsForThingResponse, Rejected> {
        let (thing, status) = (validate::name(thing_name)?, status_of(query));
        let page: Page<Sequence> = self.page(query.max_results, query.next_token.as_deref())?;
        // A thing that was deleted still has its executions.
        if !self.executions.contains_key(&thing) {
            self.thing(&thing)?;
        }
        let executions = self
            .executions
            .get(&thing)
            .into_iter()
            .flat_map(|executions: &Executions| executions.before(page.after))
            .filter(|(_, execution)| status.is_none_or(|status| status == execution.status))
            .filter(|(_, execution)| {
                query.job_id.as_deref().is_none_or(|job| job == execution.job_id.as_str())
            })
            .filter(|(_, execution)| {
                let wanted = query.namespace_id.as_deref();
                wanted.is_none() || wanted == self.namespace_of(&execution.job_id)
            });
        let (executions, next_token) = page.cut(executions, |(sequence, _)| *sequence);
        let entry = |(_, execution): (Sequence, &Execution)| JobExecutionSummaryForThing {
            job_id: execution.job_id.clone(),
            job_execution_summary: summarize(execution, &self.choices),
        };
        let execution_summaries = executions.into_iter().map(entry).collect();
        Ok(ListJobExecutionsForThingResponse { execution_summaries, next_token })
    }
}

/// The thing and the job of a path.
pub(super) fn execution_path(thing_name: &str, job_id: &str) -> Result<(ThingName, JobId), Rejected> {
    Ok((validate::name(thing_name)?, validate::name(job_id)?))
}

/// Which execution of a job on a thing is meant.
pub(super) fn read_number(number: i64) -> Result<ExecutionNumber, Rejected> {
    let positive = u64::try_from(number).ok().filter(|number| *number > 0);
    let invalid = || Rejected::InvalidRequest("Execution number is invalid.".to_owned());
    positive.map(ExecutionNumber::from).ok_or_else(invalid)
}

fn status_of(query: &ListJobExecutionsQuery) -> Option<JobExecutionStatus> {
    query.status.as_deref()?.parse().ok()
}

fn describe(now: Timestamp, thing_arn: String, execution: &Execution) -> JobExecution {
    JobExecution {
        job_id: execution.job_id.clone(),
        status: execution.status,
        force_canceled: execution.force_canceled,
        status_details: JobExecutionStatusDetails {
            details_map: execution.status_details.clone().unwrap_or_default(),
        },
        thing_arn,
        queued_at: execution.queued_at,
        started_at: execution.started_at,
        last_updated_at: execution.last_updated_at,
        execution_number: execution.number,
        version_number: execution.version,
        approximate_seconds_before_timed_out: execution.seconds_before_timed_out(now),
    }
}

fn summarize(execution: &Execution, choices: &Choices) -> OperatorSummary {
    let attempt = execution.retries.attempt();
    OperatorSummary {
        status: execution.status,
        queued_at: execution.queued_at,
        started_at: execution.started_at,
        last_updated_at: execution.last_updated_at,
        execution_number: execution.number,
        retry_attempt: (attempt > 0 || choices.first_execution_has_retry_attempt).then_some(attempt),
    }
}
