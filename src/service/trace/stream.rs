//! Where records go.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::record::Record;

/// Who gets the records, if anybody does. Clones go to the same place.
#[derive(Clone, Default)]
pub struct Trace(Option<Arc<Taker>>);

struct Taker {
    take: Box<dyn Fn(Record) + Send + Sync>,
    calls: AtomicU64,
}

impl Trace {
    /// A trace whose records `take` gets, one at a time and in order.
    ///
    /// It is called while the service is locked: it must only put them aside.
    pub fn new(take: impl Fn(Record) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Taker { take: Box::new(take), calls: AtomicU64::new(0) })))
    }

    /// Whether somebody gets the records: where nobody does, none is made.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a record on.
    pub(crate) fn put(&self, record: impl FnOnce() -> Record) {
        if let Some(taker) = &self.0 {
            (taker.take)(record());
        }
    }

    /// A number for the next HTTP call, which its answer bears too.
    pub(crate) fn next_call(&self) -> u64 {
        self.0.as_ref().map_or(0, |taker| taker.calls.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trace").field(&self.is_on()).finish()
    }
}
