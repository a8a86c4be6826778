//! Job templates: jobs without targets, to be made into jobs later.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/job-templates.html>

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::documents::Given;
use super::job::no_such_job;
use super::job_configs::JobConfigs;
use super::outcome::Outcome;
use super::paging::Page;
use super::rollout::ExponentialRolloutRate;
use super::schedule::check_windows;
use super::tags::{self, Tag};
use super::template::{Template, no_such_template};
use super::touched::Record;
use super::validate;
use super::window::MaintenanceWindow;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::JobTemplateId;

/// The body of CreateJobTemplate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateJobTemplateRequest {
    /// A job whose document and configurations are copied.
    pub job_arn: Option<String>,
    /// JSON as text.
    pub document: Option<String>,
    /// A link to S3.
    pub document_source: Option<String>,
    /// What the link leads to, read by whoever calls; the account itself reads no files.
    #[serde(skip)]
    pub source_text: Option<Result<String, Rejected>>,
    /// Free text.
    pub description: Option<String>,
    /// Rollout, abort, timeout, retry and presigned links.
    #[serde(flatten)]
    pub configs: JobConfigs,
    /// Those of a CONTINUOUS job that is made from it.
    pub maintenance_windows: Option<Vec<MaintenanceWindow>>,
    /// Labels of the template.
    pub tags: Option<Vec<Tag>>,
}

/// The answer to CreateJobTemplate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateJobTemplateResponse {
    /// `arn:aws:iot:<region>:<account>:jobtemplate/<id>`.
    pub job_template_arn: String,
    /// Unique in the account.
    pub job_template_id: JobTemplateId,
}

/// The answer to DescribeJobTemplate: every member is written, null where it is unset.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeJobTemplateResponse {
    /// `arn:aws:iot:<region>:<account>:jobtemplate/<id>`.
    pub job_template_arn: String,
    /// Unique in the account.
    pub job_template_id: JobTemplateId,
    /// Free text.
    pub description: Option<String>,
    /// The link that the document was read from.
    pub document_source: Option<String>,
    /// JSON as text.
    pub document: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// With nulls where unset.
    pub presigned_url_config: Value,
    /// With nulls where unset.
    pub job_executions_rollout_config: Value,
    /// With nulls where unset.
    pub abort_config: Value,
    /// With nulls where unset.
    pub timeout_config: Value,
    /// With nulls where unset.
    pub job_executions_retry_config: Value,
    /// As given.
    pub maintenance_windows: Option<Vec<MaintenanceWindow>>,
    /// Always null: packages are not offered.
    pub destination_package_versions: Option<Vec<String>>,
}

/// The query of ListJobTemplates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListJobTemplatesQuery {
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListJobTemplates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListJobTemplatesResponse {
    /// Newest first.
    pub job_templates: Vec<JobTemplateSummary>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job template in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobTemplateSummary {
    /// `arn:aws:iot:<region>:<account>:jobtemplate/<id>`.
    pub job_template_arn: String,
    /// Unique in the account.
    pub job_template_id: JobTemplateId,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl State {
    /// Creates a job template from a document, or from a job.
    pub fn create_job_template(
        &mut self,
        now: Timestamp,
        template_id: &str,
        request: CreateJobTemplateRequest,
    ) -> Outcome<CreateJobTemplateResponse> {
        Outcome::of(|effects| {
            let id = validate::name::<JobTemplateId>(template_id)?;
            request.configs.check()?;
            tags::check(request.tags.as_deref(), tags::OF_JOB)?;
            check_windows(request.maintenance_windows.as_deref().unwrap_or_default(), &self.choices)?;
            let (document, configs, maintenance_windows) = self.template_contents(&id, &request)?;
            if self.templates.contains_key(&id) {
                let message = format!("Job Template {template_id} already exists.");
                return Err(Rejected::Conflict(message));
            }
            self.last_template += 1;
            let job_template_arn = self.settings.arn("jobtemplate", template_id);
            self.tags.set(&job_template_arn, request.tags.unwrap_or_default());
            let template = Template {
                sequence: self.last_template,
                document,
                document_source: request.document_source,
                description: request.description,
                configs,
                maintenance_windows,
                created_at: now,
            };
            self.templates.insert(id.clone(), template);
            effects.touched.add(Record::Account);
            effects.touched.add(Record::Template(id.clone()));
            effects.touched.add(Record::Tags(job_template_arn.clone()));
            Ok(CreateJobTemplateResponse { job_template_arn, job_template_id: id })
        })
    }

    /// Describes a job template.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such template; [`Rejected::InvalidRequest`] where the id is none.
    pub fn describe_job_template(&self, template_id: &str) -> Result<DescribeJobTemplateResponse, Rejected> {
        let id = validate::name::<JobTemplateId>(template_id)?;
        let template = self.template(&id)?;
        Ok(describe(self.settings.arn("jobtemplate", template_id), id, template))
    }

    /// The job templates of the account, newest first.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_job_templates(
        &self,
        query: &ListJobTemplatesQuery,
    ) -> Result<ListJobTemplatesResponse, Rejected> {
        let page: Page<u64> = self.page(query.max_results, query.next_token.as_deref())?;
        let mut templates: Vec<_> = self
            .templates
            .iter()
            .filter(|(_, template)| page.after.is_none_or(|after| template.sequence < after))
            .collect();
        templates.sort_unstable_by_key(|(_, template)| std::cmp::Reverse(template.sequence));
        let (templates, next_token) = page.cut(templates, |(_, template)| template.sequence);
        let summary = |(id, template): (&JobTemplateId, &Template)| JobTemplateSummary {
            job_template_arn: self.settings.arn("jobtemplate", id.as_str()),
            job_template_id: id.clone(),
            description: template.description.clone(),
            created_at: template.created_at,
        };
        Ok(ListJobTemplatesResponse {
            job_templates: templates.into_iter().map(summary).collect(),
            next_token,
        })
    }

    /// Deletes a job template; the jobs made from it stay.
    pub fn delete_job_template(&mut self, template_id: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let id = validate::name::<JobTemplateId>(template_id)?;
            self.template(&id)?;
            self.templates.remove(&id);
            let arn = self.settings.arn("jobtemplate", template_id);
            self.tags.remove(&arn);
            effects.touched.add(Record::Template(id));
            effects.touched.add(Record::Tags(arn));
            Ok(())
        })
    }

    /// The template that an ARN names.
    pub(super) fn template_of_arn(&self, arn: &str) -> Result<&Template, Rejected> {
        let (kind, id) = self.settings.split_arn(arn).ok_or_else(|| no_such_template(arn))?;
        if kind != "jobtemplate" {
            let message =
                format!("Resource type should be jobtemplate but found invalid resource type {kind}");
            return Err(Rejected::InvalidRequest(message));
        }
        self.template(&id.parse().map_err(|_| no_such_template(arn))?)
    }

    /// The document, the configurations and the windows: given, or else copied from a job.
    #[expect(clippy::type_complexity, reason = "its one caller takes it apart")]
    fn template_contents(
        &self,
        id: &JobTemplateId,
        request: &CreateJobTemplateRequest,
    ) -> Result<(Arc<str>, JobConfigs, Option<Vec<MaintenanceWindow>>), Rejected> {
        let is_given = request.document.is_some() || request.document_source.is_some();
        let given = Given {
            document: request.document.as_deref(),
            source: request.document_source.as_deref(),
            source_text: request.source_text.as_ref(),
            presigned_url_config: request.configs.presigned_url_config.as_ref(),
        };
        let read = || self.read_document(&given, id.as_str());
        let Some(arn) = &request.job_arn else {
            return Ok((read()?.0, request.configs.clone(), request.maintenance_windows.clone()));
        };
        let id = self.settings.split_arn(arn).filter(|(kind, _)| *kind == "job").map_or("", |(_, id)| id);
        let job = id.parse().ok().and_then(|id| self.jobs.get(&id));
        let job = job.ok_or_else(|| no_such_job(if id.is_empty() { arn } else { id }))?;
        let document = if is_given { read()?.0 } else { job.document_text.clone() };
        let copied = || job.scheduling.as_ref().and_then(|config| config.maintenance_windows.clone());
        let windows = request.maintenance_windows.clone().or_else(copied);
        Ok((document, request.configs.clone().or(&job.configs), windows))
    }
}

fn with_nulls(rate: &ExponentialRolloutRate) -> Value {
    let criteria = rate.rate_increase_criteria.clone().unwrap_or_default();
    json!({
        "baseRatePerMinute": rate.base_rate_per_minute,
        "incrementFactor": rate.increment_factor,
        "rateIncreaseCriteria": {
            "numberOfNotifiedThings": criteria.number_of_notified_things,
            "numberOfSucceededThings": criteria.number_of_succeeded_things,
        },
    })
}

fn describe(job_template_arn: String, id: JobTemplateId, template: &Template) -> DescribeJobTemplateResponse {
    let configs = &template.configs;
    let presigned = configs.presigned_url_config.clone().unwrap_or_default();
    let rollout = configs.job_executions_rollout_config.clone().unwrap_or_default();
    let timeout = configs.timeout_config.clone().unwrap_or_default();
    DescribeJobTemplateResponse {
        job_template_arn,
        job_template_id: id,
        description: template.description.clone(),
        document_source: template.document_source.clone(),
        document: template.document.to_string(),
        created_at: template.created_at,
        presigned_url_config: json!({ "roleArn": presigned.role_arn, "expiresInSec": presigned.expires_in_sec }),
        job_executions_rollout_config: json!({
            "maximumPerMinute": rollout.maximum_per_minute,
            "exponentialRate": rollout.exponential_rate.as_ref().map(with_nulls),
        }),
        abort_config: json!(configs.abort_config),
        timeout_config: json!({ "inProgressTimeoutInMinutes": timeout.in_progress_timeout_in_minutes }),
        job_executions_retry_config: json!(configs.job_executions_retry_config),
        maintenance_windows: template.maintenance_windows.clone(),
        destination_package_versions: None,
    }
}
