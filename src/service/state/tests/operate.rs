//! Random operations, done to the state machine.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::MOST_CALLS;
use super::naive::Reply;
use super::operations::{ARN, GROUPS, JOBS, Op, THINGS, is_windowed, object, whole_minutes};
use crate::service::data_plane;
use crate::service::state::cancel_job::CancelJobRequest;
use crate::service::state::end_execution::CancelJobExecutionRequest;
use crate::service::state::event_configurations::{Configuration, UpdateEventConfigurationsRequest};
use crate::service::state::groups::ThingInThingGroupRequest;
use crate::service::state::targets::AssociateTargetsWithJobRequest;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::update_job::UpdateJobRequest;
use crate::service::state::{Effects, EventType, Outcome, Rejected, State};
use crate::service::time::Timestamp;

/// Does `op`; what it creates with an id gets `new_id`.
pub(super) fn operate(state: &mut State, now: Timestamp, new_id: Uuid, op: &Op) -> (Reply, Effects) {
    match op {
        Op::Device { thing, rest, body } => {
            let topic = format!("$aws/things/{}/jobs/{rest}", THINGS[*thing]);
            let handled = data_plane::handle(state, now, &topic, body.to_string().as_bytes()).unwrap();
            (answer(handled.answer.unwrap()), handled.effects)
        }
        Op::CreateJob { job, body, .. } => {
            let mut body = body.clone();
            body["document"] = json!(json!({ "do": JOBS[*job] }).to_string());
            if let Some(scheduling) = scheduling(now, op) {
                body["schedulingConfig"] = scheduling;
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
            let described = state.describe_job_execution_any_status(now, THINGS[*thing], JOBS[*job], *number);
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
            done(state.create_thing(now, THINGS[*thing], new_id, &CreateThingRequest::default()))
        }
        Op::DeleteThing(thing) => done(state.delete_thing(THINGS[*thing], None)),
        Op::Join { thing, group } => done(state.add_thing_to_thing_group(now, &membership(*thing, *group))),
        Op::Leave { thing, group } => {
            done(state.remove_thing_from_thing_group(now, &membership(*thing, *group)))
        }
        Op::DeleteGroup(group) => done(state.delete_thing_group(now, GROUPS[*group], None)),
        Op::CreateGroup(group) => {
            let body = object(vec![("parentGroupName", (*group == 1).then(|| json!(GROUPS[0])))]);
            let request = serde_json::from_value(body).unwrap();
            done(state.create_thing_group(now, GROUPS[*group], new_id, request))
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

/// The schedule of a job, if it has one.
fn scheduling(now: Timestamp, op: &Op) -> Option<Value> {
    let Op::CreateJob { body, start, end, window, .. } = op else { return None };
    let windows = window.filter(|_| is_windowed(body, *start)).map(|(first, minutes)| {
        let starts = format!("cron({first} * * * ? *)");
        json!([{ "startTime": starts, "durationInMinutes": minutes }])
    });
    let members = vec![
        ("startTime", start.map(|minutes| json!(text(whole_minutes(now, minutes))))),
        ("endTime", end.map(|(minutes, _)| json!(text(whole_minutes(now, minutes))))),
        ("endBehavior", end.and_then(|(_, behavior)| behavior.map(Value::from))),
        ("maintenanceWindows", windows),
    ];
    (start.is_some() || end.is_some()).then(|| object(members))
}

pub(super) fn text(millis: i64) -> String {
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
pub(super) fn done<T>(outcome: Outcome<T>) -> (Reply, Effects) {
    let reply = outcome.reply.map(|_| Value::Null).map_err(|reason| refusal(&reason));
    (reply, outcome.effects)
}

pub(super) fn refusal(reason: &Rejected) -> (String, Option<Value>) {
    let code = match reason {
        Rejected::VersionConflict(_) => "VersionConflict",
        Rejected::ResourceAlreadyExists { .. } => "ResourceAlreadyExists",
        other => other.code(),
    };
    (code.to_owned(), reason.execution_state().map(|state| json!(state)))
}

/// An answer on MQTT as the naive model tells it.
pub(super) fn answer((topic, payload): (String, Vec<u8>)) -> Reply {
    let body: Value = serde_json::from_slice(&payload).unwrap();
    if topic.ends_with("/accepted") {
        return Ok(body);
    }
    Err((body["code"].as_str().unwrap().to_owned(), body.get("executionState").cloned()))
}
