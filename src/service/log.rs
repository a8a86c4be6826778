//! The log, and a bound on how fast lines come: whoever shows them keeps them until they are read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where the service writes what happens; one line a call.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How many lines may come at once.
const BURST: u64 = 100;

/// How long it takes until one more may come.
const INTERVAL: Duration = Duration::from_secs(1);

/// The same log without the lines that come too fast; the next line that gets through says how many were left out.
pub(super) fn throttled(log: Log) -> Log {
    let throttle = Mutex::new(Throttle::new(Instant::now()));
    Arc::new(move |line| {
        let admitted = throttle.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(left_out) = admitted {
            if left_out > 0 {
                log(&format!("{left_out} lines were left out, they came too fast"));
            }
            log(line);
        }
    })
}

/// Lines that say the same again and again: one a second is enough.
#[derive(Debug, Default)]
pub(super) struct OnceASecond(Option<Instant>);

impl OnceASecond {
    /// Whether the line may come now.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= INTERVAL);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

#[derive(Debug)]
struct Throttle {
    /// How many lines may come at `since`.
    room: u64,
    since: Instant,
    left_out: u64,
}

impl Throttle {
    fn new(now: Instant) -> Self {
        Self { room: BURST, since: now, left_out: 0 }
    }

    /// How many lines were left out before one that may come now; `None` where it may not.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        while self.room < BURST && now.saturating_duration_since(self.since) >= INTERVAL {
            self.room += 1;
            self.since += INTERVAL;
        }
        if self.room == BURST {
            self.since = now;
        }
        if self.room == 0 {
            self.left_out += 1;
            return None;
        }
        self.room -= 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_comes_through_and_then_a_line_at_a_time() {
        let mut now = Instant::now();
        let mut throttle = Throttle::new(now);
        now += INTERVAL * 1000;
        let burst: Vec<_> = (0..BURST + 7).map(|_| throttle.admit(now)).collect();
        assert!(burst[..100].iter().all(|admitted| *admitted == Some(0)));
        assert!(burst[100..].iter().all(Option::is_none));
        assert_eq!(throttle.admit(now + INTERVAL), Some(7));
        assert_eq!(throttle.admit(now + INTERVAL), None);
        assert_eq!(throttle.admit(now + INTERVAL * 2), Some(1));
        let later = now + INTERVAL * 60;
        assert_eq!((0..BURST).filter_map(|_| throttle.admit(later)).count(), 58);
    }

    #[test]
    fn what_happens_again_and_again_is_said_once_a_second() {
        let (now, mut lines) = (Instant::now(), OnceASecond::default());
        let admitted =
            [0, 0, 999, 1000, 1001, 1999, 2000].map(|at| lines.admits(now + Duration::from_millis(at)));
        assert_eq!(admitted, [true, false, false, true, false, false, true]);
    }
}
