//! How a process ended, in words.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// How it ended, as behind "it ended".
pub(crate) fn in_words(status: ExitStatus) -> String {
    match (status.code(), signal(status)) {
        (Some(code), _) => format!("with exit code {code}"),
        (None, Some(name)) => format!("by {name}"),
        (None, None) => status.to_string(),
    }
}

/// The name of the signal that ended it, such as SIGKILL.
pub(crate) fn signal(status: ExitStatus) -> Option<String> {
    status.signal().map(|number| {
        Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string())
    })
}
