//! What goes wrong with a device program, in a person's words.

use std::io;
use std::time::Duration;

use crate::wire::system_error::in_words;

use super::ended::Ended;

/// What a command for a device program is told where there is none.
pub(crate) const NO_DEVICE: &str = "there is no device program: one beside the local service of this process is named \
                                    at the end of the command line, as -- ./device";

/// Why a device program is not as it should be.
#[derive(Debug)]
pub(crate) enum Error {
    /// It cannot be started.
    NotStarted {
        /// Its name.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It was started before.
    Running,
    /// It was not started, or has ended.
    NotRunning,
    /// It ended before it was connected.
    EndedFirst(Ended),
    /// It was not connected in time.
    NotConnected {
        /// The time that it had.
        within: Duration,
        /// The client that it may be, without a subscription.
        connected: Option<String>,
        /// What it printed last.
        last_lines: Vec<String>,
    },
    /// It is gone, and its connection is not.
    StillConnected {
        /// The client that it was.
        client_id: String,
    },
}

impl Error {
    /// The kind of failure, in one word.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "DeviceNotStarted",
            Self::Running => "DeviceRunning",
            Self::NotRunning => "DeviceNotRunning",
            Self::EndedFirst(_) => "DeviceEnded",
            Self::NotConnected { .. } => "DeviceNotConnected",
            Self::StillConnected { .. } => "DeviceStillConnected",
        }
    }

    /// What went wrong, on one line, and what the program printed last.
    pub(crate) fn told(self) -> (String, Vec<String>) {
        match self {
            Self::NotStarted { program, source } => {
                (format!("cannot start the device program {program}: {}", in_words(&source)), Vec::new())
            }
            Self::Running => (
                "the device program is running already: device restart starts it anew".to_owned(),
                Vec::new(),
            ),
            Self::NotRunning => {
                ("the device program is not running: device start starts it".to_owned(), Vec::new())
            }
            Self::EndedFirst(ended) => {
                told("the device program ended before it had connected and subscribed", ended)
            }
            Self::NotConnected { within, connected, last_lines } => {
                let within = humantime::format_duration(within);
                let what = match connected {
                    Some(client_id) => format!("connected as {client_id} and was granted no subscription"),
                    None => "did not connect".to_owned(),
                };
                let what =
                    format!("the device program {what} within {within} (--device-within gives it longer)");
                with_last_lines(what, last_lines)
            }
            Self::StillConnected { client_id } => (
                format!("the device program is gone, and its connection as {client_id} still open"),
                Vec::new(),
            ),
        }
    }
}

impl Ended {
    /// That it has ended by itself, and what it printed last.
    pub(super) fn told(self) -> (String, Vec<String>) {
        told("the device program ended by itself (--device-may-end allows that)", self)
    }
}

fn told(what: &str, ended: Ended) -> (String, Vec<String>) {
    with_last_lines(format!("{what}, {}", ended.how), ended.last_lines)
}

fn with_last_lines(what: String, last_lines: Vec<String>) -> (String, Vec<String>) {
    if last_lines.is_empty() { (what, last_lines) } else { (format!("{what}; its last lines:"), last_lines) }
}
