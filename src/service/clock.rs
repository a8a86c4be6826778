//! The clock that jobs go by: the system's, and ahead of it as far as it was moved.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::time::Timestamp;

/// A clock that never goes back, not even where the system's does, and never stands still.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead: Duration,
    /// What it showed last, and when that was.
    shown: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// What the clock shows.
    pub(crate) fn now(&mut self) -> Timestamp {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.show(system, Instant::now())
    }

    /// What the clock shows when the system's shows `system` since the epoch.
    ///
    /// While that is behind what was shown before, the clock runs on by itself until the system's has caught up.
    fn show(&mut self, system: Duration, monotonic: Instant) -> Timestamp {
        let by_system = Timestamp::default().plus(system).plus(self.ahead);
        let (now, at) = match self.shown {
            Some((shown, at)) if by_system < shown => {
                // Whole milliseconds; what is left of the time since then counts the next time.
                let passed = monotonic.saturating_duration_since(at);
                let passed = Duration::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
                (shown.plus(passed), at + passed)
            }
            _ => (by_system, monotonic),
        };
        self.shown = Some((now, at));
        now
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
        // What was shown may be ahead of the system's clock; the move counts from there.
        if let Some((shown, _)) = &mut self.shown {
            *shown = shown.plus(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn it_shows_the_systems_time_and_as_much_as_it_was_moved() {
        let mut clock = Clock::default();
        let before = clock.now();
        clock.advance(Duration::from_mins(10));
        let after = clock.now();
        assert!(after >= before.plus(Duration::from_mins(10)));
        assert!(after < before.plus(Duration::from_mins(11)));
    }

    #[test]
    fn it_runs_on_while_the_systems_is_behind_and_follows_it_again_afterwards() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let shown = clock.show(HOUR * 10, start);
        let mut later = |system, seconds| clock.show(system, start + Duration::from_secs(seconds));
        // The system's clock was set back by nine hours.
        assert_eq!(later(HOUR, 0), shown);
        assert_eq!(later(HOUR, 1), shown.plus(Duration::from_secs(1)));
        assert_eq!(later(HOUR, 61), shown.plus(Duration::from_secs(61)));
        assert_eq!(later(HOUR * 11, 62), Timestamp::default().plus(HOUR * 11), "it is right again");
        assert_eq!(later(HOUR * 11, 63), Timestamp::default().plus(HOUR * 11), "and is followed");
    }

    #[test]
    fn looking_often_does_not_hold_it() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let shown = clock.show(HOUR, start);
        let step = Duration::from_micros(150);
        for look in 1..=13_000 {
            clock.show(Duration::ZERO, start + step * look);
        }
        let after = clock.show(Duration::ZERO, start + Duration::from_secs(2));
        assert_eq!(after, shown.plus(Duration::from_secs(2)));
    }

    #[test]
    fn a_move_counts_from_what_was_shown() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let shown = clock.show(HOUR * 10, start);
        clock.show(HOUR, start);
        clock.advance(HOUR);
        assert_eq!(clock.show(HOUR, start), shown.plus(HOUR));
    }

    #[test]
    fn it_stops_at_the_last_time_that_can_be_written() {
        let mut clock = Clock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
    }
}
