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

    /// What a job with these counts says of the first criterion that it meets.
    pub(crate) fn met(&self, counts: &StatusCounts) -> Option<String> {
        self.criteria_list.iter().flatten().find_map(|criteria| criteria.met(counts))
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

    fn met(&self, counts: &StatusCounts) -> Option<String> {
        use JobExecutionStatus::{Failed, Rejected, TimedOut};
        let kind = self.failure_type.as_deref().unwrap_or("ALL");
        let failures = match kind {
            "FAILED" => counts.get(Failed),
            "REJECTED" => counts.get(Rejected),
            "TIMED_OUT" => counts.get(TimedOut),
            _ => counts.get(Failed) + counts.get(Rejected) + counts.get(TimedOut),
        };
        let executed = counts.terminal();
        let minimum = self.min_number_of_executed_things.and_then(|minimum| u64::try_from(minimum).ok());
        let threshold = self.threshold_percentage.unwrap_or(100.0);
        #[expect(clippy::cast_precision_loss, reason = "no account has 2^52 job executions")]
        let reached = failures as f64 * 100.0 >= threshold * executed as f64;
        (executed >= minimum.unwrap_or(1) && failures > 0 && reached).then(|| {
            format!(
                "Abort criteria for failure type {kind} with threshold {threshold:.2}% met. \
                 Total completed executions: {executed}, total {kind} executions: {failures}"
            )
        })
    }
}
