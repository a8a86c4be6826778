//! The output in order: an answer before the events that it caused, events by their numbers whichever task
//! delivers them, and a memory of them all for `expect`.

mod fault;
mod hold;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::command::Expectation;
use crate::app::expect;
use crate::app::output::known_jobs::KnownJobs;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::printer::Printer;

pub(crate) use fault::Fault;

/// How many bytes of messages `expect` can look back at: far more than any sane script needs.
const MAX_MEMORY: usize = 64 * 1024 * 1024;

/// How many bytes of messages that `expect` no longer looks at are kept, to say that one came too early.
const MAX_PAST: usize = 1024 * 1024;

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
    known_jobs: KnownJobs,
    state: Mutex<TranscriptState>,
    /// Notified of every message and every event.
    changed: Notify,
    /// [`DELIVERY_TIMEOUT`], or less in tests.
    delivery_timeout: Duration,
}

#[derive(Debug)]
struct TranscriptState {
    /// The number of the event to print next.
    next: u64,
    /// Events that wait for an earlier one, or for the release of a hold; `None` for one that is not printed.
    waiting: BTreeMap<u64, Option<Message>>,
    waiting_bytes: usize,
    /// The number of the latest hold, so that a late release does not end the next one.
    hold: u64,
    held: bool,
    /// What `expect` looks at.
    memory: VecDeque<Remembered>,
    memory_bytes: usize,
    forgotten: usize,
    /// What it no longer looks at.
    past: VecDeque<Past>,
    past_bytes: usize,
    faults: Vec<Fault>,
    /// The last answer, or what the last `expect` found, whichever came later.
    latest: Option<Message>,
}

#[derive(Debug)]
struct Remembered {
    message: Message,
    /// Each message satisfies one expect.
    used: bool,
}

/// A message that no expect used while it could.
#[derive(Debug)]
struct Past {
    message: Message,
    /// The line of the command from which on it counted no longer; `None` at a terminal.
    line: Option<usize>,
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
    },
}

impl Transcript {
    /// A transcript that prints to `printer`, and adds the jobs that its messages mention to `known_jobs`.
    ///
    /// Events are numbered from 1.
    #[must_use]
    pub(crate) fn new(printer: Printer, known_jobs: KnownJobs) -> Self {
        Self::with_delivery_timeout(printer, known_jobs, DELIVERY_TIMEOUT)
    }

    fn with_delivery_timeout(printer: Printer, known_jobs: KnownJobs, delivery_timeout: Duration) -> Self {
        let state = TranscriptState {
            next: 1,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            hold: 0,
            held: false,
            memory: VecDeque::new(),
            memory_bytes: 0,
            forgotten: 0,
            past: VecDeque::new(),
            past_bytes: 0,
            faults: Vec::new(),
            latest: None,
        };
        let (state, changed) = (Mutex::new(state), Notify::new());
        Self { shared: Arc::new(SharedTranscript { printer, known_jobs, state, changed, delivery_timeout }) }
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        &self.shared.printer
    }

    /// The jobs that its messages have mentioned.
    #[must_use]
    pub(crate) fn known_jobs(&self) -> &KnownJobs {
        &self.shared.known_jobs
    }

    /// Takes event `number`, which is printed after all earlier ones, and not during a hold.
    ///
    /// Returns once there is room for another one.
    pub(crate) async fn deliver(&self, number: u64, event: Message) {
        {
            let mut state = self.state();
            state.waiting_bytes += size(&event);
            self.take(&mut state, number, Some(event));
        }
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.state();
                if state.waiting_bytes <= MAX_WAITING || !state.held {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Event `number` has come, but is not to be printed.
    pub(crate) fn skip(&self, number: u64) {
        self.take(&mut self.state(), number, None);
    }

    fn take(&self, state: &mut TranscriptState, number: u64, event: Option<Message>) {
        state.waiting.insert(number, event);
        if !state.held {
            self.print_ready(state);
        }
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
    pub(crate) fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
        self.shared.changed.notify_waiters();
    }

    /// The faults since the last call.
    #[must_use]
    pub(crate) fn take_faults(&self) -> Vec<Fault> {
        std::mem::take(&mut self.state().faults)
    }

    /// Waits for faults, and takes them.
    pub(crate) async fn next_faults(&self) -> Vec<Fault> {
        self.faulted().await;
        self.take_faults()
    }

    /// Waits until there are faults to take.
    pub(crate) async fn faulted(&self) {
        loop {
            let changed = self.shared.changed.notified();
            if !self.state().faults.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// A command other than `expect` begins, on `line` of a script. From here on `expect` looks at no earlier
    /// answer, and at no earlier event if the command `changes` something: what only reads causes none.
    pub(crate) fn begin(&self, line: Option<usize>, changes: bool) {
        let mut state = self.state();
        for remembered in std::mem::take(&mut state.memory) {
            let Remembered { message, used } = remembered;
            if !changes && message.kind == MessageKind::Event {
                state.memory.push_back(Remembered { message, used });
                continue;
            }
            state.memory_bytes -= size(&message);
            if !used {
                state.past_bytes += size(&message);
                state.past.push_back(Past { message, line });
            }
        }
        if changes {
            state.forgotten = 0;
        }
        while state.past_bytes > MAX_PAST {
            let Some(oldest) = state.past.pop_front() else { break };
            state.past_bytes -= size(&oldest.message);
        }
    }

    /// Looks for the expected message among those that [`Transcript::begin`] has left, and waits for it at most
    /// `within`. A message that it finds satisfies no second expectation.
    pub(crate) async fn expect(&self, expectation: &Expectation, within: Duration) -> ExpectOutcome {
        let deadline = Instant::now() + within;
        // How many messages have been looked at, counting forgotten ones.
        let mut looked_at = 0_usize;
        loop {
            let changed = self.shared.changed.notified();
            {
                let mut state = self.state();
                let new = looked_at.saturating_sub(state.forgotten);
                looked_at = state.forgotten + state.memory.len();
                let found =
                    state.memory.iter_mut().skip(new).find(|remembered| {
                        !remembered.used && expect::matches(expectation, &remembered.message)
                    });
                if let Some(found) = found {
                    found.used = true;
                    let message = found.message.clone();
                    state.latest = Some(message.clone());
                    return ExpectOutcome::Found(Box::new(message));
                }
            }
            if timeout_at(deadline, changed).await.is_err() {
                return self.explain(expectation);
            }
        }
    }

    /// That a message which was expected came before the command from which on it counts no longer, if it did.
    #[must_use]
    pub(crate) fn too_early(&self, expectation: &Expectation) -> Option<String> {
        self.state().too_early(expectation)
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

    fn explain(&self, expectation: &Expectation) -> ExpectOutcome {
        let state = self.state();
        let (what, mut instead) =
            expect::explain(expectation, state.memory.iter().map(|remembered| &remembered.message));
        instead.extend(state.too_early(expectation));
        if state.forgotten > 0 {
            instead.push(format!("and {} earlier ones that had to be forgotten", state.forgotten));
        }
        ExpectOutcome::Missing { what, instead }
    }

    /// Waits until event `last` and all before it have been printed.
    pub(crate) async fn wait_until_printed(&self, last: u64) {
        loop {
            let changed = self.shared.changed.notified();
            if self.state().next > last {
                return;
            }
            // The tasks that deliver events wait for a slow reader, which must not count against them.
            self.printer().flush().await;
            if timeout(self.shared.delivery_timeout, changed).await.is_err() {
                return self.give_up(last);
            }
        }
    }

    /// Stops waiting for events that the connection numbered and no task brought; one that comes after all is
    /// shown then.
    fn give_up(&self, last: u64) {
        let mut state = self.state();
        if state.next > last {
            return;
        }
        let missing = (state.next..=last).filter(|number| !state.waiting.contains_key(number)).count();
        let text = format!("{missing} events were announced and did not come");
        state.faults.push(Fault::new("EventsLost", text));
        state.next = last + 1;
        self.print_ready(&mut state);
    }

    /// Prints the events whose turn it is, or was.
    fn print_ready(&self, state: &mut TranscriptState) {
        while let Some(first) = state.waiting.first_entry()
            && *first.key() <= state.next
        {
            let (number, event) = first.remove_entry();
            state.next = state.next.max(number + 1);
            if let Some(event) = event {
                state.waiting_bytes -= size(&event);
                self.record(state, event);
            }
        }
    }

    fn record(&self, state: &mut TranscriptState, message: Message) {
        self.shared.printer.message(&message);
        self.remember(state, message);
    }

    fn remember(&self, state: &mut TranscriptState, message: Message) {
        self.shared.known_jobs.learn(&message);
        self.shared.changed.notify_waiters();
        if message.kind == MessageKind::Error {
            return;
        }
        state.memory_bytes += size(&message);
        state.memory.push_back(Remembered { message, used: false });
        while state.memory_bytes > MAX_MEMORY {
            let Some(oldest) = state.memory.pop_front() else { break };
            state.memory_bytes -= size(&oldest.message);
            state.forgotten += 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, TranscriptState> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TranscriptState {
    fn too_early(&self, expectation: &Expectation) -> Option<String> {
        let early = self.past.iter().rev().find(|past| expect::matches(expectation, &past.message))?;
        Some(match early.line {
            Some(line) => format!("it came too early, before line {line}"),
            None => "it came too early, before a later command".to_owned(),
        })
    }
}

/// Roughly how many bytes of memory a message takes.
fn size(message: &Message) -> usize {
    200 + message.body.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests;
