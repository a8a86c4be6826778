//! Connections that the operating system does not hand over.

use std::io;
use std::time::{Duration, Instant};

use super::log::Log;
use crate::wire::system_error::{TOO_MANY_OPEN_FILES, in_words, too_many_open_files};

/// A pause after the operating system refused a connection, where nothing can be done about it.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// How long nothing more is logged: the same happens again and again.
const INTERVAL: Duration = Duration::from_secs(1);

/// Logs why connections are not accepted.
pub(super) struct AcceptErrors {
    log: Log,
    /// MQTT or HTTP.
    front: &'static str,
    logged: Option<Instant>,
}

impl AcceptErrors {
    pub(super) fn new(front: &'static str, log: Log) -> Self {
        Self { log, front, logged: None }
    }

    pub(super) fn put(&mut self, error: &io::Error) {
        let now = Instant::now();
        if self.logged.is_some_and(|logged| now.saturating_duration_since(logged) < INTERVAL) {
            return;
        }
        self.logged = Some(now);
        let why = if too_many_open_files(error) { TOO_MANY_OPEN_FILES.to_owned() } else { in_words(error) };
        (self.log)(&format!("cannot accept {} connections: {why}", self.front));
    }
}
