//! Connections that the operating system does not hand over.

use std::io;
use std::time::{Duration, Instant};

use super::log::{Log, OnceASecond};
use crate::wire::system_error::{TOO_MANY_OPEN_FILES, in_words, too_many_open_files};

/// A pause after the operating system refused a connection, where nothing can be done about it.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Logs why connections are not accepted.
pub(super) struct AcceptErrors {
    log: Log,
    /// MQTT or HTTP.
    front: &'static str,
    lines: OnceASecond,
}

impl AcceptErrors {
    pub(super) fn new(front: &'static str, log: Log) -> Self {
        Self { log, front, lines: OnceASecond::default() }
    }

    pub(super) fn put(&mut self, error: &io::Error) {
        if !self.lines.admits(Instant::now()) {
            return;
        }
        let why = if too_many_open_files(error) { TOO_MANY_OPEN_FILES.to_owned() } else { in_words(error) };
        (self.log)(&format!("cannot accept {} connections: {why}", self.front));
    }
}
