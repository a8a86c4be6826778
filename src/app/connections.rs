//! The connections of the session: what comes on all of them is printed in one order.
//!
//! Each is asked for a round trip, behind which everything has arrived that was sent on it before; the local service
//! numbers what it sends, over all connections. AWS does not, and promises no order across connections. What faults
//! strike has its place in the same order.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, OnceCell};
use tokio::time::{Instant, timeout_at};

use crate::app::faults::FaultFeed;
use crate::app::transcript::hold::Hold;
use crate::app::transcript::{Passed, Source, Transcript};
use crate::client::feed::Feed;
use crate::client::sandbox::{self, Sandbox};

/// Does something where the session hears of faults for the first time.
pub(crate) type OnFaults = Box<dyn Fn() + Send + Sync>;

/// The connections of the session.
pub(crate) struct Connections {
    transcript: Transcript,
    feeds: Mutex<Vec<(Source, Feed)>>,
    faults: OnceCell<FaultFeed>,
    on_faults: OnFaults,
    /// Notified when the session hears of faults for the first time.
    begun: Notify,
}

impl Connections {
    /// None yet.
    pub(crate) fn new(transcript: Transcript, on_faults: OnFaults) -> Self {
        let (feeds, faults, begun) = (Mutex::default(), OnceCell::new(), Notify::new());
        Self { transcript, feeds, faults, on_faults, begun }
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

    /// From here on the session hears of what faults strike.
    ///
    /// # Errors
    /// Where the service does not answer, or refuses.
    pub(crate) async fn hear_of_faults(&self, sandbox: &Sandbox) -> Result<(), sandbox::Error> {
        let begin = || async {
            let feed = FaultFeed::begin(sandbox.clone(), self.transcript.clone()).await?;
            (self.on_faults)();
            Ok(feed)
        };
        self.faults.get_or_try_init(begin).await?;
        self.begun.notify_one();
        Ok(())
    }

    /// Whether the session hears of what faults strike.
    pub(crate) fn hears_of_faults(&self) -> bool {
        self.faults.initialized()
    }

    /// Waits until what the commands so far have caused has been printed, on the local service all of it as far as
    /// that is known by `deadline`; events that were held are printed then.
    pub(crate) async fn settle(&self, hold: Option<Hold>, deadline: Option<Instant>) {
        let (passed, sequence) = self.pass(&self.feeds(), deadline).await;
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
        let faults = self.faults.get().map(|faults| faults.passed(faults.count()));
        let passed: Vec<_> = self.feeds().iter().map(passed).chain(faults).collect();
        self.transcript.settle(&passed, None).await;
    }

    /// Prints what arrives between commands, for ever.
    pub(crate) async fn keep_settling(&self) {
        tokio::join!(self.settle_events(), self.follow_faults());
    }

    async fn follow_faults(&self) {
        self.begun.notified().await;
        if let Some(faults) = self.faults.get() {
            faults.follow().await;
        }
    }

    /// Prints events that arrive between commands, for ever: no event waits longer than it takes to know that no earlier one
    /// is on its way.
    async fn settle_events(&self) {
        loop {
            self.transcript.until_unsettled().await;
            // On one that is down nothing is on its way.
            let up: Vec<_> = self.feeds().into_iter().filter(|(_, feed)| feed.is_up()).collect();
            let (passed, sequence) = self.pass(&up, None).await;
            match sequence {
                Some(_) => self.transcript.settle(&passed, sequence).await,
                None => self.settle_arrived().await,
            }
            self.transcript.printer().flush().await;
        }
    }

    /// Lets a round trip pass on each of these connections, and asks for what faults have struck by then.
    async fn pass(&self, feeds: &[(Source, Feed)], deadline: Option<Instant>) -> (Vec<Passed>, Option<u64>) {
        let faults = self.faults.get().map(|faults| (faults, faults.count()));
        let (mut passed, sequence) = round_trips(feeds, deadline).await;
        if let Some((faults, before)) = faults {
            // Nothing is lost where that fails: it is asked for again.
            let _ = faults.catch_up().await;
            passed.push(faults.passed(before));
        }
        (passed, sequence)
    }

    fn feeds(&self) -> Vec<(Source, Feed)> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("feeds", &self.feeds).finish_non_exhaustive()
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
