//! What is known to be pending, and what changed while nobody was listening.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::wire::model::{
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobExecutionSummary, JobExecutionsChangedEvent,
    JobId, StartNextJobExecutionResponse,
};
use crate::wire::number::ExecutionNumber;

/// The pending job executions of a thing: job and execution number, with the status of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending(BTreeMap<(JobId, ExecutionNumber), JobExecutionStatus>);

impl Pending {
    fn new(in_progress: &[JobExecutionSummary], queued: &[JobExecutionSummary]) -> Self {
        let entries = |list: &[JobExecutionSummary], status| {
            let entry = move |summary: &JobExecutionSummary| {
                ((summary.job_id.clone(), summary.execution_number), status)
            };
            list.iter().map(entry).collect::<Vec<_>>()
        };
        let mut all = entries(in_progress, JobExecutionStatus::InProgress);
        all.extend(entries(queued, JobExecutionStatus::Queued));
        Self(all.into_iter().collect())
    }

    /// The jobs with a job execution in this status, in the order of their names.
    pub fn jobs(&self, status: JobExecutionStatus) -> impl Iterator<Item = &JobId> {
        self.0.iter().filter(move |(_, of)| **of == status).map(|((job, _), _)| job)
    }

    /// What is different in `now`.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let appeared = now.0.iter().filter(|(key, status)| self.0.get(key) != Some(status));
        let appeared = appeared.map(|((job, _), status)| Difference { job: job.clone(), now: Some(*status) });
        let gone = self.0.keys().filter(|key| !now.0.contains_key(key));
        let gone = gone.map(|(job, _)| Difference { job: job.clone(), now: None });
        appeared.chain(gone).collect()
    }
}

impl From<&GetPendingJobExecutionsResponse> for Pending {
    fn from(list: &GetPendingJobExecutionsResponse) -> Self {
        Self::new(&list.in_progress_jobs, &list.queued_jobs)
    }
}

/// One job execution that has changed; `Display` gives its new status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The job.
    pub job: JobId,
    /// Its new status, or `None` if it is no longer pending.
    pub now: Option<JobExecutionStatus>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.now {
            Some(status) => write!(f, "{} is {status} now", self.job),
            None => write!(f, "{} is no longer pending", self.job),
        }
    }
}

/// The pending job executions as the service last reported them.
///
/// Only the task that gets all messages, in their order, writes here, so the last report wins.
#[derive(Debug, Default)]
pub(super) struct PendingTracker(Mutex<Option<Pending>>);

impl PendingTracker {
    /// A copy, or `None` before the first report.
    pub(super) fn get(&self) -> Option<Pending> {
        self.lock().clone()
    }

    /// Notes a JobExecutionsChanged event. One that cannot be parsed changes nothing.
    pub(super) fn note_event(&self, payload: &[u8]) {
        if let Ok(event) = serde_json::from_slice::<JobExecutionsChangedEvent>(payload) {
            *self.lock() = Some(Pending::new(&event.jobs.in_progress, &event.jobs.queued));
        }
    }

    /// Notes an answer to GetPendingJobExecutions: the full list.
    pub(super) fn note_list(&self, list: &GetPendingJobExecutionsResponse) {
        *self.lock() = Some(Pending::from(list));
    }

    /// Notes an answer to StartNextPendingJobExecution: its job execution is in progress.
    pub(super) fn note_started(&self, started: &StartNextJobExecutionResponse) {
        if let Some(execution) = &started.execution {
            self.note_in_progress(&execution.job_id, Some(execution.execution_number));
        }
    }

    /// Notes that a job execution is in progress, for which there is no event; without a number, the newest of the
    /// job.
    pub(super) fn note_in_progress(&self, job: &JobId, execution_number: Option<ExecutionNumber>) {
        let mut known = self.lock();
        let Some(known) = known.as_mut() else { return };
        let same = |(of, number): &(JobId, ExecutionNumber)| {
            of == job && execution_number.is_none_or(|execution_number| execution_number == *number)
        };
        if let Some((_, status)) = known.0.iter_mut().rfind(|(key, _)| same(key)) {
            *status = JobExecutionStatus::InProgress;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::number::VersionNumber;

    fn pending(in_progress: &[&str], queued: &[&str]) -> Pending {
        let summary = |job: &&str| JobExecutionSummary {
            job_id: job.parse().unwrap(),
            queued_at: 1,
            last_updated_at: 1,
            started_at: None,
            execution_number: ExecutionNumber::FIRST,
            version_number: VersionNumber::FIRST,
        };
        let list = |jobs: &[&str]| jobs.iter().map(summary).collect::<Vec<_>>();
        Pending::new(&list(in_progress), &list(queued))
    }

    #[test]
    fn what_came_went_and_moved_is_told() {
        let before = pending(&["A"], &["B", "C"]);
        let now = pending(&["B"], &["C", "D"]);
        let said: Vec<_> = before.differences(&now).iter().map(ToString::to_string).collect();
        assert_eq!(said, ["B is IN_PROGRESS now", "D is QUEUED now", "A is no longer pending"]);
        assert_eq!(now.differences(&now), []);
    }

    #[test]
    fn lists_events_and_our_own_starts_are_noted() {
        const A: &str =
            r#"{"jobId":"A","queuedAt":1,"lastUpdatedAt":1,"executionNumber":1,"versionNumber":1}"#;
        let known = PendingTracker::default();
        let job = "A".parse().unwrap();
        known.note_in_progress(&job, None);
        assert_eq!(known.get(), None);

        let list = format!(r#"{{"timestamp":1,"inProgressJobs":[],"queuedJobs":[{A}]}}"#);
        known.note_list(&serde_json::from_str(&list).unwrap());
        assert_eq!(known.get(), Some(pending(&[], &["A"])));
        known.note_in_progress(&job, None);
        assert_eq!(known.get(), Some(pending(&["A"], &[])));

        known.note_event(format!(r#"{{"timestamp":1,"jobs":{{"QUEUED":[{A}]}}}}"#).as_bytes());
        assert_eq!(known.get(), Some(pending(&[], &["A"])));
        let start = r#"{"timestamp":1,"execution":{"jobId":"A","status":"IN_PROGRESS","queuedAt":1,"lastUpdatedAt":1,"executionNumber":1,"versionNumber":2}}"#;
        known.note_started(&serde_json::from_str(start).unwrap());
        assert_eq!(known.get(), Some(pending(&["A"], &[])));

        known.note_event(b"{}");
        assert_eq!(known.get(), Some(pending(&["A"], &[])));
    }
}
