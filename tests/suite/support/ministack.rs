//! A control plane that we did not write: MiniStack.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::{Process, peers};

/// MiniStack's server.
#[derive(Debug)]
pub(crate) struct MiniStack {
    _process: Process,
    /// Where it listens.
    pub(crate) url: String,
}

impl MiniStack {
    /// Starts it, or says why the test is skipped.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        // It wants another botocore than the others, so that it has an environment of its own.
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ministack/bin/ministack");
        let program = if own.is_file() { own } else { peers::program("ministack")? };
        // It cannot choose by itself: these were free a moment ago.
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, mqtt] = listeners.map(|listener| listener.local_addr().unwrap().port().to_string());
        let mut process =
            Process::spawn(Command::new(program).envs([("GATEWAY_PORT", &http), ("IOT_MTLS_PORT", &mqtt)]));
        process.stderr_until("Running on http://");
        Some(Self { _process: process, url: format!("http://127.0.0.1:{http}") })
    }
}
