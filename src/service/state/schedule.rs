//! When a job begins and ends, and when it is rolled out.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::Rejected;
use super::job_status::TargetSelection;
use super::window::{MaintenanceWindow, Window};
use crate::service::choices::Choices;
use crate::service::time::Timestamp;

/// `schedulingConfig`: start and end of a job, and when in between it is rolled out.
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
    /// In these alone a CONTINUOUS job is rolled out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_windows: Option<Vec<MaintenanceWindow>>,
}

/// A schedule that was checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    /// None where the job begins at once.
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    /// None where the job is rolled out at any time.
    pub(crate) windows: Vec<Window>,
}

const HALF_HOUR: i64 = 30;
const YEAR: i64 = 366 * 24 * 60;

impl SchedulingConfig {
    /// Reads the times and holds them to AWS's limits.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        selection: TargetSelection,
        choices: &Choices,
    ) -> Result<Schedule, Rejected> {
        self.check_maintenance_windows(selection, choices)?;
        let schedule = self.read(choices)?;
        let Schedule { start, end, .. } = schedule;
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
        Ok(schedule)
    }

    /// The same as points in time, whenever they are.
    pub(crate) fn read(&self, choices: &Choices) -> Result<Schedule, Rejected> {
        let windows = self.maintenance_windows.iter().flatten().map(|window| window.check(choices));
        Ok(Schedule {
            windows: windows.collect::<Result<_, _>>()?,
            start: self.start_time.as_deref().map(parse).transpose()?,
            end: self.end_time.as_deref().map(parse).transpose()?,
        })
    }

    fn check_maintenance_windows(
        &self,
        selection: TargetSelection,
        choices: &Choices,
    ) -> Result<(), Rejected> {
        let windows = self.maintenance_windows.as_deref().unwrap_or_default();
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        match (windows, &self.start_time) {
            ([], _) => Ok(()),
            _ if selection == TargetSelection::Snapshot => refuse(
                "TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job.".to_owned(),
            ),
            (_, None) => {
                refuse("MaintenanceWindow cannot be used without StartTime of SchedulingConfig.".to_owned())
            }
            _ => check_windows(windows, choices).map(drop),
        }
    }
}

/// The windows of a job or of a job template.
pub(super) fn check_windows(
    windows: &[MaintenanceWindow],
    choices: &Choices,
) -> Result<Vec<Window>, Rejected> {
    let most = choices.most_maintenance_windows;
    if windows.len() > most {
        let message = format!("A job cannot have more than {most} maintenance windows.");
        return Err(Rejected::InvalidRequest(message));
    }
    windows.iter().map(|window| window.check(choices)).collect()
}

impl Schedule {
    /// Whether the job may be rolled out at `at`, and when that changes.
    pub(crate) fn is_open(&self, at: Timestamp) -> (bool, Option<Timestamp>) {
        match self.windows.iter().filter_map(|window| window.open_until(at)).max() {
            None => (self.windows.is_empty(), self.next_window(at)),
            end => (true, end),
        }
    }

    /// The first start of a window that is not before `at`.
    fn next_window(&self, at: Timestamp) -> Option<Timestamp> {
        let first = self.windows.iter().filter_map(|window| window.next_start(at)).min();
        first.filter(|start| self.end.is_none_or(|end| *start < end))
    }

    /// The starts of the windows that are still ahead at `now`.
    pub(crate) fn windows_ahead(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let first = self.next_window(self.start.map_or(now, |start| start.max(now)));
        std::iter::successors(first, |start| self.next_window(start.plus_minutes(1)))
    }
}

/// A time of `scheduledJobRollouts`.
pub(super) fn format(time: Timestamp, choices: &Choices) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(time.seconds()).ok()?;
    if choices.rollout_times_have_seconds {
        return time.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).ok();
    }
    time.format(format_description!("[year]-[month]-[day]T[hour]:[minute]")).ok()
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
