//! How jobs reach their things, in slices, at a rate and by schedule, and how they stop.

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, message, with_group};
use crate::service::state::Rejected;
use crate::service::state::change::SLICE;

#[test]
fn a_large_job_is_rolled_out_canceled_and_deleted_in_slices() {
    let count = 3 * SLICE + 10;
    let mut bench = with_group(count);
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    assert_eq!(bench.count_events(), 2 * SLICE);
    let job = bench.job("J");
    assert_eq!((&job["isConcurrent"], &job["status"]), (&json!(true), &json!("IN_PROGRESS")));
    assert_eq!(job["jobProcessDetails"]["processingTargets"], json!([format!("{ARN}thinggroup/G")]));
    // A device that was reached may be done before the last one hears of the job.
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
    let mut calls = 0;
    while bench.state.next_timeout().is_some() {
        let events = bench.state.handle_timeout(bench.now).events;
        assert!(events.len() <= 2 * SLICE);
        calls += 1;
        assert!(calls <= 3, "it has no end");
    }
    assert_eq!(calls, 3);
    let job = bench.job("J");
    assert_eq!(job["jobProcessDetails"]["numberOfQueuedThings"], count - 1);
    assert_eq!(
        (&job["isConcurrent"], &job["jobProcessDetails"]["processingTargets"]),
        (&json!(false), &json!(null))
    );

    let outcome = bench.state.cancel_job(bench.now, "J", false, from(json!({})));
    bench.take(outcome).unwrap();
    assert_eq!(bench.job("J")["jobProcessDetails"]["numberOfCanceledThings"], SLICE - 1);
    bench.finish();
    assert_eq!(bench.job("J")["jobProcessDetails"]["numberOfCanceledThings"], count - 1);

    let outcome = bench.state.delete_job(bench.now, "J", false);
    bench.take(outcome).unwrap();
    assert_eq!(bench.job("J")["status"], "DELETION_IN_PROGRESS");
    let again = bench.state.delete_job(bench.now, "J", true).reply;
    assert_eq!(message(again), "Job J cannot be deleted in status DELETION_IN_PROGRESS.");
    let cancel = bench.state.cancel_job(bench.now, "J", true, from(json!({}))).reply;
    assert!(matches!(cancel, Err(Rejected::InvalidRequest(_))));
    bench.finish();
    assert_eq!(message(bench.state.describe_job(bench.now, "J")), "Job J cannot be found.");
}

#[test]
fn a_rollout_rate_bounds_each_minute() {
    let mut bench = with_group(5);
    let rate = json!({ "jobExecutionsRolloutConfig": { "maximumPerMinute": 2 } });
    bench.create("J", "thinggroup/G", rate).unwrap();
    let mut queued = Vec::new();
    for _ in 0..4 {
        queued.push(bench.job("J")["jobProcessDetails"]["numberOfQueuedThings"].as_i64().unwrap());
        bench.wait_minutes(1);
    }
    assert_eq!(queued, [2, 4, 5, 5]);
}

#[test]
fn a_thing_that_joins_later_is_not_held_back_by_the_rate() {
    let mut bench = with_group(3);
    bench.state.create_thing(bench.now, "late", uuid::Uuid::from_u128(7), &from(json!({}))).reply.unwrap();
    let rate = json!({ "maximumPerMinute": 1 });
    let more = json!({ "targetSelection": "CONTINUOUS", "jobExecutionsRolloutConfig": rate });
    bench.create("J", "thinggroup/G", more).unwrap();
    bench.take_events();
    let mut join = |thing: &str| {
        let membership = from(json!({ "thingName": thing, "thingGroupName": "G" }));
        let outcome = bench.state.remove_thing_from_thing_group(bench.now, &membership);
        bench.take(outcome).unwrap();
        let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership);
        bench.take(outcome).unwrap();
        bench.take_events()
    };
    assert_eq!(join("late"), ["late notify Q[J]", "late next J QUEUED v1"]);
    assert_eq!(join("t00002"), ["t00002 notify Q[J]", "t00002 next J QUEUED v1"], "it waited before");
    bench.wait_minutes(2);
    assert_eq!(bench.take_events(), ["t00001 notify Q[J]", "t00001 next J QUEUED v1"], "and nobody twice");
}

#[test]
fn an_exponential_rate_grows_with_the_things_reached() {
    let mut bench = with_group(40);
    let rate = json!({
        "maximumPerMinute": 12,
        "exponentialRate": {
            "baseRatePerMinute": 2,
            "incrementFactor": 2.0,
            "rateIncreaseCriteria": { "numberOfNotifiedThings": 2 },
        },
    });
    bench.create("J", "thinggroup/G", json!({ "jobExecutionsRolloutConfig": rate })).unwrap();
    let mut queued = Vec::new();
    for _ in 0..5 {
        queued.push(bench.job("J")["jobProcessDetails"]["numberOfQueuedThings"].as_i64().unwrap());
        bench.wait_minutes(1);
    }
    assert_eq!(queued, [2, 6, 18, 30, 40], "2, then 4, then 12 at most");
    let without_maximum = json!({ "exponentialRate": {
        "baseRatePerMinute": 2, "incrementFactor": 2.0, "rateIncreaseCriteria": { "numberOfSucceededThings": 2 } } });
    let refused = bench.create("K", "thinggroup/G", json!({ "jobExecutionsRolloutConfig": without_maximum }));
    assert_eq!(message(refused), "Provide MaximumPerMinute value when ExponentialRate is defined");
}

#[test]
fn too_many_failures_abort_the_job() {
    let mut bench = with_group(4);
    let abort = json!({ "criteriaList": [{
        "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50.0, "minNumberOfExecutedThings": 2,
    }] });
    bench.create("J", "thinggroup/G", json!({ "abortConfig": abort })).unwrap();
    bench.device_of("t00003", "J/update", json!({ "status": "IN_PROGRESS" })).unwrap();
    bench.device_of("t00000", "J/update", json!({ "status": "FAILED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS", "one of one failed, but two must have finished");
    bench.take_events();
    bench.device_of("t00001", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(
        bench.take_events(),
        ["t00001 notify", "t00001 next none", "t00002 notify", "t00002 next none"],
        "the device's own events come first"
    );
    let job = bench.job("J");
    assert_eq!((&job["status"], &job["forceCanceled"]), (&json!("CANCELED"), &json!(false)));
    assert_eq!(bench.execution("t00003", "J")["status"], "IN_PROGRESS");
}

#[test]
fn a_job_aborts_once_the_share_of_its_failures_reaches_the_threshold() {
    let mut bench = with_group(6);
    let abort = json!({ "criteriaList": [{
        "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 40.0, "minNumberOfExecutedThings": 1,
    }] });
    bench.create("J", "thinggroup/G", json!({ "abortConfig": abort })).unwrap();
    let steps = [("SUCCEEDED", 0), ("SUCCEEDED", 0), ("SUCCEEDED", 0), ("FAILED", 25), ("FAILED", 40)];
    for (number, (status, share)) in steps.into_iter().enumerate() {
        bench.device_of(&format!("t{number:05}"), "J/update", json!({ "status": status })).unwrap();
        let expected = if share < 40 { "IN_PROGRESS" } else { "CANCELED" };
        assert_eq!(bench.job("J")["status"], expected, "{share} % have failed");
    }
}

#[test]
fn an_aborted_job_says_which_of_its_criteria_was_met_first() {
    let mut bench = with_group(3);
    let criterion = |failure: &str, threshold: f64| {
        json!({
            "failureType": failure, "action": "CANCEL", "thresholdPercentage": threshold,
            "minNumberOfExecutedThings": 2,
        })
    };
    let criteria = [criterion("REJECTED", 10.0), criterion("FAILED", 33.5), criterion("ALL", 50.0)];
    bench.create("J", "thinggroup/G", json!({ "abortConfig": { "criteriaList": criteria } })).unwrap();
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    bench.device_of("t00001", "J/update", json!({ "status": "FAILED" })).unwrap();
    let job = bench.job("J");
    assert_eq!(
        (&job["status"], &job["reasonCode"], &job["comment"]),
        (
            &json!("CANCELED"),
            &json!("ABORT_CANCEL"),
            &json!(
                "Abort criteria for failure type FAILED with threshold 33.50% met. Total completed executions: 2, \
                 total FAILED executions: 1"
            )
        )
    );
}

#[test]
fn an_abort_rule_counts_its_kind_of_failure_or_the_sum_of_all() {
    for (kind, share) in [("FAILED", 25.0), ("REJECTED", 25.0), ("TIMED_OUT", 25.0), ("ALL", 75.0)] {
        for (threshold, expected) in [(share, "CANCELED"), (share + 0.01, "IN_PROGRESS")] {
            let mut bench = with_group(5);
            let more = json!({
                "timeoutConfig": { "inProgressTimeoutInMinutes": 1 },
                "abortConfig": { "criteriaList": [{
                    "failureType": kind, "action": "CANCEL",
                    "thresholdPercentage": threshold, "minNumberOfExecutedThings": 4,
                }] },
            });
            bench.create("J", "thinggroup/G", more).unwrap();
            bench.device_of("t00000", "J/update", json!({ "status": "IN_PROGRESS" })).unwrap();
            bench.wait_minutes(1);
            assert_eq!(bench.execution("t00000", "J")["status"], "TIMED_OUT");
            for (thing, status) in [("t00001", "FAILED"), ("t00002", "REJECTED"), ("t00003", "SUCCEEDED")] {
                bench.device_of(thing, "J/update", json!({ "status": status })).unwrap();
            }
            assert_eq!(bench.job("J")["status"], expected, "{kind} at {threshold} %");
        }
    }
}

#[test]
fn a_scheduled_job_waits_for_its_start_and_stops_at_its_end() {
    let mut bench = Bench::with_things(["T"]);
    let schedule = |start: &str, end: &str, behavior: &str| json!({ "schedulingConfig": { "startTime": start, "endTime": end, "endBehavior": behavior } });
    bench.create("J", "thing/T", schedule("2025-06-03T13:00", "2025-06-03T14:00", "FORCE_CANCEL")).unwrap();
    assert_eq!(bench.job("J")["status"], "SCHEDULED");
    bench.wait_minutes(59);
    assert_eq!(bench.count_events(), 0);
    bench.wait_minutes(1);
    assert_eq!(bench.take_events(), ["T notify Q[J]", "T next J QUEUED v1"]);
    bench.update("J", "IN_PROGRESS");
    bench.wait_minutes(60);
    assert_eq!(bench.take_events(), ["T notify", "T next none"]);
    let job = bench.job("J");
    assert_eq!((&job["status"], &job["forceCanceled"]), (&json!("CANCELED"), &json!(true)));
}

#[test]
fn a_thing_that_left_and_came_back_waits_at_the_end() {
    let mut bench = with_group(2);
    let later =
        json!({ "targetSelection": "CONTINUOUS", "schedulingConfig": { "startTime": "2025-06-03T13:00" } });
    bench.create("J", "thinggroup/G", later).unwrap();
    let membership = from(json!({ "thingName": "t00000", "thingGroupName": "G" }));
    let outcome = bench.state.remove_thing_from_thing_group(bench.now, &membership);
    bench.take(outcome).unwrap();
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership);
    bench.take(outcome).unwrap();
    bench.wait_minutes(60);
    assert_eq!(bench.take_events()[0], "t00001 notify Q[J]");
}

#[test]
fn the_timers_of_a_deleted_job_leave_a_later_job_of_its_id_alone() {
    let mut bench = Bench::with_things(["T"]);
    let end = json!({ "schedulingConfig": { "endTime": "2025-06-03T13:00", "endBehavior": "CANCEL" } });
    bench.create("J", "thing/T", end).unwrap();
    let outcome = bench.state.delete_job(bench.now, "J", true);
    bench.take(outcome).unwrap();
    bench.create("J", "thing/T", json!({})).unwrap();
    bench.wait_minutes(120);
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
}

#[test]
fn a_schedule_is_held_to_its_limits() {
    let mut bench = Bench::with_things(["T"]);
    let mut refused =
        |config: Value| message(bench.create("J", "thing/T", json!({ "schedulingConfig": config })));
    assert_eq!(
        refused(json!({ "startTime": "2025-06-03 13:00" })),
        "1 validation error detected: Provided time 2025-06-03 13:00 UTC must follow the format YYYY-MM-DDThh:mm."
    );
    assert!(refused(json!({ "startTime": "2025-06-03T12:29" })).contains("at least 30 minutes"));
    assert!(refused(json!({ "startTime": "2027-06-03T12:29" })).contains("at most 1 year"));
    assert!(
        refused(json!({ "startTime": "2025-06-03T13:00", "endTime": "2025-06-03T13:29" }))
            .contains("EndTime")
    );
    assert!(
        refused(json!({ "startTime": "2025-06-03T13:00", "endTime": "2027-06-06T13:00" }))
            .contains("at most 2 years after")
    );
    let windows = json!([{ "startTime": "cron(0 0 ? * 1 *)", "durationInMinutes": 5 }]);
    assert_eq!(
        refused(json!({ "maintenanceWindows": windows })),
        "TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job."
    );
    let continuous = |config: Value| json!({ "targetSelection": "CONTINUOUS", "schedulingConfig": config });
    let refused = bench.create("J", "thing/T", continuous(json!({ "maintenanceWindows": windows })));
    assert_eq!(message(refused), "MaintenanceWindow cannot be used without StartTime of SchedulingConfig.");
    let many = vec![windows[0].clone(); 51];
    let config = json!({ "maintenanceWindows": many, "startTime": "2025-06-03T13:00" });
    let refused = message(bench.create("J", "thing/T", continuous(config)));
    assert_eq!(refused, "A job cannot have more than 50 maintenance windows.");
}
