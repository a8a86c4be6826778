//! Why the local service cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use super::certificates::CertificateError;
use super::state::Rejected;

/// Why the service cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A port is taken, or not ours to take.
    #[error("cannot listen on {address} for {front}: {error}; choose another port, or 0 for any free one")]
    Listen {
        /// MQTT or HTTP.
        front: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The device's certificate or policy was refused.
    #[error("cannot register the device certificate")]
    Device(#[from] Rejected),
    /// A thing was refused.
    #[error("cannot create the thing: {0}")]
    Thing(Rejected),
}
