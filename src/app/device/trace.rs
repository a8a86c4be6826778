//! What the service sees of a device program: shown while the session is traced, and kept for a test that fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::output::trace_line;
use crate::app::own_clients::OwnClients;
use crate::client;
use crate::service::trace::{Event, Record, Trace};

/// How many lines are kept: the last ones.
const MAX_LINES: usize = 500;

/// The packets of all clients but the session's own. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct DeviceTrace {
    own: OwnClients,
    shown: client::trace::Trace,
    kept: Arc<Mutex<VecDeque<String>>>,
}

impl DeviceTrace {
    /// The packets of all clients but `own`, which are shown where `shown` is switched on.
    pub(crate) fn new(own: OwnClients, shown: client::trace::Trace) -> Self {
        Self { own, shown, kept: Arc::default() }
    }

    /// Where the service puts its records.
    pub(crate) fn trace(&self) -> Trace {
        let of_device = self.clone();
        Trace::new(move |record| of_device.take(&record))
    }

    /// The last of them, each on a line.
    pub(crate) fn lines(&self) -> String {
        self.kept().iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// Forgets them.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }

    fn take(&self, record: &Record) {
        // Calls over HTTP are the session's.
        let is_call = matches!(record.event, Event::Called { .. } | Event::Answered { .. });
        if is_call || record.client.name.as_deref().is_some_and(|name| self.own.contains(name)) {
            return;
        }
        let line = trace_line::record(record);
        self.shown.write(|| line.clone());
        let mut kept = self.kept();
        if kept.len() == MAX_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
