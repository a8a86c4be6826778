//! A moment by two clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The same moment by both clocks: messages expire by one, and the other goes on while no process runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) monotonic: Instant,
    pub(crate) since_epoch: Duration,
}

impl Moment {
    /// The present.
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { monotonic: Instant::now(), since_epoch }
    }
}
