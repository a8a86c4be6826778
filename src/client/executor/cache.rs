//! What is pending for a thing, as the service last said.

use std::collections::BTreeMap;

use crate::wire::model::{
    JobExecutionData, JobExecutionStatus, JobExecutionSummary, JobId, PendingJobExecutions,
};
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// The pending job executions.
#[derive(Debug, Clone, Default)]
pub(super) struct Cache(BTreeMap<(JobId, ExecutionNumber), Entry>);

/// How far a job execution has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    is_in_progress: bool,
    version: VersionNumber,
}

impl Cache {
    /// What a list says.
    pub(super) fn of(in_progress: Vec<JobExecutionSummary>, queued: Vec<JobExecutionSummary>) -> Self {
        let entries = |list: Vec<JobExecutionSummary>, is_in_progress| {
            list.into_iter().map(move |summary| {
                let JobExecutionSummary { job_id, execution_number, version_number: version, .. } = summary;
                ((job_id, execution_number), Entry { is_in_progress, version })
            })
        };
        Self(entries(in_progress, true).chain(entries(queued, false)).collect())
    }

    /// What a JobExecutionsChanged event says: all that is pending, or the first of it.
    pub(super) fn changed(&mut self, jobs: PendingJobExecutions) {
        *self = Self::of(jobs.in_progress, jobs.queued);
    }

    /// The first one that is pending, or that there is none.
    pub(super) fn next(&mut self, execution: Option<&JobExecutionData>) {
        match execution {
            Some(execution) => self.note(execution),
            None => self.0.clear(),
        }
    }

    /// A job execution is pending no longer.
    pub(super) fn remove(&mut self, job: &JobId, number: ExecutionNumber) {
        self.0.remove(&(job.clone(), number));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_in_progress(&self, job: &JobId, number: ExecutionNumber) -> bool {
        self.0.get(&(job.clone(), number)).is_some_and(|entry| entry.is_in_progress)
    }

    /// The version of a job execution; none where it is not pending.
    pub(super) fn version(&self, job: &JobId, number: ExecutionNumber) -> Option<VersionNumber> {
        self.0.get(&(job.clone(), number)).map(|entry| entry.version)
    }

    fn note(&mut self, execution: &JobExecutionData) {
        let JobExecutionData { job_id, execution_number, version_number: version, status, .. } = execution;
        let is_in_progress = status.known() == Some(JobExecutionStatus::InProgress);
        self.0.insert((job_id.clone(), *execution_number), Entry { is_in_progress, version: *version });
    }
}
