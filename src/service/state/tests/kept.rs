//! What a store would hold: the last row of each key.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::service::row::{Kind, Row, RowKey};
use crate::service::state::rollout::RolloutRate;
use crate::service::state::{Settings, State, Touched};
use crate::wire::model::JobId;

/// The account of these tests.
pub(super) fn settings() -> Settings {
    Settings { region: "us-east-1".into(), account: "123456789012".into() }
}

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

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        self.0.iter().map(|(key, value)| Row { key: key.clone(), value: Some(value.clone()) })
    }

    /// The account from what is kept of it.
    #[track_caller]
    pub(super) fn restore(&self) -> State {
        let mut restoring = State::restoring(settings(), RolloutRate::Aws);
        for row in self.rows() {
            restoring.add(row).unwrap_or_else(|damaged| panic!("{damaged}"));
        }
        restoring.finish().unwrap_or_else(|damaged| panic!("{damaged}"))
    }
}

/// All of an account as text, but for what says the same twice, in no order, or is of the moment alone.
pub(super) fn image(state: &State) -> String {
    static PASSED_OVER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(continuous|places): \{[^}]*\}|pending_changes: [0-9]+").unwrap());
    let is_active = |id: &&JobId| state.jobs.get(*id).is_some_and(|job| job.status.is_active());
    let followed: Vec<_> = state.continuous.iter().filter(is_active).collect();
    let text = format!("{state:?}");
    format!("{} {followed:?}", PASSED_OVER.replace_all(&text, ""))
}
