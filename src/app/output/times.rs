//! Times as text: RFC 3339, or relative to now.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// From here on a number is one of milliseconds: as seconds it would lie three thousand years ahead.
const MILLISECONDS: f64 = 1e11;

/// Epoch milliseconds of a time as the service writes it: epoch seconds, perhaps with a fraction, or milliseconds.
///
/// `None` if it is not a number, or is outside the range that RFC 3339 can express.
#[must_use]
pub(crate) fn millis(number: &str) -> Option<i64> {
    let number: f64 = number.parse().ok()?;
    let millis = if number.abs() < MILLISECONDS { (number * 1000.0).round() } else { number };
    // Up to the year 9999, which a double holds exactly to the millisecond.
    #[allow(clippy::cast_possible_truncation)]
    (millis.abs() < 2.6e14).then_some(millis as i64)
}

/// Epoch milliseconds as RFC 3339 in UTC.
#[must_use]
pub(crate) fn rfc3339(millis: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()?.format(&Rfc3339).ok()
}

/// `millis` rounded down to the second.
#[must_use]
pub(crate) fn whole_second(millis: i64) -> i64 {
    millis - millis.rem_euclid(1000)
}

/// How far `millis` is from `now`, in its largest useful unit: `5 min ago`, `in 2 h`.
#[must_use]
pub(crate) fn distance(millis: i64, now: i64) -> String {
    let seconds = millis.abs_diff(now) / 1000;
    let amount = match seconds {
        0 => return "now".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
    if millis <= now { format!("{amount} ago") } else { format!("in {amount}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_told_in_one_unit() {
        assert_eq!(distance(0, 999), "now");
        assert_eq!(distance(600_000, 0), "in 10 min");
        assert_eq!(distance(0, 7_200_000), "2 h ago");
        assert_eq!(distance(0, 400_000_000), "4 days ago");
    }

    #[test]
    fn a_time_has_the_precision_of_a_millisecond_and_a_year_of_four_digits() {
        assert_eq!(millis("1560279201.1234"), Some(1_560_279_201_123));
        assert_eq!(millis("1560279201123"), Some(1_560_279_201_123));
        assert_eq!(millis("1e300"), None);
        assert_eq!(millis("x"), None);
        assert_eq!(rfc3339(-1).unwrap(), "1969-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(whole_second(-1)).unwrap(), "1969-12-31T23:59:59Z");
    }
}
