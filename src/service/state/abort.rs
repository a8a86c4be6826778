//! When a job gives up because too many of its things failed.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::job_status::StatusCounts;
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
    /// The rules that hold beyond each member.
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        let criteria = self.criteria_list.as_deref().unwrap_or_default();
        criteria.iter().try_for_each(AbortCriteria::check)?;
        let mut types: Vec<_> = criteria.iter().map(|entry| entry.failure_type.as_deref()).collect();
        types.sort_unstable();
        if types.windows(2).any(|pair| pair[0] == pair[1]) {
            let message = "Multiple AbortCriteria cannot have the same failure type";
            return Err(Rejected::InvalidRequest(message.to_owned()));
        }
        Ok(())
    }

    /// Whether a job with these counts has failed often enough.
    pub(crate) fn is_met(&self, counts: &StatusCounts) -> bool {
        self.criteria_list.iter().flatten().any(|criteria| criteria.is_met(counts))
    }
}

impl AbortCriteria {
    fn check(&self) -> Result<(), Rejected> {
        let Some(percentage) = self.threshold_percentage else { return Ok(()) };
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        if percentage <= 0.0 {
            return refuse(format!(
                "ThresholdPercentage value {percentage:?} for AbortCriteria must have value greater than 0"
            ));
        }
        // As few digits as tell the number from its neighbors.
        let digits = percentage.to_string();
        if digits.split_once('.').is_some_and(|(_, decimals)| decimals.len() > 2) {
            return refuse("Abort thresholdPercentage must have two or less decimal digits".to_owned());
        }
        Ok(())
    }

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
