//! The state machine and the naive model, side by side.

use serde_json::{Value, json};
use uuid::Uuid;

use super::naive::{Events, Naive, Reply};
use super::operate::{answer, operate, refusal};
use super::operations::{ARN, JOBS, Op};
use crate::service::data_plane;
use crate::service::state::operator::ListJobExecutionsQuery;
use crate::service::state::{Settings, State};
use crate::service::time::Timestamp;

/// The state machine and the naive model, side by side.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) state: State,
    pub(super) naive: Naive,
    created: u128,
}

impl Pair {
    pub(super) fn new() -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let naive = Naive::at(1_750_000_000_123);
        let mut pair = Self { state: State::new(settings), naive, created: 0 };
        let _ = pair.run(&Op::UpdateEvents { jobs: Some(true), executions: Some(true) });
        for index in 0..3 {
            let _ = pair.run(&Op::CreateThing(index));
            let _ = pair.run(&Op::CreateGroup(index));
        }
        pair
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.naive.now)
    }

    /// Does `op` on both sides: what each answered, and the events of each.
    pub(super) fn run(&mut self, op: &Op) -> ((Reply, Events), (Reply, Events)) {
        let now = self.now();
        self.created += 1;
        let new_id = Uuid::from_u128(self.created);
        let (reply, effects) = operate(&mut self.state, now, new_id, op);
        let mut events = Events::new();
        for event in effects.events {
            let topic = event.topic().strip_prefix("$aws/").unwrap().to_owned();
            let id = Uuid::from_u128(3);
            let mut payload: Value = serde_json::from_slice(&event.payload(|| id)).unwrap();
            let own_id = payload.as_object_mut().unwrap().remove("eventId");
            assert_eq!(own_id, topic.starts_with("events/").then(|| json!(id)), "{topic}");
            events.push((topic, payload));
        }
        let naive_reply = self.naive.operate(op);
        ((reply, events), (naive_reply, std::mem::take(&mut self.naive.events)))
    }

    /// Everything that can be asked about `thing` and all jobs, from both sides.
    pub(super) fn look(&mut self, thing: &str) -> ((Reply, Value), (Reply, Value)) {
        let now = self.now();
        let handled =
            data_plane::handle(&mut self.state, now, &format!("$aws/things/{thing}/jobs/get"), b"").unwrap();
        let query = ListJobExecutionsQuery::default();
        let history = self.state.list_job_executions_for_thing(thing, &query);
        let history = history.map_or_else(|_| json!([]), |list| json!(list.execution_summaries));
        let jobs: Vec<_> = JOBS.iter().map(|job| self.describe_job(job)).collect();
        let state = (answer(handled.answer.unwrap()), json!([history, format!("{jobs:?}")]));

        let get = self.naive.device(thing, "get", &json!({}));
        let jobs: Vec<Reply> = JOBS.iter().map(|job| self.naive.describe_job(job)).collect();
        (state, (get, json!([self.naive.history(thing), format!("{jobs:?}")])))
    }

    fn describe_job(&self, job: &str) -> Reply {
        let described = self.state.describe_job(self.now(), job).map_err(|reason| refusal(&reason))?;
        let job = serde_json::to_value(described.job).unwrap();
        let counts: Vec<&Value> = job["jobProcessDetails"].as_object().unwrap().values().skip(1).collect();
        let targets: Vec<&str> =
            job["targets"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let targets: Vec<&str> = targets.iter().filter_map(|arn| arn.strip_prefix(ARN)).collect();
        let millis = |member: &str| job[member].as_f64().map(|seconds| format!("{:.0}", seconds * 1000.0));
        Ok(json!([
            job["status"],
            job["forceCanceled"],
            targets,
            millis("lastUpdatedAt"),
            millis("completedAt"),
            counts,
            job["isConcurrent"],
        ]))
    }
}
