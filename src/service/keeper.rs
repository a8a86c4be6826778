//! What keeps what a service knows, from its start to its end.

use std::sync::{Arc, mpsc};

use super::files::{Files, STATE};
use super::first_state::FirstState;
use super::keeping::NotKept;
use super::moment::Moment;
use super::restored::Restoring;
use super::shared::Shared;
use super::start_error::StartError;
use super::store::{Store, StoreError, Writer};

/// Keeps what a service knows. Dropped, it has kept all of it.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    writer: Option<Writer>,
}

impl Keeper {
    /// Begins with what `files` keep, or with `first`; what changes from there on is kept. Without files nothing is.
    pub(super) fn begin(
        shared: Shared,
        first: FirstState,
        files: Option<&Files>,
    ) -> Result<(Arc<Shared>, Option<Self>), StartError> {
        let Some(files) = files else {
            return Ok((Arc::new(shared.beginning_with(first)?), None));
        };
        let path = files.path(STATE);
        let mut store = Store::open(&path, &first.settings)?;
        let (changes, to_write) = mpsc::channel();
        let shared = shared.kept_by(changes);
        let shared = if store.is_new() {
            let shared = shared.beginning_with(first)?;
            store.begin(&shared.rows())?;
            shared
        } else {
            let damaged = |why| StoreError::Damaged { path: path.clone(), why };
            let mut restoring = Restoring::new(first.settings.clone(), first.rollout_rate, Moment::now());
            store.read(|row| restoring.add(row).map_err(damaged))?;
            let restored = restoring.finish().map_err(damaged)?;
            let found = restored.state.counts().to_string();
            let shared = shared.going_on_with(first, restored)?;
            shared.note(&format!("found {found} in {}", path.display()));
            shared
        };
        let shared = Arc::new(shared);
        let told = Arc::clone(&shared);
        let tell = move |kept: Result<u64, StoreError>| match kept {
            Ok(number) => told.keep_up_to(number),
            Err(error) => told.keep_no_more(NotKept::new(&error.to_string())),
        };
        let writer = Writer::start(store, to_write, tell)?;
        Ok((Arc::clone(&shared), Some(Self { shared, writer: Some(writer) })))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.end_keeping();
        drop(self.writer.take());
    }
}

#[cfg(test)]
mod tests;
