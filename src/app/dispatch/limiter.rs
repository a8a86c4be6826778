//! Keeps all that polls under AWS's rates.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// AWS carries out 10 requests a second for each operation of the control plane on jobs.
const BETWEEN_CALLS: Duration = Duration::from_millis(100);

/// AWS carries out 200 reads a second in the data plane.
const BETWEEN_READS: Duration = Duration::from_millis(5);

/// One of AWS's two planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    /// What the operator calls.
    Control,
    /// What the device calls.
    Data,
}

/// Gives turns to whoever asks a service again and again.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    control: Mutex<Option<Instant>>,
    data: Mutex<Option<Instant>>,
}

impl Limiter {
    /// Waits until one more request may be sent.
    pub(crate) async fn turn(&self, plane: Plane) {
        sleep_until(self.reserve(plane, 1, Instant::now())).await;
    }

    /// Counts `requests` that were sent beyond the one whose turn it was, such as for the pages of a list.
    pub(crate) fn also_sent(&self, plane: Plane, requests: u32) {
        self.reserve(plane, requests, Instant::now());
    }

    /// When the first of so many requests may be sent; the next ones come after them.
    fn reserve(&self, plane: Plane, requests: u32, now: Instant) -> Instant {
        let (next, between) = match plane {
            Plane::Control => (&self.control, BETWEEN_CALLS),
            Plane::Data => (&self.data, BETWEEN_READS),
        };
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + between * requests);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_their_distance_and_an_idle_time_saves_up_nothing() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        let turn = |requests, millis: u64| {
            let at = limiter.reserve(Plane::Control, requests, start + Duration::from_millis(millis));
            (at - start).as_millis()
        };
        assert_eq!([turn(1, 0), turn(1, 0), turn(1, 250)], [0, 100, 250]);
        // Two more pages.
        assert_eq!([turn(2, 250), turn(1, 300)], [350, 550]);
        assert_eq!([turn(1, 5000), turn(1, 5000)], [5000, 5100]);
        assert_eq!(limiter.reserve(Plane::Data, 1, start), start);
    }
}
