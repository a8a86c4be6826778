//! How long to wait before the next attempt: exponential with full jitter and a cap.
//!
//! AWS: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>

use std::time::Duration;

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

    /// Begins again, after things went well for a while.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
