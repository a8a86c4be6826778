//! Rollouts to fleets, from their first minute to their last.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fleet, Minute, Outcomes, Plan, Rehearsal, Share, job, rehearse};
use crate::service::state::Rejected;
use crate::service::state::job_status::JobStatus;

/// A fleet whose devices succeed within a minute.
fn fleet(things: u32) -> Fleet {
    let seconds = |seconds| Duration::from_secs(seconds);
    Fleet {
        things,
        outcomes: outcomes("100%", "0%", "0%", "0%"),
        takes: seconds(5)..=seconds(50),
        offline: Share::default(),
        back_after: Duration::from_hours(1)..=Duration::from_hours(8),
        seed: 1,
    }
}

fn outcomes(succeed: &str, fail: &str, reject: &str, hang: &str) -> Outcomes {
    let [succeed, fail, reject, hang] =
        [succeed, fail, reject, hang].map(|share| Some(share.parse().unwrap()));
    Outcomes::new(succeed, fail, reject, hang).unwrap()
}

/// Rehearses a job with these members for a week.
fn run(fleet: Fleet, members: &Value) -> Result<Rehearsal, Rejected> {
    let mut body = json!({ "document": "{}" });
    for (member, value) in members.as_object().unwrap() {
        body[member] = value.clone();
    }
    let job = job(body.as_object().unwrap().clone()).unwrap();
    rehearse(&Plan { fleet, job, until: Duration::from_hours(24 * 7) })
}

fn reached(rehearsal: &Rehearsal) -> Vec<u64> {
    let minutes = rehearsal.minutes.iter().map(|minute| minute.rolled_out_within);
    minutes.filter(|reached| *reached > 0).collect()
}

fn last(rehearsal: &Rehearsal) -> Minute {
    *rehearsal.minutes.last().unwrap()
}

/// 50, 100, 200, 400 a minute, after 1000, 2000 and 3000 things.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-configurations-details.html>
#[test]
fn a_rollout_goes_as_in_the_table_of_aws_s_guide() {
    let rate = json!({
        "maximumPerMinute": 1000,
        "exponentialRate": {
            "baseRatePerMinute": 50,
            "incrementFactor": 2,
            "rateIncreaseCriteria": { "numberOfNotifiedThings": 1000 },
        },
    });
    let rehearsal = run(fleet(4000), &json!({ "jobExecutionsRolloutConfig": rate })).unwrap();
    let table = [vec![50; 20], vec![100; 10], vec![200; 5], vec![400; 2], vec![200]].concat();
    assert_eq!(reached(&rehearsal), table);
    assert_eq!((rehearsal.status, rehearsal.answered), (JobStatus::Completed, 4000));
}

#[test]
fn a_job_without_a_rate_reaches_1000_things_a_minute() {
    let rehearsal = run(fleet(2500), &json!({})).unwrap();
    assert_eq!(reached(&rehearsal), [1000, 1000, 500]);
    let minutes: Vec<u64> = rehearsal.minutes.iter().map(|minute| minute.minute).collect();
    assert_eq!(minutes, [1, 2, 3], "nothing takes a minute");
    assert_eq!(rehearsal.worst_minute(), None);
}

#[test]
fn an_abort_rule_saves_the_things_that_it_has_not_reached() {
    let criteria = json!([{
        "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 20, "minNumberOfExecutedThings": 50,
    }]);
    let members = json!({
        "jobExecutionsRolloutConfig": { "maximumPerMinute": 100 },
        "abortConfig": { "criteriaList": criteria },
    });
    let failing = Fleet { outcomes: outcomes("50%", "50%", "0%", "0%"), ..fleet(1000) };
    let rehearsal = run(failing, &members).unwrap();
    assert_eq!(rehearsal.status, JobStatus::Canceled);
    let comment = rehearsal.comment.as_deref().unwrap();
    assert!(
        comment.contains("FAILED with threshold 20.00% met. Total completed executions: 50"),
        "{comment}"
    );
    assert_eq!(rehearsal.reached, 100);
    assert!(rehearsal.ended.unwrap() < Duration::from_mins(1));
    // Devices that are at work go on.
    let last = last(&rehearsal);
    assert_eq!((last.in_progress, last.queued, last.rolled_out), (0, 0, 100));
    assert_eq!(rehearsal.worst_minute(), Some((1, last.failed)), "{rehearsal:?}");
}

#[test]
fn only_a_timeout_ends_what_hangs_and_a_retry_is_another_draw() {
    let hanging = || Fleet { outcomes: outcomes("50%", "0%", "0%", "50%"), ..fleet(100) };
    let forever = run(hanging(), &json!({})).unwrap();
    assert_eq!((forever.status, forever.ended), (JobStatus::InProgress, None));
    assert!(last(&forever).in_progress > 30);

    let timeout = json!({ "inProgressTimeoutInMinutes": 30 });
    let timed_out = run(hanging(), &json!({ "timeoutConfig": timeout })).unwrap();
    assert_eq!(timed_out.status, JobStatus::Completed);
    assert_eq!(last(&timed_out).timed_out, last(&forever).in_progress, "the same things hang");

    let retries = json!({ "criteriaList": [{ "failureType": "TIMED_OUT", "numberOfRetries": 9 }] });
    let members = json!({ "timeoutConfig": timeout, "jobExecutionsRetryConfig": retries });
    let again = run(hanging(), &members).unwrap();
    assert_eq!((again.reached, last(&again).succeeded), (100, 100), "{again:?}");
    assert!(again.ended.unwrap() > Duration::from_mins(90), "some hang three times");
}

#[test]
fn what_rejects_never_starts_and_what_is_offline_comes_back() {
    let rejecting = Fleet { outcomes: outcomes("0%", "0%", "100%", "0%"), ..fleet(10) };
    let rejecting = run(rejecting, &json!({})).unwrap();
    assert!(rejecting.minutes.iter().all(|minute| minute.in_progress == 0));
    assert_eq!((last(&rejecting).rejected, rejecting.answered), (10, 10));

    let offline = Fleet { offline: "100%".parse().unwrap(), ..fleet(10) };
    let rehearsal = run(offline, &json!({})).unwrap();
    assert_eq!((rehearsal.minutes[0].minute, rehearsal.minutes[0].queued), (1, 10));
    assert!(rehearsal.minutes[1].minute > 60, "{rehearsal:?}");
    assert!(rehearsal.ended.unwrap() < Duration::from_hours(9), "{rehearsal:?}");
}

#[test]
fn a_scheduled_job_is_created_half_an_hour_before_its_start() {
    let windows = json!([{ "startTime": "cron(0 2 * * ? *)", "durationInMinutes": 2 }]);
    let scheduling = json!({
        "startTime": "2026-12-01T01:30",
        "endTime": "2026-12-03T01:30",
        "endBehavior": "CANCEL",
        "maintenanceWindows": windows,
    });
    let members = json!({
        "targetSelection": "CONTINUOUS",
        "schedulingConfig": scheduling,
        "jobExecutionsRolloutConfig": { "maximumPerMinute": 10 },
    });
    let rehearsal = run(fleet(100), &members).unwrap();
    let rollouts = rehearsal.minutes.iter().filter(|minute| minute.rolled_out_within > 0);
    let rollouts: Vec<u64> = rollouts.map(|minute| minute.minute - 1).collect();
    assert_eq!(rollouts, [60, 61, 24 * 60 + 60, 24 * 60 + 61], "two minutes a night");
    assert_eq!((rehearsal.status, rehearsal.comment.as_deref()), (JobStatus::Canceled, None));
    assert_eq!(rehearsal.ended, Some(Duration::from_mins(2 * 24 * 60 + 30)));

    let refused =
        run(fleet(1), &json!({ "schedulingConfig": { "endTime": "2026-12-03T01:30" } })).unwrap_err();
    assert!(refused.to_string().contains("half an hour before the startTime"), "{refused}");
}

#[test]
fn a_job_that_the_service_refuses_is_not_rehearsed() {
    let rate = json!({
        "maximumPerMinute": 10,
        "exponentialRate": {
            "baseRatePerMinute": 50,
            "incrementFactor": 2,
            "rateIncreaseCriteria": { "numberOfNotifiedThings": 1000 },
        },
    });
    let refused = run(fleet(1), &json!({ "jobExecutionsRolloutConfig": rate })).unwrap_err();
    assert!(refused.to_string().contains("baseRatePerMinute should be less than"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_minute_reaches_more_things_than_the_rate_allows_and_no_thing_is_lost(
        seed: u64,
        things in 1u32..300,
        most in 1u64..100,
        percent in 0u8..=40,
        exponential: bool,
    ) {
        let share = format!("{percent}%");
        let succeed = format!("{}%", 100 - 2 * percent);
        let fleet = Fleet {
            outcomes: outcomes(&succeed, &share, &share, "0%"),
            offline: share.parse().unwrap(),
            seed,
            ..fleet(things)
        };
        let mut rate = json!({ "maximumPerMinute": most });
        if exponential {
            rate["exponentialRate"] = json!({
                "baseRatePerMinute": 1,
                "incrementFactor": 1.5,
                "rateIncreaseCriteria": { "numberOfSucceededThings": 5 },
            });
        }
        let retries = json!({ "criteriaList": [{ "failureType": "FAILED", "numberOfRetries": 1 }] });
        let members = json!({ "jobExecutionsRolloutConfig": rate, "jobExecutionsRetryConfig": retries });
        let rehearsal = run(fleet.clone(), &members).unwrap();
        prop_assert_eq!(&rehearsal, &run(fleet, &members).unwrap(), "the same seed, the same rollout");
        for minute in &rehearsal.minutes {
            prop_assert!(minute.rolled_out_within <= most, "{:?}", minute);
            let pending = minute.queued + minute.in_progress;
            prop_assert!(minute.rolled_out >= minute.succeeded + pending, "{:?}", minute);
        }
        prop_assert_eq!(rehearsal.status, JobStatus::Completed);
        prop_assert_eq!((rehearsal.reached, rehearsal.answered), (u64::from(things), u64::from(things)));
    }
}
