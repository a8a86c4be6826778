//! Why a file cannot be used.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::wire::system_error::in_words;

/// Why the file that keeps an account cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It is none of ours.
    #[error("{} was not written by jobs-sandbox: choose another folder, or move that file away first", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error(
        "{} was written by a newer jobs-sandbox, in version {version} of the format: run that one, or choose another \
         folder",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: i64,
    },
    /// It keeps another account.
    #[error(
        "{} keeps the account {account} in {region}: start with --account {account} and the region {region}, or choose \
         another folder",
        path.display()
    )]
    AnotherAccount {
        /// The file.
        path: PathBuf,
        /// The account that it keeps.
        account: String,
        /// The region of that.
        region: String,
    },
    /// What is in it cannot be read.
    #[error("{} is damaged ({why}): put back a copy, or move it away to begin anew; it stays as it is", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another program has locked it.
    #[error("{} is in use by another program: end that first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Somebody has removed or replaced it while it was in use.
    #[error("{} is gone: it was removed or replaced under way", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("cannot write {}: {}", path.display(), in_words(error))]
    Write {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}
