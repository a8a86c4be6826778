//! What the service does by itself, and when.

use super::State;
use super::change::{Change, SLICE};
use super::outcome::Effects;
use super::timers::Timer;
use super::touched::Record;
use crate::service::time::Timestamp;

impl State {
    /// When [`State::handle_timeout`] has something to do; it may be a time that is past already.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// Does what is due by `now`, each at its own due time.
    ///
    /// One call does a slice of long work; it leaves [`State::next_timeout`] at or before `now` until all is done.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Effects {
        let mut change = Change::new(self, now);
        for _ in 0..SLICE {
            let Some((due, timer)) = change.state.timers.take_due(now) else { break };
            change.now = due;
            if timer.is_kept() {
                change.effects.touched.add(Record::Timer(due, timer.clone()));
            }
            match timer {
                Timer::JobExecution { thing, sequence } => change.time_out(&thing, sequence),
                Timer::JobStart(job) | Timer::Window(job) => change.follow_schedule(&job),
                Timer::JobEnd(job) => change.end_job(&job),
                Timer::RollOut(job) => {
                    change.roll_out(&job);
                    break;
                }
                Timer::Cancel { job, force, after } => {
                    change.cancel_executions(&job, force, Some(&after));
                    break;
                }
                Timer::Delete(job) => {
                    change.delete_executions(&job);
                    break;
                }
                Timer::LeaveGroup(id) => {
                    change.leave_group(id);
                    break;
                }
            }
        }
        change.effects
    }
}
