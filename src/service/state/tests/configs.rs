//! What a job is configured with: what is refused, what is at the edge, and which timer comes of it.

use serde_json::{Value, json};

use super::bench::{Bench, message, with_group};

/// Why a job with these criteria of retries is refused.
#[track_caller]
fn refused_retries(criteria: &[(&str, Value)]) -> String {
    let criteria: Vec<_> = criteria
        .iter()
        .map(|(kind, retries)| json!({ "failureType": kind, "numberOfRetries": retries }))
        .collect();
    let more = json!({ "jobExecutionsRetryConfig": { "criteriaList": criteria } });
    message(Bench::with_things(["T"]).create("J", "thing/T", more))
}

#[test]
fn retries_are_refused_that_no_failure_could_use() {
    for (criteria, why) in [
        (
            vec![("FAILED", json!(1)), ("FAILED", json!(2))],
            "A failure type cannot be used by more than one retryCriteria.",
        ),
        (
            vec![("FAILED", json!(5)), ("TIMED_OUT", json!(6))],
            "The total number of retries cannot be greater than 10.",
        ),
    ] {
        let refused = refused_retries(&criteria);
        assert!(refused.contains(why), "{criteria:?}: {refused}");
    }
}

#[test]
fn where_nothing_has_failed_no_threshold_is_reached() {
    let mut bench = with_group(3);
    let abort = json!({ "criteriaList": [{
        "failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 0.01, "minNumberOfExecutedThings": 1,
    }] });
    bench.create("J", "thinggroup/G", json!({ "abortConfig": abort })).unwrap();
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
    bench.device_of("t00001", "J/update", json!({ "status": "FAILED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "CANCELED");
}

#[test]
fn retries_after_any_failure_are_counted_together() {
    let mut bench = Bench::with_things(["T"]);
    let more = json!({
        "timeoutConfig": { "inProgressTimeoutInMinutes": 1 },
        "jobExecutionsRetryConfig": { "criteriaList": [{ "failureType": "ALL", "numberOfRetries": 2 }] },
    });
    bench.create("J", "thing/T", more).unwrap();
    bench.update("J", "FAILED");
    bench.update("J", "IN_PROGRESS");
    bench.wait_minutes(1);
    let third = bench.execution("T", "J");
    assert_eq!((&third["executionNumber"], &third["status"]), (&json!(3), &json!("QUEUED")));
    bench.update("J", "FAILED");
    assert_eq!(bench.job("J")["status"], "COMPLETED", "both retries are used up");
}

#[test]
fn retries_after_one_failure_leave_those_after_the_other() {
    let mut bench = Bench::with_things(["T"]);
    let retries = |kind: &str| json!({ "failureType": kind, "numberOfRetries": 1 });
    let more = json!({
        "timeoutConfig": { "inProgressTimeoutInMinutes": 1 },
        "jobExecutionsRetryConfig": { "criteriaList": [retries("FAILED"), retries("TIMED_OUT")] },
    });
    bench.create("J", "thing/T", more).unwrap();
    bench.update("J", "FAILED");
    bench.update("J", "IN_PROGRESS");
    bench.wait_minutes(1);
    assert_eq!(bench.execution("T", "J")["executionNumber"], 3);
    bench.update("J", "FAILED");
    assert_eq!(bench.job("J")["status"], "COMPLETED");
}

#[test]
fn the_next_timer_says_what_the_service_will_do() {
    let mut bench = with_group(1);
    assert_eq!(bench.state.next_timer(), None);
    let timeout = json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 5 } });
    bench.create("J", "thing/t00000", timeout).unwrap();
    bench.device_of("t00000", "J/update", json!({ "status": "IN_PROGRESS" })).unwrap();
    let timer = serde_json::to_value(bench.state.next_timer()).unwrap();
    let due = serde_json::to_value(bench.now.plus_minutes(5)).unwrap();
    assert_eq!(
        timer,
        json!({ "due": due, "does": "times out a job execution", "jobId": "J", "thingName": "t00000" })
    );
}
