//! Maintenance windows: the recurring times in which alone a job is rolled out.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_MaintenanceWindow.html>

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDateTime, Cron, CronDateTime, Resolution, Weekday};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::Rejected;
use crate::service::choices::Choices;
use crate::service::time::Timestamp;

/// A recurring time in which a job may be rolled out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MaintenanceWindow {
    /// A cron expression of six fields, such as `cron(0 3 ? * MON *)`, in UTC.
    pub start_time: Option<String>,
    /// 1 to 1430 minutes.
    pub duration_in_minutes: Option<i64>,
}

/// A maintenance window that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    starts: Cron,
    minutes: i64,
}

impl MaintenanceWindow {
    /// Reads the cron expression.
    pub(crate) fn check(&self, choices: &Choices) -> Result<Window, Rejected> {
        let text = self.start_time.as_deref().unwrap_or_default();
        let starts = read(text, choices.one_day_is_a_question_mark).ok_or_else(|| {
            Rejected::InvalidRequest(format!(
                "StartTime {text} of MaintenanceWindow is not a cron expression such as cron(0 3 ? * MON *): minute, \
                 hour, day of month, month, day of week and year, one of the two days as ?."
            ))
        })?;
        Ok(Window { starts, minutes: self.duration_in_minutes.unwrap_or(1).max(1) })
    }
}

/// Six fields as AWS writes them; its days of the week are numbered from 1, Sunday.
fn read(text: &str, one_day_is_a_question_mark: bool) -> Option<Cron> {
    let fields = text.strip_prefix("cron(")?.strip_suffix(')')?;
    let is_known = |c: char| c.is_ascii_alphanumeric() || " ,-*/?#".contains(c);
    let words: Vec<&str> = fields.split_ascii_whitespace().collect();
    let &[_, _, day_of_month, _, day_of_week, _] = &words[..] else { return None };
    let one_day = (day_of_month == "?") != (day_of_week == "?");
    if !fields.chars().all(is_known) || one_day_is_a_question_mark && !one_day {
        return None;
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build();
    parser.parse(&format!("0 {}", words.join(" "))).ok()
}

impl Window {
    /// The first start that is not before `at`.
    pub(crate) fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        // A start is at a whole second.
        let from = Utc::at(at.plus(std::time::Duration::from_millis(999)))?;
        self.starts.find_next_occurrence(&from, true).ok().map(Utc::timestamp)
    }

    /// When the window ends that is open at `at`, if one is.
    pub(crate) fn open_until(&self, at: Timestamp) -> Option<Timestamp> {
        let last = self.starts.find_previous_occurrence(&Utc::at(at)?, true).ok()?;
        Some(last.timestamp().plus_minutes(self.minutes)).filter(|end| *end > at)
    }
}

/// A date and a time of day for [`Cron`], which otherwise brings a second library of them.
#[derive(Debug, Clone, Copy)]
struct Utc(OffsetDateTime);

impl Utc {
    fn at(time: Timestamp) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(time.seconds()).ok().map(Self)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millis(self.0.unix_timestamp() * 1000)
    }
}

impl CronDateTime for Utc {
    fn to_civil(&self) -> CivilDateTime {
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second) = self.0.to_hms();
        let [day, hour, minute, second] = [day, hour, minute, second].map(u32::from);
        CivilDateTime::from_ymd_hms_opt(year, u8::from(month).into(), day, hour, minute, second)
            .expect("one date is another")
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(self.0.weekday().number_days_from_sunday().into())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let small = |number: u32| u8::try_from(number).map_err(|_| CronError::InvalidDate);
        let month = Month::try_from(small(civil.month())?).map_err(|_| CronError::InvalidDate)?;
        let date = Date::from_calendar_date(civil.year(), month, small(civil.day())?);
        let time = Time::from_hms(small(civil.hour())?, small(civil.minute())?, small(civil.second())?);
        let (date, time) =
            (date.map_err(|_| CronError::InvalidDate)?, time.map_err(|_| CronError::InvalidTime)?);
        Ok(Resolution::Single(Self(PrimitiveDateTime::new(date, time).assume_utc())))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(Duration::seconds(seconds)).map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
