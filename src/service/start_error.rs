//! Why the local service cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::certificates::CertificateError;
use super::keeping::NotKept;
use super::state::Rejected;
#[cfg(feature = "store")]
use super::store::StoreError;
use crate::wire::system_error::in_words;

/// Why the service cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A port is taken, or not ours to take.
    #[error(
        "cannot listen on {address} for {front}: {}; choose another port, or 0 for any free one",
        in_words(error)
    )]
    Listen {
        /// MQTT, HTTP or HTTPS.
        front: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {}", path.display(), in_words(error))]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file could not be read.
    #[error("cannot read {}: {}", path.display(), in_words(error))]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Some of the certificates and keys are there, and not all.
    #[error("{} missing: {PUT_BACK}{}", are(paths), without_authority(paths))]
    Missing {
        /// Those that are not there.
        paths: Vec<PathBuf>,
    },
    /// A certificate or key is not what the others go with.
    #[error("{} {why}: {PUT_BACK}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The service would replace a file that it did not write.
    #[error(
        "{} was not written by jobs-sandbox: choose another folder, or move that file away first",
        path.display()
    )]
    NotOurs {
        /// Which.
        path: PathBuf,
    },
    /// The folder is that of a device on AWS.
    #[error(
        "{} is the folder of a device on AWS: choose another one, or --device {0} for a session with that device",
        dir.display()
    )]
    ADevices {
        /// The folder.
        dir: PathBuf,
    },
    /// New certificates would replace a private key that is none of the service's.
    #[error(
        "{} holds a private key that belongs to no certificate of jobs-sandbox beside it: move that file away first",
        path.display()
    )]
    AnotherKey {
        /// Which.
        path: PathBuf,
    },
    /// The folder that is to play S3 cannot be read.
    #[error("cannot read {}: {}: name another folder with --files", path.display(), in_words(error))]
    NoFiles {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The private keys of the service would be among the files that devices can be led to.
    #[error(
        "{} holds the service's own folder, {}: choose another one for --files",
        files.display(),
        dir.display()
    )]
    OwnFiles {
        /// The folder that plays S3.
        files: PathBuf,
        /// The service's own.
        dir: PathBuf,
    },
    /// A file bears the name of the folder.
    #[error("{} is a file: choose the name of a folder", path.display())]
    NotAFolder {
        /// Which.
        path: PathBuf,
    },
    /// Another service runs in the folder.
    #[error("{} is in use by another local service: stop it, or choose another folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder is not this user's.
    #[error("{} belongs to another user: choose a folder of your own", dir.display())]
    AnotherUsers {
        /// The folder.
        dir: PathBuf,
    },
    /// Any user could replace what is in the folder.
    #[error("everybody can write to {0}: run chmod o-w {0}, or choose another folder", dir.display())]
    OthersCanWrite {
        /// The folder.
        dir: PathBuf,
    },
    /// A group of users could replace what is in the folder.
    #[error("its group can write to {0}: run chmod g-w {0}, or choose another folder", dir.display())]
    GroupCanWrite {
        /// The folder.
        dir: PathBuf,
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
    /// The file that keeps what the service knows cannot be used.
    #[cfg(feature = "store")]
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the service knows could not be kept.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// A thing was refused.
    #[error("cannot create the thing: {0}")]
    Thing(Rejected),
}

/// Says of an error that it came of writing to `path`.
pub(super) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    |error| StartError::Write { path, error }
}

/// What to do about certificates and keys that do not go together.
const PUT_BACK: &str =
    "put the right one back, or make others, which every device needs then, with --new-certificates";

/// What stands in the way of others: nobody knows whose key it is.
fn without_authority(paths: &[PathBuf]) -> &'static str {
    let is_missing = |name: &str| paths.iter().any(|path| path.ends_with(name));
    if is_missing("ca.pem") && !is_missing("ca.key") { ", after ca.key was moved away" } else { "" }
}

fn are(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} {}", paths.join(", "), if paths.len() == 1 { "is" } else { "are" })
}
