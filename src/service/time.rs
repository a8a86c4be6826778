//! Points in time, as the service counts them.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::wire::model::EpochSeconds;

/// A point in time in epoch milliseconds.
///
/// The data plane writes whole seconds ([`Timestamp::seconds`]), the control plane seconds with decimals
/// (this type's `Serialize`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point in time `millis` epoch milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Epoch milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole epoch seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> EpochSeconds {
        self.0.div_euclid(1000)
    }

    /// The point in time `duration` later, at most the last one that can be written.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The point in time `minutes` later.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes.saturating_mul(60_000)))
    }

    /// Whole seconds from `now` until this point in time, rounded down, 0 where it is past.
    #[must_use]
    pub const fn seconds_after(self, now: Self) -> i64 {
        let millis = self.0.saturating_sub(now.0);
        if millis < 0 { 0 } else { millis / 1000 }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit into 53 bits")]
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_down() {
        assert_eq!(Timestamp::from_millis(1_999).seconds(), 1);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
        let deadline = Timestamp::from_millis(0).plus_minutes(1);
        assert_eq!(deadline.seconds_after(Timestamp::from_millis(1)), 59);
        assert_eq!(deadline.seconds_after(Timestamp::from_millis(60_001)), 0);
    }

    #[test]
    fn the_control_plane_writes_seconds_with_decimals() {
        let written = serde_json::to_string(&Timestamp::from_millis(1_560_279_201_123)).unwrap();
        assert_eq!(written, "1560279201.123");
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let last = Timestamp::from_millis(i64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
        assert_eq!(last.plus_minutes(i64::MAX), last);
    }
}
