//! How the program ends: one code for each thing that a CI job would want to tell apart.

use std::process::ExitCode;

/// The exit codes of `jobs-sandbox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All went well, or a person left the terminal session.
    Success = 0,
    /// A command or an `expect` failed, or the connection was lost for good.
    Failure = 1,
    /// The command line does not make sense.
    Usage = 2,
    /// No connection came about, or the local service did not start.
    NotConnected = 3,
    /// A signal that asks to end, such as Ctrl-C, in a script.
    Interrupted = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}
