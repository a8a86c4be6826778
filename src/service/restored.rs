//! What a service knew, found again.

use super::broker::RetainedMessages;
use super::clock::Clock;
use super::first_state::LastStart;
use super::moment::Moment;
use super::row::{Kind, Row, RowKey};
use super::state::rollout::RolloutRate;
use super::state::{Restoring as RestoringState, Settings, State};

/// What a service goes on with.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) state: State,
    pub(crate) retained: RetainedMessages,
    pub(crate) clock: Clock,
    pub(crate) last_start: LastStart,
}

/// What has been found of it so far.
#[derive(Debug)]
pub(crate) struct Restoring {
    now: Moment,
    state: RestoringState,
    retained: RetainedMessages,
    clock: Clock,
    last_start: LastStart,
}

impl Restoring {
    pub(crate) fn new(settings: Settings, rate: RolloutRate, now: Moment) -> Self {
        Self {
            now,
            state: State::restoring(settings, rate),
            retained: RetainedMessages::default(),
            clock: Clock::default(),
            last_start: LastStart::default(),
        }
    }

    /// Takes up a row: job executions last, in the order of their keys. The error says what is wrong with it.
    pub(crate) fn add(&mut self, row: Row) -> Result<(), String> {
        let wrong = |error: serde_json::Error| error.to_string();
        match row {
            Row { key: RowKey::Named(Kind::Clock, _), value: Some(value) } => {
                self.clock = Clock::restored(&value).map_err(wrong)?;
            }
            Row { key: RowKey::Named(Kind::FirstState, _), value: Some(value) } => {
                self.last_start = serde_json::from_str(&value).map_err(wrong)?;
            }
            Row { key: RowKey::Named(Kind::RetainedMessage, topic), value: Some(value) } => {
                self.retained.restore(topic, &value, self.now).map_err(wrong)?;
            }
            row => self.state.add(row).map_err(|damaged| damaged.to_string())?,
        }
        Ok(())
    }

    /// All that was found. The error says what is missing.
    pub(crate) fn finish(self) -> Result<Restored, String> {
        let Self { state, retained, clock, last_start, .. } = self;
        let state = state.finish().map_err(|damaged| damaged.to_string())?;
        Ok(Restored { state, retained, clock, last_start })
    }
}
