//! What the messages of the service have taught: which jobs there are, how many are pending.
//!
//! Completion and the prompt read it; nothing is ever decided by it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::jobs::model::JobId;
use crate::json_text::{self, Kind as TokenKind};
use crate::message::{Kind, Message};

/// More job ids than this help nobody to complete one.
const MAX_JOBS: usize = 500;

/// What is known. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// The latest first.
    jobs: VecDeque<String>,
    pending: Option<usize>,
}

impl Known {
    /// Learns from a message.
    pub fn learn(&self, message: &Message) {
        let Some(body) = message.body.as_deref() else { return };
        if !matches!(message.kind, Kind::Response | Kind::Event) {
            return;
        }
        let mut inner = self.inner();
        let mut entries = 0;
        for job in job_ids(body) {
            entries += 1;
            inner.jobs.retain(|known| known != job);
            inner.jobs.push_front(job.to_owned());
        }
        inner.jobs.truncate(MAX_JOBS);
        if matches!(message.title.as_str(), "JobExecutionsChangedEvent" | "GetPendingJobExecutionsResponse") {
            inner.pending = Some(entries);
        }
    }

    /// A job that was deleted.
    pub fn forget(&self, job: &JobId) {
        self.inner().jobs.retain(|known| known != job.as_str());
    }

    /// The ids of jobs, the one heard of last first.
    #[must_use]
    pub fn jobs(&self) -> Vec<String> {
        self.inner().jobs.iter().cloned().collect()
    }

    /// How many executions were pending when the service last said so; it lists ten at most.
    #[must_use]
    pub fn pending(&self) -> Option<usize> {
        self.inner().pending
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The values of `jobId` in `body` that are ids, wherever they stand outside what the user wrote.
fn job_ids(body: &str) -> impl Iterator<Item = &str> {
    let mut after_key = false;
    let mut foreign = false;
    let mut depth = 0_usize;
    let mut foreign_depth = 0;
    json_text::tokens(body).filter_map(move |token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth = depth.saturating_sub(1);
                foreign &= depth > foreign_depth;
            }
            TokenKind::Key => {
                if !foreign && json_text::is_foreign(token.text) {
                    (foreign, foreign_depth) = (true, depth);
                }
                after_key = token.text == "\"jobId\"";
                return None;
            }
            TokenKind::Text if after_key && !foreign => {
                after_key = false;
                let id = token.text.trim_matches('"');
                return id.parse::<JobId>().is_ok().then_some(id);
            }
            TokenKind::Separator => return None,
            TokenKind::Text | TokenKind::Value => foreign &= depth > foreign_depth,
        }
        after_key = false;
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(known: &Known, title: &str, body: &str) {
        known.learn(&Message::new(Kind::Event, title, Some(body.to_owned())));
    }

    #[test]
    fn jobs_and_pending_come_from_messages() {
        let known = Known::default();
        learn(
            &known,
            "JobExecutionsChangedEvent",
            r#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"A"},{"jobId":"B"}]}}"#,
        );
        assert_eq!((known.jobs(), known.pending()), (vec!["B".to_owned(), "A".to_owned()], Some(2)));
        learn(&known, "DescribeJobResponse", r#"{"job":{"jobId":"A"}}"#);
        assert_eq!((known.jobs(), known.pending()), (vec!["A".to_owned(), "B".to_owned()], Some(2)));
        known.forget(&"A".parse().unwrap());
        learn(&known, "JobExecutionsChangedEvent", r#"{"timestamp":1,"jobs":{}}"#);
        assert_eq!((known.jobs(), known.pending()), (vec!["B".to_owned()], Some(0)));
    }

    #[test]
    fn a_document_teaches_nothing() {
        let body = r#"{"execution":{"jobDocument":{"jobId":"X","l":[{"jobId":"Y"}]},"statusDetails":{"jobId":"Z"},"jobId":"A"}}"#;
        assert_eq!(job_ids(body).collect::<Vec<_>>(), ["A"]);
        assert_eq!(job_ids(r#"{"jobDocument":1,"jobId":"A"}"#).collect::<Vec<_>>(), ["A"]);
        assert_eq!(job_ids(r#"{"jobId":"no id!","x":{"jobId":"\u0041"}}"#).count(), 0);
    }
}
