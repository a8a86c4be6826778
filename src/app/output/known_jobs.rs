//! The jobs that the service's messages have mentioned, for completion.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::output::json_text::{self, TokenKind};
use crate::app::output::message::{Message, MessageKind};
use crate::wire::model::JobId;

/// How many jobs are remembered: nobody completes a job id from a longer list.
const MAX_JOBS: usize = 500;

/// The jobs known so far, the latest first. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownJobs(Arc<Mutex<VecDeque<String>>>);

impl KnownJobs {
    /// Adds the jobs that a message mentions.
    pub(crate) fn learn(&self, message: &Message) {
        let Some(body) = message.body.as_deref() else { return };
        if !matches!(message.kind, MessageKind::Response | MessageKind::Event) {
            return;
        }
        let ids: Vec<&str> = job_ids(body).collect();
        let mut jobs = self.lock();
        for job in &ids[ids.len().saturating_sub(MAX_JOBS)..] {
            jobs.retain(|known| known != job);
            jobs.push_front((*job).to_owned());
        }
        jobs.truncate(MAX_JOBS);
    }

    /// Removes a job that does not exist any more.
    pub(crate) fn remove(&self, job: &JobId) {
        self.lock().retain(|known| known != job.as_str());
    }

    /// The ids of the jobs, the latest first.
    #[must_use]
    pub(crate) fn jobs(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The job ids in the `jobId` members of `body`, except inside what the user wrote.
fn job_ids(body: &str) -> impl Iterator<Item = &str> {
    let mut after_key = false;
    let mut user_content = false;
    let mut depth = 0_usize;
    let mut user_depth = 0;
    json_text::tokens(body).filter_map(move |token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth = depth.saturating_sub(1);
                user_content &= depth > user_depth;
            }
            TokenKind::Key => {
                if !user_content && json_text::is_user_content(token.text) {
                    (user_content, user_depth) = (true, depth);
                }
                after_key = token.text == "\"jobId\"";
                return None;
            }
            TokenKind::Text if after_key && !user_content => {
                after_key = false;
                let id = token.text.trim_matches('"');
                return id.parse::<JobId>().is_ok().then_some(id);
            }
            TokenKind::Separator => return None,
            TokenKind::Text | TokenKind::Value => user_content &= depth > user_depth,
        }
        after_key = false;
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(known: &KnownJobs, title: &str, body: &str) {
        known.learn(&Message::new(MessageKind::Event, title, Some(body.to_owned())));
    }

    #[test]
    fn jobs_come_from_messages_the_latest_first() {
        let known = KnownJobs::default();
        let event = r#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"A"},{"jobId":"B"}]}}"#;
        learn(&known, "JobExecutionsChangedEvent", event);
        assert_eq!(known.jobs(), ["B", "A"]);
        learn(&known, "DescribeJobResponse", r#"{"job":{"jobId":"A"}}"#);
        assert_eq!(known.jobs(), ["A", "B"]);
        known.remove(&"A".parse().unwrap());
        assert_eq!(known.jobs(), ["B"]);
    }

    #[test]
    fn of_a_long_list_the_end_is_kept() {
        let known = KnownJobs::default();
        let jobs: Vec<String> = (0..2000).map(|n| format!(r#"{{"jobId":"J{n}"}}"#)).collect();
        learn(&known, "ListJobsResponse", &format!(r#"{{"jobs":[{}]}}"#, jobs.join(",")));
        assert_eq!(known.jobs().len(), MAX_JOBS);
        assert_eq!(known.jobs()[0], "J1999");
    }

    #[test]
    fn a_document_teaches_nothing() {
        let body = r#"{"execution":{"jobDocument":{"jobId":"X","l":[{"jobId":"Y"}]},"statusDetails":{"jobId":"Z"},"jobId":"A"}}"#;
        assert_eq!(job_ids(body).collect::<Vec<_>>(), ["A"]);
        assert_eq!(job_ids(r#"{"jobDocument":1,"jobId":"A"}"#).collect::<Vec<_>>(), ["A"]);
        assert_eq!(job_ids(r#"{"jobId":"no id!","x":{"jobId":"\u0041"}}"#).count(), 0);
    }
}
