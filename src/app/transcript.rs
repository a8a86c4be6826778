//! What is said, in order: an answer before the events that it caused, events by their numbers
//! whichever task brings them, and a memory of it all for `expect`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::command::Expectation;
use crate::app::expect;
use crate::app::output::known_jobs::KnownJobs;
use crate::app::output::message::{Kind, Message};
use crate::app::output::printer::Printer;

/// What `expect` can look back at, in bytes of bodies: a bound that no honest script comes near.
const MAX_MEMORY: usize = 64 * 1024 * 1024;

/// What a hold may hold back, in bytes; more waits with the connection, which bounds it too.
const MAX_WAITING: usize = 4 * 1024 * 1024;

/// [`Shared::patience`] outside tests.
const MAX_DELIVERY: Duration = Duration::from_secs(5);

/// The order and the memory of what is printed. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    printer: Printer,
    known: KnownJobs,
    inner: Mutex<Inner>,
    /// Woken by every message and every event that arrives.
    news: Notify,
    /// How long an event that the connection has numbered may take to come through its task.
    patience: Duration,
}

#[derive(Debug)]
struct Inner {
    /// The number of the event to print next.
    next: u64,
    /// Events that wait for an earlier one, or for the command that holds them; `None` for one that is not printed.
    waiting: BTreeMap<u64, Option<Message>>,
    waiting_bytes: usize,
    /// Counts the holds, so that a late release does not end the next one.
    hold: u64,
    held: bool,
    memory: VecDeque<Remembered>,
    memory_bytes: usize,
    forgotten: usize,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Remembered {
    message: Message,
    /// Each message satisfies one expect.
    used: bool,
}

/// Something that went wrong and that no command asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What kind, in one word.
    pub title: &'static str,
    /// What went wrong, on one line.
    pub text: String,
    /// Whether that has been printed already.
    pub told: bool,
}

/// How `expect` went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The message came.
    Found(Box<Message>),
    /// It did not.
    Missing {
        /// What was awaited.
        what: String,
        /// What came instead, a line each.
        instead: Vec<String>,
    },
}

impl Transcript {
    /// A transcript that prints to `printer` and teaches `known`. Events are numbered from 1.
    #[must_use]
    pub(crate) fn new(printer: Printer, known: KnownJobs) -> Self {
        Self::with_patience(printer, known, MAX_DELIVERY)
    }

    fn with_patience(printer: Printer, known: KnownJobs, patience: Duration) -> Self {
        let inner = Inner {
            next: 1,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            hold: 0,
            held: false,
            memory: VecDeque::new(),
            memory_bytes: 0,
            forgotten: 0,
            faults: Vec::new(),
        };
        let (inner, news) = (Mutex::new(inner), Notify::new());
        Self { shared: Arc::new(Shared { printer, known, inner, news, patience }) }
    }

    /// Where it prints.
    #[must_use]
    pub(crate) fn printer(&self) -> &Printer {
        &self.shared.printer
    }

    /// What its messages have taught.
    #[must_use]
    pub(crate) fn known(&self) -> &KnownJobs {
        &self.shared.known
    }

    /// Event `number` has come. It is printed after all earlier ones, and not while a command holds
    /// events back.
    ///
    /// Returns once there is room for another one.
    pub(crate) async fn deliver(&self, number: u64, event: Message) {
        {
            let mut inner = self.inner();
            inner.waiting_bytes += size(&event);
            self.take(&mut inner, number, Some(event));
        }
        loop {
            let news = self.shared.news.notified();
            {
                let inner = self.inner();
                if inner.waiting_bytes <= MAX_WAITING || !inner.held {
                    return;
                }
            }
            news.await;
        }
    }

    /// Event `number` has come, but is not to be printed.
    pub(crate) fn skip(&self, number: u64) {
        self.take(&mut self.inner(), number, None);
    }

    fn take(&self, inner: &mut Inner, number: u64, event: Option<Message>) {
        inner.waiting.insert(number, event);
        if !inner.held {
            self.print_ready(inner);
        }
        self.shared.news.notify_waiters();
    }

    /// An answer, printed now, before any event that is held back.
    pub(crate) fn answer(&self, message: Message) {
        self.record(&mut self.inner(), message);
    }

    /// An answer whose body is shown as `text`.
    pub(crate) fn answer_as(&self, message: Message, text: &str) {
        let mut inner = self.inner();
        self.shared.printer.message_as(&message, text);
        self.remember(&mut inner, message);
    }

    /// Something went wrong that no command asked for: the drop of an event, a message that is none.
    /// A script counts it as a failure of the command at which it shows; a person is told at once.
    pub(crate) fn fault(&self, fault: Fault) {
        self.inner().faults.push(fault);
        self.shared.news.notify_waiters();
    }

    /// The faults since the last call.
    #[must_use]
    pub(crate) fn take_faults(&self) -> Vec<Fault> {
        std::mem::take(&mut self.inner().faults)
    }

    /// The same as soon as there are some.
    pub(crate) async fn next_faults(&self) -> Vec<Fault> {
        loop {
            let news = self.shared.news.notified();
            let faults = self.take_faults();
            if !faults.is_empty() {
                return faults;
            }
            news.await;
        }
    }

    /// Forgets what came so far: a command begins that is not an expect.
    pub(crate) fn forget(&self) {
        let mut inner = self.inner();
        inner.memory.clear();
        inner.memory_bytes = 0;
        inner.forgotten = 0;
    }

    /// Holds events back while a command waits; at a terminal for `at_most` only.
    #[must_use]
    pub(crate) fn hold(&self, at_most: Option<Duration>) -> Hold {
        let mut inner = self.inner();
        inner.hold += 1;
        inner.held = true;
        let hold = inner.hold;
        drop(inner);
        let timer = at_most.map(|at_most| {
            let transcript = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(at_most).await;
                transcript.let_go(hold);
            })
            .abort_handle()
        });
        Hold { transcript: self.clone(), number: hold, timer }
    }

    /// Looks for what is expected among the messages since [`Transcript::forget`], and waits for it
    /// at most so long. A message that it finds satisfies no second expectation.
    pub(crate) async fn expect(&self, expectation: &Expectation, within: Duration) -> Verdict {
        let deadline = Instant::now() + within;
        // How many messages, counting forgotten ones, need no second look.
        let mut looked_at = 0_usize;
        loop {
            let news = self.shared.news.notified();
            {
                let mut inner = self.inner();
                let new = looked_at.saturating_sub(inner.forgotten);
                looked_at = inner.forgotten + inner.memory.len();
                let found =
                    inner.memory.iter_mut().skip(new).find(|remembered| {
                        !remembered.used && expect::matches(expectation, &remembered.message)
                    });
                if let Some(found) = found {
                    found.used = true;
                    return Verdict::Found(Box::new(found.message.clone()));
                }
            }
            if timeout_at(deadline, news).await.is_err() {
                return self.explain(expectation);
            }
        }
    }

    /// Waits until nothing has come for `quiet`, but no longer than `at_most`.
    pub(crate) async fn settle(&self, quiet: Duration, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        loop {
            let news = self.shared.news.notified();
            let until = deadline.min(Instant::now() + quiet);
            if timeout_at(until, news).await.is_err() {
                return;
            }
        }
    }

    fn explain(&self, expectation: &Expectation) -> Verdict {
        let inner = self.inner();
        let (what, mut instead) =
            expect::explain(expectation, inner.memory.iter().map(|remembered| &remembered.message));
        if inner.forgotten > 0 {
            instead.push(format!("and {} earlier ones that had to be forgotten", inner.forgotten));
        }
        Verdict::Missing { what, instead }
    }

    fn let_go(&self, hold: u64) {
        let mut inner = self.inner();
        if inner.hold == hold && inner.held {
            inner.held = false;
            self.print_ready(&mut inner);
        }
        drop(inner);
        self.shared.news.notify_waiters();
    }

    /// Waits until event `last` and all before it have been printed.
    pub(crate) async fn caught_up(&self, last: u64) {
        loop {
            let news = self.shared.news.notified();
            if self.inner().next > last {
                return;
            }
            // The tasks that bring events wait for a slow reader, so their time runs only without one.
            self.printer().flush().await;
            if timeout(self.shared.patience, news).await.is_err() {
                return self.give_up(last);
            }
        }
    }

    /// Stops waiting for events that the connection numbered and no task brought; one that comes after all is
    /// shown then.
    fn give_up(&self, last: u64) {
        let mut inner = self.inner();
        if inner.next > last {
            return;
        }
        let missing = (inner.next..=last).filter(|number| !inner.waiting.contains_key(number)).count();
        let text = format!("{missing} events were announced and did not come");
        inner.faults.push(Fault { title: "EventsLost", text, told: false });
        inner.next = last + 1;
        self.print_ready(&mut inner);
    }

    /// Prints the events whose turn it is, or was.
    fn print_ready(&self, inner: &mut Inner) {
        while let Some(first) = inner.waiting.first_entry()
            && *first.key() <= inner.next
        {
            let (number, event) = first.remove_entry();
            inner.next = inner.next.max(number + 1);
            if let Some(event) = event {
                inner.waiting_bytes -= size(&event);
                self.record(inner, event);
            }
        }
    }

    fn record(&self, inner: &mut Inner, message: Message) {
        self.shared.printer.message(&message);
        self.remember(inner, message);
    }

    fn remember(&self, inner: &mut Inner, message: Message) {
        self.shared.known.learn(&message);
        self.shared.news.notify_waiters();
        if message.kind == Kind::Error {
            return;
        }
        inner.memory_bytes += size(&message);
        inner.memory.push_back(Remembered { message, used: false });
        while inner.memory_bytes > MAX_MEMORY {
            let Some(oldest) = inner.memory.pop_front() else { break };
            inner.memory_bytes -= size(&oldest.message);
            inner.forgotten += 1;
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds events back until it is released or dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    transcript: Transcript,
    number: u64,
    timer: Option<AbortHandle>,
}

impl Hold {
    /// Lets events be printed again, and waits until event `last` and all before it have been.
    pub(crate) async fn release(self, last: u64) {
        let transcript = self.transcript.clone();
        drop(self);
        transcript.caught_up(last).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        self.transcript.let_go(self.number);
    }
}

/// About what a message takes in memory, in bytes.
fn size(message: &Message) -> usize {
    200 + message.body.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests;
