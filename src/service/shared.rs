//! What both fronts of the service share: the state, the router and the clock behind one lock.
//!
//! One lock is one order for everybody: the requester's answer is queued first, then the events that the
//! request caused, before any other request is looked at. The lock is a plain mutex: nothing waits while it is
//! held.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::broker::{Requests, Router};
use super::certificates::{Authority, CertificateError};
use super::clock::Clock;
use super::log::{Log, throttled};
use super::state::{Outcome, Rejected, Settings, State};
use super::time::Timestamp;

/// The service without its sockets.
pub(crate) struct Shared {
    core: Mutex<Core>,
    /// Something may be due earlier than the timer's task knows.
    sooner: Notify,
    authority: OnceLock<Authority>,
    log: Log,
    connections: AtomicU64,
    calls: AtomicU64,
}

struct Core {
    state: State,
    router: Router,
    clock: Clock,
    /// When the timer's task looks again.
    alarm: Due,
}

/// When something is due: for jobs, and for sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Due {
    jobs: Option<Timestamp>,
    sessions: Option<Instant>,
}

/// Longer than any service runs, and short enough for the runtime's timer.
const FOR_EVER: Duration = Duration::from_hours(365 * 24);

impl Shared {
    /// The service of an account without things and jobs, which logs nothing.
    #[must_use]
    pub(crate) fn new(settings: Settings) -> Self {
        let core = Core {
            state: State::new(settings),
            router: Router::default(),
            clock: Clock::default(),
            alarm: Due::default(),
        };
        Self {
            core: Mutex::new(core),
            sooner: Notify::new(),
            authority: OnceLock::new(),
            log: std::sync::Arc::new(|_| ()),
            connections: AtomicU64::new(0),
            calls: AtomicU64::new(0),
        }
    }

    /// The same service with a log, which gets as many lines as somebody can read.
    #[must_use]
    pub(crate) fn logging_to(self, log: Log) -> Self {
        Self { log: throttled(log), ..self }
    }

    /// The log.
    pub(crate) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Writes a line to the log.
    pub(crate) fn note(&self, line: &str) {
        (self.log)(line);
    }

    /// Counts an MQTT connection that was accepted, before anything that came over it is looked at.
    pub(crate) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts an HTTP call that was let in, before it is carried out.
    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::SeqCst);
    }

    /// How many MQTT connections and HTTP calls there have been.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.connections.load(Ordering::SeqCst), self.calls.load(Ordering::SeqCst))
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
            requests.apply(&outcome.effects);
            outcome.reply
        })
    }

    /// Looks something up, after what is due.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State, Timestamp) -> T) -> T {
        self.requests(|requests| look(requests.state, requests.jobs_now))
    }

    /// What the Jobs clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.lock().clock.now()
    }

    /// Moves the Jobs clock forward and does what falls due on the way, each at its own time.
    ///
    /// Returns what the clock then shows. The clock drives jobs alone, not sessions or keep alives.
    pub(crate) fn advance(&self, by: Duration) -> Timestamp {
        let now = {
            let mut core = self.lock();
            core.clock.advance(by);
            core.clock.now()
        };
        // What is due next is due sooner than the timer's task thinks.
        self.sooner.notify_one();
        // Long work is done in slices, and others may come in between.
        while self.requests(|requests| requests.state.next_timeout().is_some_and(|due| due <= now)) {}
        now
    }

    /// Runs `work` on the service, after what is due.
    pub(crate) fn requests<T>(&self, work: impl FnOnce(&mut Requests<'_>) -> T) -> T {
        let mut core = self.lock();
        let Core { state, router, clock, alarm } = &mut *core;
        let now = tokio::time::Instant::now().into_std();
        let mut requests = Requests { state, router, now, jobs_now: clock.now() };
        requests.handle_timeouts();
        let result = work(&mut requests);
        let due = Due { jobs: state.next_timeout(), sessions: router.next_timeout() };
        if due != *alarm {
            *alarm = due;
            self.sooner.notify_one();
        }
        let notes = router.take_notes();
        drop(core);
        for line in notes {
            self.note(&line);
        }
        result
    }

    /// Runs timers for ever.
    pub(crate) async fn run_timers(&self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.until_due()) => self.requests(|_| ()),
                () = self.sooner.notified() => {}
            }
            // Long work is due again at once; others get their turn in between.
            tokio::task::yield_now().await;
        }
    }

    /// How long nothing falls due.
    fn until_due(&self) -> Duration {
        let mut core = self.lock();
        let now = core.clock.now();
        let jobs = core.alarm.jobs.map(|due| {
            Duration::from_millis(u64::try_from(due.millis().saturating_sub(now.millis())).unwrap_or(0))
        });
        let sessions = core.alarm.sessions.map(|due| due.saturating_duration_since(Instant::now()));
        jobs.into_iter().chain(sessions).min().unwrap_or(FOR_EVER)
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A panic in one request must not take the service from all other clients.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::credentials::paged::ListQuery;
    use super::*;

    #[test]
    fn a_write_makes_sessions_look_their_policies_up_again_and_a_read_does_not() {
        let shared = Shared::new(Settings { region: "us-east-1".into(), account: "123456789012".into() });
        let epoch = || shared.requests(|requests| requests.router.epoch());
        let before = epoch();
        shared.read(|state, _| state.list_policies(&ListQuery::default())).unwrap();
        assert_eq!(epoch(), before);
        shared.write(|state, _| state.delete_thing("T", None)).unwrap();
        assert_ne!(epoch(), before);
    }
}
