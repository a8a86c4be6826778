//! The waits of unit tests: what never comes fails a test instead of hanging it.

use std::panic::Location;
use std::time::Duration;

use tokio::time::timeout;

/// What is awaited comes long before, or not at all.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Waits for what should come in time.
#[track_caller]
pub(crate) fn in_time<T>(awaited: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let Ok(output) = timeout(DEADLINE, awaited).await else { panic!("{caller}: waited in vain") };
        output
    }
}
