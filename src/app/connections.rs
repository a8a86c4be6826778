//! The connections of the session: what comes on all of them is printed in one order.
//!
//! Each is asked for a round trip, behind which everything has arrived that was sent on it before; the local service
//! numbers what it sends, over all connections. AWS does not, and promises no order across connections.

use std::sync::{Mutex, PoisonError};

use tokio::time::{Instant, timeout_at};

use crate::app::transcript::hold::Hold;
use crate::app::transcript::{Passed, Source, Transcript};
use crate::client::feed::Feed;

/// The connections of the session.
#[derive(Debug)]
pub(crate) struct Connections {
    transcript: Transcript,
    feeds: Mutex<Vec<(Source, Feed)>>,
}

impl Connections {
    /// None yet.
    pub(crate) fn new(transcript: Transcript) -> Self {
        Self { transcript, feeds: Mutex::default() }
    }

    /// Adds one, whose events are then delivered with the source that is handed back.
    pub(crate) fn add(&self, feed: Feed) -> Source {
        let source = self.transcript.add_source();
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner).push((source, feed));
        source
    }

    /// How many have been added.
    pub(crate) fn count(&self) -> usize {
        self.feeds().len()
    }

    /// Waits until what the commands so far have caused has been printed, on the local service all of it as far as
    /// that is known by `deadline`; events that were held are printed then.
    pub(crate) async fn settle(&self, hold: Option<Hold>, deadline: Option<Instant>) {
        let (passed, sequence) = round_trips(&self.feeds(), deadline).await;
        match hold {
            Some(hold) => hold.release(&passed, sequence).await,
            None => self.transcript.settle(&passed, sequence).await,
        }
    }

    /// Waits until what has arrived so far has been printed.
    pub(crate) async fn settle_arrived(&self) {
        let passed = |(source, feed): &(Source, Feed)| {
            let last = feed.last_event();
            Passed { source: *source, before: last, after: last }
        };
        let passed: Vec<_> = self.feeds().iter().map(passed).collect();
        self.transcript.settle(&passed, None).await;
    }

    /// Prints what arrives between commands, for ever: no event waits longer than it takes to know that no earlier one
    /// is on its way.
    pub(crate) async fn keep_settling(&self) {
        loop {
            self.transcript.until_unsettled().await;
            // On one that is down nothing is on its way.
            let up: Vec<_> = self.feeds().into_iter().filter(|(_, feed)| feed.is_up()).collect();
            let (passed, sequence) = round_trips(&up, None).await;
            match sequence {
                Some(_) => self.transcript.settle(&passed, sequence).await,
                None => self.settle_arrived().await,
            }
            self.transcript.printer().flush().await;
        }
    }

    fn feeds(&self) -> Vec<(Source, Feed)> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Lets a round trip pass on each connection, if they lead to the local service; returns what arrived meanwhile, and
/// the number of the last event that the service had sent before the first of its answers.
async fn round_trips(feeds: &[(Source, Feed)], deadline: Option<Instant>) -> (Vec<Passed>, Option<u64>) {
    let before: Vec<u64> = feeds.iter().map(|(_, feed)| feed.last_event()).collect();
    let mut sequence = None;
    for (_, feed) in feeds.iter().filter(|(_, feed)| feed.is_local_service()) {
        let barrier = feed.barrier();
        // If a connection is gone, no more events will come on it.
        let answer = match deadline {
            Some(deadline) => timeout_at(deadline, barrier).await.ok().and_then(Result::ok),
            None => barrier.await.ok(),
        };
        // One after the other, so that the first answer has the smallest number.
        sequence = sequence.or(answer.flatten());
    }
    let passed = feeds.iter().zip(before).map(|((source, feed), before)| {
        let after = feed.last_event();
        Passed { source: *source, before, after }
    });
    (passed.collect(), sequence)
}
