//! What maintenance windows are.

use serde_json::{Value, json};

use super::super::bench::message;
use super::both;

/// A CONTINUOUS job from 13:00, today at 12:00, with windows of two minutes.
fn windows(starts: &[&str]) -> Value {
    let window = |starts: &&str| json!({ "startTime": starts, "durationInMinutes": 2 });
    let windows: Vec<Value> = starts.iter().map(window).collect();
    json!({
        "targetSelection": "CONTINUOUS",
        "schedulingConfig": { "startTime": "2025-06-03T13:00", "maintenanceWindows": windows },
    })
}

const AT_TWO: &str = "cron(0 14 * * ? *)";

#[test]
fn a_job_has_fifty_windows_at_the_most_or_fewer() {
    let (fifty, two) = both(
        |choices| choices.most_maintenance_windows = 2,
        |bench| {
            [2, 3, 50, 51].map(|count| {
                let created = bench.create(&format!("J{count}"), "thing/T", windows(&vec![AT_TWO; count]));
                created.map_err(|refused| refused.to_string()).err()
            })
        },
    );
    let refused = |most: usize| Some(format!("A job cannot have more than {most} maintenance windows."));
    assert_eq!(fifty, [None, None, None, refused(50)]);
    assert_eq!(two, [None, refused(2), refused(2), refused(2)]);
}

#[test]
fn a_job_tries_again_and_gives_up_between_windows_or_does_not() {
    let (does, does_not) = both(
        |choices| choices.jobs_fail_between_windows = false,
        |bench| {
            let mut job = windows(&[AT_TWO]);
            let retries = json!([{ "failureType": "FAILED", "numberOfRetries": 1 }]);
            job["jobExecutionsRetryConfig"] = json!({ "criteriaList": retries });
            bench.create("Retry", "thing/T", job).unwrap();
            let mut job = windows(&[AT_TWO]);
            job["abortConfig"] = json!({ "criteriaList": [{
                "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50.0,
                "minNumberOfExecutedThings": 1,
            }] });
            bench.create("Abort", "thing/T", job).unwrap();
            bench.wait_minutes(130);
            bench.update("Retry", "FAILED");
            bench.update("Abort", "FAILED");
            json!([bench.execution("T", "Retry")["status"], bench.job("Abort")["status"]])
        },
    );
    assert_eq!(does, json!(["QUEUED", "CANCELED"]));
    assert_eq!(does_not, json!(["FAILED", "SCHEDULED"]));
}

#[test]
fn the_starts_of_windows_are_written_as_a_schedule_is_or_with_seconds() {
    let (short, long) = both(
        |choices| choices.rollout_times_have_seconds = true,
        |bench| {
            bench.create("J", "thing/T", windows(&[AT_TWO])).unwrap();
            bench.job("J")["scheduledJobRollouts"][0]["startTime"].clone()
        },
    );
    assert_eq!(short, "2025-06-03T14:00");
    assert_eq!(long, "2025-06-03T14:00:00Z");
}

#[test]
fn one_of_the_days_is_a_question_mark_or_need_not_be() {
    let (refused, taken) = both(
        |choices| choices.one_day_is_a_question_mark = false,
        |bench| {
            let both_days = bench.create("J", "thing/T", windows(&["cron(0 14 * * 1 *)"]));
            let other = bench.create("K", "thing/T", windows(&["cron(0 14 x * ? *)"]));
            assert!(message(other).contains("is not a cron expression such as"));
            both_days.is_ok()
        },
    );
    assert_eq!((refused, taken), (false, true));
}
