//! The clock that jobs go by: the system's, and ahead of it as far as it was moved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::time::Timestamp;

/// A clock that never goes back, also where the system's does.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead: Duration,
    latest: Timestamp,
}

impl Clock {
    /// What the clock shows.
    pub(crate) fn now(&mut self) -> Timestamp {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.latest = self.latest.max(Timestamp::default().plus(system).plus(self.ahead));
        self.latest
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn it_never_goes_back() {
        let mut clock = Clock { latest: Timestamp::from_millis(i64::MAX - 1), ..Clock::default() };
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX - 1));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
    }
}
