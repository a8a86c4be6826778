//! A control plane that we did not write: MiniStack.

use std::path::Path;
use std::process::Command;

use tokio::net::TcpSocket;

use super::{Process, kept_port, peers};

/// MiniStack's server.
#[derive(Debug)]
pub(crate) struct MiniStack {
    _process: Process,
    /// Where it listens.
    pub(crate) url: String,
    /// What keeps others from its ports.
    _kept: [TcpSocket; 2],
}

impl MiniStack {
    /// Starts it, or says why the test is skipped.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        // It wants another botocore than the others, so that it has an environment of its own.
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ministack/bin/ministack");
        let program = if own.is_file() { own } else { peers::program("ministack")? };
        let kept = [(); 2].map(|()| kept_port());
        let [http, mqtt] = kept.each_ref().map(|kept| kept.local_addr().unwrap().port().to_string());
        let mut process =
            Process::spawn(Command::new(program).envs([("GATEWAY_PORT", &http), ("IOT_MTLS_PORT", &mqtt)]));
        process.stderr_until("Running on http://");
        Some(Self { _process: process, url: format!("http://127.0.0.1:{http}"), _kept: kept })
    }
}
