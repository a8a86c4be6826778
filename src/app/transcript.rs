//! The output in order: an answer before the events that it caused, events by their numbers whichever task
//! delivers them, and a memory of them all for `expect`.
//!
//! | module | what it is |
//! |---|---|
//! | [`order`] | which event is printed next |
//! | [`hold`] | events held back while a command waits for its answer |
//! | [`memory`] | what `expect` looks at |
//! | `incident` | what goes wrong outside of commands |

pub(crate) mod hold;
mod incident;
mod memory;
mod order;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::command::Expectation;
use crate::app::output::known_names::KnownNames;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::printer::Printer;

pub(crate) use incident::Incident;
use memory::Memory;
use order::Order;

pub(crate) use memory::Beginning;
pub(crate) use order::{Arrival, Passed, Source};

/// How many bytes of events a hold may hold back; more wait in the connection's own bounded queue.
const MAX_WAITING: usize = 4 * 1024 * 1024;

/// How long an event that the connection has numbered may take to be delivered.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The order and the memory of what is printed. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    shared: Arc<SharedTranscript>,
}

#[derive(Debug)]
struct SharedTranscript {
    printer: Printer,
    known_names: KnownNames,
    state: Mutex<TranscriptState>,
    /// Notified of every message and every event.
    changed: Notify,
    /// [`DELIVERY_TIMEOUT`], or less in tests.
    delivery_timeout: Duration,
}

#[derive(Debug)]
struct TranscriptState {
    order: Order,
    /// The number of the latest hold, so that a late release does not end the next one.
    hold: u64,
    held: bool,
    /// How many wait for events to be printed.
    settling: usize,
    memory: Memory,
    incidents: Vec<Incident>,
    /// The last answer, or what the last `expect` found, whichever came later.
    latest: Option<Message>,
}

/// How `expect` went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectOutcome {
    /// The message came.
    Found(Box<Message>),
    /// It did not.
    Missing {
        /// What was awaited.
        what: String,
        /// What came instead, one line per message.
        instead: Vec<String>,
        /// How many messages had to be forgotten, among which it may have been.
        forgotten: usize,
    },
}

impl Transcript {
    /// A transcript that prints to `printer`, and adds the jobs that its messages mention to `known_names`.
    #[must_use]
    pub(crate) fn new(printer: Printer, known_names: KnownNames) -> Self {
        Self::with_delivery_timeout(printer, known_names, DELIVERY_TIMEOUT)
    }

    fn with_delivery_timeout(printer: Printer, known_names: KnownNames, delivery_timeout: Duration) -> Self {
        let state = TranscriptState {
            order: Order::default(),
            hold: 0,
            held: false,
            settling: 0,
            memory: Memory::new(printer.played().clone()),
            incidents: Vec::new(),
            latest: None,
        };
        let (state, changed) = (Mutex::new(state), Notify::new());
        Self { shared: Arc::new(SharedTranscript { printer, known_names, state, changed, delivery_timeout }) }
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        &self.shared.printer
    }

    /// The jobs that its messages have mentioned.
    #[must_use]
    pub(crate) fn known_names(&self) -> &KnownNames {
        &self.shared.known_names
    }

    /// A connection on which events will arrive, numbered from 1.
    pub(crate) fn add_source(&self) -> Source {
        self.state().order.add_source()
    }

    /// Takes an event, which is printed after all earlier ones of its connection, and not during a hold.
    ///
    /// Returns once there is room for another one.
    pub(crate) async fn deliver(&self, arrival: Arrival, event: Message) {
        self.take(arrival, Some(event));
        self.until_there_is_room().await;
    }

    /// Waits until another event can be taken without too much being held back.
    pub(crate) async fn until_there_is_room(&self) {
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.state();
                if state.order.bytes() <= MAX_WAITING || !state.held || state.settling > 0 {
                    return;
                }
            }
            changed.await;
        }
    }

    /// An event has come, but is not to be printed.
    pub(crate) fn skip(&self, arrival: Arrival) {
        self.take(arrival, None);
    }

    /// Takes an event as [`Transcript::deliver`] does, whether there is room for another one or not; `None` for one that
    /// is not to be printed.
    pub(crate) fn take(&self, arrival: Arrival, event: Option<Message>) {
        let mut state = self.state();
        state.order.take(arrival, event);
        self.print_ready(&mut state);
        self.shared.changed.notify_waiters();
    }

    /// Prints an answer at once, before any event that is held back.
    pub(crate) fn answer(&self, message: Message) {
        let mut state = self.state();
        state.latest = Some(message.clone());
        self.record(&mut state, message);
    }

    /// The last answer, or what the last `expect` found, whichever came later.
    pub(crate) fn latest(&self) -> Option<Message> {
        self.state().latest.clone()
    }

    /// Prints an answer with `text` in place of its body.
    pub(crate) fn answer_as(&self, message: Message, text: &str) {
        let mut state = self.state();
        state.latest = Some(message.clone());
        self.shared.printer.message_as(&message, text);
        self.remember(&mut state, message);
    }

    /// Records that something went wrong outside a command, such as a lost event or a malformed message.
    ///
    /// A script fails the command during which it is noticed; at a terminal it is printed at once.
    pub(crate) fn incident(&self, incident: Incident) {
        self.state().incidents.push(incident);
        self.shared.changed.notify_waiters();
    }

    /// The incidents since the last call.
    #[must_use]
    pub(crate) fn take_incidents(&self) -> Vec<Incident> {
        std::mem::take(&mut self.state().incidents)
    }

    /// Waits for incidents, and takes them.
    pub(crate) async fn next_incidents(&self) -> Vec<Incident> {
        self.incident_came().await;
        self.take_incidents()
    }

    /// Waits until there are incidents to take.
    pub(crate) async fn incident_came(&self) {
        loop {
            let changed = self.shared.changed.notified();
            if !self.state().incidents.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// A command other than `expect`, or a test, begins on `line` of a script: from here on `expect` looks at no
    /// message that counts no longer.
    pub(crate) fn begin(&self, line: Option<usize>, beginning: Beginning) {
        self.state().memory.begin(line, beginning);
    }

    /// Looks for the expected message among those that [`Transcript::begin`] has left, and waits for it at most
    /// `within`. A message that it finds satisfies no second expectation.
    pub(crate) async fn expect(&self, expectation: &Expectation, within: Duration) -> ExpectOutcome {
        let deadline = Instant::now() + within;
        let mut looked_at = 0;
        loop {
            let changed = self.shared.changed.notified();
            {
                let mut state = self.state();
                if let Some(message) = state.memory.take(expectation, looked_at) {
                    state.latest = Some(message.clone());
                    return ExpectOutcome::Found(Box::new(message));
                }
                looked_at = state.memory.count();
            }
            if timeout_at(deadline, changed).await.is_err() {
                let state = self.state();
                let (what, instead) = state.memory.explain(expectation);
                let forgotten = state.memory.forgotten(expectation);
                return ExpectOutcome::Missing { what, instead, forgotten };
            }
        }
    }

    /// Whether a message with this title is among those that `expect` looks at, or was before one took it.
    #[must_use]
    pub(crate) fn has(&self, title: &str) -> bool {
        self.state().memory.has(title)
    }

    /// That a message which was expected came before the command from which on it counts no longer, if it did.
    #[must_use]
    pub(crate) fn too_early(&self, expectation: &Expectation) -> Option<String> {
        self.state().memory.too_early(expectation)
    }

    /// Waits until nothing has come for `quiet`, but no longer than `at_most`.
    pub(crate) async fn wait_until_quiet(&self, quiet: Duration, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        loop {
            let changed = self.shared.changed.notified();
            let until = deadline.min(Instant::now() + quiet);
            if timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    /// Waits until events wait to be printed of which it is not known whether an earlier one can still come.
    pub(crate) async fn until_unsettled(&self) {
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.state();
                if !state.held && state.settling == 0 && !state.order.is_empty() {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Now that a round trip has passed on these connections, and the local service had sent what has `sequence` by
    /// then: waits until that has been handed in, and prints it.
    pub(crate) async fn settle(&self, passed: &[Passed], sequence: Option<u64>) {
        let _settling = self.settling();
        loop {
            let changed = self.shared.changed.notified();
            if self.print_settled(passed, sequence) {
                return;
            }
            // The tasks that deliver events wait for a slow reader, which must not count against them.
            self.printer().flush().await;
            if timeout(self.shared.delivery_timeout, changed).await.is_err() {
                self.give_up(passed);
            }
        }
    }

    /// Prints what is settled if all of it has been handed in.
    fn print_settled(&self, passed: &[Passed], sequence: Option<u64>) -> bool {
        let mut state = self.state();
        if !state.order.have_come(passed) {
            return false;
        }
        for event in state.order.pop_settled(passed, sequence) {
            self.record(&mut state, event);
        }
        true
    }

    /// Stops waiting for events that the connection numbered and no task brought; one that comes after all is
    /// shown then.
    fn give_up(&self, passed: &[Passed]) {
        let mut state = self.state();
        let missing = state.order.give_up(passed);
        if missing > 0 {
            let text = format!("{missing} events were announced and did not come");
            state.incidents.push(Incident::new("EventsLost", text));
        }
    }

    /// Prints the events whose turn it is, unless they are held.
    fn print_ready(&self, state: &mut TranscriptState) {
        while !state.held
            && let Some(event) = state.order.pop_ready()
        {
            self.record(state, event);
        }
    }

    fn record(&self, state: &mut TranscriptState, message: Message) {
        self.shared.printer.message(&message);
        self.remember(state, message);
    }

    fn remember(&self, state: &mut TranscriptState, mut message: Message) {
        message.thing = self.printer().thing_of(&message);
        self.shared.known_names.learn(&message);
        self.shared.changed.notify_waiters();
        if message.kind != MessageKind::Error {
            state.memory.remember(message);
        }
    }

    fn state(&self) -> MutexGuard<'_, TranscriptState> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
