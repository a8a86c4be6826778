//! DescribeJob, GetJobDocument and ListJobs.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_Job.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::abort::AbortConfig;
use super::group::Group;
use super::job::Job;
use super::job_configs::{PresignedUrlConfig, TimeoutConfig};
use super::job_status::{JobStatus, StatusCounts, TargetSelection};
use super::job_target::Target;
use super::managed_templates::ManagedTemplate;
use super::paging::Page;
use super::retry::JobExecutionsRetryConfig;
use super::rollout::JobExecutionsRolloutConfig;
use super::schedule::{self, SchedulingConfig};
use super::validate;
use super::{Rejected, State};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;
use crate::wire::model::{JobExecutionStatus, JobId, ThingGroupName};

/// How many maintenance windows DescribeJob looks ahead.
const LISTED_WINDOWS: usize = 7;

/// The answer to DescribeJob.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeJobResponse {
    /// The link that the document was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_source: Option<String>,
    /// All about the job but its document.
    pub job: JobDescription,
}

/// A job as DescribeJob describes it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDescription {
    /// `arn:aws:iot:<region>:<account>:job/<id>`.
    pub job_arn: String,
    /// Unique in the account.
    pub job_id: JobId,
    /// SNAPSHOT or CONTINUOUS.
    pub target_selection: TargetSelection,
    /// Where it stands.
    pub status: JobStatus,
    /// Canceled with force.
    pub force_canceled: bool,
    /// Why it was canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// What the operator said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// ARNs of things and groups.
    pub targets: Vec<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `{}` unless set.
    pub presigned_url_config: PresignedUrlConfig,
    /// `{}` unless set.
    pub job_executions_rollout_config: JobExecutionsRolloutConfig,
    /// Null unless set.
    pub abort_config: Option<AbortConfig>,
    /// Created.
    pub created_at: Timestamp,
    /// Its status or its members changed.
    pub last_updated_at: Timestamp,
    /// Completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How far it has come.
    pub job_process_details: JobProcessDetails,
    /// `{}` unless set.
    pub timeout_config: TimeoutConfig,
    /// Where devices hear of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_id: Option<String>,
    /// Where it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_template_arn: Option<String>,
    /// What is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_executions_retry_config: Option<JobExecutionsRetryConfig>,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_parameters: Option<BTreeMap<String, String>>,
    /// It is being rolled out.
    pub is_concurrent: bool,
    /// `{}` unless set.
    pub scheduling_config: SchedulingConfig,
    /// The next maintenance windows; absent where it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scheduled_job_rollouts: Vec<ScheduledJobRollout>,
}

/// A maintenance window that is ahead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledJobRollout {
    /// When it starts, in UTC.
    pub start_time: String,
}

/// Counters of a job's executions by status, history included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each counts the executions of the status that it names")]
pub struct JobProcessDetails {
    /// The targets that are being rolled out to; null afterwards.
    pub processing_targets: Option<Vec<String>>,
    pub number_of_canceled_things: u64,
    pub number_of_succeeded_things: u64,
    pub number_of_failed_things: u64,
    pub number_of_rejected_things: u64,
    pub number_of_queued_things: u64,
    pub number_of_in_progress_things: u64,
    pub number_of_removed_things: u64,
    pub number_of_timed_out_things: u64,
}

/// The answer to GetJobDocument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GetJobDocumentResponse {
    /// The text that CreateJob was given, byte for byte.
    pub document: String,
}

/// The query of ListJobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListJobsQuery {
    /// Only jobs of this status.
    pub status: Option<String>,
    /// Only SNAPSHOT or only CONTINUOUS jobs.
    pub target_selection: Option<String>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
    /// Only jobs that target this group.
    pub thing_group_name: Option<String>,
    /// Only jobs that target the group of this id.
    pub thing_group_id: Option<String>,
    /// Only jobs of this namespace.
    pub namespace_id: Option<String>,
}

/// The answer to ListJobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListJobsResponse {
    /// Newest first.
    pub jobs: Vec<JobSummary>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    /// `arn:aws:iot:<region>:<account>:job/<id>`.
    pub job_arn: String,
    /// Unique in the account.
    pub job_id: JobId,
    /// The group that the list is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_group_id: Option<String>,
    /// SNAPSHOT or CONTINUOUS.
    pub target_selection: TargetSelection,
    /// Where it stands.
    pub status: JobStatus,
    /// Created.
    pub created_at: Timestamp,
    /// Its status or its members changed.
    pub last_updated_at: Timestamp,
    /// Completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// It is being rolled out.
    pub is_concurrent: bool,
}

impl State {
    /// How many executions of a job have each status.
    pub(crate) fn status_counts(&self, job: &JobId) -> Option<&StatusCounts> {
        self.jobs.get(job).map(|job| &job.counts)
    }

    /// Describes a job.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such job; [`Rejected::InvalidRequest`] where the id is none.
    pub fn describe_job(&self, now: Timestamp, job_id: &str) -> Result<DescribeJobResponse, Rejected> {
        let id = validate::name::<JobId>(job_id)?;
        let job = self.job(&id)?;
        let document_source = job.document_source.clone();
        let job = describe(now, self.settings.arn("job", job_id), id, job, &self.choices);
        Ok(DescribeJobResponse { document_source, job })
    }

    /// The document of a job as it was given, or as its managed template has it before parameters are filled in.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such job; [`Rejected::InvalidRequest`] where the id is none.
    pub fn get_job_document(
        &self,
        job_id: &str,
        before_substitution: bool,
    ) -> Result<GetJobDocumentResponse, Rejected> {
        let id = validate::name::<JobId>(job_id)?;
        let job = self.job(&id)?;
        let document = if before_substitution { self.managed_document_of(job) } else { None };
        Ok(GetJobDocumentResponse { document: document.unwrap_or_else(|| job.document_text.to_string()) })
    }

    /// The document of the managed template that the job has its own from.
    fn managed_document_of(&self, job: &Job) -> Option<String> {
        let template = ManagedTemplate::of_arn(&self.settings, job.template_arn.as_deref()?)?.ok()?;
        let parameters = job.document_parameters.clone().unwrap_or_default();
        let substituted = self.substitute(template, &parameters).ok()?;
        (*substituted == *job.document_text).then(|| template.document())
    }

    /// The jobs of the account, newest first; as on AWS, those of a group without the SCHEDULED ones.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_jobs(&self, query: &ListJobsQuery) -> Result<ListJobsResponse, Rejected> {
        let page: Page<u64> = self.page(query.max_results, query.next_token.as_deref())?;
        let group = self.group_of_query(query)?;
        let mut jobs: Vec<(&JobId, &Job)> = self
            .jobs
            .iter()
            .filter(|(_, job)| {
                matches(query, group, job) && page.after.is_none_or(|after| job.sequence < after)
            })
            .collect();
        jobs.sort_unstable_by_key(|(_, job)| std::cmp::Reverse(job.sequence));
        let (jobs, next_token) = page.cut(jobs, |(_, job)| job.sequence);
        let summary = |(id, job): (&JobId, &Job)| self.job_summary(id, job, group);
        Ok(ListJobsResponse { jobs: jobs.into_iter().map(summary).collect(), next_token })
    }

    /// The group that a list is about, by name or by id.
    fn group_of_query(&self, query: &ListJobsQuery) -> Result<Option<&ThingGroupName>, Rejected> {
        let (name, id) = (query.thing_group_name.as_deref(), query.thing_group_id.as_deref());
        if name.is_none() && id.is_none() {
            return Ok(None);
        }
        let is_it = |(group, record): &(&ThingGroupName, &Group)| {
            name.is_none_or(|name| name == group.as_str()) && id.is_none_or(|id| id == record.id.to_string())
        };
        let found = self.groups.iter().find(is_it).map(|(name, _)| name);
        let unknown =
            || Rejected::ResourceNotFound("The thing group of the list cannot be found.".to_owned());
        found.map(Some).ok_or_else(unknown)
    }

    fn job_summary(&self, id: &JobId, job: &Job, group: Option<&ThingGroupName>) -> JobSummary {
        let group = group.and_then(|group| self.groups.get(group));
        JobSummary {
            job_arn: self.settings.arn("job", id.as_str()),
            job_id: id.clone(),
            thing_group_id: group.map(|group| group.id.to_string()),
            target_selection: job.target_selection,
            status: job.status,
            created_at: job.created_at,
            last_updated_at: job.last_updated_at,
            completed_at: job.completed_at,
            is_concurrent: job.rollout.is_under_way(),
        }
    }
}

fn matches(query: &ListJobsQuery, group: Option<&ThingGroupName>, job: &Job) -> bool {
    let selection = match job.target_selection {
        TargetSelection::Snapshot => "SNAPSHOT",
        TargetSelection::Continuous => "CONTINUOUS",
    };
    query.status.as_deref().is_none_or(|status| status == job.status.as_str())
        && group.is_none_or(|group| {
            job.resolved.contains(&Target::Group(group.clone())) && job.status != JobStatus::Scheduled
        })
        && query.target_selection.as_deref().is_none_or(|wanted| wanted == selection)
        && (query.namespace_id.is_none() || query.namespace_id == job.namespace_id)
}

fn describe(now: Timestamp, job_arn: String, job_id: JobId, job: &Job, choices: &Choices) -> JobDescription {
    let configs = job.configs.clone();
    let is_ended = !job.status.is_active() || job.rollout.is_stopped();
    let ahead = if is_ended { 0 } else { LISTED_WINDOWS };
    let rollout = |start| Some(ScheduledJobRollout { start_time: schedule::format(start, choices)? });
    JobDescription {
        job_arn,
        job_id,
        target_selection: job.target_selection,
        status: job.status,
        force_canceled: job.force_canceled,
        reason_code: job.reason_code.clone(),
        comment: job.comment.clone(),
        targets: job.targets.clone(),
        description: job.description.clone(),
        presigned_url_config: configs.presigned_url_config.unwrap_or_default(),
        job_executions_rollout_config: configs.job_executions_rollout_config.unwrap_or_default(),
        abort_config: configs.abort_config,
        created_at: job.created_at,
        last_updated_at: job.last_updated_at,
        completed_at: job.completed_at,
        job_process_details: process_details(job),
        timeout_config: configs.timeout_config.unwrap_or_default(),
        namespace_id: job.namespace_id.clone(),
        job_template_arn: job.template_arn.clone(),
        job_executions_retry_config: configs.job_executions_retry_config,
        document_parameters: job.document_parameters.clone(),
        is_concurrent: job.rollout.is_under_way(),
        scheduling_config: job.scheduling.clone().unwrap_or_default(),
        scheduled_job_rollouts: job.schedule.windows_ahead(now).take(ahead).filter_map(rollout).collect(),
    }
}

fn process_details(job: &Job) -> JobProcessDetails {
    use JobExecutionStatus as Status;
    let count = |status| job.counts.get(status);
    JobProcessDetails {
        processing_targets: job.rollout.is_under_way().then(|| job.targets.clone()),
        number_of_canceled_things: count(Status::Canceled),
        number_of_succeeded_things: count(Status::Succeeded),
        number_of_failed_things: count(Status::Failed),
        number_of_rejected_things: count(Status::Rejected),
        number_of_queued_things: count(Status::Queued),
        number_of_in_progress_things: count(Status::InProgress),
        number_of_removed_things: count(Status::Removed),
        number_of_timed_out_things: count(Status::TimedOut),
    }
}
