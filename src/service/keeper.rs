//! What keeps what a service knows, from its start to its end.

use std::sync::{Arc, mpsc};

use super::files::{Files, STATE};
use super::first_state::FirstState;
use super::keeping::NotKept;
use super::moment::Moment;
use super::restored::Restoring;
use super::shared::Shared;
use super::start_error::StartError;
use super::store::{Store, StoreError, Writer};

/// Keeps what a service knows. Dropped, it has kept all of it.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    writer: Option<Writer>,
}

impl Keeper {
    /// Begins with what `files` keep, or with `first`; what changes from there on is kept. Without files nothing is.
    pub(super) fn begin(
        shared: Shared,
        first: FirstState,
        files: Option<&Files>,
    ) -> Result<(Arc<Shared>, Option<Self>), StartError> {
        let Some(files) = files else {
            return Ok((Arc::new(shared.beginning_with(first)?), None));
        };
        let path = files.path(STATE);
        let mut store = Store::open(&path, &first.settings)?;
        let (changes, to_write) = mpsc::channel();
        let shared = shared.kept_by(changes);
        let shared = if store.is_new() {
            let shared = shared.beginning_with(first)?;
            store.begin(&shared.rows())?;
            shared
        } else {
            let damaged = |why| StoreError::Damaged { path: path.clone(), why };
            let mut restoring = Restoring::new(first.settings.clone(), first.rollout_rate, Moment::now());
            store.read(|row| restoring.add(row).map_err(damaged))?;
            let restored = restoring.finish().map_err(damaged)?;
            let found = restored.state.counts().to_string();
            let shared = shared.going_on_with(first, restored)?;
            shared.note(&format!("found {found} in {}", path.display()));
            shared
        };
        let shared = Arc::new(shared);
        let told = Arc::clone(&shared);
        let tell = move |kept: Result<u64, StoreError>| match kept {
            Ok(number) => told.keep_up_to(number),
            Err(error) => told.keep_no_more(NotKept::new(&error.to_string())),
        };
        let writer = Writer::start(store, to_write, tell)?;
        Ok((Arc::clone(&shared), Some(Self { shared, writer: Some(writer) })))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.end_keeping();
        drop(self.writer.take());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::service::row::{Kind, Row, RowKey};
    use crate::service::state::things::CreateThingRequest;
    use crate::service::state::{Outcome, Rejected, Settings, State, Touched};
    use crate::service::time::Timestamp;
    use crate::wire::model::{JobExecutionStatus, StartNextPendingJobExecutionRequest};

    fn settings() -> Settings {
        Settings { region: "us-east-1".into(), account: "123456789012".into() }
    }

    fn start(files: &Files) -> (Arc<Shared>, Option<Keeper>) {
        Keeper::begin(Shared::new(settings()), FirstState::empty(settings()), Some(files)).unwrap()
    }

    fn reply<T>(outcome: Outcome<T>) -> Result<T, Rejected> {
        outcome.reply
    }

    /// An account in which an execution of a job for each thing has begun at `at` and times out.
    fn begun(at: Timestamp, timeouts: &[(&str, i64)]) -> State {
        let mut state = State::new(settings());
        for (thing, minutes) in timeouts {
            let create = CreateThingRequest::default();
            reply(state.create_thing(at, thing, Uuid::new_v4(), &create)).unwrap();
            let job = json!({
                "targets": [format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}")],
                "document": "{}",
                "timeoutConfig": { "inProgressTimeoutInMinutes": minutes },
            });
            reply(state.create_job(at, thing, serde_json::from_value(job).unwrap())).unwrap();
            while state.next_timeout().is_some_and(|due| due <= at) {
                drop(state.handle_timeout(at));
            }
            let next = StartNextPendingJobExecutionRequest::default();
            let next = state.start_next_pending_job_execution(at, &thing.parse().unwrap(), next);
            assert!(reply(next).unwrap().execution.is_some());
        }
        state
    }

    #[test]
    fn what_fell_due_while_no_process_ran_is_done_at_its_own_time_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(Some(dir.path())).unwrap();
        let now = Timestamp::default().plus(Moment::now().since_epoch);
        let ended = Timestamp::from_millis(now.millis() - 3_600_000);
        let timeouts = [("A", 10), ("B", 5), ("C", 120)];
        let mut rows = begun(ended, &timeouts).rows(&Touched::all());
        let clock = json!({"ahead": 0, "shown": ended.millis()}).to_string();
        rows.push(Row { key: RowKey::Named(Kind::Clock, String::new()), value: Some(clock) });
        Store::open(&files.path(STATE), &settings()).unwrap().begin(&rows).unwrap();

        // The second start finds what the first has done.
        for _ in 0..2 {
            let (shared, keeper) = start(&files);
            for (thing, minutes) in timeouts {
                let described = shared
                    .read(|state, now| state.describe_job_execution_any_status(now, thing, thing, None));
                let execution = described.unwrap().execution;
                if thing == "C" {
                    assert_eq!(execution.status, JobExecutionStatus::InProgress);
                } else {
                    assert_eq!(execution.status, JobExecutionStatus::TimedOut);
                    let at = json!(execution)["lastUpdatedAt"].as_f64().unwrap();
                    let due = ended.plus_minutes(minutes).millis();
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "milliseconds of this era fit into 53 bits"
                    )]
                    let off = at - due as f64 / 1000.0;
                    assert!(off.abs() < 1.0, "{thing}: {off}");
                }
            }
            assert!(shared.now() >= now);
            drop((shared, keeper));
        }
    }

    #[test]
    fn the_clock_never_begins_before_the_last_time_that_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(Some(dir.path())).unwrap();
        let later = Timestamp::default().plus(Moment::now().since_epoch + Duration::from_hours(9));
        let clock = json!({"ahead": 0, "shown": later.millis()}).to_string();
        let mut rows = State::new(settings()).rows(&Touched::all());
        rows.push(Row { key: RowKey::Named(Kind::Clock, String::new()), value: Some(clock) });
        Store::open(&files.path(STATE), &settings()).unwrap().begin(&rows).unwrap();
        assert!(start(&files).0.now() >= later);
    }
}
