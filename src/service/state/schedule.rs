//! When a job begins and ends.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::Rejected;
use super::job_status::TargetSelection;
use crate::service::time::Timestamp;

/// `schedulingConfig`: start and end of a job. Recurring maintenance windows are not offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulingConfig {
    /// UTC, `YYYY-MM-DDThh:mm`, at least 30 minutes and at most a year ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// UTC, `YYYY-MM-DDThh:mm`, at least 30 minutes after the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// STOP_ROLLOUT, CANCEL or FORCE_CANCEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_behavior: Option<String>,
    /// Refused unless empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_windows: Option<Vec<MaintenanceWindow>>,
}

/// A recurring time in which a job may be rolled out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MaintenanceWindow {
    /// A cron expression.
    pub start_time: Option<String>,
    /// 1 to 1430 minutes.
    pub duration_in_minutes: Option<i64>,
}

/// A schedule that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Schedule {
    /// None where the job begins at once.
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

const HALF_HOUR: i64 = 30;
const YEAR: i64 = 366 * 24 * 60;

impl SchedulingConfig {
    /// Reads the times and holds them to AWS's limits.
    pub(crate) fn check(&self, now: Timestamp, selection: TargetSelection) -> Result<Schedule, Rejected> {
        self.check_maintenance_windows(selection)?;
        let start = self.start_time.as_deref().map(parse).transpose()?;
        let end = self.end_time.as_deref().map(parse).transpose()?;
        let refuse = |message: &str| Err(Rejected::InvalidRequest(message.to_owned()));
        if start.is_some_and(|start| start < now.plus_minutes(HALF_HOUR) || start > now.plus_minutes(YEAR)) {
            return refuse(
                "StartTime of SchedulingConfig must be at least 30 minutes and at most 1 year ahead.",
            );
        }
        let begin = start.unwrap_or(now);
        if end.is_some_and(|end| end < begin.plus_minutes(HALF_HOUR) || end > begin.plus_minutes(2 * YEAR)) {
            return refuse(
                "EndTime of SchedulingConfig must be at least 30 minutes and at most 2 years after the start.",
            );
        }
        Ok(Schedule { start, end })
    }

    fn check_maintenance_windows(&self, selection: TargetSelection) -> Result<(), Rejected> {
        if self.maintenance_windows.as_ref().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let message = if selection == TargetSelection::Snapshot {
            "TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job."
        } else if self.start_time.is_none() {
            "MaintenanceWindow cannot be used without StartTime of SchedulingConfig."
        } else {
            "The local Jobs service does not offer maintenanceWindows: use startTime and endTime."
        };
        Err(Rejected::InvalidRequest(message.to_owned()))
    }
}

fn parse(text: &str) -> Result<Timestamp, Rejected> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let parsed = PrimitiveDateTime::parse(text, format).map_err(|_| {
        Rejected::InvalidRequest(format!(
            "1 validation error detected: Provided time {text} UTC must follow the format YYYY-MM-DDThh:mm."
        ))
    })?;
    Ok(Timestamp::from_millis(parsed.assume_utc().unix_timestamp() * 1000))
}
