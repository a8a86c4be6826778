//! What ends the program from outside, so that it can tidy up first.

use std::fs;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// SIGINT and SIGTERM; SIGHUP too, unless whoever started us wants it ignored, as `nohup` does.
#[derive(Debug)]
pub(crate) struct ShutdownSignals {
    interrupt: Option<Signal>,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl ShutdownSignals {
    /// From now on none of them ends the program by itself.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self { interrupt: Some(signal(SignalKind::interrupt())?), ..Self::watch_all_but_interrupt()? })
    }

    /// The same where SIGINT means something else.
    pub(crate) fn watch_all_but_interrupt() -> io::Result<Self> {
        // Asked first: a handler would hide that the signal was ignored.
        let hangup = if hangup_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { interrupt: None, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Returns with the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            () = received(&mut self.interrupt) => {}
            _ = self.terminate.recv() => {}
            () = received(&mut self.hangup) => {}
        }
    }
}

/// Returns when the signal comes, and never if it is not watched.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Takes the signals that have come so far, so that they count for nothing.
pub(crate) async fn drain(signal: &mut Signal) {
    while timeout(Duration::ZERO, signal.recv()).await.is_ok() {}
}

/// Linux tells. Elsewhere this cannot be asked without unsafe code, and SIGHUP is left as it is.
fn hangup_is_ignored() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return true };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit stands for signal 1, which is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}
