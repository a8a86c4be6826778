//! CreateJob.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJob.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::documents::Given;
use super::job::Job;
use super::job_configs::JobConfigs;
use super::job_executions::JobExecutions;
use super::job_status::{JobStatus, StatusCounts, TargetSelection};
use super::job_target::{Queueing, Target};
use super::managed_templates::ManagedTemplate;
use super::namespace;
use super::outcome::Outcome;
use super::rollout::Rollout;
use super::schedule::{Schedule, SchedulingConfig};
use super::tags::{self, Tag};
use super::touched::Record;
use super::validate;
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::JobId;

/// The body of CreateJob.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateJobRequest {
    /// ARNs of things and thing groups.
    pub targets: Option<Vec<String>>,
    /// JSON as text.
    pub document: Option<String>,
    /// A link to S3.
    pub document_source: Option<String>,
    /// What the link leads to, read by whoever calls; the account itself reads no files.
    #[serde(skip)]
    pub source_text: Option<Result<String, Rejected>>,
    /// Free text.
    pub description: Option<String>,
    /// SNAPSHOT or CONTINUOUS.
    pub target_selection: Option<String>,
    /// Rollout, abort, timeout, retry and presigned links.
    #[serde(flatten)]
    pub configs: JobConfigs,
    /// Start and end.
    pub scheduling_config: Option<SchedulingConfig>,
    /// Where devices hear of the job.
    pub namespace_id: Option<String>,
    /// Where the members that are missing come from.
    pub job_template_arn: Option<String>,
    /// What stands in the document of a template managed by AWS.
    pub document_parameters: Option<BTreeMap<String, String>>,
    /// Labels of the job.
    pub tags: Option<Vec<Tag>>,
}

/// The answer to CreateJob, CancelJob and AssociateTargetsWithJob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobNamed {
    /// As given when the job was created; `Some(None)` is written as null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    /// `arn:aws:iot:<region>:<account>:job/<id>`.
    pub job_arn: String,
    /// Unique in the account.
    pub job_id: JobId,
}

impl State {
    /// Creates a job and begins to roll it out, unless it is scheduled for later.
    pub fn create_job(
        &mut self,
        now: Timestamp,
        job_id: &str,
        request: CreateJobRequest,
    ) -> Outcome<JobNamed> {
        self.change(now, |change| {
            let id = validate::name::<JobId>(job_id)?;
            request.configs.check()?;
            namespace::check(request.namespace_id.as_deref())?;
            tags::check(request.tags.as_deref(), tags::OF_JOB)?;
            let mut request = change.state.with_template(request)?;
            let tags = request.tags.take().unwrap_or_default();
            let (job, queueing) = change.state.new_job(now, &id, request)?;
            change.add_job(&id, job, tags);
            change.begin_queueing(&id, queueing);
            change.roll_out(&id);
            change.state.job_named(&id)
        })
    }

    /// The job that a request describes, if it may be created, and what it is for; nothing of it has reached a thing yet.
    fn new_job(
        &self,
        now: Timestamp,
        id: &JobId,
        request: CreateJobRequest,
    ) -> Result<(Job, Option<Queueing>), Rejected> {
        let selection = selection(request.target_selection.as_deref());
        let config = request.scheduling_config.as_ref();
        let schedule =
            config.map_or(Ok(Schedule::default()), |config| config.check(now, selection, &self.choices))?;
        let given = Given {
            document: request.document.as_deref(),
            source: request.document_source.as_deref(),
            source_text: request.source_text.as_ref(),
            presigned_url_config: request.configs.presigned_url_config.as_ref(),
        };
        let (text, document) = self.read_document(&given, id.as_str())?;
        let targets = request.targets.unwrap_or_default();
        let resolved = self.targets(&targets)?;
        self.check_unused(id)?;

        let queueing = self.to_queue(&resolved);
        let job = Job {
            sequence: self.last_job + 1,
            document_text: text,
            document,
            document_source: request.document_source,
            description: request.description,
            targets,
            resolved: resolved.into_iter().collect(),
            target_selection: selection,
            configs: request.configs,
            scheduling: request.scheduling_config,
            window_turns: None,
            namespace_id: request.namespace_id,
            template_arn: request.job_template_arn,
            document_parameters: request.document_parameters,
            status: if schedule.start.is_some() { JobStatus::Scheduled } else { JobStatus::InProgress },
            schedule,
            force_canceled: false,
            reason_code: None,
            comment: None,
            created_at: now,
            last_updated_at: now,
            completed_at: None,
            rollout: Rollout::default(),
            counts: StatusCounts::default(),
            executions: JobExecutions::default(),
        };
        Ok((job, queueing))
    }

    /// The request, with what its template provides where it names nothing itself.
    fn with_template(&self, mut request: CreateJobRequest) -> Result<CreateJobRequest, Rejected> {
        let arn = request.job_template_arn.as_deref();
        let managed = arn.and_then(|arn| ManagedTemplate::of_arn(&self.settings, arn)).transpose()?;
        let has_document = request.document.is_some() || request.document_source.is_some();
        let parameters = request.document_parameters.take().filter(|parameters| !parameters.is_empty());
        if parameters.is_some() && (managed.is_none() || has_document) {
            let message =
                "Document parameters can only be used with the document of a job template managed by AWS.";
            return Err(Rejected::InvalidRequest(message.to_owned()));
        }
        if let Some(template) = managed {
            request.description.get_or_insert_with(|| template.description().to_owned());
            if !has_document {
                let parameters = parameters.clone().unwrap_or_default();
                request.document = Some(self.substitute(template, &parameters)?);
            }
            request.document_parameters = parameters;
            return Ok(request);
        }
        let Some(arn) = &request.job_template_arn else { return Ok(request) };
        let template = self.template_of_arn(arn)?;
        if !has_document {
            request.document = Some(template.document.to_string());
        }
        request.configs = request.configs.or(&template.configs);
        if let Some(windows) = &template.maintenance_windows {
            let scheduling = request.scheduling_config.get_or_insert_default();
            scheduling.maintenance_windows.get_or_insert_with(|| windows.clone());
        }
        Ok(request)
    }

    /// The answer that names a job.
    pub(super) fn job_named(&self, id: &JobId) -> Result<JobNamed, Rejected> {
        let description = self.job(id)?.description.clone();
        let is_written = description.is_some() || self.choices.missing_description_is_null;
        let description = is_written.then_some(description);
        Ok(JobNamed { description, job_arn: self.settings.arn("job", id.as_str()), job_id: id.clone() })
    }

    /// What the ARNs in `targets` name, in the same order.
    pub(super) fn targets(&self, targets: &[String]) -> Result<Vec<Target>, Rejected> {
        targets.iter().map(|arn| self.target(arn)).collect()
    }

    /// What `arn` names.
    pub(super) fn target(&self, arn: &str) -> Result<Target, Rejected> {
        if !arn.starts_with("arn:") {
            return Err(Rejected::InvalidRequest(format!(
                "Target {arn} is not the ARN of a thing or a thing group."
            )));
        }
        let missing = |kind, name| Rejected::ResourceNotFound(format!("{kind} {name} cannot be found."));
        let unknown = || Rejected::ResourceNotFound(format!("Target {arn} cannot be found."));
        let (kind, name) = self.settings.split_arn(arn).ok_or_else(unknown)?;
        match kind {
            "thing" => {
                let thing = name.parse().ok().filter(|name| self.things.contains_key(name));
                thing.map(Target::Thing).ok_or_else(|| missing("Thing", name))
            }
            "thinggroup" => {
                let group = name.parse().ok().filter(|name| self.groups.contains_key(name));
                group.map(Target::Group).ok_or_else(|| missing("Thing Group", name))
            }
            _ => Err(unknown()),
        }
    }

    fn check_unused(&self, id: &JobId) -> Result<(), Rejected> {
        if self.jobs.contains_key(id) {
            return Err(Rejected::ResourceAlreadyExists {
                message: format!("Job {id} already exists."),
                resource_id: id.to_string(),
                resource_arn: self.settings.arn("job", id.as_str()),
            });
        }
        Ok(())
    }
}

impl Change<'_> {
    fn add_job(&mut self, id: &JobId, job: Job, tags: Vec<Tag>) {
        let state = &mut *self.state;
        state.last_job = job.sequence;
        if job.target_selection == TargetSelection::Continuous {
            state.continuous.insert(id.clone());
        }
        let arn = state.settings.arn("job", id.as_str());
        state.tags.set(&arn, tags);
        let schedule = job.schedule.clone();
        state.jobs.insert(id.clone(), job);
        self.set_schedule(id, &schedule, Self::start_timer);
        let touched = &mut self.effects.touched;
        touched.add(Record::Account);
        touched.add(Record::Job(id.clone()));
        touched.add(Record::JobProgress(id.clone()));
        touched.add(Record::Tags(arn));
    }
}

fn selection(word: Option<&str>) -> TargetSelection {
    if word == Some("CONTINUOUS") { TargetSelection::Continuous } else { TargetSelection::Snapshot }
}
