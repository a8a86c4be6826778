//! What a store would hold: the last row of each key.

use std::collections::BTreeMap;

use regex::Regex;

use crate::service::row::{Kind, RowKey};
use crate::service::state::rollout::RolloutRate;
use crate::service::state::{State, Touched};

/// The rows that are kept of an account, as changes replace them.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(BTreeMap<RowKey, String>);

impl Kept {
    /// All of an account.
    pub(super) fn of(state: &State) -> Self {
        let mut kept = Self::default();
        kept.take(state, &Touched::all());
        kept
    }

    /// Writes what a change touched.
    pub(super) fn take(&mut self, state: &State, touched: &Touched) {
        if touched.are_all() {
            self.0.clear();
        }
        for row in state.rows(touched) {
            match row.value {
                Some(value) => self.0.insert(row.key, value),
                None => self.0.remove(&row.key),
            };
        }
    }

    /// Every record of the account is kept as it is now: whatever changed was touched.
    #[track_caller]
    pub(super) fn assert_is_of(&self, state: &State) {
        let all = Self::of(state);
        for key in self.0.keys().chain(all.0.keys()) {
            let (kept, now) = (self.0.get(key), all.0.get(key));
            // What was reached meanwhile stays in the blocks of a queue.
            let is_same = match key {
                RowKey::Named(Kind::JobQueue, _) => kept.is_some() == now.is_some(),
                _ => kept == now,
            };
            assert!(is_same, "{key} is kept as {kept:?} and is {now:?}: it was not touched");
        }
    }

    /// The account from what is kept of it.
    #[track_caller]
    pub(super) fn restore(&self, state: &State) -> State {
        let mut restoring = State::restoring(state.settings().clone(), RolloutRate::Aws);
        for (key, value) in &self.0 {
            let row = crate::service::row::Row { key: key.clone(), value: Some(value.clone()) };
            restoring.add(row).unwrap_or_else(|damaged| panic!("{damaged}: {value}"));
        }
        restoring.finish().unwrap_or_else(|damaged| panic!("{damaged}"))
    }
}

/// All of an account as text, but for what says the same twice, in no order, or is of the moment alone.
pub(super) fn image(state: &State) -> String {
    let ended =
        |id: &&crate::wire::model::JobId| state.jobs.get(*id).is_none_or(|job| !job.status.is_active());
    let mut text = format!("{state:#?}");
    for name in ["continuous", "places"] {
        let lines = Regex::new(&format!(r"(?s)\b{name}: \{{[^}}]*\}}")).unwrap();
        text = lines.replace_all(&text, "").into_owned();
    }
    let text = Regex::new(r"pending_changes: \d+").unwrap().replace_all(&text, "");
    let followed: Vec<_> = state.continuous.iter().filter(|id| !ended(id)).collect();
    format!("{text}\n{followed:?}")
}
