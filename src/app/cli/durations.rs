//! Durations as options.

use std::time::Duration;

/// A duration that somebody waits for, for clap.
pub(super) fn parse_timeout(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(timeout) if timeout.is_zero() => Err("must be longer than nothing".into()),
        Ok(timeout) if timeout > Duration::from_hours(24) => Err("must be at most 24h".into()),
        Ok(timeout) => Ok(timeout),
        Err(_) => Err("write a number and a unit, such as 30s or 2m".into()),
    }
}
