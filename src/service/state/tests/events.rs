//! Events for back ends: which there are, when, and what they tell.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bench::{Bench, from, with_group};
use crate::service::state::Rejected;

impl Bench {
    /// Has events of these types published.
    pub(super) fn enable(&mut self, types: &[&str]) {
        let types: Value =
            types.iter().map(|name| ((*name).to_owned(), json!({ "Enabled": true }))).collect();
        self.configure(&types).unwrap();
    }

    fn configure(&mut self, types: &Value) -> Result<Value, Rejected> {
        let request = from(json!({ "eventConfigurations": types }));
        let outcome = self.state.update_event_configurations(self.now, request);
        self.take(outcome)
    }

    fn configurations(&self) -> Value {
        serde_json::to_value(self.state.describe_event_configurations()).unwrap()
    }

    /// The events for back ends since the last call, as they are on the wire.
    pub(super) fn told(&mut self) -> Vec<(String, String)> {
        let payload = |payload| String::from_utf8(payload).unwrap();
        self.take_published()
            .into_iter()
            .filter_map(|event| {
                let topic = event.topic().strip_prefix("$aws/events/")?.to_owned();
                Some((topic, payload(event.payload(Uuid::nil))))
            })
            .collect()
    }
}

/// A bench whose back ends hear of everything about thing `T`.
fn watched() -> Bench {
    let mut bench = Bench::with_things(["T"]);
    bench.enable(&["JOB", "JOB_EXECUTION"]);
    bench
}

#[test]
fn nothing_is_told_unless_it_is_enabled_each_type_by_itself() {
    let mut bench = Bench::with_things(["T"]);
    let mut play = |types: Value| {
        bench.configure(&types).unwrap();
        bench.create("J", "thing/T", json!({})).unwrap();
        bench.update("J", "SUCCEEDED");
        let outcome = bench.state.delete_job(bench.now, "J", false);
        bench.take(outcome).unwrap();
        bench.told().into_iter().map(|(topic, _)| topic).collect::<Vec<_>>()
    };
    let jobs = ["job/J/completed", "job/J/deletion_in_progress", "job/J/deleted"];
    let executions = ["jobExecution/J/succeeded", "jobExecution/J/deleted"];
    assert!(play(json!({})).is_empty());
    assert_eq!(play(json!({ "JOB": { "Enabled": true } })), jobs);
    assert_eq!(play(json!({ "JOB": {}, "JOB_EXECUTION": { "Enabled": true } })), executions);
    assert!(play(json!({ "JOB_EXECUTION": { "Enabled": false }, "THING": { "Enabled": true } })).is_empty());
}

#[test]
fn events_for_back_ends_follow_those_for_devices_and_the_job_follows_its_execution() {
    let mut bench = watched();
    bench.create("J", "thing/T", json!({})).unwrap();
    bench.create("K", "thing/T", json!({})).unwrap();
    bench.take_events();
    bench.update("J", "FAILED");
    assert_eq!(bench.take_events(), ["T notify Q[K]", "T next K QUEUED v1", "T J failed", "J completed"]);
    let outcome = bench.state.cancel_job(bench.now, "K", false, from(json!({})));
    bench.take(outcome).unwrap();
    assert_eq!(
        bench.take_events(),
        ["K cancellation_in_progress", "T notify", "T next none", "T K canceled", "K canceled"]
    );
    let outcome = bench.state.delete_job(bench.now, "K", false);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["K deletion_in_progress", "T K deleted", "K deleted"]);
}

#[test]
fn each_way_in_which_an_execution_ends_is_told_once() {
    let mut bench = watched();
    let timeout = json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 1 } });
    for (job, more) in [("Succeeded", json!({})), ("Rejected", json!({})), ("TimedOut", timeout)] {
        bench.create(job, "thing/T", more).unwrap();
    }
    bench.update("Succeeded", "IN_PROGRESS");
    bench.update("Succeeded", "SUCCEEDED");
    bench.update("Rejected", "REJECTED");
    bench.update("TimedOut", "IN_PROGRESS");
    bench.wait_minutes(1);
    bench.create("Canceled", "thing/T", json!({})).unwrap();
    let outcome = bench.state.cancel_job_execution(bench.now, "T", "Canceled", true, from(json!({})));
    bench.take(outcome).unwrap();
    let outcome = bench.state.delete_job_execution(bench.now, "T", "Canceled", 1, false);
    bench.take(outcome).unwrap();
    let group = bench.state.create_thing_group(bench.now, "G", Uuid::nil(), from(json!({})));
    bench.take(group).unwrap();
    let member = || from(json!({ "thingName": "T", "thingGroupName": "G" }));
    let joined = bench.state.add_thing_to_thing_group(bench.now, &member());
    bench.take(joined).unwrap();
    bench.create("Removed", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    let left = bench.state.remove_thing_from_thing_group(bench.now, &member());
    bench.take(left).unwrap();
    let told: Vec<String> = bench
        .told()
        .into_iter()
        .filter_map(|(topic, _)| Some(topic.strip_prefix("jobExecution/")?.to_owned()))
        .collect();
    assert_eq!(
        told,
        [
            "Succeeded/succeeded",
            "Rejected/rejected",
            "TimedOut/timed_out",
            "Canceled/canceled",
            "Canceled/deleted",
            "Removed/removed",
        ]
    );
}

#[test]
fn the_payloads_are_those_of_the_guide() {
    let mut bench = watched();
    bench.create("J", "thing/T", json!({ "description": "Try it" })).unwrap();
    let details = json!({ "status": "SUCCEEDED", "statusDetails": { "progress": "100%" } });
    bench.device("J/update", details).unwrap();
    let told: Vec<String> = bench.told().into_iter().map(|(_, payload)| payload).collect();
    let id = Uuid::nil();
    assert_eq!(
        told,
        [
            format!(
                r#"{{"eventType":"JOB_EXECUTION","eventId":"{id}","timestamp":1748952000,"operation":"succeeded","jobId":"J","thingArn":"arn:aws:iot:us-east-1:123456789012:thing/T","status":"SUCCEEDED","executionNumber":1,"statusDetails":{{"progress":"100%"}}}}"#
            ),
            format!(
                r#"{{"eventType":"JOB","eventId":"{id}","timestamp":1748952000,"operation":"completed","jobId":"J","status":"COMPLETED","targetSelection":"SNAPSHOT","targets":["arn:aws:iot:us-east-1:123456789012:thing/T"],"description":"Try it","completedAt":1748952000000,"createdAt":1748952000000,"lastUpdatedAt":1748952000000,"jobProcessDetails":{{"numberOfCanceledThings":0,"numberOfRejectedThings":0,"numberOfFailedThings":0,"numberOfRemovedThings":0,"numberOfSucceededThings":1,"numberOfTimedOutThings":0}}}}"#
            ),
        ]
    );
}

#[test]
fn a_cancellation_says_why_and_a_deletion_what_stood() {
    let mut bench = watched();
    bench.create("J", "thing/T", json!({})).unwrap();
    let why = from(json!({ "reasonCode": "LATE", "comment": "Tomorrow" }));
    let outcome = bench.state.cancel_job(bench.now, "J", true, why);
    bench.take(outcome).unwrap();
    let outcome = bench.state.delete_job(bench.now, "J", false);
    bench.take(outcome).unwrap();
    let members = ["status", "forceCanceled", "reasonCode", "comment"];
    let told = bench.told();
    let told: Vec<Value> = told.iter().map(|(_, payload)| serde_json::from_str(payload).unwrap()).collect();
    let told: Vec<Vec<&Value>> = told.iter().map(|event| members.map(|name| &event[name]).to_vec()).collect();
    assert_eq!(
        json!(told),
        json!([
            ["CANCELLATION_IN_PROGRESS", true, "LATE", "Tomorrow"],
            ["CANCELED", true, null, null],
            ["CANCELED", true, "LATE", "Tomorrow"],
            ["DELETION_IN_PROGRESS", null, null, "Tomorrow"],
            ["CANCELED", null, null, null],
            ["DELETED", null, null, "Tomorrow"],
        ])
    );
}

#[test]
fn a_large_job_is_canceled_and_deleted_with_one_event_each() {
    let mut bench = with_group(1_000);
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    bench.finish();
    bench.enable(&["JOB", "JOB_EXECUTION"]);
    let outcome = bench.state.cancel_job(bench.now, "J", false, from(json!({})));
    bench.take(outcome).unwrap();
    bench.wait_minutes(0);
    let outcome = bench.state.delete_job(bench.now, "J", false);
    bench.take(outcome).unwrap();
    bench.wait_minutes(0);
    let told: Vec<String> = bench.told().into_iter().map(|(topic, _)| topic).collect();
    let of_executions = |operation: &str, range: &[String]| {
        assert_eq!(range, vec![format!("jobExecution/J/{operation}"); 1_000]);
    };
    assert_eq!(told.len(), 2_004);
    assert_eq!((&*told[0], &*told[1_001]), ("job/J/cancellation_in_progress", "job/J/canceled"));
    of_executions("canceled", &told[1..1_001]);
    assert_eq!((&*told[1_002], &*told[2_003]), ("job/J/deletion_in_progress", "job/J/deleted"));
    of_executions("deleted", &told[1_003..2_003]);
}

#[test]
fn every_type_is_listed_and_none_is_enabled_at_first() {
    let mut bench = Bench::with_things([]);
    let first = bench.configurations();
    let types = first["eventConfigurations"].as_object().unwrap();
    assert_eq!(types.len(), 11);
    assert!(types.values().all(|one| *one == json!({ "Enabled": false })), "{first}");
    assert_eq!((&first["creationDate"], &first["lastModifiedDate"]), (&Value::Null, &Value::Null));
    bench.enable(&["CA_CERTIFICATE"]);
    bench.wait_minutes(1);
    bench.enable(&["JOB"]);
    let later = bench.configurations();
    assert_eq!(later["creationDate"], 1_748_952_000.0);
    assert_eq!(later["lastModifiedDate"], 1_748_952_060.0);
    let enabled = |name: &str| later["eventConfigurations"][name]["Enabled"].clone();
    assert_eq!(["CA_CERTIFICATE", "JOB", "THING"].map(enabled), [true, true, false]);
}
