//! How often a job execution that failed or timed out is tried again.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};

use super::Rejected;
use crate::wire::model::JobExecutionStatus;

/// `jobExecutionsRetryConfig`: how often to try again, by kind of failure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobExecutionsRetryConfig {
    /// One entry for each kind of failure, or one for ALL.
    pub criteria_list: Option<Vec<RetryCriteria>>,
}

/// An entry of `criteriaList`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryCriteria {
    /// FAILED, TIMED_OUT or ALL.
    pub failure_type: Option<String>,
    /// 0 to 10.
    pub number_of_retries: Option<i64>,
}

/// How many retries led to a job execution, by the failure that caused them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RetriesUsed {
    pub(super) after_failed: u8,
    pub(super) after_timed_out: u8,
}

impl RetriesUsed {
    /// `retryAttempt`: 1 for the first retry, 0 for an execution that is no retry.
    pub(crate) fn attempt(self) -> u64 {
        u64::from(self.after_failed + self.after_timed_out)
    }
}

/// Of a job execution in all, so that they can be counted in a byte.
const MAX_RETRIES: i64 = 10;
const ALL: &str = "ALL";

impl JobExecutionsRetryConfig {
    /// The rules that hold between the entries of a list whose entries are well formed.
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        let criteria = self.criteria_list.as_deref().unwrap_or_default();
        let types = self.failure_types();
        let refuse = |message: &str| Err(Rejected::InvalidRequest(message.to_owned()));
        if types.len() > 1 && types.contains(&ALL) {
            return refuse("A retryCriteria with failure type ALL must be used by itself.");
        }
        if types.len() > 1 && types[0] == types[1] {
            return refuse("A failure type cannot be used by more than one retryCriteria.");
        }
        if criteria.iter().filter_map(|entry| entry.number_of_retries).sum::<i64>() > MAX_RETRIES {
            return refuse("The total number of retries cannot be greater than 10.");
        }
        Ok(())
    }

    /// The kinds of failure that it names, sorted.
    pub(crate) fn failure_types(&self) -> Vec<&str> {
        let entries = self.criteria_list.iter().flatten();
        let mut types: Vec<&str> = entries.filter_map(|entry| entry.failure_type.as_deref()).collect();
        types.sort_unstable();
        types
    }

    /// The count for the retry of an execution that ended as `status` after `used` retries; none where none is left.
    pub(crate) fn next(&self, status: JobExecutionStatus, used: RetriesUsed) -> Option<RetriesUsed> {
        if !matches!(status, JobExecutionStatus::Failed | JobExecutionStatus::TimedOut) {
            return None;
        }
        let criteria = self.criteria_list.as_deref().unwrap_or_default();
        let entry = criteria.iter().find(|entry| {
            entry.failure_type.as_deref().is_some_and(|kind| kind == ALL || kind == status.as_str())
        })?;
        let timed_out = status == JobExecutionStatus::TimedOut;
        let so_far = match entry.failure_type.as_deref() {
            Some(ALL) => used.after_failed + used.after_timed_out,
            _ if timed_out => used.after_timed_out,
            _ => used.after_failed,
        };
        let left = u8::try_from(entry.number_of_retries?).is_ok_and(|limit| so_far < limit);
        left.then_some(RetriesUsed {
            after_failed: used.after_failed + u8::from(!timed_out),
            after_timed_out: used.after_timed_out + u8::from(timed_out),
        })
    }
}
