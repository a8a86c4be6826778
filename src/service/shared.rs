//! What both fronts of the service share: the state, the router and the clock behind one lock.
//!
//! One lock is one order for everybody: the requester's answer is queued first, then the events that the
//! request caused, before any other request is looked at. The lock is a plain mutex: nothing waits while it is
//! held. Whoever has a lot to do with it does a slice at a time and hands it to those that wait in between.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};
use uuid::Uuid;

use super::broker::{Requests, Router};
use super::buckets::Buckets;
use super::certificates::{Authority, CertificateError};
use super::clock::Clock;
use super::device_policy;
use super::faults::Faults;
use super::first_state::FirstState;
use super::keeping::{Changes, Kept};
use super::log::{Log, throttled};
use super::rates::{Limits, Rates};
use super::start_error::StartError;
use super::state::{Counts, Outcome, Rejected, Settings, State};
use super::time::Timestamp;
use super::trace::Trace;
use crate::wire::fault::Fault;

/// The service without its sockets.
pub(crate) struct Shared {
    core: Mutex<Core>,
    /// Wakes the timer's task: something is due earlier than it knows, or the clock is to be moved.
    timers: Notify,
    authority: OnceLock<Authority>,
    log: Log,
    trace: Trace,
    calls: AtomicU64,
    first: FirstState,
    buckets: Option<Buckets>,
    /// Another one at each start.
    id: Uuid,
    /// The number of the last record of a fault that struck.
    struck: watch::Sender<u64>,
    /// How far changes are kept; none where nothing is.
    kept: Option<watch::Sender<Kept>>,
}

struct Core {
    state: State,
    router: Router,
    rates: Rates,
    faults: Faults,
    clock: Clock,
    /// When the timer's task looks again.
    alarm: Due,
    /// The moves of the clock that were asked for; the first may be under way.
    moves: VecDeque<ClockMove>,
    watches: Vec<ClientWatch>,
    changes: Changes,
}

/// Looks at the clients each time that one has come, subscribed or gone, until it has seen what it waits for.
type ClientWatch = Box<dyn FnMut(&Router) -> bool + Send>;

/// A move of the Jobs clock, and who waits for its end.
struct ClockMove {
    by: Duration,
    /// Gets what the clock shows when all has been done that was due on the way.
    done: oneshot::Sender<Timestamp>,
}

/// When something is due: for jobs, and for sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Due {
    jobs: Option<Timestamp>,
    sessions: Option<Instant>,
}

impl Shared {
    /// The service of an account without things and jobs, which logs nothing.
    #[must_use]
    pub(crate) fn new(settings: Settings) -> Self {
        let core = Core {
            state: State::new(settings.clone()),
            router: Router::default(),
            rates: Rates::default(),
            faults: Faults::default(),
            clock: Clock::default(),
            alarm: Due::default(),
            moves: VecDeque::new(),
            watches: Vec::new(),
            changes: Changes::default(),
        };
        Self {
            core: Mutex::new(core),
            timers: Notify::new(),
            authority: OnceLock::new(),
            log: std::sync::Arc::new(|_| ()),
            trace: Trace::default(),
            calls: AtomicU64::new(0),
            first: FirstState::empty(settings),
            buckets: None,
            id: Uuid::new_v4(),
            struck: watch::Sender::default(),
            kept: None,
        }
    }

    /// The same service with what it begins with.
    pub(crate) fn beginning_with(self, first: FirstState) -> Result<Self, StartError> {
        let mut core = self.core.lock();
        core.state = first.make(core.clock.now())?;
        drop(core);
        Ok(Self { first, ..self })
    }

    /// The same service with a log, which gets as many lines as somebody can read.
    #[must_use]
    pub(crate) fn logging_to(self, log: Log) -> Self {
        Self { log: throttled(log), ..self }
    }

    /// The same service with a trace.
    #[must_use]
    pub(crate) fn tracing_to(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The same service with limits on how often clients may ask.
    #[must_use]
    pub(crate) fn limited_to(self, limits: Limits) -> Self {
        self.core.lock().rates = Rates::new(limits);
        self
    }

    /// The same service with faults from the start.
    #[must_use]
    pub(crate) fn suffering(self, faults: Vec<Fault>) -> Self {
        self.core.lock().faults = Faults::new(faults);
        self
    }

    /// The same service with what plays S3.
    #[must_use]
    pub(crate) fn storing(self, buckets: Option<Buckets>) -> Self {
        Self { buckets, ..self }
    }

    /// The same service with this authority.
    #[must_use]
    pub(crate) fn signing_with(self, authority: Authority) -> Self {
        Self { authority: authority.into(), ..self }
    }

    /// The log.
    pub(crate) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Where the fronts record what comes and goes.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What plays S3, if anything does.
    pub(crate) fn buckets(&self) -> Option<&Buckets> {
        self.buckets.as_ref()
    }

    /// The job document that a link leads to; none where there is no link, or nothing that it could lead to.
    pub(crate) fn read_source(&self, source: Option<&str>) -> Option<Result<String, Rejected>> {
        Some(self.buckets()?.document(source?))
    }

    /// Writes a line to the log.
    pub(crate) fn note(&self, line: &str) {
        (self.log)(line);
    }

    /// Counts an HTTP call that was let in, before it is carried out.
    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::SeqCst);
    }

    /// How many MQTT connections and HTTP calls there have been.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.look_at_clients(Router::connections), self.calls.load(Ordering::SeqCst))
    }

    fn note_all(&self, lines: &[String]) {
        for line in lines {
            self.note(line);
        }
    }

    /// The service's own certificate authority, made when it is first needed.
    pub(crate) fn authority(&self) -> Result<&Authority, CertificateError> {
        if let Some(authority) = self.authority.get() {
            return Ok(authority);
        }
        let made = Authority::new()?;
        Ok(self.authority.get_or_init(|| made))
    }

    /// Carries out an operation that changes something.
    ///
    /// What is due is done first. When this returns, the events that the operation caused wait in the queues of
    /// all who subscribed to them.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&mut State, Timestamp) -> Outcome<T>,
    ) -> Result<T, Rejected> {
        self.requests(|requests| {
            let outcome = change(requests.state, requests.jobs_now);
            requests.router.control_plane_changed();
            requests.apply(outcome.effects);
            outcome.reply
        })
    }

    /// Looks something up, after what is due.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State, Timestamp) -> T) -> T {
        self.requests(|requests| look(requests.state, requests.jobs_now))
    }

    /// What the Jobs clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.core.lock().clock.now()
    }

    /// Goes back to the first start: its account, no retained messages, the system's time.
    ///
    /// Clients stay, but for those of certificates that are gone. When this returns, what they hear of it waits in
    /// their queues.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        let mut core = self.core.lock();
        let mut clock = Clock::default();
        let first = self.first.make(clock.now())?;
        core.clock = clock;
        // Who waits for a move of the clock hears what it shows now.
        let moves = mem::take(&mut core.moves);
        let (before, notes) = self.carry_out(&mut core, |requests| requests.reset(first));
        core.faults.reset();
        drop(core);
        drop((before, moves));
        self.note_all(&notes);
        Ok(())
    }

    /// Registers the certificate of the operator, now and at each reset.
    pub(crate) fn install_operator(&self, certificate_pem: &str) -> Result<(), StartError> {
        // Of several the first is the one that outlives a reset.
        let _ = self.first.operator.set(certificate_pem.to_owned());
        self.requests(|requests| requests.changes.start());
        let policy = device_policy::of_operator();
        self.write(|state, now| state.install_device(now, certificate_pem, &policy))?;
        Ok(())
    }

    /// How much there is of everything, and how many clients are connected.
    pub(crate) fn counts(&self) -> (Counts, usize) {
        self.requests(|requests| (requests.state.counts(), requests.router.client_count()))
    }

    /// Which service this is: another one after each start.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Waits until a fault has struck after the record of that number.
    pub(crate) async fn until_struck_after(&self, number: u64) {
        let mut last = self.struck.subscribe();
        // The sender is ours.
        let _ = last.wait_for(|last| *last > number).await;
    }

    /// Looks at the clients.
    pub(crate) fn look_at_clients<T>(&self, look: impl FnOnce(&Router) -> T) -> T {
        look(&self.core.lock().router)
    }

    /// Looks at the clients, now and each time that one comes, subscribes or goes, and waits for what there is to see.
    ///
    /// However late it is waited for, nothing goes by unseen.
    pub(crate) fn watch_clients<T: Send + 'static, Look: FnMut(&Router) -> Option<T> + Send + 'static>(
        &self,
        mut look: Look,
    ) -> impl Future<Output = T> + use<T, Look> {
        let (seen, sight) = oneshot::channel();
        let mut seen = Some(seen);
        let mut watch = move |router: &Router| {
            let Some(sight) = look(router) else {
                return seen.as_ref().is_none_or(oneshot::Sender::is_closed);
            };
            if let Some(seen) = seen.take() {
                // Nobody waits any more.
                let _ = seen.send(sight);
            }
            true
        };
        let mut core = self.core.lock();
        if !watch(&core.router) {
            core.watches.push(Box::new(watch));
        }
        drop(core);
        async {
            match sight.await {
                Ok(sight) => sight,
                // The service is gone, and its clients with it: there is nothing more to see.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Whether any fault is set; where none is, nothing more is looked at.
    pub(crate) fn has_faults(&self) -> bool {
        !self.core.lock().faults.is_empty()
    }

    /// Whether the next start finds the certificates again.
    pub(crate) fn is_kept(&self) -> bool {
        self.first.is_kept
    }

    /// Runs `work` on the service, after what is due.
    pub(crate) fn requests<T>(&self, work: impl FnOnce(&mut Requests<'_>) -> T) -> T {
        let mut core = self.core.lock();
        let (result, notes) = self.carry_out(&mut core, work);
        drop(core);
        self.note_all(&notes);
        result
    }

    /// Does what is due, then `work`; returns its result and what is to be logged.
    fn carry_out<T>(&self, core: &mut Core, work: impl FnOnce(&mut Requests<'_>) -> T) -> (T, Vec<String>) {
        let Core { state, router, rates, faults, clock, alarm, watches, changes, .. } = core;
        let (now, jobs_now) = (tokio::time::Instant::now().into_std(), clock.now());
        let mut requests = Requests { state, router, rates, faults, changes, now, jobs_now };
        requests.handle_timeouts();
        let result = work(&mut requests);
        if router.take_clients_changed() {
            watches.retain_mut(|watch| !watch(router));
        }
        let due = Due { jobs: state.next_timeout(), sessions: router.next_timeout() };
        if due != *alarm {
            *alarm = due;
            self.timers.notify_one();
        }
        let last = faults.last_struck();
        self.struck.send_if_modified(|known| mem::replace(known, last) != last);
        let notes = router.take_notes();
        self.end_turn(core);
        (result, notes)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

mod keeping;
#[cfg(test)]
mod tests;
mod timers;
