//! A control plane that we did not write: moto.

use std::process::Command;

use super::{Process, peers};

/// moto's server.
#[derive(Debug)]
pub(crate) struct Moto {
    _process: Process,
    /// Where it listens.
    pub(crate) url: String,
}

impl Moto {
    /// Starts it, or says why the test is skipped.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        let python = peers::python("moto.server")?;
        let arguments = ["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", "0"];
        let mut process = Process::spawn(Command::new(python).args(arguments).env("PYTHONUNBUFFERED", "1"));
        let line = process.stderr_until("Running on http://");
        let url = line.split_whitespace().last().unwrap().to_owned();
        Some(Self { _process: process, url })
    }
}
