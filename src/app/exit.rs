//! How the program ends: one exit code for each case that a CI job might want to distinguish.

use std::process::ExitCode;

/// The exit codes of `jobs-sandbox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All went well, or the user left the terminal session.
    Success = 0,
    /// A command or an `expect` failed, or the connection was lost for good.
    Failure = 1,
    /// The command line does not make sense.
    Usage = 2,
    /// No connection came about, or the local service did not start, or could no longer keep what it should.
    NotConnected = 3,
    /// A job execution stays IN_PROGRESS, which the next `run` resumes: EX_TEMPFAIL of sysexits.h.
    Unfinished = 75,
    /// A script was stopped by a signal, such as Ctrl-C.
    Interrupted = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}
