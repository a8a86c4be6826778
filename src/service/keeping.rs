//! What changes, on its way to where it is kept.
//!
//! Each change gets a number under the service's lock and goes to the store in that order. Whoever is told something
//! has to wait until the last change that it can have seen is kept: nobody is told what a killed process could forget.

use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use bytestring::ByteString;
use thiserror::Error;

use super::row::Row;
use super::state::Touched;

/// All that one turn under the lock has changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Counts changes, from 1.
    pub(crate) number: u64,
    /// Nothing stays of what was kept before.
    pub(crate) replaces_all: bool,
    pub(crate) rows: Vec<Row>,
}

/// How far changes are kept.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    UpTo(u64),
    Not(NotKept),
}

/// Nothing that changes can be kept any more.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct NotKept(Arc<str>);

impl NotKept {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.into())
    }
}

/// The changes of this turn, and where they go.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The number of the last change; 0 for ever where nothing is kept.
    last: u64,
    turn: Option<Turn>,
    store: Option<Sender<Change>>,
}

/// What was touched in this turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) touched: Touched,
    /// The topics whose retained message is another one.
    pub(crate) retained: Vec<ByteString>,
    /// The service has started.
    pub(crate) is_start: bool,
}

impl Changes {
    /// Changes that go to `store`.
    pub(crate) fn to(store: Sender<Change>) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// The number of the last change.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Notes that records were touched.
    pub(crate) fn touch(&mut self, touched: Touched) {
        if self.store.is_some() && !touched.is_empty() {
            self.turn().touched.extend(touched);
        }
    }

    /// Notes that the retained message of a topic was replaced.
    pub(crate) fn retain(&mut self, topic: &ByteString) {
        if self.store.is_some() {
            self.turn().retained.push(topic.clone());
        }
    }

    /// Notes that the clock was moved.
    pub(crate) fn move_clock(&mut self) {
        if self.store.is_some() {
            self.turn();
        }
    }

    /// Notes that the service has started.
    pub(crate) fn start(&mut self) {
        if self.store.is_some() {
            self.turn().is_start = true;
        }
    }

    fn turn(&mut self) -> &mut Turn {
        self.turn.get_or_insert_with(|| {
            self.last += 1;
            Turn::default()
        })
    }

    /// What was touched in this turn, which ends.
    pub(crate) fn end_turn(&mut self) -> Option<Turn> {
        mem::take(&mut self.turn)
    }

    /// Hands the rows of the last change to the store.
    pub(crate) fn send(&self, replaces_all: bool, rows: Vec<Row>) {
        if let Some(store) = &self.store {
            // A store that has ended keeps nothing, and nobody hears of it.
            let _ = store.send(Change { number: self.last, replaces_all, rows });
        }
    }

    /// Keeps nothing from here on: what is touched gets a number that never comes to be kept.
    pub(crate) fn end(&mut self) {
        if let Some(store) = &mut self.store {
            *store = mpsc::channel().0;
        }
    }
}
