//! The state machine and the naive model, side by side.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::MOST_CALLS;
use super::kept::Kept;
use super::naive::{Events, Naive, Reply};
use super::operations::{ARN, GROUPS, JOBS, Op, THINGS, object, whole_minutes};

use crate::service::data_plane;
use crate::service::state::cancel_job::CancelJobRequest;
use crate::service::state::end_execution::CancelJobExecutionRequest;
use crate::service::state::event_configurations::{Configuration, UpdateEventConfigurationsRequest};
use crate::service::state::groups::ThingInThingGroupRequest;
use crate::service::state::operator::ListJobExecutionsQuery;
use crate::service::state::targets::AssociateTargetsWithJobRequest;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::update_job::UpdateJobRequest;
use crate::service::state::{Effects, EventType, Outcome, Rejected, Settings, State};
use crate::service::time::Timestamp;

/// The state machine and the naive model, side by side.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) state: State,
    pub(super) naive: Naive,
    kept: Kept,
}

impl Pair {
    pub(super) fn new() -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let naive = Naive::at(1_750_000_000_123);
        let state = State::new(settings);
        let mut pair = Self { kept: Kept::of(&state), state, naive };
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
        let (reply, effects) = self.on_state(op);
        self.kept.take(&self.state, &effects.touched);
        self.kept.assert_is_of(&self.state);
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

    fn on_state(&mut self, op: &Op) -> (Reply, Effects) {
        let now = self.now();
        let state = &mut self.state;
        match op {
            Op::Device { thing, rest, body } => {
                let topic = format!("$aws/things/{}/jobs/{rest}", THINGS[*thing]);
                let handled = data_plane::handle(state, now, &topic, body.to_string().as_bytes()).unwrap();
                (answer(handled.answer.unwrap()), handled.effects)
            }
            Op::CreateJob { job, body, start, end } => {
                let mut body = body.clone();
                body["document"] = json!(json!({ "do": JOBS[*job] }).to_string());
                if start.is_some() || end.is_some() {
                    body["schedulingConfig"] = object(vec![
                        ("startTime", start.map(|minutes| json!(text(whole_minutes(now, minutes))))),
                        ("endTime", end.map(|(minutes, _)| json!(text(whole_minutes(now, minutes))))),
                        ("endBehavior", end.and_then(|(_, behavior)| behavior.map(Value::from))),
                    ]);
                }
                done(state.create_job(now, JOBS[*job], serde_json::from_value(body).unwrap()))
            }
            Op::CancelJob { job, force, comment } => {
                let request = CancelJobRequest { comment: comment.map(str::to_owned), reason_code: None };
                done(state.cancel_job(now, JOBS[*job], *force, request))
            }
            Op::UpdateEvents { jobs, executions } => {
                let given = [(EventType::Job, *jobs), (EventType::JobExecution, *executions)];
                let given = given
                    .into_iter()
                    .filter_map(|(kind, enabled)| Some((kind, Configuration { enabled: enabled? })));
                let event_configurations = Some(given.collect());
                let request = UpdateEventConfigurationsRequest { event_configurations };
                done(state.update_event_configurations(now, request))
            }
            Op::DeleteJob { job, force } => done(state.delete_job(now, JOBS[*job], *force)),
            Op::UpdateJob { job, timeout } => {
                let body = json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": timeout } });
                let request: UpdateJobRequest = serde_json::from_value(body).unwrap();
                done(state.update_job(now, JOBS[*job], request))
            }
            Op::Associate { job, targets } => {
                let targets = Some(targets.iter().map(|target| format!("{ARN}{target}")).collect());
                let request = AssociateTargetsWithJobRequest { targets, comment: None };
                done(state.associate_targets_with_job(now, JOBS[*job], request))
            }
            Op::CancelExecution { thing, job, expected, force } => {
                let request = CancelJobExecutionRequest { expected_version: *expected, status_details: None };
                done(state.cancel_job_execution(now, THINGS[*thing], JOBS[*job], *force, request))
            }
            Op::DeleteExecution { thing, job, number, force } => {
                done(state.delete_job_execution(now, THINGS[*thing], JOBS[*job], *number, *force))
            }
            Op::Describe { thing, job, number } => {
                let described =
                    state.describe_job_execution_any_status(now, THINGS[*thing], JOBS[*job], *number);
                let reply = described.map_err(|reason| refusal(&reason)).map(|described| {
                    let it = described.execution;
                    json!([
                        it.status,
                        it.force_canceled,
                        it.status_details.details_map,
                        it.version_number,
                        it.execution_number,
                        it.approximate_seconds_before_timed_out,
                    ])
                });
                (reply, Effects::default())
            }
            Op::CreateThing(thing) => {
                let id = Uuid::from_u128(1);
                done(state.create_thing(now, THINGS[*thing], id, &CreateThingRequest::default()))
            }
            Op::DeleteThing(thing) => done(state.delete_thing(THINGS[*thing], None)),
            Op::Join { thing, group } => {
                done(state.add_thing_to_thing_group(now, &membership(*thing, *group)))
            }
            Op::Leave { thing, group } => {
                done(state.remove_thing_from_thing_group(now, &membership(*thing, *group)))
            }
            Op::DeleteGroup(group) => done(state.delete_thing_group(now, GROUPS[*group], None)),
            Op::CreateGroup(group) => {
                let body = object(vec![("parentGroupName", (*group == 1).then(|| json!(GROUPS[0])))]);
                let request = serde_json::from_value(body).unwrap();
                done(state.create_thing_group(now, GROUPS[*group], Uuid::from_u128(2), request))
            }
            Op::Advance { seconds, at_once } => {
                let target = Timestamp::from_millis(now.millis() + seconds * 1000);
                let mut effects = Effects::default();
                let mut calls = 0;
                while let Some(due) = state.next_timeout().filter(|due| *due <= target) {
                    calls += 1;
                    assert!(calls < MOST_CALLS, "what is due by {target:?} has no end");
                    let more = state.handle_timeout(if *at_once { target } else { due });
                    effects.events.extend(more.events);
                    effects.touched.extend(more.touched);
                }
                (Ok(Value::Null), effects)
            }
        }
    }
}

fn text(millis: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]");
    time::OffsetDateTime::from_unix_timestamp(millis / 1000).unwrap().format(format).unwrap()
}

fn membership(thing: usize, group: usize) -> ThingInThingGroupRequest {
    ThingInThingGroupRequest {
        thing_name: Some(THINGS[thing].into()),
        thing_group_name: Some(GROUPS[group].into()),
        ..ThingInThingGroupRequest::default()
    }
}

/// The reply to a call whose answer says nothing, and its effects.
fn done<T>(outcome: Outcome<T>) -> (Reply, Effects) {
    let reply = outcome.reply.map(|_| Value::Null).map_err(|reason| refusal(&reason));
    (reply, outcome.effects)
}

fn refusal(reason: &Rejected) -> (String, Option<Value>) {
    let code = match reason {
        Rejected::VersionConflict(_) => "VersionConflict",
        Rejected::ResourceAlreadyExists { .. } => "ResourceAlreadyExists",
        other => other.code(),
    };
    (code.to_owned(), reason.execution_state().map(|state| json!(state)))
}

/// An answer on MQTT as the naive model tells it.
fn answer((topic, payload): (String, Vec<u8>)) -> Reply {
    let body: Value = serde_json::from_slice(&payload).unwrap();
    if topic.ends_with("/accepted") {
        return Ok(body);
    }
    Err((body["code"].as_str().unwrap().to_owned(), body.get("executionState").cloned()))
}
