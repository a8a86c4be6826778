//! The clock that jobs go by: the system's, and ahead of it as far as it was moved.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::row::{Kind, Row, RowKey};
use super::time::Timestamp;

/// A clock that never goes back, not even where the system's does, and never stands still.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead: Duration,
    /// What it showed last, and when that was.
    shown: Option<(Timestamp, Instant)>,
    /// The move that is under way.
    moving: Option<Moving>,
}

/// A move of the clock, which stops at each time at which something is due.
#[derive(Debug)]
struct Moving {
    by: Duration,
    /// How far it has come: what the clock shows meanwhile.
    at: Timestamp,
}

/// What is kept of a clock; both in milliseconds.
#[derive(Serialize, Deserialize)]
struct KeptClock {
    ahead: u64,
    /// What it showed last, since the epoch.
    shown: i64,
}

impl Clock {
    /// The clock of which `value` was kept. It shows nothing earlier than it did then, wherever the system's is.
    pub(crate) fn restored(value: &str) -> serde_json::Result<Self> {
        let KeptClock { ahead, shown } = serde_json::from_str(value)?;
        let shown = Some((Timestamp::from_millis(shown), Instant::now()));
        Ok(Self { ahead: Duration::from_millis(ahead), shown, moving: None })
    }

    /// What is kept of it.
    pub(crate) fn row(&self) -> Row {
        let shown = match (&self.moving, self.shown) {
            (Some(moving), _) => moving.at,
            (None, shown) => shown.map_or_else(Timestamp::default, |(shown, _)| shown),
        };
        let ahead = u64::try_from(self.ahead.as_millis()).unwrap_or(u64::MAX);
        let kept = KeptClock { ahead, shown: shown.millis() };
        let value = serde_json::to_string(&kept).expect("a clock holds nothing that JSON cannot write");
        Row { key: RowKey::Named(Kind::Clock, String::new()), value: Some(value) }
    }

    /// What the clock shows.
    pub(crate) fn now(&mut self) -> Timestamp {
        match &self.moving {
            Some(moving) => moving.at,
            None => self.running(),
        }
    }

    /// What it shows if it is not being moved.
    fn running(&mut self) -> Timestamp {
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

    /// Begins to move the clock forward from what it shows, `at`.
    pub(crate) fn begin_move(&mut self, at: Timestamp, by: Duration) {
        self.moving = Some(Moving { by, at });
    }

    /// Begins to move from what was shown last, by a process that has ended, to the present.
    pub(crate) fn begin_to_catch_up(&mut self) {
        if let Some((at, _)) = self.shown {
            self.begin_move(at, Duration::ZERO);
        }
    }

    /// Where the move that is under way leads; it runs on as the system's clock does.
    pub(crate) fn destination(&mut self) -> Option<Timestamp> {
        let by = self.moving.as_ref()?.by;
        Some(self.running().plus(by))
    }

    /// Lets the move come as far as `at`, unless it is there already.
    pub(crate) fn reach(&mut self, at: Timestamp) {
        if let Some(moving) = &mut self.moving {
            moving.at = moving.at.max(at);
        }
    }

    /// Ends the move: the clock shows its destination, and runs from there.
    pub(crate) fn end_move(&mut self) {
        let Some(Moving { by, .. }) = self.moving.take() else { return };
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

    fn advance(clock: &mut Clock, by: Duration) {
        clock.begin_move(Timestamp::default(), by);
        clock.end_move();
    }

    #[test]
    fn while_it_is_moved_it_shows_how_far_it_has_come() {
        let mut clock = Clock::default();
        assert_eq!(clock.destination(), None);
        let began = clock.now();
        clock.begin_move(began, HOUR);
        assert_eq!(clock.now(), began);
        assert!(clock.destination() >= Some(began.plus(HOUR)));
        clock.reach(began.plus_minutes(5));
        clock.reach(began.plus_minutes(4));
        assert_eq!(clock.now(), began.plus_minutes(5));
        clock.end_move();
        assert!(clock.now() >= began.plus(HOUR));
        assert_eq!(clock.destination(), None);
    }

    #[test]
    fn it_shows_the_systems_time_and_as_much_as_it_was_moved() {
        let mut clock = Clock::default();
        let before = clock.now();
        advance(&mut clock, Duration::from_mins(10));
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
        advance(&mut clock, HOUR);
        assert_eq!(clock.show(HOUR, start), shown.plus(HOUR));
    }

    #[test]
    fn a_kept_one_goes_on_from_where_it_was() {
        let mut clock = Clock::default();
        clock.now();
        advance(&mut clock, HOUR);
        let shown = clock.now();
        let restored = |clock: &Clock| Clock::restored(&clock.row().value.unwrap()).unwrap();
        assert!(restored(&clock).now() >= shown);
        // The system's clock was set back by nine hours while nobody looked.
        let (mut clock, start) = (Clock::default(), Instant::now());
        let shown = clock.show(HOUR * 10, start);
        assert!(restored(&clock).show(HOUR, start) >= shown);
        assert_eq!(restored(&clock).show(HOUR * 11, start), shown.plus(HOUR));
        assert!(Clock::restored("{}").is_err());
    }

    #[test]
    fn what_is_kept_during_a_move_is_how_far_that_has_come() {
        let mut clock = Clock::default();
        let began = clock.now();
        clock.begin_move(began, HOUR);
        clock.reach(began.plus_minutes(5));
        let restored = Clock::restored(&clock.row().value.unwrap()).unwrap().now();
        assert!(restored >= began.plus_minutes(5) && restored < began.plus_minutes(6));
    }

    #[test]
    fn it_stops_at_the_last_time_that_can_be_written() {
        let mut clock = Clock::default();
        advance(&mut clock, Duration::MAX);
        advance(&mut clock, Duration::MAX);
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
    }
}
