//! `health`: whether a local service is ready.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::exit::ExitStatus;
use crate::client::sandbox::{Error, Sandbox};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A pause before the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks the service at `url` until it is ready, for as long as `wait`; once where that is `None`.
pub(crate) async fn run(url: &str, wait: Option<Duration>) -> Result<ExitStatus, (String, ExitStatus)> {
    let access_key = std::env::var("AWS_ACCESS_KEY_ID").ok();
    let timeout = wait.map_or(TIMEOUT, |wait| wait.min(TIMEOUT));
    let sandbox =
        Sandbox::new(url, access_key, timeout).map_err(|error| (error.to_string(), ExitStatus::Usage))?;
    let end = Instant::now() + wait.unwrap_or_default();
    loop {
        let Err(error) = sandbox.health().await else { return Ok(ExitStatus::Success) };
        // What refuses now will refuse again.
        if matches!(error, Error::Refused { .. }) || Instant::now() + PAUSE >= end {
            return Err((error.to_string(), ExitStatus::NotConnected));
        }
        sleep(PAUSE).await;
    }
}
