//! Jobs and job templates.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::State;
use super::super::job::Job;
use super::super::job_configs::JobConfigs;
use super::super::job_executions::JobExecutions;
use super::super::job_status::{JobStatus, StatusCounts, TargetSelection};
use super::super::job_target::{Queueing, Target};
use super::super::rollout::Rollout;
use super::super::schedule::Schedule;
use super::super::template::Template;
use super::super::window::MaintenanceWindow;
use super::damaged_row::Damage;
use super::job_row::JobRow;
use super::restoring::{Restoring, TakenJob, named};
use super::text::{Millis, read, write};
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, JobTemplateId};
use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobProgressRow<'a> {
    status: JobStatus,
    #[serde(default)]
    force_canceled: bool,
    reason_code: Option<Cow<'a, str>>,
    comment: Option<Cow<'a, str>>,
    last_updated_at: Millis,
    completed_at: Option<Millis>,
    /// When its next maintenance window begins, or the present one ends.
    window_turns: Option<Millis>,
    #[serde(borrow)]
    rollout: RolloutRow<'a>,
}

/// How far a job has come in reaching its things.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RolloutRow<'a> {
    /// The first place of the queue at which a thing still waits: those before it were reached, or left.
    first_place: u64,
    next_place: u64,
    notified: u64,
    minute: Option<Minute>,
    stopped: bool,
    /// What is still to be put into the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queueing: Option<Cow<'a, Queueing>>,
}

/// The present minute of a rollout at a rate, and how many things it can still reach.
#[derive(Debug, Serialize, Deserialize)]
struct Minute {
    began: Millis,
    left: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemplateRow<'a> {
    number: u64,
    document: Cow<'a, str>,
    document_source: Option<Cow<'a, str>>,
    description: Option<Cow<'a, str>>,
    configs: Cow<'a, JobConfigs>,
    maintenance_windows: Option<Cow<'a, [MaintenanceWindow]>>,
    created_at: Millis,
}

impl State {
    pub(super) fn job_row(&self, id: &JobId) -> Option<String> {
        let job = self.jobs.get(id)?;
        Some(write(&JobRow {
            number: job.sequence,
            document: Cow::Borrowed(&job.document_text),
            document_source: job.document_source.as_deref().map(Cow::Borrowed),
            description: job.description.as_deref().map(Cow::Borrowed),
            targets: Cow::Borrowed(&job.targets),
            target_selection: job.target_selection,
            configs: Cow::Borrowed(&job.configs),
            scheduling_config: job.scheduling.as_ref().map(Cow::Borrowed),
            job_template_arn: job.template_arn.as_deref().map(Cow::Borrowed),
            namespace_id: job.namespace_id.as_deref().map(Cow::Borrowed),
            document_parameters: job.document_parameters.as_ref().map(Cow::Borrowed),
            created_at: job.created_at.into(),
        }))
    }

    pub(super) fn job_progress_row(&self, id: &JobId) -> Option<String> {
        let job = self.jobs.get(id)?;
        let rollout = &job.rollout;
        Some(write(&JobProgressRow {
            status: job.status,
            force_canceled: job.force_canceled,
            reason_code: job.reason_code.as_deref().map(Cow::Borrowed),
            comment: job.comment.as_deref().map(Cow::Borrowed),
            last_updated_at: job.last_updated_at.into(),
            completed_at: job.completed_at.map(Millis::from),
            window_turns: job.window_turns.map(Millis::from),
            rollout: RolloutRow {
                first_place: rollout.first_place(),
                next_place: rollout.next_place,
                notified: rollout.notified,
                minute: rollout.minute.map(|(began, left)| Minute { began: began.into(), left }),
                stopped: rollout.stopped,
                queueing: rollout.queueing.as_ref().map(Cow::Borrowed),
            },
        }))
    }

    pub(super) fn template_row(&self, id: &JobTemplateId) -> Option<String> {
        let template = self.templates.get(id)?;
        Some(write(&TemplateRow {
            number: template.sequence,
            document: Cow::Borrowed(&template.document),
            document_source: template.document_source.as_deref().map(Cow::Borrowed),
            description: template.description.as_deref().map(Cow::Borrowed),
            configs: Cow::Borrowed(&template.configs),
            maintenance_windows: template.maintenance_windows.as_deref().map(Cow::Borrowed),
            created_at: template.created_at.into(),
        }))
    }
}

impl Restoring {
    pub(super) fn take_template(&mut self, id: &str, value: &str) -> Result<(), Damage> {
        let row: TemplateRow<'_> = read(value)?;
        let template = Template {
            sequence: row.number,
            document: row.document.into(),
            document_source: row.document_source.map(Cow::into_owned),
            description: row.description.map(Cow::into_owned),
            configs: row.configs.into_owned(),
            maintenance_windows: row.maintenance_windows.map(Cow::into_owned),
            created_at: row.created_at.into(),
        };
        self.state.templates.insert(named(id)?, template);
        Ok(())
    }

    pub(super) fn take_job(&mut self, id: &str, value: &str) -> Result<(), Damage> {
        let id: JobId = named(id)?;
        let row: JobRow<'static> = read(value)?;
        let (executions, counts) = (JobExecutions::default(), StatusCounts::default());
        let taken = TakenJob { id: id.clone(), first_place: 0, executions, counts };
        if self.jobs.insert(row.number, taken).is_some() {
            return Err(Damage::Twice(row.number));
        }
        self.unplaced.insert(id, row);
        Ok(())
    }

    pub(super) fn take_job_progress(&mut self, id: &str, value: &str) -> Result<(), Damage> {
        let id: JobId = named(id)?;
        let progress: JobProgressRow<'_> = read(value)?;
        let row = self.unplaced.remove(&id).ok_or(Damage::NoJob)?;
        if let Some(taken) = self.jobs.get_mut(&row.number) {
            taken.first_place = progress.rollout.first_place;
        }
        let job = self.job(row, progress)?;
        if job.target_selection == TargetSelection::Continuous && job.status.is_active() {
            self.state.continuous.insert(id.clone());
        }
        if job.rollout.is_queueing() {
            self.state.queueing.insert(id.clone());
        }
        self.state.jobs.insert(id, job);
        Ok(())
    }

    fn job(&self, row: JobRow<'_>, progress: JobProgressRow<'_>) -> Result<Job, Damage> {
        let document = self.state.delivered(&row.document).ok_or(Damage::Unreadable)?;
        let scheduling = row.scheduling_config.map(Cow::into_owned);
        let schedule =
            scheduling.as_ref().map_or(Ok(Schedule::default()), |config| config.read(&self.state.choices));
        let targets = row.targets.into_owned();
        let resolved = targets.iter().map(|arn| self.target(arn)).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Job {
            sequence: row.number,
            document_text: row.document.into(),
            document_source: row.document_source.map(Cow::into_owned),
            document,
            description: row.description.map(Cow::into_owned),
            targets,
            resolved,
            target_selection: row.target_selection,
            configs: row.configs.into_owned(),
            schedule: schedule.map_err(|_| Damage::Unreadable)?,
            scheduling,
            window_turns: progress.window_turns.map(Timestamp::from),
            template_arn: row.job_template_arn.map(Cow::into_owned),
            namespace_id: row.namespace_id.map(Cow::into_owned),
            document_parameters: row.document_parameters.map(Cow::into_owned),
            status: progress.status,
            force_canceled: progress.force_canceled,
            reason_code: progress.reason_code.map(Cow::into_owned),
            comment: progress.comment.map(Cow::into_owned),
            created_at: row.created_at.into(),
            last_updated_at: progress.last_updated_at.into(),
            completed_at: progress.completed_at.map(Timestamp::from),
            rollout: progress.rollout.into(),
            counts: StatusCounts::default(),
            executions: JobExecutions::default(),
        })
    }

    /// What the ARN of a target leads to, which may be gone by now.
    fn target(&self, arn: &str) -> Result<Target, Damage> {
        match self.state.settings.split_arn(arn) {
            Some(("thing", name)) => named(name).map(Target::Thing),
            Some(("thinggroup", name)) => named(name).map(Target::Group),
            _ => Err(Damage::Unreadable),
        }
    }
}

impl From<RolloutRow<'_>> for Rollout {
    fn from(row: RolloutRow<'_>) -> Self {
        let minute = row.minute.map(|Minute { began, left }| (began.into(), left));
        let (next_place, notified, stopped) = (row.next_place, row.notified, row.stopped);
        let queueing = row.queueing.map(Cow::into_owned);
        Self { next_place, queueing, notified, minute, stopped, ..Self::default() }
    }
}
