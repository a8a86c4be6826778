//! What changes, on its way to the store, and who waits for it to be kept.

use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::{ClockMove, Core, Shared};
use crate::service::first_state::FirstState;
use crate::service::keeping::{Change, Changes, Kept, NotKept};
use crate::service::moment::Moment;
use crate::service::restored::Restored;
use crate::service::row::Row;
use crate::service::start_error::StartError;
use crate::service::state::Touched;

/// How many changes may wait for the store before the timers do: a client's own change waits behind them.
const AHEAD: u64 = 1;

impl Shared {
    /// The same service, whose changes go to `store`.
    #[must_use]
    pub(crate) fn kept_by(self, store: Sender<Change>) -> Self {
        self.core.lock().changes = Changes::to(store);
        Self { kept: Some(watch::Sender::new(Kept::UpTo(0))), ..self }
    }

    /// The same service, which goes on with what it finds again: does what fell due meanwhile, each at its own time,
    /// and then what the options say otherwise than at the last start.
    pub(crate) fn going_on_with(self, first: FirstState, restored: Restored) -> Result<Self, StartError> {
        let Restored { state, retained, clock, last_start } = restored;
        let state = state.presigning_with(first.presigner.clone());
        let shared = Self { first, ..self };
        let mut core = shared.core.lock();
        (core.state, core.router.retained, core.clock) = (state, retained, clock);
        core.clock.begin_to_catch_up();
        core.moves.push_back(ClockMove { by: Duration::ZERO, done: oneshot::channel().0 });
        drop(core);
        while shared.move_clock() {}
        let mut core = shared.core.lock();
        let now = core.clock.now();
        let touched = shared.first.carry_on(&mut core.state, now, &last_start)?;
        core.changes.touch(touched);
        // What the options say this time is kept for the next start.
        core.changes.start();
        shared.end_turn(&mut core);
        drop(core);
        Ok(shared)
    }

    /// Whether the next start finds everything again.
    pub(crate) fn keeps_all(&self) -> bool {
        self.kept.is_some()
    }

    /// All that there is to keep.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.rows_of(&mut self.core.lock(), &Touched::all())
    }

    fn rows_of(&self, core: &mut Core, touched: &Touched) -> Vec<Row> {
        let mut rows = core.state.rows(touched);
        if touched.are_all() {
            rows.push(self.first.row());
        }
        rows.push(core.clock.row());
        rows
    }

    /// Hands what this turn has changed to the store.
    pub(super) fn end_turn(&self, core: &mut Core) {
        let Some(turn) = core.changes.end_turn() else { return };
        core.router.changed(core.changes.last());
        let mut rows = self.rows_of(core, &turn.touched);
        if turn.is_start {
            rows.push(self.first.row());
        }
        let now = Moment::now();
        rows.extend(turn.retained.iter().map(|topic| core.router.retained.row(topic, now)));
        core.changes.send(turn.touched.are_all(), rows);
    }

    /// Everything up to the change `number` is kept: lets go what waited for that.
    pub(crate) fn keep_up_to(&self, number: u64) {
        self.core.lock().router.changes_kept(number);
        if let Some(kept) = &self.kept {
            kept.send_if_modified(|kept| match kept {
                Kept::UpTo(last) => {
                    *last = number;
                    true
                }
                Kept::Not(_) => false,
            });
        }
    }

    /// Nothing more can be kept: nobody is answered any more.
    pub(crate) fn keep_no_more(&self, why: NotKept) {
        self.note(&format!("{why}: nothing more is answered"));
        if let Some(kept) = &self.kept {
            kept.send_replace(Kept::Not(why));
        }
        self.core.lock().router.end_all();
    }

    /// Hands nothing to the store from here on; whoever waits for what changes then waits for ever.
    pub(crate) fn end_keeping(&self) {
        self.core.lock().changes.end();
    }

    /// Waits until all that anybody can have seen is kept.
    pub(crate) async fn until_kept(&self) -> Result<(), NotKept> {
        self.until_kept_but(0).await
    }

    /// Waits until the store is nearly as far as the service: what clients change must not wait behind a crowd of
    /// changes that no client waits for.
    pub(super) async fn until_nearly_kept(&self) {
        // Where nothing is kept any more, there is nothing to wait for.
        let _ = self.until_kept_but(AHEAD).await;
    }

    async fn until_kept_but(&self, few: u64) -> Result<(), NotKept> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let number = self.core.lock().changes.last().saturating_sub(few);
        let reached = |kept: &Kept| !matches!(kept, Kept::UpTo(last) if *last < number);
        let mut kept = kept.subscribe();
        // The sender is ours.
        match kept.wait_for(reached).await.as_deref() {
            Ok(Kept::Not(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Waits until nothing more can be kept; for ever where nothing is.
    pub(crate) async fn until_not_kept(&self) -> NotKept {
        if let Some(kept) = &self.kept
            && let Ok(Kept::Not(why)) =
                kept.subscribe().wait_for(|kept| matches!(kept, Kept::Not(_))).await.as_deref()
        {
            return why.clone();
        }
        std::future::pending().await
    }
}
