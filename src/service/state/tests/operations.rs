//! Random operations.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::service::time::Timestamp;

pub(super) const THINGS: [&str; 3] = ["a", "b", "c"];
pub(super) const GROUPS: [&str; 3] = ["g", "g-child", "h"];
pub(super) const JOBS: [&str; 4] = ["J1", "J2", "J3", "J4"];
const STATUSES: [&str; 8] =
    ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"];
const FAILURES: [&str; 3] = ["FAILED", "TIMED_OUT", "ALL"];

/// One thing that may happen to the service.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Device {
        thing: usize,
        rest: String,
        body: Value,
    },
    CreateJob {
        job: usize,
        body: Value,
        start: Option<i64>,
        end: Option<(i64, Option<&'static str>)>,
        /// A maintenance window of each hour: its first minute, and how many there are.
        window: Option<(i64, i64)>,
    },
    CancelJob {
        job: usize,
        force: bool,
        comment: Option<&'static str>,
    },
    DeleteJob {
        job: usize,
        force: bool,
    },
    UpdateJob {
        job: usize,
        timeout: i64,
    },
    Associate {
        job: usize,
        targets: Vec<String>,
    },
    CancelExecution {
        thing: usize,
        job: usize,
        expected: Option<i64>,
        force: bool,
    },
    DeleteExecution {
        thing: usize,
        job: usize,
        number: i64,
        force: bool,
    },
    UpdateEvents {
        jobs: Option<bool>,
        executions: Option<bool>,
    },
    Describe {
        thing: usize,
        job: usize,
        number: Option<i64>,
    },
    CreateThing(usize),
    DeleteThing(usize),
    Join {
        thing: usize,
        group: usize,
    },
    Leave {
        thing: usize,
        group: usize,
    },
    DeleteGroup(usize),
    CreateGroup(usize),
    Advance {
        seconds: i64,
        at_once: bool,
    },
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
        10 => (
            job.clone(), create_job(), maybe(4, 31..90_i64), maybe(6, (130..300_i64, end_behavior())),
            maybe(1, (0..60_i64, 1..50_i64)),
        )
            .prop_map(|(job, body, start, end, window)| Op::CreateJob { job, body, start, end, window }),
        2 => (job.clone(), any::<bool>(), maybe(1, Just("why")))
            .prop_map(|(job, force, comment)| Op::CancelJob { job, force, comment }),
        1 => (maybe(1, any::<bool>()), maybe(1, any::<bool>()))
            .prop_map(|(jobs, executions)| Op::UpdateEvents { jobs, executions }),
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
pub(super) fn object(members: Vec<(&str, Option<Value>)>) -> Value {
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
    let description = maybe(3, Just(json!("a job")));
    let configs = (maybe(1, timeout), maybe(1, retries), maybe(3, abort), maybe(3, rollout));
    (any::<bool>(), targets(), description, configs).prop_map(
        |(continuous, targets, description, (timeout, retries, abort, rollout))| {
            let arn = |target: &String| format!("{ARN}{target}");
            object(vec![
                ("targetSelection", Some(json!(if continuous { "CONTINUOUS" } else { "SNAPSHOT" }))),
                ("targets", Some(targets.iter().map(arn).collect())),
                ("description", description),
                ("timeoutConfig", timeout),
                ("jobExecutionsRetryConfig", retries),
                ("abortConfig", abort),
                ("jobExecutionsRolloutConfig", rollout),
            ])
        },
    )
}

/// Whether a job may have maintenance windows.
pub(super) fn is_windowed(body: &Value, start: Option<i64>) -> bool {
    body["targetSelection"] == "CONTINUOUS" && start.is_some()
}

pub(super) const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

/// The start of the minute that lies `minutes` ahead, in milliseconds.
pub(super) fn whole_minutes(now: Timestamp, minutes: i64) -> i64 {
    (now.millis() / 60_000 + minutes) * 60_000
}
