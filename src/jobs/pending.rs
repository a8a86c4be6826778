//! What is known to be pending, and what changed while nobody was listening.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::model::{
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobExecutionSummary, JobExecutionsChangedEvent,
    JobId,
};

/// The pending job executions of a thing: job and execution number, with the status of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending(BTreeMap<(JobId, u64), JobExecutionStatus>);

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

    /// What is different in `now`, one line each.
    fn differences(&self, now: &Self) -> Vec<Difference> {
        let appeared = now.0.iter().filter(|(key, status)| self.0.get(key) != Some(status));
        let appeared = appeared.map(|((job, _), status)| Difference { job: job.clone(), now: Some(*status) });
        let gone = self.0.keys().filter(|key| !now.0.contains_key(key));
        let gone = gone.map(|(job, _)| Difference { job: job.clone(), now: None });
        appeared.chain(gone).collect()
    }
}

/// One job execution that is not as it was; `Display` says how it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The job.
    pub job: JobId,
    /// Its status now; none where it is no longer pending.
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

/// What the service last told us to be pending.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Pending>>);

impl Known {
    /// A copy; none before the service told us anything.
    pub(super) fn get(&self) -> Option<Pending> {
        self.lock().clone()
    }

    /// Takes note of a JobExecutionsChanged event. One that cannot be read teaches nothing.
    pub(super) fn handle_event(&self, payload: &[u8]) {
        if let Ok(event) = serde_json::from_slice::<JobExecutionsChangedEvent>(payload) {
            *self.lock() = Some(Pending::new(&event.jobs.in_progress, &event.jobs.queued));
        }
    }

    /// Takes note of the full list and returns what is different in it; all of it where nothing was known.
    pub(super) fn handle_list(&self, list: &GetPendingJobExecutionsResponse) -> Vec<Difference> {
        let now = Pending::new(&list.in_progress_jobs, &list.queued_jobs);
        let mut known = self.lock();
        let differences = known.take().unwrap_or_default().differences(&now);
        *known = Some(now);
        differences
    }

    /// Takes note of a start, of which no event tells.
    pub(super) fn handle_start(&self, job: &JobId, execution_number: Option<u64>) {
        let mut known = self.lock();
        let Some(known) = known.as_mut() else { return };
        let same = |(of, number): &(JobId, u64)| {
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

    fn summary(job: &str) -> JobExecutionSummary {
        JobExecutionSummary {
            job_id: job.parse().unwrap(),
            queued_at: 1,
            last_updated_at: 1,
            started_at: None,
            execution_number: 1,
            version_number: 1,
        }
    }

    fn list(in_progress: &[&str], queued: &[&str]) -> GetPendingJobExecutionsResponse {
        GetPendingJobExecutionsResponse {
            client_token: None,
            timestamp: 1,
            in_progress_jobs: in_progress.iter().map(|job| summary(job)).collect(),
            queued_jobs: queued.iter().map(|job| summary(job)).collect(),
        }
    }

    fn said(differences: &[Difference]) -> Vec<String> {
        differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_came_went_and_moved_is_told() {
        let known = Known::default();
        assert_eq!(said(&known.handle_list(&list(&["A"], &[]))), ["A is IN_PROGRESS now"]);
        known.handle_list(&list(&["A"], &["B", "C"]));
        let differences = known.handle_list(&list(&["B"], &["C", "D"]));
        assert_eq!(said(&differences), ["B is IN_PROGRESS now", "D is QUEUED now", "A is no longer pending"]);
        assert_eq!(known.handle_list(&list(&["B"], &["C", "D"])), []);
    }

    #[test]
    fn events_and_our_own_starts_are_no_news() {
        let known = Known::default();
        known.handle_event(
            br#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"A","queuedAt":1,"lastUpdatedAt":1,"executionNumber":1,"versionNumber":1}]}}"#,
        );
        known.handle_event(b"{}");
        known.handle_start(&"A".parse().unwrap(), Some(1));
        assert_eq!(known.get().unwrap().jobs(JobExecutionStatus::InProgress).count(), 1);
        assert_eq!(known.handle_list(&list(&["A"], &[])), []);
    }
}
