//! Job executions: AWS's sequences of events, timers and retries.

use serde_json::json;

use super::bench::{Bench, from, message};
use crate::service::state::Rejected;

const NONE: [&str; 0] = [];

#[test]
fn the_sequence_of_the_guide_raises_its_events() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("job1", "thing/T", json!({})).unwrap();
    assert_eq!(bench.take_events(), ["T notify Q[job1]", "T next job1 QUEUED v1"]);
    bench.create("job2", "thing/T", json!({})).unwrap();
    assert_eq!(bench.take_events(), ["T notify Q[job1 job2]"]);
    bench.update("job1", "IN_PROGRESS");
    assert_eq!(bench.take_events(), NONE, "a start changes neither the set nor the head");
    bench.create("job3", "thing/T", json!({})).unwrap();
    assert_eq!(bench.take_events(), ["T notify IP[job1 v2] Q[job2 job3]"]);
    bench.update("job1", "SUCCEEDED");
    assert_eq!(bench.take_events(), ["T notify Q[job2 job3]", "T next job2 QUEUED v1"]);
    bench.update("job3", "IN_PROGRESS");
    assert_eq!(bench.take_events(), ["T next job3 IN_PROGRESS v2"], "it overtakes");
    bench.update("job2", "REJECTED");
    assert_eq!(bench.take_events(), ["T notify IP[job3 v2]"]);
    let outcome = bench.state.delete_job(bench.now, "job3", true);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
}

#[test]
fn a_second_start_and_the_end_of_one_behind_the_head_leave_the_head_alone() {
    let mut bench = Bench::with_things(["T"]);
    for job in ["job1", "job2", "job3"] {
        bench.create(job, "thing/T", json!({})).unwrap();
    }
    bench.update("job1", "IN_PROGRESS");
    bench.take_events();
    bench.update("job2", "IN_PROGRESS");
    assert_eq!(bench.take_events(), NONE);
    let outcome = bench.state.cancel_job_execution(bench.now, "T", "job3", false, from(json!({})));
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify IP[job1 v2 job2 v2]"]);
    bench.update("job2", "IN_PROGRESS");
    assert_eq!(bench.take_events(), NONE, "progress");
}

#[test]
fn a_group_member_gets_the_continuous_job_that_never_completes() {
    let mut bench = Bench::with_things(["T"]);
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::from_u128(1), from(json!({})));
    bench.take(group).unwrap();
    bench.create("job", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    assert_eq!(bench.take_events(), NONE);
    let joined = bench
        .state
        .add_thing_to_thing_group(bench.now, &from(json!({ "thingName": "T", "thingGroupName": "G" })));
    bench.take(joined).unwrap();
    assert_eq!(bench.take_events(), ["T notify Q[job]", "T next job QUEUED v1"]);
    let started = bench.device("start-next", json!({})).unwrap();
    assert_eq!(started["execution"]["jobId"], "job");
    assert_eq!(bench.device("job/get", json!({})).unwrap()["execution"]["status"], "IN_PROGRESS");
    bench.update("job", "SUCCEEDED");
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    assert_eq!(bench.job("job")["status"], "IN_PROGRESS");
}

#[test]
fn a_thing_that_leaves_loses_what_is_queued_and_comes_back_to_a_new_execution() {
    let mut bench = Bench::with_things(["T"]);
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::from_u128(1), from(json!({})));
    bench.take(group).unwrap();
    bench.create("job", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    let membership = || from(json!({ "thingName": "T", "thingGroupName": "G" }));
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership());
    bench.take(outcome).unwrap();
    bench.take_events();
    let outcome = bench.state.remove_thing_from_thing_group(bench.now, &membership());
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    let removed = bench.execution("T", "job");
    assert_eq!((&removed["status"], &removed["versionNumber"]), (&json!("REMOVED"), &json!(1)));
    let outcome = bench.state.remove_thing_from_thing_group(bench.now, &membership());
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), NONE, "it was no member any more");
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership());
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify Q[job#2 v1]", "T next job QUEUED v1"]);
    bench.update("job", "IN_PROGRESS");
    let outcome = bench.state.delete_thing_group(bench.now, "G", None);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), NONE, "what is IN_PROGRESS goes on");
}

#[test]
fn the_earlier_of_the_two_timers_wins() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 20 } })).unwrap();
    bench.device("start-next", json!({})).unwrap();
    bench.take_events();
    let mut after = |minutes: i64, body: serde_json::Value| {
        bench.wait_minutes(minutes);
        let mut update = json!({ "status": "IN_PROGRESS" });
        update["stepTimeoutInMinutes"] = body;
        bench.device("J/update", update).unwrap();
        let described = bench.device("J/get", json!({})).unwrap();
        described["execution"]["approximateSecondsBeforeTimedOut"].as_i64().unwrap() / 60
    };
    assert_eq!(after(5, json!(7)), 7, "12:05, step 7: 12:12");
    assert_eq!(after(5, json!(5)), 5, "12:10, step 5: 12:15");
    assert_eq!(after(3, json!(9)), 7, "12:13, step 9 would be 12:22, so 12:20 wins");
    assert_eq!(after(1, json!(-1)), 6, "12:14, no step timer: 12:20");
    assert_eq!(after(1, json!(null)), 5, "12:15, left as it is");
    bench.wait_minutes(4);
    assert_eq!(bench.execution("T", "J")["status"], "IN_PROGRESS");
    bench.wait_minutes(1);
    let timed_out = bench.execution("T", "J");
    assert_eq!(timed_out["status"], "TIMED_OUT");
    assert_eq!(timed_out["lastUpdatedAt"], json!(1_748_952_000.0 + 20.0 * 60.0));
    assert_eq!(timed_out["versionNumber"], 8);
    assert!(timed_out.get("approximateSecondsBeforeTimedOut").is_none());
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    assert_eq!(bench.job("J")["status"], "COMPLETED");
}

#[test]
fn a_step_timer_needs_no_in_progress_timer_and_a_terminal_status_clears_it() {
    let mut bench = Bench::with_things(["T"]);
    for job in ["J1", "J2"] {
        bench.create(job, "thing/T", json!({})).unwrap();
        bench
            .device(&format!("{job}/update"), json!({ "status": "IN_PROGRESS", "stepTimeoutInMinutes": 1 }))
            .unwrap();
    }
    bench.device("J2/update", json!({ "status": "SUCCEEDED", "stepTimeoutInMinutes": 5 })).unwrap();
    bench.wait_minutes(10);
    assert_eq!(bench.execution("T", "J1")["status"], "TIMED_OUT");
    assert_eq!(bench.execution("T", "J2")["status"], "SUCCEEDED");
    assert_eq!(bench.state.next_timeout(), None);
}

#[test]
fn start_next_leaves_a_running_execution_as_it_is() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    let first = json!({ "statusDetails": { "step": "1" }, "stepTimeoutInMinutes": 9 });
    assert_eq!(bench.device("start-next", first).unwrap()["execution"]["versionNumber"], 2);
    let again = json!({ "statusDetails": { "step": "2" }, "stepTimeoutInMinutes": 1 });
    let again = bench.device("start-next", again).unwrap();
    assert_eq!(again["execution"]["versionNumber"], 2);
    assert_eq!(again["execution"]["statusDetails"], json!({ "step": "1" }));
    assert_eq!(again["execution"]["approximateSecondsBeforeTimedOut"], 540);
}

#[test]
fn status_details_are_replaced_and_an_empty_object_stays_visible() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    let mut say = |details: serde_json::Value| {
        let mut body = json!({ "status": "IN_PROGRESS", "includeJobExecutionState": true });
        if !details.is_null() {
            body["statusDetails"] = details;
        }
        bench.device("J/update", body).map(|answer| answer["executionState"].get("statusDetails").cloned())
    };
    assert_eq!(say(json!({ "a": "1" })).unwrap(), Some(json!({ "a": "1" })));
    assert_eq!(say(json!(null)).unwrap(), Some(json!({ "a": "1" })), "left out, they stay");
    assert_eq!(say(json!({ "b": "line\nbreak" })).unwrap(), Some(json!({ "b": "line\nbreak" })));
    assert_eq!(say(json!({})).unwrap(), Some(json!({})));
    let pairs = |count: usize| (0..count).map(|n| (format!("k{n}"), json!("v"))).collect();
    assert!(say(serde_json::Value::Object(pairs(10))).is_ok());
    assert_eq!(say(serde_json::Value::Object(pairs(11))).unwrap_err(), "InvalidRequest");
    assert_eq!(say(json!({ "a b": "v" })).unwrap_err(), "InvalidRequest");
    assert_eq!(say(json!({ "x".repeat(129): "v" })).unwrap_err(), "InvalidRequest");
    assert_eq!(say(json!({ "": "v" })).unwrap_err(), "InvalidRequest");
    assert_eq!(say(json!({ "a": "" })).unwrap_err(), "InvalidRequest");
    assert!(say(json!({ "a": "é".repeat(1024) })).is_ok(), "characters count, not bytes");
    assert_eq!(say(json!({ "a": "v".repeat(1025) })).unwrap_err(), "InvalidRequest");
}

#[test]
fn a_failed_execution_is_tried_again_with_both_events_once() {
    let mut bench = Bench::with_things(["T"]);
    let retry = json!({ "criteriaList": [{ "failureType": "FAILED", "numberOfRetries": 2 }] });
    bench.create("J", "thing/T", json!({ "jobExecutionsRetryConfig": retry })).unwrap();
    bench.update("J", "IN_PROGRESS");
    bench.take_events();
    bench.update("J", "FAILED");
    assert_eq!(bench.take_events(), ["T notify Q[J#2 v1]", "T next J QUEUED v1"]);
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS", "not while a retry is queued");
    bench.update("J", "FAILED");
    assert_eq!(bench.take_events(), ["T notify Q[J#3 v1]", "T next J QUEUED v1"]);
    let old = json!({ "status": "IN_PROGRESS", "executionNumber": 1 });
    assert_eq!(bench.device("J/update", old).unwrap_err(), "InvalidStateTransition");
    bench.update("J", "FAILED");
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    assert_eq!(bench.job("J")["status"], "COMPLETED");
    let list = bench.state.list_job_executions_for_thing("T", &from(json!({}))).unwrap();
    let attempts: Vec<_> =
        list.execution_summaries.iter().map(|it| it.job_execution_summary.retry_attempt).collect();
    assert_eq!(attempts, [Some(2), Some(1), Some(0)]);
}

#[test]
fn canceling_a_job_stops_its_retries() {
    let mut bench = Bench::with_things(["T"]);
    let retry = json!({ "criteriaList": [{ "failureType": "ALL", "numberOfRetries": 10 }] });
    let timeout = json!({ "inProgressTimeoutInMinutes": 5 });
    bench
        .create("J", "thing/T", json!({ "jobExecutionsRetryConfig": retry, "timeoutConfig": timeout }))
        .unwrap();
    bench.update("J", "IN_PROGRESS");
    let outcome = bench.state.cancel_job(bench.now, "J", false, from(json!({})));
    bench.take(outcome).unwrap();
    bench.take_events();
    bench.wait_minutes(5);
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    assert_eq!(bench.execution("T", "J")["executionNumber"], 1);
}

#[test]
fn cancel_job_takes_queued_executions_and_with_force_running_ones() {
    let mut bench = Bench::with_things(["T", "U"]);
    let both = json!({ "targets": [format!("{}thing/T", super::bench::ARN), format!("{}thing/U", super::bench::ARN)] });
    bench.create("J", "thing/T", both.clone()).unwrap();
    bench.update("J", "IN_PROGRESS");
    bench.take_events();
    let body = json!({ "comment": "not needed", "reasonCode": "WHY" });
    let outcome = bench.state.cancel_job(bench.now, "J", false, from(body));
    let answer = bench.take(outcome).unwrap();
    assert_eq!(
        answer.to_string(),
        r#"{"description":null,"jobArn":"arn:aws:iot:us-east-1:123456789012:job/J","jobId":"J"}"#
    );
    assert_eq!(bench.take_events(), ["U notify", "U next none"], "T goes on");
    let job = bench.job("J");
    assert_eq!(
        (&job["status"], &job["forceCanceled"], &job["comment"], &job["reasonCode"], job.get("completedAt")),
        (&json!("CANCELED"), &json!(false), &json!("not needed"), &json!("WHY"), None)
    );
    let canceled = bench.execution("U", "J");
    assert_eq!((&canceled["status"], &canceled["versionNumber"]), (&json!("CANCELED"), &json!(2)));
    assert!(canceled.get("startedAt").is_none());
    assert_eq!(bench.device_of("U", "J/get", json!({})).unwrap_err(), "TerminalStateReached");
    let again = bench.state.cancel_job(bench.now, "J", true, from(json!({})));
    assert!(matches!(again.reply, Err(Rejected::InvalidRequest(_))));
    bench.update("J", "SUCCEEDED");
    assert_eq!(bench.job("J")["status"], "CANCELED");

    bench.create("K", "thing/T", both).unwrap();
    bench.update("K", "IN_PROGRESS");
    bench.take_events();
    let outcome = bench.state.cancel_job(bench.now, "K", true, from(json!({})));
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify", "T next none", "U notify", "U next none"]);
    assert_eq!(bench.execution("T", "K")["forceCanceled"], true);
}

#[test]
fn delete_job_needs_force_until_the_job_is_finished() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("Job1", "thing/T", json!({})).unwrap();
    bench.update("Job1", "IN_PROGRESS");
    bench.take_events();
    let refused = bench.state.delete_job(bench.now, "Job1", false).reply;
    assert_eq!(message(refused), "Job Job1 cannot be deleted in status IN_PROGRESS.");
    let outcome = bench.state.delete_job(bench.now, "Job1", true);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    let update = bench.device("Job1/update", json!({ "status": "SUCCEEDED" }));
    assert_eq!(update.unwrap_err(), "ResourceNotFound");
    bench.create("Job1", "thing/T", json!({})).unwrap();
    assert_eq!(bench.execution("T", "Job1")["executionNumber"], 1, "the id is free again");
}

#[test]
fn cancel_job_execution_checks_the_version_before_the_status() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    bench.update("J", "IN_PROGRESS");
    let mut cancel = |force: bool, body: serde_json::Value| {
        let outcome = bench.state.cancel_job_execution(bench.now, "T", "J", force, from(body));
        bench.take(outcome)
    };
    let wrong = cancel(false, json!({ "expectedVersion": 5 })).unwrap_err();
    assert_eq!(wrong, Rejected::VersionConflict("Expected version 5 but found version 2".into()));
    assert!(matches!(cancel(false, json!({})), Err(Rejected::InvalidStateTransition { .. })));
    let too_many: serde_json::Map<_, _> = (0..11).map(|n| (n.to_string(), json!("v"))).collect();
    assert!(matches!(cancel(true, json!({ "statusDetails": too_many })), Err(Rejected::InvalidRequest(_))));
    cancel(true, json!({ "expectedVersion": 2, "statusDetails": { "why": "x" } })).unwrap();
    assert!(matches!(cancel(true, json!({})), Err(Rejected::InvalidStateTransition { .. })));
    let canceled = bench.execution("T", "J");
    assert_eq!(canceled["statusDetails"], json!({ "detailsMap": { "why": "x" } }));
    assert_eq!((&canceled["forceCanceled"], &canceled["versionNumber"]), (&json!(true), &json!(3)));
    assert_eq!(bench.job("J")["status"], "COMPLETED");
}

#[test]
fn deleting_the_last_pending_execution_completes_a_snapshot_job() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    let wrong = bench.state.delete_job_execution(bench.now, "T", "J", 2, true).reply;
    assert_eq!(message(wrong), "Job execution for thing T cannot be found within job J.");
    let outcome = bench.state.delete_job_execution(bench.now, "T", "J", 1, false);
    bench.take(outcome).unwrap();
    assert_eq!(bench.job("J")["status"], "COMPLETED");
}

#[test]
fn a_deleted_thing_keeps_its_executions_and_is_told_nothing() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    bench.take_events();
    let outcome = bench.state.delete_thing("T", None);
    bench.take(outcome).unwrap();
    assert_eq!(bench.take_events(), NONE);
    assert_eq!(bench.device("get", json!({})).unwrap_err(), "ResourceNotFound");
    assert_eq!(bench.execution("T", "J")["status"], "QUEUED");
}
