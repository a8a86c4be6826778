//! The timers, and moves of the clock that they are driven by.

use std::time::{Duration, Instant};

use parking_lot::MutexGuard;
use tokio::sync::oneshot;

use super::{ClockMove, Core, Shared};
use crate::service::state::NextTimer;
use crate::service::time::Timestamp;

/// Longer than any service runs, and short enough for the runtime's timer.
const FOR_EVER: Duration = Duration::from_hours(365 * 24);

impl Shared {
    /// Moves the Jobs clock forward; returns what it shows when all is done that fell due on the way.
    ///
    /// What is due is done at its own time, slice by slice, by [`Shared::run_timers`]. Requests in between are
    /// handled at the time that the clock has come to; a second move waits for the first. The clock drives jobs
    /// alone, not sessions or keep alives.
    pub(crate) async fn advance(&self, by: Duration) -> Timestamp {
        let (done, ended) = oneshot::channel();
        self.core.lock().moves.push_back(ClockMove { by, done });
        self.timers.notify_one();
        // The service may stop meanwhile.
        ended.await.unwrap_or_else(|_| self.now())
    }

    /// Goes to the next time at which a timer of jobs is due, as [`Shared::advance`] does; returns that timer, and
    /// what the clock shows then. None where no timer runs.
    pub(crate) async fn advance_to_next_timer(&self) -> Option<(NextTimer, Timestamp)> {
        let (timer, now) = self.read(|state, now| state.next_timer().map(|timer| (timer, now)))?;
        let left = u64::try_from(timer.due.millis().saturating_sub(now.millis())).unwrap_or(0);
        let now = self.advance(Duration::from_millis(left)).await;
        Some((timer, now))
    }

    /// Does a slice of what is due, then hands the lock to whoever waits for it.
    fn handle_timeouts(&self, mut core: MutexGuard<'_, Core>) {
        let ((), notes) = self.carry_out(&mut core, |_| ());
        MutexGuard::unlock_fair(core);
        self.note_all(&notes);
    }

    /// Runs timers, and moves the clock where that is asked for, for ever.
    pub(crate) async fn run_timers(&self) {
        loop {
            if !self.move_clock() {
                tokio::select! {
                    () = tokio::time::sleep(self.until_due()) => self.handle_timeouts(self.core.lock()),
                    () = self.timers.notified() => {}
                }
            }
            self.until_nearly_kept().await;
            tokio::task::yield_now().await;
        }
    }

    /// Goes on with the first move of the clock, as far as the next time at which something is due; tells whether
    /// there is a move.
    pub(super) fn move_clock(&self) -> bool {
        let mut core = self.core.lock();
        let Core { state, clock, moves, changes, .. } = &mut *core;
        let Some(first) = moves.front() else { return false };
        let destination = clock.destination().unwrap_or_else(|| {
            let now = clock.now();
            clock.begin_move(now, first.by);
            now.plus(first.by)
        });
        if let Some(due) = state.next_timeout().filter(|due| *due <= destination) {
            clock.reach(due);
            self.handle_timeouts(core);
        } else {
            clock.end_move();
            let now = clock.now();
            changes.move_clock();
            self.end_turn(&mut core);
            if let Some(ClockMove { done, .. }) = core.moves.pop_front() {
                // Nobody waits any more where the connection that asked was closed.
                let _ = done.send(now);
            }
        }
        true
    }

    /// How long nothing falls due.
    fn until_due(&self) -> Duration {
        let mut core = self.core.lock();
        let now = core.clock.now();
        let jobs = core.alarm.jobs.map(|due| {
            Duration::from_millis(u64::try_from(due.millis().saturating_sub(now.millis())).unwrap_or(0))
        });
        let sessions = core.alarm.sessions.map(|due| due.saturating_duration_since(Instant::now()));
        jobs.into_iter().chain(sessions).min().unwrap_or(FOR_EVER)
    }
}
