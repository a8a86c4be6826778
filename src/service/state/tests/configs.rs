//! What a job is configured with: what is refused, and what is at the edge.

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
    let of_the_first = "'jobExecutionsRetryConfig.criteriaList.1.member.";
    for (criteria, why) in [
        (vec![], "length greater than or equal to 1"),
        (vec![("FAILED", json!(null))], &format!("null at {of_the_first}numberOfRetries'")),
        (vec![("FAILED", json!(11))], &format!("'11' at {of_the_first}numberOfRetries'")),
        (vec![("REJECTED", json!(1))], &format!("'REJECTED' at {of_the_first}failureType'")),
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
        "failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 0.0, "minNumberOfExecutedThings": 1,
    }] });
    bench.create("J", "thinggroup/G", json!({ "abortConfig": abort })).unwrap();
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
    bench.device_of("t00001", "J/update", json!({ "status": "FAILED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "CANCELED");
}
