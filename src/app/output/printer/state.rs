//! What the handles of a printer share with the thread that writes.

use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::watch;

use super::backlog::Backlog;
use crate::app::output::played::Played;
use crate::app::output::style::Theme;

/// Reads the service's clock, in epoch milliseconds.
pub(crate) type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

pub(super) struct PrinterState {
    pub(super) json: bool,
    pub(super) out: Theme,
    pub(super) err: Theme,
    pub(super) out_is_terminal: bool,
    /// Whether what has been printed on stdout can be drawn over.
    pub(super) can_redraw: bool,
    pub(super) now: OnceLock<Now>,
    /// How far the service's clock is ahead of the system's, in milliseconds, where there is no `now`.
    pub(super) ahead: AtomicI64,
    pub(super) played: Played,
    pub(super) closed: AtomicBool,
    pub(super) abandoned: watch::Sender<bool>,
    pub(super) backlog: Backlog,
    /// What has been printed on stdout since the recording began, if it is wanted.
    pub(super) recording: Mutex<Option<String>>,
}

#[cfg(test)]
impl PrinterState {
    pub(super) fn plain(json: bool, out_is_terminal: bool) -> Self {
        let theme = Theme { color: false, unicode: true };
        let (now, closed, abandoned) = (OnceLock::new(), AtomicBool::new(false), watch::Sender::new(false));
        let (ahead, backlog) = (AtomicI64::default(), Backlog::default());
        let (played, recording) = (Played::default(), Mutex::default());
        Self {
            json,
            out: theme,
            err: theme,
            out_is_terminal,
            can_redraw: out_is_terminal,
            now,
            ahead,
            played,
            closed,
            abandoned,
            backlog,
            recording,
        }
    }
}
