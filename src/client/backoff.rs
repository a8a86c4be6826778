//! How long to wait before the next attempt: exponential with full jitter and a cap.
//!
//! AWS: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>

use std::time::Duration;

use tokio::time::Instant;

/// How often a request is retried that the service was too busy for.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Waits that grow, so that a server in trouble is left alone, and that no two clients share.
#[derive(Debug)]
pub(crate) struct Backoff {
    attempt: u32,
    first: Duration,
    cap: Duration,
}

impl Backoff {
    /// The first wait is at most `first`, each further bound twice the last, none above `cap`.
    pub(crate) fn new(first: Duration, cap: Duration) -> Self {
        Self { attempt: 0, first, cap }
    }

    /// The number of the next attempt, from 1, and how long to wait before it.
    pub(crate) fn next(&mut self) -> (u32, Duration) {
        let bound = self.first.saturating_mul(2_u32.saturating_pow(self.attempt)).min(self.cap);
        self.attempt += 1;
        (self.attempt, bound.mul_f64(fastrand::f64()))
    }

    /// Starts over, after things went well for a while.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }
}

/// The retries of one operation that the service throttled.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: Backoff,
    deadline: Instant,
}

impl Retries {
    /// All of them end before `deadline`.
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT), deadline }
    }

    /// How long to wait before the next retry, or `None` if there have been enough or there is no time left.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        let (attempt, wait) = self.backoff.next();
        (attempt <= RETRIES && Instant::now() + wait < self.deadline).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_end_after_a_few_and_at_the_deadline() {
        let mut retries = Retries::until(Instant::now() + Duration::from_mins(1));
        for _ in 0..RETRIES {
            assert!(retries.next().unwrap() <= LONGEST_WAIT);
        }
        assert_eq!(retries.next(), None);
        assert_eq!(Retries::until(Instant::now()).next(), None);
    }

    #[test]
    fn waits_grow_to_the_cap_and_differ() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let mut longest = Duration::ZERO;
        for round in 1..200_u32 {
            let (attempt, wait) = backoff.next();
            assert_eq!(attempt, round);
            assert!(wait <= Duration::from_secs(1 << (round - 1).min(5)).min(Duration::from_secs(30)));
            longest = longest.max(wait);
        }
        assert!(longest > Duration::from_secs(15), "{longest:?}");
        backoff.reset();
        assert!(backoff.next().1 <= Duration::from_secs(1));
    }
}
