//! The file in which an account is kept: what was written to it outlives the process, however that ends.
//!
//! A change is written once the operating system has it; the disk gets it within a second. A killed process loses
//! nothing that was written, a power cut perhaps the last second, and neither the file.
//!
//! | file | what it does |
//! |---|---|
//! | `sqlite` | reads and writes the file: all the SQL that there is |
//! | `writer` | writes what has piled up, again and again |
//! | `checkpointer` | brings it to the disk once a second |
//! | `error` | why a file cannot be used |

mod checkpointer;
mod error;
mod sqlite;
mod writer;

use std::path::Path;

pub use self::error::StoreError;
use self::sqlite::Database;
pub(crate) use self::writer::Writer;
use super::row::Row;
use super::state::Settings;

/// The file, while nothing is written to it.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Opens the file at `path`, which keeps the account that `settings` name, or is made.
    ///
    /// A file that cannot be used stays as it is.
    pub(crate) fn open(path: &Path, settings: &Settings) -> Result<Self, StoreError> {
        Database::open(path, settings).map(|database| Self { database })
    }

    /// Whether nothing has ever been written.
    pub(crate) fn is_new(&self) -> bool {
        self.database.is_new()
    }

    /// Hands every row to `each`, job executions last and in the order of their keys.
    pub(crate) fn read<E: From<StoreError>>(&self, each: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        self.database.read(each)
    }

    /// Writes the rows that the account begins with.
    pub(crate) fn begin(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.database.begin(rows)
    }
}
