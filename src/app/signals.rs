//! The signals that end the program, caught so that it can clean up first.

use std::fs;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// SIGINT, SIGTERM and SIGHUP, the last unless the parent process had it ignored, as `nohup` does.
#[derive(Debug)]
pub(crate) struct ShutdownSignals {
    interrupt: Option<Signal>,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl ShutdownSignals {
    /// Catches them from now on.
    pub(crate) fn watch() -> io::Result<Self> {
        Ok(Self { interrupt: Some(signal(SignalKind::interrupt())?), ..Self::watch_all_but_interrupt()? })
    }

    /// Catches all but SIGINT, where that has another meaning.
    pub(crate) fn watch_all_but_interrupt() -> io::Result<Self> {
        // Asked first: a handler would hide that the signal was ignored.
        let hangup = if hangup_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { interrupt: None, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            () = received(&mut self.interrupt) => {}
            _ = self.terminate.recv() => {}
            () = received(&mut self.hangup) => {}
        }
    }
}

/// Waits for a signal, forever if it is not watched.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Discards the signals received so far.
pub(crate) async fn drain(signal: &mut Signal) {
    while timeout(Duration::ZERO, signal.recv()).await.is_ok() {}
}

/// Known only on Linux: elsewhere asking takes unsafe code, so SIGHUP is left alone.
fn hangup_is_ignored() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return true };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit stands for signal 1, which is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}
