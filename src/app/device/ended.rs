//! How a device program ended.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// How it ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// In words.
    pub(super) how: String,
    /// What it printed last.
    pub(super) last_lines: Vec<String>,
    /// Whether nobody had asked it to.
    pub(super) by_itself: bool,
    /// Whether something that it has started goes on.
    pub(super) has_left: bool,
}

/// How a process ended, in words.
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("with exit code {code}"),
        (None, Some(number)) => {
            let name = Signal::try_from(number)
                .map_or_else(|_| format!("signal {number}"), |signal| signal.to_string());
            format!("by {name}")
        }
        (None, None) => status.to_string(),
    }
}
