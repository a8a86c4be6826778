//! The thread that brings what was written to the disk, once a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::StoreError;
use super::sqlite::Store;

/// How often: a power cut costs what was written since.
const INTERVAL: Duration = Duration::from_secs(1);

/// The thread; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts it; `failed` hears why it ends by itself.
    pub(super) fn start(
        store: &Store,
        failed: impl FnOnce(StoreError) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let checkpoints = store.checkpoints()?;
        let (stop, stopped) = mpsc::channel();
        let run = move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = checkpoints.make() {
                    return failed(error);
                }
            }
        };
        let thread = thread::Builder::new().name("checkpoints".to_owned()).spawn(run);
        let thread = thread.expect("a thread more can be started");
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has told why, if it ended before.
            let _ = thread.join();
        }
    }
}
