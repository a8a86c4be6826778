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

/// What an accepted answer teaches about what is pending.
#[derive(Debug, Clone)]
pub(super) enum Lesson {
    /// Nothing.
    Nothing,
    /// All of it: the answer is the full list.
    List,
    /// That the job execution in the answer is in progress. No event tells of a start.
    Start,
    /// That this job execution is in progress; without a number, the newest of the job.
    InProgress { job: JobId, execution_number: Option<ExecutionNumber> },
}

/// What the service last told us to be pending. Only the task that gets every message in its order writes here,
/// so that what came last is what is known.
#[derive(Debug, Default)]
pub(super) struct LastHeard(Mutex<Option<Pending>>);

impl LastHeard {
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

    /// Takes note of an accepted answer. One that cannot be read teaches nothing.
    pub(super) fn handle_accepted(&self, lesson: &Lesson, payload: &[u8]) {
        match lesson {
            Lesson::Nothing => {}
            Lesson::List => {
                if let Ok(list) = serde_json::from_slice::<GetPendingJobExecutionsResponse>(payload) {
                    *self.lock() = Some(Pending::from(&list));
                }
            }
            Lesson::Start => {
                let started = serde_json::from_slice::<StartNextJobExecutionResponse>(payload);
                if let Some(execution) = started.ok().and_then(|started| started.execution) {
                    self.handle_start(&execution.job_id, Some(execution.execution_number));
                }
            }
            Lesson::InProgress { job, execution_number } => self.handle_start(job, *execution_number),
        }
    }

    fn handle_start(&self, job: &JobId, execution_number: Option<ExecutionNumber>) {
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
        let known = LastHeard::default();
        let in_progress = Lesson::InProgress { job: "A".parse().unwrap(), execution_number: None };
        known.handle_accepted(&in_progress, b"{}");
        assert_eq!(known.get(), None);

        let list = format!(r#"{{"timestamp":1,"inProgressJobs":[],"queuedJobs":[{A}]}}"#);
        known.handle_accepted(&Lesson::List, list.as_bytes());
        assert_eq!(known.get(), Some(pending(&[], &["A"])));
        known.handle_accepted(&in_progress, b"{}");
        assert_eq!(known.get(), Some(pending(&["A"], &[])));

        known.handle_event(format!(r#"{{"timestamp":1,"jobs":{{"QUEUED":[{A}]}}}}"#).as_bytes());
        assert_eq!(known.get(), Some(pending(&[], &["A"])));
        let start = r#"{"timestamp":1,"execution":{"jobId":"A","status":"IN_PROGRESS","queuedAt":1,"lastUpdatedAt":1,"executionNumber":1,"versionNumber":2}}"#;
        known.handle_accepted(&Lesson::Start, start.as_bytes());
        assert_eq!(known.get(), Some(pending(&["A"], &[])));

        known.handle_event(b"{}");
        known.handle_accepted(&Lesson::List, b"{}");
        known.handle_accepted(&Lesson::Start, b"{}");
        assert_eq!(known.get(), Some(pending(&["A"], &[])));
    }
}
