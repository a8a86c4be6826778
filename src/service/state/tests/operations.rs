//! Random operations, done to the state machine and to the naive model alike.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::naive::{Group, Job, Naive, Reply, Told};
use crate::service::data_plane;
use crate::service::state::cancel_job::CancelJobRequest;
use crate::service::state::end_execution::CancelJobExecutionRequest;
use crate::service::state::groups::ThingInThingGroupRequest;
use crate::service::state::operator::ListJobExecutionsQuery;
use crate::service::state::targets::AssociateTargetsWithJobRequest;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::update_job::UpdateJobRequest;
use crate::service::state::{Event, Outcome, Rejected, Settings, State};
use crate::service::time::Timestamp;

pub(super) const THINGS: [&str; 3] = ["a", "b", "c"];
const GROUPS: [&str; 3] = ["g", "g-child", "h"];
const JOBS: [&str; 4] = ["J1", "J2", "J3", "J4"];
const STATUSES: [&str; 8] =
    ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"];
const FAILURES: [&str; 3] = ["FAILED", "TIMED_OUT", "ALL"];

/// One thing that may happen to the service.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Device { thing: usize, rest: String, body: Value },
    CreateJob { job: usize, body: Value, start: Option<i64>, end: Option<(i64, Option<&'static str>)> },
    CancelJob { job: usize, force: bool },
    DeleteJob { job: usize, force: bool },
    UpdateJob { job: usize, timeout: i64 },
    Associate { job: usize, targets: Vec<String> },
    CancelExecution { thing: usize, job: usize, expected: Option<i64>, force: bool },
    DeleteExecution { thing: usize, job: usize, number: i64, force: bool },
    Describe { thing: usize, job: usize, number: Option<i64> },
    CreateThing(usize),
    DeleteThing(usize),
    Join { thing: usize, group: usize },
    Leave { thing: usize, group: usize },
    DeleteGroup(usize),
    CreateGroup(usize),
    Advance { seconds: i64, at_once: bool },
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let (thing, job, group) = (0..THINGS.len(), 0..JOBS.len(), 0..GROUPS.len());
    prop_oneof![
        14 => (thing.clone(), job.clone(), update()).prop_map(|(thing, job, body)| Op::Device {
            thing,
            rest: format!("{}/update", JOBS[job]),
            body,
        }),
        8 => (thing.clone(), start()).prop_map(|(thing, body)| Op::Device { thing, rest: "start-next".into(), body }),
        4 => (thing.clone(), rest_of_reads(), read()).prop_map(|(thing, rest, body)| Op::Device { thing, rest, body }),
        10 => (job.clone(), create_job(), maybe(6, 31..90_i64), maybe(6, (130..300_i64, end_behavior())))
            .prop_map(|(job, body, start, end)| Op::CreateJob { job, body, start, end }),
        2 => (job.clone(), any::<bool>()).prop_map(|(job, force)| Op::CancelJob { job, force }),
        2 => (job.clone(), any::<bool>()).prop_map(|(job, force)| Op::DeleteJob { job, force }),
        1 => (job.clone(), 1..20_i64).prop_map(|(job, timeout)| Op::UpdateJob { job, timeout }),
        2 => (job.clone(), targets()).prop_map(|(job, targets)| Op::Associate { job, targets }),
        2 => (thing.clone(), job.clone(), maybe(2, 1..4_i64), any::<bool>())
            .prop_map(|(thing, job, expected, force)| Op::CancelExecution { thing, job, expected, force }),
        2 => (thing.clone(), job.clone(), 1..4_i64, any::<bool>())
            .prop_map(|(thing, job, number, force)| Op::DeleteExecution { thing, job, number, force }),
        2 => (thing.clone(), job, maybe(3, 1..4_i64))
            .prop_map(|(thing, job, number)| Op::Describe { thing, job, number }),
        2 => thing.clone().prop_map(Op::CreateThing),
        1 => thing.clone().prop_map(Op::DeleteThing),
        5 => (thing.clone(), group.clone()).prop_map(|(thing, group)| Op::Join { thing, group }),
        4 => (thing, group.clone()).prop_map(|(thing, group)| Op::Leave { thing, group }),
        1 => group.clone().prop_map(Op::DeleteGroup),
        1 => group.prop_map(Op::CreateGroup),
        8 => (prop_oneof![0..90_i64, 0..7200_i64], any::<bool>())
            .prop_map(|(seconds, at_once)| Op::Advance { seconds, at_once }),
    ]
}

/// There once for each `absent` times that it is not.
fn maybe<T: std::fmt::Debug + Clone + 'static>(
    absent: u32,
    strategy: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![absent => Just(None), 1 => strategy.prop_map(Some)]
}

fn end_behavior() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![Just(None), Just(Some("STOP_ROLLOUT")), Just(Some("CANCEL")), Just(Some("FORCE_CANCEL"))]
}

fn targets() -> impl Strategy<Value = Vec<String>> {
    let thing = (0..THINGS.len()).prop_map(|thing| format!("thing/{}", THINGS[thing]));
    let group = (0..GROUPS.len()).prop_map(|group| format!("thinggroup/{}", GROUPS[group]));
    prop::collection::vec(prop_oneof![thing, group], 1..4)
}

/// An object of the members that are there.
fn object(members: Vec<(&str, Option<Value>)>) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn step() -> impl Strategy<Value = Value> {
    prop_oneof![6 => (1..20_i64).prop_map(Value::from), 2 => Just(json!(-1)), 1 => Just(json!(0)), 1 => Just(json!(10_081))]
}

fn details() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        "[a-c]{1}".prop_map(|key| json!({ key: "x" })),
        Just(json!({"p": "1", "q": "2"}))
    ]
}

fn update() -> impl Strategy<Value = Value> {
    let status = prop_oneof![
        1 => Just(None),
        4 => (0..STATUSES.len()).prop_map(|status| Some(json!(STATUSES[status]))),
        6 => Just(Some(json!("IN_PROGRESS"))),
        6 => Just(Some(json!("FAILED"))),
        4 => Just(Some(json!("SUCCEEDED"))),
    ];
    let expected = prop_oneof![
        (1..5_i64).prop_map(Value::from),
        (1..5_i64).prop_map(|version| Value::from(version.to_string())),
    ];
    let number = (1..4_i64).prop_map(Value::from);
    let flag = || any::<bool>().prop_map(Value::from);
    (
        status,
        maybe(3, details()),
        maybe(4, expected),
        maybe(6, number),
        maybe(2, step()),
        maybe(2, flag()),
        maybe(3, flag()),
    )
        .prop_map(|(status, details, expected, number, step, state, document)| {
            object(vec![
                ("status", status),
                ("statusDetails", details),
                ("expectedVersion", expected),
                ("executionNumber", number),
                ("stepTimeoutInMinutes", step),
                ("includeJobExecutionState", state),
                ("includeJobDocument", document),
            ])
        })
}

fn start() -> impl Strategy<Value = Value> {
    (maybe(2, details()), maybe(2, step()))
        .prop_map(|(details, step)| object(vec![("statusDetails", details), ("stepTimeoutInMinutes", step)]))
}

fn rest_of_reads() -> impl Strategy<Value = String> {
    let describe = (0..JOBS.len()).prop_map(|job| format!("{}/get", JOBS[job]));
    prop_oneof![describe, Just("get".to_owned()), Just("$next/get".to_owned())]
}

fn read() -> impl Strategy<Value = Value> {
    let flag = any::<bool>().prop_map(Value::from);
    (maybe(3, (1..4_i64).prop_map(Value::from)), maybe(2, flag)).prop_map(|(number, document)| {
        object(vec![("executionNumber", number), ("includeJobDocument", document)])
    })
}

fn create_job() -> impl Strategy<Value = Value> {
    let retries = prop_oneof![
        (0..3_usize, 0..4_i64).prop_map(|(kind, count)| vec![(FAILURES[kind], count)]),
        (0..3_i64, 0..3_i64)
            .prop_map(|(failed, timed_out)| vec![("FAILED", failed), ("TIMED_OUT", timed_out)]),
    ];
    let retries = retries.prop_map(|entries| {
        let entry = |(kind, count)| json!({ "failureType": kind, "numberOfRetries": count });
        json!({ "criteriaList": entries.into_iter().map(entry).collect::<Vec<_>>() })
    });
    let kinds = ["FAILED", "REJECTED", "TIMED_OUT", "ALL"];
    let abort = (0..kinds.len(), 1..=100_i64, 1..4_i64).prop_map(move |(kind, percentage, least)| {
        json!({ "criteriaList": [{
            "failureType": kinds[kind],
            "action": "CANCEL",
            "thresholdPercentage": percentage,
            "minNumberOfExecutedThings": least,
        }] })
    });
    let timeout = (1..20_i64).prop_map(|minutes| json!({ "inProgressTimeoutInMinutes": minutes }));
    let rollout = (1..3_i64).prop_map(|rate| json!({ "maximumPerMinute": rate }));
    (any::<bool>(), targets(), maybe(1, timeout), maybe(1, retries), maybe(3, abort), maybe(3, rollout))
        .prop_map(|(continuous, targets, timeout, retries, abort, rollout)| {
            let arn = |target: &String| format!("{ARN}{target}");
            object(vec![
                ("targetSelection", Some(json!(if continuous { "CONTINUOUS" } else { "SNAPSHOT" }))),
                ("targets", Some(targets.iter().map(arn).collect())),
                ("timeoutConfig", timeout),
                ("jobExecutionsRetryConfig", retries),
                ("abortConfig", abort),
                ("jobExecutionsRolloutConfig", rollout),
            ])
        })
}

const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

/// The state machine and the naive model, side by side.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) state: State,
    pub(super) naive: Naive,
}

impl Pair {
    pub(super) fn new() -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let naive = Naive { now: 1_750_000_000_123, ..Naive::default() };
        let mut pair = Self { state: State::new(settings), naive };
        for index in 0..3 {
            let _ = pair.run(&Op::CreateThing(index));
            let _ = pair.run(&Op::CreateGroup(index));
        }
        pair
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.naive.now)
    }

    /// Does `op` on both sides: what each answered, and what each told devices.
    pub(super) fn run(&mut self, op: &Op) -> ((Reply, Told), (Reply, Told)) {
        let (reply, events) = self.on_state(op);
        let mut told = Told::new();
        for event in events {
            let topic = event.topic().to_string().strip_prefix("$aws/things/").unwrap().to_owned();
            told.push((topic, serde_json::from_slice(&event.payload()).unwrap()));
        }
        let naive_reply = self.on_naive(op);
        ((reply, told), (naive_reply, std::mem::take(&mut self.naive.told)))
    }

    /// Everything that can be asked about `thing` and all jobs, from both sides.
    pub(super) fn look(&mut self, thing: &str) -> ((Reply, Value), (Reply, Value)) {
        let now = self.now();
        let handled =
            data_plane::handle(&mut self.state, now, &format!("$aws/things/{thing}/jobs/get"), b"").unwrap();
        let query = ListJobExecutionsQuery::default();
        let history = self.state.list_job_executions_for_thing(thing, &query).reply;
        let history = history.map_or_else(|_| json!([]), |list| json!(list.execution_summaries));
        let jobs: Vec<_> = JOBS.iter().map(|job| self.describe_job(job)).collect();
        let state = (answer(handled.answer.unwrap()), json!([history, format!("{jobs:?}")]));

        let get = self.naive.device(thing, "get", &json!({}));
        let jobs: Vec<Reply> = JOBS.iter().map(|job| self.naive.describe_job(job)).collect();
        (state, (get, json!([self.naive.history(thing), format!("{jobs:?}")])))
    }

    fn describe_job(&self, job: &str) -> Reply {
        let described = self.state.describe_job(job).reply.map_err(|reason| refusal(&reason))?;
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

    fn on_state(&mut self, op: &Op) -> (Reply, Vec<Event>) {
        let now = self.now();
        let state = &mut self.state;
        match op {
            Op::Device { thing, rest, body } => {
                let topic = format!("$aws/things/{}/jobs/{rest}", THINGS[*thing]);
                let handled = data_plane::handle(state, now, &topic, body.to_string().as_bytes()).unwrap();
                (answer(handled.answer.unwrap()), handled.events)
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
            Op::CancelJob { job, force } => {
                done(state.cancel_job(now, JOBS[*job], *force, CancelJobRequest::default()))
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
                let told = described.reply.map_err(|reason| refusal(&reason)).map(|described| {
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
                (told, described.events)
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
                let mut events = Vec::new();
                while let Some(due) = state.next_timeout().filter(|due| *due <= target) {
                    events.extend(state.handle_timeout(if *at_once { target } else { due }));
                }
                (Ok(Value::Null), events)
            }
        }
    }

    fn on_naive(&mut self, op: &Op) -> Reply {
        let naive = &mut self.naive;
        let unknown = || Err(("ResourceNotFound".to_owned(), None));
        match op {
            Op::Device { thing, rest, body } => return naive.device(THINGS[*thing], rest, body),
            Op::CreateJob { job, body, start, end } => return create(naive, JOBS[*job], body, *start, *end),
            Op::CancelJob { job, force } => {
                let Some(job) = naive.job(JOBS[*job]) else { return unknown() };
                if job.status != "IN_PROGRESS" && job.status != "SCHEDULED" {
                    return Err(("InvalidRequest".into(), None));
                }
                job.forced = *force;
                let id = job.id.clone();
                naive.cancel_all(&id, *force);
            }
            Op::DeleteJob { job, force } => return naive.delete_job(JOBS[*job], *force),
            Op::UpdateJob { job, timeout } => {
                let now = naive.now;
                let Some(job) = naive.job(JOBS[*job]) else { return unknown() };
                if job.status != "IN_PROGRESS" && job.status != "SCHEDULED" {
                    return Err(("InvalidRequest".into(), None));
                }
                job.timeout = Some(*timeout);
                job.updated = now;
            }
            Op::Associate { job, targets } => return associate(naive, JOBS[*job], targets),
            Op::CancelExecution { thing, job, expected, force } => {
                return naive.end_one(false, THINGS[*thing], JOBS[*job], *expected, *force);
            }
            Op::DeleteExecution { thing, job, number, force } => {
                return naive.end_one(true, THINGS[*thing], JOBS[*job], Some(*number), *force);
            }
            Op::Describe { thing, job, number } => {
                return naive.describe(THINGS[*thing], JOBS[*job], *number);
            }
            Op::CreateThing(thing) => {
                if !naive.things.iter().any(|known| known == THINGS[*thing]) {
                    naive.things.push(THINGS[*thing].into());
                }
            }
            Op::DeleteThing(thing) => {
                naive.things.retain(|known| known != THINGS[*thing]);
                for group in &mut naive.groups {
                    group.members.retain(|member| member != THINGS[*thing]);
                }
            }
            Op::Join { thing, group } | Op::Leave { thing, group } => {
                let (thing, name) = (THINGS[*thing], GROUPS[*group]);
                let before = naive.groups_of(thing);
                let known = naive.things.iter().any(|known| known == thing);
                let Some(group) = naive.groups.iter_mut().find(|group| known && group.name == name) else {
                    return unknown();
                };
                group.members.retain(|member| member != thing);
                if matches!(op, Op::Join { .. }) {
                    group.members.push(thing.into());
                }
                naive.follow(thing, &before);
            }
            Op::DeleteGroup(group) => {
                let name = GROUPS[*group];
                if naive.groups.iter().any(|group| group.parent.as_deref() == Some(name)) {
                    return Err(("InvalidRequest".into(), None));
                }
                let Some(group) = naive.groups.iter().find(|group| group.name == name) else {
                    return Ok(Value::Null);
                };
                let mut members = group.members.clone();
                members.sort();
                for thing in members {
                    let before = naive.groups_of(&thing);
                    let group = naive.groups.iter_mut().find(|group| group.name == name).unwrap();
                    group.members.retain(|member| *member != thing);
                    naive.follow(&thing, &before);
                }
                naive.groups.retain(|group| group.name != name);
            }
            Op::CreateGroup(group) => {
                let parent = (*group == 1).then(|| GROUPS[0].to_owned());
                if parent.is_some() && !naive.exists("thinggroup/g") {
                    return unknown();
                }
                let name = GROUPS[*group].to_owned();
                if !naive.groups.iter().any(|group| group.name == name) {
                    naive.groups.push(Group { name, parent, members: Vec::new() });
                }
            }
            Op::Advance { seconds, .. } => naive.advance(naive.now + seconds * 1000),
        }
        Ok(Value::Null)
    }
}

fn create(
    naive: &mut Naive,
    id: &str,
    body: &Value,
    start: Option<i64>,
    end: Option<(i64, Option<&str>)>,
) -> Reply {
    let now = naive.now;
    let minutes = |minutes: i64| whole_minutes(Timestamp::from_millis(now), minutes);
    let target = |arn: &Value| arn.as_str().unwrap().strip_prefix(ARN).unwrap().to_owned();
    let targets: Vec<String> = body["targets"].as_array().unwrap().iter().map(target).collect();
    if !targets.iter().all(|target| naive.exists(target)) {
        return Err(("ResourceNotFound".into(), None));
    }
    if naive.job(id).is_some() {
        return Err(("ResourceAlreadyExists".into(), None));
    }
    let mut waiting: Vec<String> = Vec::new();
    for thing in targets.iter().flat_map(|target| naive.things_of(target)) {
        if !waiting.contains(&thing) {
            waiting.push(thing);
        }
    }
    let retries = body["jobExecutionsRetryConfig"]["criteriaList"].as_array().cloned().unwrap_or_default();
    let retry = |entry: &Value| {
        (entry["failureType"].as_str().unwrap().to_owned(), entry["numberOfRetries"].as_i64().unwrap())
    };
    let abort = body["abortConfig"]["criteriaList"].get(0).map(|entry| {
        let kind = entry["failureType"].as_str().unwrap().to_owned();
        let number = |member: &str| entry[member].as_i64().unwrap();
        (kind, number("thresholdPercentage"), number("minNumberOfExecutedThings"))
    });
    naive.jobs.push(Job {
        id: id.into(),
        continuous: body["targetSelection"] == "CONTINUOUS",
        targets,
        status: if start.is_some() { "SCHEDULED" } else { "IN_PROGRESS" }.into(),
        timeout: body["timeoutConfig"]["inProgressTimeoutInMinutes"].as_i64(),
        retries: retries.iter().map(retry).collect(),
        per_minute: body["jobExecutionsRolloutConfig"]["maximumPerMinute"].as_i64(),
        abort,
        start: start.map(minutes),
        end: end.map(|(end, _)| minutes(end)),
        end_behavior: end.and_then(|(_, behavior)| behavior.map(str::to_owned)),
        updated: now,
        waiting,
        ..Job::default()
    });
    naive.roll_out(id);
    Ok(Value::Null)
}

fn associate(naive: &mut Naive, id: &str, targets: &[String]) -> Reply {
    if !targets.iter().all(|target| naive.exists(target)) {
        return Err(("ResourceNotFound".into(), None));
    }
    let now = naive.now;
    let Some(job) = naive.job(id).cloned() else { return Err(("ResourceNotFound".into(), None)) };
    if !job.continuous || job.status != "IN_PROGRESS" {
        return Err(("InvalidRequest".into(), None));
    }
    let added: Vec<String> = targets.iter().filter(|target| !job.targets.contains(target)).cloned().collect();
    let mut waiting = job.waiting.clone();
    for thing in added.iter().flat_map(|target| naive.things_of(target)) {
        if !job.ended && !waiting.contains(&thing) {
            waiting.push(thing);
        }
    }
    let job = naive.job(id).unwrap();
    job.targets.extend(added);
    job.waiting = waiting;
    job.updated = now;
    naive.roll_out(id);
    Ok(Value::Null)
}

/// The start of the minute that lies `minutes` ahead, in milliseconds.
fn whole_minutes(now: Timestamp, minutes: i64) -> i64 {
    (now.millis() / 60_000 + minutes) * 60_000
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

/// The reply to a call whose answer says nothing, and its events.
fn done<T>(outcome: Outcome<T>) -> (Reply, Vec<Event>) {
    let reply = outcome.reply.map(|_| Value::Null).map_err(|reason| refusal(&reason));
    (reply, outcome.events)
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
