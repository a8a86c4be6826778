//! Files that are written, read again, and refused.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::service::row::Kind;

fn settings() -> Settings {
    Settings { region: "us-east-1".into(), account: "123456789012".into() }
}

fn open(dir: &TempDir) -> Result<Store, StoreError> {
    Store::open(&dir.path().join("state.db"), &settings())
}

fn named(kind: Kind, name: &str, value: Option<&str>) -> Row {
    Row { key: RowKey::Named(kind, name.into()), value: value.map(Into::into) }
}

fn execution(job: u64, thing: u64, value: Option<&str>) -> Row {
    Row { key: RowKey::Execution { job, thing, sequence: 1 }, value: value.map(Into::into) }
}

fn change(number: u64, rows: Vec<Row>) -> Change {
    Change { number, replaces_all: false, rows }
}

/// All rows, in the order in which they are read.
fn rows(store: &Store) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    store.read(|row| {
        rows.push(row);
        Ok::<_, StoreError>(())
    })?;
    Ok(rows)
}

/// A folder with a file that a service has left behind.
fn left_behind() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir).unwrap();
    assert!(store.is_new());
    store.begin(&[named(Kind::Thing, "T", Some("1"))]).unwrap();
    dir
}

/// Changes the file as another program would.
fn meddle(dir: &TempDir, sql: &str) {
    Connection::open(dir.path().join("state.db")).unwrap().execute_batch(sql).unwrap();
}

/// Why the file is refused, without its folder; it stays as it is.
fn refusal(dir: &TempDir) -> String {
    let bytes = || fs::read(dir.path().join("state.db")).unwrap();
    let before = bytes();
    let error = open(dir).and_then(|store| rows(&store)).unwrap_err();
    assert_eq!(bytes(), before);
    error.to_string().replace(&format!("{}/", dir.path().display()), "")
}

#[test]
fn the_last_row_of_each_key_is_found_again_and_what_has_none_is_gone() {
    let dir = left_behind();
    let mut store = open(&dir).unwrap();
    assert!(!store.is_new());
    let last = u64::MAX;
    store
        .write(&[
            change(
                1,
                vec![execution(2, 1, Some("d")), execution(1, last, Some("c")), execution(1, 3, Some("b"))],
            ),
            change(2, vec![named(Kind::Job, "T", Some("j")), named(Kind::Thing, "U", Some("u"))]),
            change(
                3,
                vec![named(Kind::Thing, "T", Some("2")), execution(1, 3, Some("a")), execution(2, 1, None)],
            ),
            change(4, vec![named(Kind::Thing, "U", None), named(Kind::Thing, "V", None)]),
        ])
        .unwrap();
    drop(store);
    let expected = [
        named(Kind::Job, "T", Some("j")),
        named(Kind::Thing, "T", Some("2")),
        execution(1, last, Some("c")),
        execution(1, 3, Some("a")),
    ];
    let mut found = rows(&open(&dir).unwrap()).unwrap();
    assert!(matches!(found[2].key, RowKey::Execution { .. }), "job executions come last");
    found.sort_by(|a, b| a.key.cmp(&b.key));
    let mut expected = expected.to_vec();
    expected.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found, expected);
}

#[test]
fn a_reset_leaves_nothing_of_what_was_there() {
    let dir = left_behind();
    let mut store = open(&dir).unwrap();
    let rows_of = |name| vec![named(Kind::Thing, name, Some("1")), execution(1, 1, Some("1"))];
    let reset = Change { replaces_all: true, ..change(2, vec![named(Kind::Thing, "New", Some("1"))]) };
    store.write(&[change(1, rows_of("Old")), reset, change(3, vec![])]).unwrap();
    assert_eq!(rows(&store).unwrap(), [named(Kind::Thing, "New", Some("1"))]);
}

#[test]
fn what_was_killed_before_it_began_begins() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert!(open(&dir).unwrap().is_new());
    }
    meddle(&dir, "PRAGMA journal_mode = WAL");
    assert!(open(&dir).unwrap().is_new());
}

/// Until the first checkpoint the tables are in the log alone, of which a power cut may leave a part, or nothing.
#[test]
fn what_was_killed_after_it_began_is_found_or_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir).unwrap();
    let begun = [named(Kind::Thing, "T", Some("1"))];
    store.begin(&begun).unwrap();
    let read = |name| fs::read(dir.path().join(name)).unwrap();
    let (file, log) = (read("state.db"), read("state.db-wal"));
    for (kept, is_found) in [(log.len(), true), (log.len() / 2, false), (0, false)] {
        let left = tempfile::tempdir().unwrap();
        fs::write(left.path().join("state.db"), &file).unwrap();
        fs::write(left.path().join("state.db-wal"), &log[..kept]).unwrap();
        let mut store = open(&left).unwrap();
        assert_eq!(!store.is_new(), is_found, "{kept} bytes of the log");
        if !is_found {
            store.begin(&begun).unwrap();
        }
        assert_eq!(rows(&store).unwrap(), begun);
    }
}

#[test]
fn a_full_disk_is_told_in_the_words_of_the_system() {
    let path = Path::new("state.db");
    let said =
        |code| store_error(path, &rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).to_string();
    assert_eq!(said(ffi::SQLITE_FULL), "cannot write state.db: No space left on device");
    assert_eq!(said(ffi::SQLITE_IOERR_READ), "cannot write state.db: the disk reports an error");
    let gone = said(ffi::SQLITE_CANTOPEN);
    assert_eq!(gone, "state.db is gone: it was removed or replaced under way");
}

#[cfg(unix)]
#[test]
fn the_file_and_its_log_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = left_behind();
    let mut store = open(&dir).unwrap();
    store.write(&[change(1, vec![])]).unwrap();
    let found: Vec<_> = fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
    assert!(found.len() >= 2);
    for file in found {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn a_file_of_a_later_format_or_of_another_account_is_refused() {
    let dir = left_behind();
    meddle(&dir, "UPDATE account SET region = 'eu-west-1'");
    assert_eq!(
        refusal(&dir),
        "state.db keeps the account 123456789012 in eu-west-1: start with --account 123456789012 and the region \
         eu-west-1, or choose another folder"
    );
    meddle(&dir, "PRAGMA user_version = 2");
    assert_eq!(
        refusal(&dir),
        "state.db was written by a newer jobs-sandbox, in version 2 of the format: run that one, or choose another \
         folder"
    );
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    meddle(&dir, "CREATE TABLE theirs (a)");
    let theirs =
        "state.db was not written by jobs-sandbox: choose another folder, or move that file away first";
    assert_eq!(refusal(&dir), theirs);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("state.db")).unwrap();
    assert!(matches!(open(&dir), Err(StoreError::NotOurs { .. })));
}

#[test]
fn a_damaged_file_is_refused_and_stays_as_it_is() {
    let damaged = |why: &str| {
        format!(
            "state.db is damaged ({why}): put back a copy, or move it away to begin anew; it stays as it is"
        )
    };
    let dir = left_behind();
    fs::write(dir.path().join("state.db"), "all work and no play ".repeat(100)).unwrap();
    assert_eq!(refusal(&dir), damaged("it is no database"));

    let dir = left_behind();
    let mut bytes = fs::read(dir.path().join("state.db")).unwrap();
    bytes.iter_mut().skip(4096).for_each(|byte| *byte = 0xa5);
    fs::write(dir.path().join("state.db"), bytes).unwrap();
    assert_eq!(refusal(&dir), damaged("a part of it is not what was written"));

    let dir = left_behind();
    meddle(&dir, "DROP TABLE executions");
    assert_eq!(refusal(&dir), damaged("its tables are not those of jobs-sandbox"));

    let dir = left_behind();
    meddle(&dir, "INSERT INTO records VALUES ('shadow', 'S', '{}')");
    assert_eq!(
        refusal(&dir),
        damaged(r#"there is a record of the kind "shadow", which this version does not know"#)
    );
}

#[test]
fn a_file_that_another_program_writes_to_is_refused() {
    let dir = left_behind();
    let other = Connection::open(dir.path().join("state.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refusal(&dir), "state.db is in use by another program: end that first");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(open(&dir).is_ok());
}

#[test]
fn what_is_written_to_a_file_that_is_gone_is_not_kept() {
    for gone in ["state.db", "state.db-wal"] {
        let dir = left_behind();
        let mut store = open(&dir).unwrap();
        store.write(&[change(1, vec![])]).unwrap();
        fs::remove_file(dir.path().join(gone)).unwrap();
        assert!(matches!(store.write(&[change(2, vec![])]), Err(StoreError::Gone { .. })), "{gone}");
    }
}

#[test]
fn that_the_file_is_gone_is_noticed_where_nothing_is_written_too() {
    let dir = left_behind();
    let checkpoints = open(&dir).unwrap().checkpoints().unwrap();
    checkpoints.make().unwrap();
    fs::remove_file(dir.path().join("state.db")).unwrap();
    assert!(matches!(checkpoints.make(), Err(StoreError::Gone { .. })));
}

#[test]
fn a_checkpoint_brings_what_was_written_into_the_file() {
    let dir = left_behind();
    let mut store = open(&dir).unwrap();
    let size = |name| fs::metadata(dir.path().join(name)).unwrap().len();
    let before = size("state.db");
    let large = "x".repeat(100_000);
    store.write(&[change(1, vec![named(Kind::Job, "J", Some(&large))])]).unwrap();
    assert_eq!(size("state.db"), before);
    store.checkpoints().unwrap().make().unwrap();
    assert!(size("state.db") > before + 100_000);
}
