//! The signals that end the program, caught so that it can clean up first, and one that must not.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use nix::libc;
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

/// Lets a write that would make a file larger than allowed (`ulimit -f`) fail and be told, where SIGXFSZ would end us.
///
/// It is caught, for good, and not ignored: what is ignored is so in the programs that we start, too.
pub(crate) fn survive_large_files() -> io::Result<()> {
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

/// Discards the signals received so far.
pub(crate) async fn drain(signal: &mut Signal) {
    while timeout(Duration::ZERO, signal.recv()).await.is_ok() {}
}

/// Whether SIGHUP is ignored, as the parent process had it.
fn hangup_is_ignored() -> bool {
    let mut current = MaybeUninit::<libc::sigaction>::zeroed();
    #[expect(
        unsafe_code,
        reason = "without a new action the call only tells the current one, which is plain data"
    )]
    unsafe {
        libc::sigaction(libc::SIGHUP, ptr::null(), current.as_mut_ptr()) == 0
            && current.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
