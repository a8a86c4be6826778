//! When a job gives up because too many of its things failed.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};

use super::job_status::StatusCounts;
use super::validate::Violations;
use crate::wire::model::JobExecutionStatus;

/// `abortConfig`: any of its criteria cancels the job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AbortConfig {
    /// At least one.
    pub criteria_list: Option<Vec<AbortCriteria>>,
}

/// An entry of `criteriaList`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AbortCriteria {
    /// FAILED, REJECTED, TIMED_OUT or ALL.
    pub failure_type: Option<String>,
    /// CANCEL.
    pub action: Option<String>,
    /// Up to 100, with two decimals.
    pub threshold_percentage: Option<f64>,
    /// How many things must have finished before the percentage counts.
    pub min_number_of_executed_things: Option<i64>,
}

impl AbortConfig {
    pub(crate) fn violations(&self, violations: &mut Violations) {
        let Some(criteria) = violations.required("abortConfig.criteriaList", self.criteria_list.as_ref())
        else {
            return;
        };
        if criteria.is_empty() {
            violations.size("abortConfig.criteriaList", 0, 1, usize::MAX);
        }
        for (index, entry) in criteria.iter().enumerate() {
            let member = |name: &str| format!("abortConfig.criteriaList.{}.member.{name}", index + 1);
            violations.required(&member("failureType"), entry.failure_type.as_ref());
            let kinds = ["FAILED", "REJECTED", "TIMED_OUT", "ALL"];
            violations.word(&member("failureType"), entry.failure_type.as_deref(), &kinds);
            violations.required(&member("action"), entry.action.as_ref());
            violations.word(&member("action"), entry.action.as_deref(), &["CANCEL"]);
            violations.required(&member("thresholdPercentage"), entry.threshold_percentage.as_ref());
            violations.range(&member("thresholdPercentage"), entry.threshold_percentage, 0.0, 100.0);
            let minimum = entry.min_number_of_executed_things;
            violations.required(&member("minNumberOfExecutedThings"), minimum.as_ref());
            violations.range(&member("minNumberOfExecutedThings"), minimum, 1, i64::from(i32::MAX));
        }
    }

    /// Whether a job with these counts has failed often enough.
    pub(crate) fn is_met(&self, counts: &StatusCounts) -> bool {
        self.criteria_list.iter().flatten().any(|criteria| criteria.is_met(counts))
    }
}

impl AbortCriteria {
    fn is_met(&self, counts: &StatusCounts) -> bool {
        use JobExecutionStatus::{Failed, Rejected, TimedOut};
        let failures = match self.failure_type.as_deref() {
            Some("FAILED") => counts.get(Failed),
            Some("REJECTED") => counts.get(Rejected),
            Some("TIMED_OUT") => counts.get(TimedOut),
            _ => counts.get(Failed) + counts.get(Rejected) + counts.get(TimedOut),
        };
        let executed = counts.terminal();
        let minimum = self.min_number_of_executed_things.and_then(|minimum| u64::try_from(minimum).ok());
        #[expect(clippy::cast_precision_loss, reason = "no account has 2^52 job executions")]
        let reached = failures as f64 * 100.0 >= self.threshold_percentage.unwrap_or(100.0) * executed as f64;
        executed >= minimum.unwrap_or(1) && failures > 0 && reached
    }
}
