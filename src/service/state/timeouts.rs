//! What the service does by itself, and when.

use super::State;
use super::change::SLICE;
use super::event::Event;
use super::timers::Timer;
use crate::service::time::Timestamp;

impl State {
    /// When [`State::handle_timeout`] has something to do; it may be a time that is past already.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Does what is due by `now`, each at its own due time, and returns the events.
    ///
    /// One call does a slice of long work; it leaves [`State::next_timeout`] at or before `now` until all is done.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..SLICE {
            let Some((due, timer)) = self.timers.take_due(now) else { break };
            match timer {
                Timer::JobExecution { thing, sequence } => self.time_out(due, &thing, sequence, &mut events),
                Timer::JobStart(job) => self.start_job(due, &job, &mut events),
                Timer::JobEnd(job) => self.end_job(due, &job, &mut events),
                Timer::RollOut(job) => {
                    self.roll_out(due, &job, &mut events);
                    break;
                }
                Timer::Cancel { job, force, after } => {
                    self.cancel_executions(due, &job, force, Some(&after), &mut events);
                    break;
                }
                Timer::Delete(job) => {
                    self.delete_executions(due, &job, &mut events);
                    break;
                }
            }
        }
        events
    }
}
