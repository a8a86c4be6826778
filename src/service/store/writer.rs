//! The thread that writes: all that has piled up, in one go, again and again.

use std::iter;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use super::checkpointer::Checkpointer;
use super::error::StoreError;
use super::sqlite::Store;
use crate::service::keeping::Change;

/// How many changes are written in one go: those who wait for the first of them wait for all.
const AT_ONCE: usize = 1000;

/// The thread. Dropped, it waits until everything is written: its channel must be closed by then.
#[derive(Debug)]
pub(crate) struct Writer {
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Writes what comes through `changes`, and tells `tell` up to which number all is written, or why nothing can be
    /// written any more.
    pub(crate) fn start(
        store: Store,
        changes: Receiver<Change>,
        tell: impl Fn(Result<u64, StoreError>) + Clone + Send + 'static,
    ) -> Result<Self, StoreError> {
        let failed = tell.clone();
        let checkpointer = Checkpointer::start(&store, move |error| failed(Err(error)))?;
        let write = move || {
            write_all(store, &changes, tell);
            drop(checkpointer);
        };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(write);
        Ok(Self { thread: Some(thread.expect("a thread more can be started")) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It has told why, if it ended before.
            let _ = thread.join();
        }
    }
}

fn write_all(mut store: Store, changes: &Receiver<Change>, tell: impl Fn(Result<u64, StoreError>)) {
    while let Ok(first) = changes.recv() {
        let changes: Vec<_> = iter::once(first).chain(changes.try_iter().take(AT_ONCE - 1)).collect();
        let written = store.write(&changes);
        let is_over = written.is_err();
        tell(written.map(|()| changes.last().map_or(0, |change| change.number)));
        if is_over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::mpsc;

    use super::*;
    use crate::service::row::{Kind, Row, RowKey};
    use crate::service::state::Settings;

    fn change(number: u64) -> Change {
        let key = RowKey::Named(Kind::Thing, number.to_string());
        Change { number, replaces_all: false, rows: vec![Row { key, value: Some("{}".into()) }] }
    }

    /// A store in a folder, and where it is.
    fn begun(dir: &Path) -> (Store, PathBuf) {
        let path = dir.join("state.db");
        let mut store = Store::open(&path, &settings()).unwrap();
        store.begin(&[]).unwrap();
        (store, path)
    }

    fn settings() -> Settings {
        Settings { region: "us-east-1".into(), account: "123456789012".into() }
    }

    #[test]
    fn what_has_piled_up_is_written_in_order_and_told_and_nothing_after_it_failed() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = begun(dir.path());
        let (changes, to_write) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        for number in 1..=3 {
            changes.send(change(number)).unwrap();
        }
        let writer = Writer::start(store, to_write, move |kept| tell.send(kept).unwrap()).unwrap();
        assert_eq!(told.recv().unwrap().unwrap(), 3, "in one go");
        changes.send(change(4)).unwrap();
        assert_eq!(told.recv().unwrap().unwrap(), 4);
        fs::remove_file(&path).unwrap();
        changes.send(change(5)).unwrap();
        assert!(matches!(told.recv().unwrap(), Err(StoreError::Gone { .. })));
        drop(writer);
        assert!(changes.send(change(6)).is_err() && told.recv().is_err());
    }

    #[test]
    fn in_the_end_everything_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (store, path) = begun(dir.path());
        let (changes, to_write) = mpsc::channel();
        let writer = Writer::start(store, to_write, |_| ()).unwrap();
        for number in 1..=5000 {
            changes.send(change(number)).unwrap();
        }
        drop(changes);
        drop(writer);
        let mut rows = 0;
        let count = |_| {
            rows += 1;
            Ok::<_, StoreError>(())
        };
        Store::open(&path, &settings()).unwrap().read(count).unwrap();
        assert_eq!(rows, 5000);
        let files = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files, 1, "no log is left");
    }
}
