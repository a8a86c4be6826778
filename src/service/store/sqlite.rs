//! The file as SQLite reads and writes it: all the SQL that there is.
//!
//! A commit hands the write-ahead log to the operating system and waits for no disk; checkpoints, on a connection of
//! their own, flush the log and bring it into the file.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi, params};

use super::error::StoreError;
use super::refusal::{files_are_limited, lost, unusable};
use crate::service::keeping::Change;
use crate::service::row::{Row, RowKey, UnknownKind};
use crate::service::state::Settings;

/// The version of the format, which SQLite calls the user's. An older one is read, a newer one refused.
const VERSION: i64 = 1;

/// Says in the head of the file that it is ours.
const APPLICATION: i64 = 0x4a6f_6273;

const SCHEMA: &str = "
    CREATE TABLE account (
        account TEXT NOT NULL PRIMARY KEY,
        region TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE records (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE executions (
        job INTEGER NOT NULL,
        thing INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (job, thing, sequence)
    ) STRICT, WITHOUT ROWID;
";

/// How long a commit waits for a checkpoint that empties the log, which may be a slow disk's.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many pages of 4 KiB the log may have before a checkpoint empties it, for which commits wait.
const LARGE_LOG: i64 = 16 * 1024;

/// The file in which an account is kept.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    settings: Settings,
    is_new: bool,
    /// The file and its log, once something was written to them.
    files: Vec<FileId>,
}

impl Store {
    /// Opens the file, or makes it. One that cannot be used stays as it is.
    pub(crate) fn open(path: &Path, settings: &Settings) -> Result<Self, StoreError> {
        make(path)?;
        let connection = connect(path)?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            settings: settings.clone(),
            is_new: false,
            files: Vec::new(),
        };
        store.check()?;
        // From here on it is ours to write to, unless another program does.
        store.run(|connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
            connection.busy_timeout(PATIENCE)
        })?;
        Ok(store)
    }

    /// Whether nothing has ever been written.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether the file is of this format, of this account, or empty.
    fn check(&mut self) -> Result<(), StoreError> {
        let path = || self.path.clone();
        let number = |sql| self.run(|connection| connection.query_row(sql, [], |row| row.get::<_, i64>(0)));
        if number("SELECT count(*) FROM sqlite_schema")? == 0 {
            self.is_new = true;
            return Ok(());
        }
        if number("PRAGMA application_id")? != APPLICATION {
            return Err(StoreError::NotOurs { path: path() });
        }
        let version = number("PRAGMA user_version")?;
        if version > VERSION {
            return Err(StoreError::Newer { path: path(), version });
        }
        let (account, region): (String, String) = self.run(|connection| {
            connection
                .query_row("SELECT account, region FROM account", [], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        if (&account, &region) != (&self.settings.account, &self.settings.region) {
            return Err(StoreError::AnotherAccount { path: path(), account, region });
        }
        Ok(())
    }

    /// Writes the rows that the account begins with, all or nothing.
    pub(crate) fn begin(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let Settings { account, region } = self.settings.clone();
        self.transact(|transaction| {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute("INSERT INTO account VALUES (?, ?)", params![account, region])?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            put(transaction, rows)
        })?;
        self.is_new = false;
        Ok(())
    }

    /// Writes changes, all or nothing.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for change in changes {
                if change.replaces_all {
                    transaction.execute_batch("DELETE FROM records; DELETE FROM executions")?;
                }
                put(transaction, &change.rows)?;
            }
            Ok(())
        })?;
        self.check_files()
    }

    fn transact(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let Self { connection, path, .. } = self;
        let write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction)?;
            transaction.commit()
        };
        write().map_err(|error| store_error(path, &error))
    }

    /// Hands every row to `each`, job executions last and in the order of their keys.
    pub(crate) fn read<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        self.read_records(&mut each)?;
        self.read_executions(&mut each)
    }

    fn read_records<E: From<StoreError>>(
        &self,
        each: &mut impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let error = |error| store_error(&self.path, &error);
        let mut select = self.connection.prepare("SELECT kind, name, value FROM records").map_err(error)?;
        let mut rows = select.query([]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let read = || Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
            let (kind, name, value) = read().map_err(error)?;
            let kind = kind.parse().map_err(|unknown: UnknownKind| self.damaged(unknown.to_string()))?;
            each(Row { key: RowKey::Named(kind, name), value: Some(value) })?;
        }
        Ok(())
    }

    fn read_executions<E: From<StoreError>>(
        &self,
        each: &mut impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        const SELECT: &str =
            "SELECT job, thing, sequence, value FROM executions ORDER BY job, thing, sequence";
        let error = |error| store_error(&self.path, &error);
        let mut select = self.connection.prepare(SELECT).map_err(error)?;
        let mut rows = select.query([]).map_err(error)?;
        while let Some(row) = rows.next().map_err(error)? {
            let number = |column| row.get(column).map(i64::cast_unsigned);
            let read = || {
                let key = RowKey::Execution { job: number(0)?, thing: number(1)?, sequence: number(2)? };
                Ok(Row { key, value: Some(row.get(3)?) })
            };
            each(read().map_err(error)?)?;
        }
        Ok(())
    }

    /// What brings the file to the disk, on a connection of its own.
    pub(super) fn checkpoints(&self) -> Result<Checkpoints, StoreError> {
        let connection = connect(&self.path)?;
        let file = file_id(&self.path).map_err(|error| lost(&self.path, error))?;
        Ok(Checkpoints { connection, path: self.path.clone(), file })
    }

    /// What is written to a file that has been removed or replaced under way is not kept.
    fn check_files(&mut self) -> Result<(), StoreError> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let mut files = Vec::new();
        for path in [self.path.clone(), log.into()] {
            files.push(file_id(&path).map_err(|error| lost(&path, error))?);
        }
        if self.files.is_empty() {
            self.files = files;
        } else if self.files != files {
            return Err(StoreError::Gone { path: self.path.clone() });
        }
        Ok(())
    }

    fn damaged(&self, why: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), why }
    }

    /// Runs `work` on the connection, and says of what goes wrong what it means for the file.
    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|error| store_error(&self.path, &error))
    }
}

/// What brings the file to the disk.
#[derive(Debug)]
pub(super) struct Checkpoints {
    connection: Connection,
    path: PathBuf,
    file: FileId,
}

impl Checkpoints {
    /// Flushes what was written, and empties the log where that has grown large. That the file is gone is noticed here
    /// where nothing is written.
    pub(super) fn make(&self) -> Result<(), StoreError> {
        if file_id(&self.path).map_err(|error| lost(&self.path, error))? != self.file {
            return Err(StoreError::Gone { path: self.path.clone() });
        }
        let pages = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")?;
        if pages > LARGE_LOG {
            self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")?;
        }
        Ok(())
    }

    /// How many pages the log has.
    fn checkpoint(&self, pragma: &str) -> Result<i64, StoreError> {
        match self.connection.query_row(pragma, [], |row| row.get(1)) {
            // Somebody writes just now; the next one comes in a second.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(0),
            made => made.map_err(|error| store_error(&self.path, &error)),
        }
    }
}

/// Makes the file where there is none, for its owner alone, and tells whether it may be written to.
///
/// A link, which could lead to somebody's file, was not made here.
fn make(path: &Path) -> Result<(), StoreError> {
    let cannot_write = |error| StoreError::Write { path: path.to_owned(), error };
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => return Err(StoreError::NotOurs { path: path.to_owned() }),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot_write(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(cannot_write)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connect = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        Ok(connection)
    };
    connect().map_err(|error| store_error(path, &error))
}

/// Writes rows, or forgets those that have no value.
fn put(transaction: &Transaction<'_>, rows: &[Row]) -> rusqlite::Result<()> {
    for Row { key, value } in rows {
        match (key, value) {
            (RowKey::Named(kind, name), Some(value)) => transaction
                .prepare_cached("INSERT OR REPLACE INTO records VALUES (?, ?, ?)")?
                .execute(params![kind.as_str(), name, value])?,
            (RowKey::Named(kind, name), None) => transaction
                .prepare_cached("DELETE FROM records WHERE kind = ? AND name = ?")?
                .execute(params![kind.as_str(), name])?,
            (RowKey::Execution { job, thing, sequence }, Some(value)) => transaction
                .prepare_cached("INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?)")?
                .execute(params![job.cast_signed(), thing.cast_signed(), sequence.cast_signed(), value])?,
            (RowKey::Execution { job, thing, sequence }, None) => transaction
                .prepare_cached("DELETE FROM executions WHERE job = ? AND thing = ? AND sequence = ?")?
                .execute(params![job.cast_signed(), thing.cast_signed(), sequence.cast_signed()])?,
        };
    }
    Ok(())
}

/// What goes wrong in SQLite, as what it means for the file.
fn store_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    let damaged = |why: &str| StoreError::Damaged { path: path.to_owned(), why: why.to_owned() };
    // The index of the log is made as large as it needs to be before anything is written to it.
    let writes = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
    let is_write = error.sqlite_error().is_some_and(|error| writes.contains(&error.extended_code));
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::InUse { path: path.to_owned() }
        }
        Some(ErrorCode::NotADatabase) => damaged("it is no database"),
        Some(ErrorCode::DatabaseCorrupt) => damaged("a part of it is not what was written"),
        Some(ErrorCode::DiskFull) => lost(path, Errno::ENOSPC.into()),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => unusable(path),
        Some(ErrorCode::SystemIoFailure) if is_write && files_are_limited() => {
            lost(path, Errno::EFBIG.into())
        }
        // A column that is missing, or holds something else.
        None | Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) => {
            damaged("its tables are not those of jobs-sandbox")
        }
        Some(_) => lost(path, io::Error::other("the disk reports an error")),
    }
}

/// Which file bears a name.
#[cfg(unix)]
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
type FileId = ();

#[cfg(not(unix))]
fn file_id(path: &Path) -> io::Result<FileId> {
    path.metadata().map(drop)
}

#[cfg(test)]
mod tests;
