//! Jobs: what CreateJob, UpdateJob and the others refuse, rollouts, schedules, lists.

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, message};
use crate::service::state::{Rejected, SLICE};

fn many(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:05}")).collect()
}

/// A bench with a group `G` of `count` things.
fn with_group(count: usize) -> Bench {
    let names = many(count);
    let mut bench = Bench::with_things(names.iter().map(String::as_str));
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::from_u128(1), from(json!({})));
    bench.take(group).unwrap();
    for thing in &names {
        let request = from(json!({ "thingName": thing, "thingGroupName": "G" }));
        let outcome = bench.state.add_thing_to_thing_group(bench.now, &request);
        bench.take(outcome).unwrap();
    }
    bench
}

#[test]
fn create_job_answers_with_a_null_description() {
    let mut bench = Bench::with_things(["T"]);
    let answer = bench.create("Job1", "thing/T", json!({})).unwrap();
    assert_eq!(
        answer.to_string(),
        r#"{"description":null,"jobArn":"arn:aws:iot:us-east-1:123456789012:job/Job1","jobId":"Job1"}"#
    );
}

#[test]
fn create_job_refuses_what_aws_refuses() {
    let mut bench = Bench::with_things(["T"]);
    let mut refused = |job: &str, more: Value| message(bench.create(job, "thing/T", more));
    let one = "1 validation error detected: Value ";
    let fails = " failed to satisfy constraint: Member must ";
    assert_eq!(
        refused("a b", json!({})),
        format!("{one}'a b' at 'jobId'{fails}satisfy regular expression pattern: [a-zA-Z0-9_-]+")
    );
    assert_eq!(refused("J", json!({ "targets": null })), format!("{one}null at 'targets'{fails}not be null"));
    assert_eq!(
        refused("J", json!({ "targetSelection": "ALL" })),
        format!("{one}'ALL' at 'targetSelection'{fails}satisfy enum value set: [CONTINUOUS, SNAPSHOT]")
    );
    assert_eq!(
        refused("J", json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 0 } })),
        format!(
            "{one}'0' at 'timeoutConfig.inProgressTimeoutInMinutes'{fails}have value greater than or equal to 1"
        )
    );
    assert!(
        refused("J", json!({ "description": "x".repeat(2029) }))
            .ends_with("length less than or equal to 2028")
    );
    assert!(refused("J", json!({ "targets": [] })).contains("greater than or equal to 1"));
    assert!(refused("J", json!({ "document": "x".repeat(32_769) })).contains("[32769 bytes]"));
    for document in ["", "{", "{}}", "nope"] {
        assert_eq!(refused("J", json!({ "document": document })), "Job document is not valid JSON.");
    }
    assert_eq!(
        refused("J", json!({ "document": null })),
        "Neither job document nor job document source is specified."
    );
    assert_eq!(
        refused("J", json!({ "documentSource": "https://s3" })),
        "Job document and job document source cannot be specified at the same time."
    );
    let criteria = json!([
        { "failureType": "ALL", "numberOfRetries": 1 },
        { "failureType": "FAILED", "numberOfRetries": 1 },
    ]);
    assert_eq!(
        refused("J", json!({ "jobExecutionsRetryConfig": { "criteriaList": criteria } })),
        "A retryCriteria with failure type ALL must be used by itself."
    );
    let both = refused(
        "J",
        json!({
            "abortConfig": { "criteriaList": [] },
            "jobExecutionsRolloutConfig": { "maximumPerMinute": 1001 },
        }),
    );
    assert!(both.starts_with("2 validation errors detected: "), "{both}");
    let tags = refused("J", json!({ "tags": [{ "Value": "v" }] }));
    assert!(tags.contains("'tags.1.member.key'"), "{tags}");
}

#[test]
fn create_job_refuses_unknown_targets_and_ids_in_use() {
    let mut bench = Bench::with_things(["T"]);
    for target in ["thing/U", "thinggroup/G", "job/J", "thing/a b"] {
        let refused = bench.create("J", target, json!({})).unwrap_err();
        assert_eq!(refused, Rejected::ResourceNotFound(format!("Target {ARN}{target} cannot be found.")));
    }
    let foreign = json!({ "targets": ["arn:aws:iot:eu-west-1:123456789012:thing/T"] });
    assert!(matches!(bench.create("J", "thing/T", foreign), Err(Rejected::ResourceNotFound(_))));
    assert!(matches!(
        bench.create("J", "thing/T", json!({ "targets": ["T"] })),
        Err(Rejected::InvalidRequest(_))
    ));
    bench.create("J", "thing/T", json!({})).unwrap();
    let twice = bench.create("J", "thing/T", json!({})).unwrap_err();
    assert_eq!(
        twice,
        Rejected::ResourceAlreadyExists {
            message: "Job J already exists.".into(),
            resource_id: "J".into(),
            resource_arn: format!("{ARN}job/J"),
        }
    );
}

#[test]
fn any_json_value_is_a_document_and_keeps_its_bytes() {
    let mut bench = Bench::with_things(["T"]);
    for (number, document) in ["3", "null", " [1, 2.50]\n", r#"{"b":1,"a":"\u00e9"}"#].into_iter().enumerate()
    {
        let job = format!("J{number}");
        bench.create(&job, "thing/T", json!({ "document": document })).unwrap();
        assert_eq!(bench.state.get_job_document(&job).reply.unwrap().document, document);
        bench.device(&format!("{job}/get"), json!({})).unwrap();
    }
}

#[test]
fn a_thing_in_several_targets_gets_one_execution() {
    let mut bench = with_group(1);
    let targets =
        json!([format!("{ARN}thing/t00000"), format!("{ARN}thinggroup/G"), format!("{ARN}thing/t00000")]);
    bench.create("J", "thing/t00000", json!({ "targets": targets })).unwrap();
    assert_eq!(bench.told(), ["t00000 notify Q[J]", "t00000 next J QUEUED v1"]);
}

#[test]
fn a_snapshot_job_without_things_is_complete() {
    let mut bench = with_group(0);
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    assert_eq!(bench.job("J")["status"], "COMPLETED");
    bench.create("K", "thinggroup/G", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    assert_eq!(bench.job("K")["status"], "IN_PROGRESS");
}

#[test]
fn a_large_job_is_rolled_out_cancelled_and_deleted_in_slices() {
    let count = 3 * SLICE + 10;
    let mut bench = with_group(count);
    bench.create("J", "thinggroup/G", json!({})).unwrap();
    assert_eq!(bench.count_told(), 2 * SLICE);
    let job = bench.job("J");
    assert_eq!((&job["isConcurrent"], &job["status"]), (&json!(true), &json!("IN_PROGRESS")));
    assert_eq!(job["jobProcessDetails"]["processingTargets"], json!([format!("{ARN}thinggroup/G")]));
    // A device that was reached may be done before the last one hears of the job.
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(bench.job("J")["status"], "IN_PROGRESS");
    let mut calls = 0;
    while bench.state.next_timeout().is_some() {
        let events = bench.state.handle_timeout(bench.now);
        assert!(events.len() <= 2 * SLICE);
        calls += 1;
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
    while bench.state.next_timeout().is_some() {
        let _ = bench.state.handle_timeout(bench.now);
    }
    assert_eq!(bench.job("J")["jobProcessDetails"]["numberOfCanceledThings"], count - 1);

    let outcome = bench.state.delete_job(bench.now, "J", false);
    bench.take(outcome).unwrap();
    assert_eq!(bench.job("J")["status"], "DELETION_IN_PROGRESS");
    let again = bench.state.delete_job(bench.now, "J", true).reply;
    assert_eq!(message(again), "Job J cannot be deleted in status DELETION_IN_PROGRESS.");
    let cancel = bench.state.cancel_job(bench.now, "J", true, from(json!({}))).reply;
    assert!(matches!(cancel, Err(Rejected::InvalidRequest(_))));
    while bench.state.next_timeout().is_some() {
        let _ = bench.state.handle_timeout(bench.now);
    }
    assert_eq!(message(bench.state.describe_job("J").reply), "Job J cannot be found.");
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
    bench.told();
    bench.device_of("t00001", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    assert_eq!(
        bench.told(),
        ["t00001 notify", "t00001 next none", "t00002 notify", "t00002 next none"],
        "the device's own events come first"
    );
    let job = bench.job("J");
    assert_eq!((&job["status"], &job["forceCanceled"]), (&json!("CANCELED"), &json!(false)));
    assert_eq!(bench.execution("t00003", "J")["status"], "IN_PROGRESS");
}

#[test]
fn a_scheduled_job_waits_for_its_start_and_stops_at_its_end() {
    let mut bench = Bench::with_things(["T"]);
    let schedule = |start: &str, end: &str, behavior: &str| json!({ "schedulingConfig": { "startTime": start, "endTime": end, "endBehavior": behavior } });
    bench.create("J", "thing/T", schedule("2025-06-03T13:00", "2025-06-03T14:00", "FORCE_CANCEL")).unwrap();
    assert_eq!(bench.job("J")["status"], "SCHEDULED");
    bench.wait_minutes(59);
    assert_eq!(bench.count_told(), 0);
    bench.wait_minutes(1);
    assert_eq!(bench.told(), ["T notify Q[J]", "T next J QUEUED v1"]);
    bench.update("J", "IN_PROGRESS");
    bench.wait_minutes(60);
    assert_eq!(bench.told(), ["T notify", "T next none"]);
    let job = bench.job("J");
    assert_eq!((&job["status"], &job["forceCanceled"]), (&json!("CANCELED"), &json!(true)));
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
    assert!(refused(json!({ "endBehavior": "CANCEL" })).contains("without EndTime"));
    assert!(refused(json!({ "endBehavior": "NEVER" })).contains("[STOP_ROLLOUT, CANCEL, FORCE_CANCEL]"));
    let windows = json!([{ "startTime": "cron(0 0 ? * 1 *)", "durationInMinutes": 5 }]);
    assert_eq!(
        refused(json!({ "maintenanceWindows": windows })),
        "TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job."
    );
    let continuous = |config: Value| json!({ "targetSelection": "CONTINUOUS", "schedulingConfig": config });
    let refused = bench.create("J", "thing/T", continuous(json!({ "maintenanceWindows": windows })));
    assert_eq!(message(refused), "MaintenanceWindow cannot be used without StartTime of SchedulingConfig.");
    let config = json!({ "maintenanceWindows": windows, "startTime": "2025-06-03T13:00" });
    let refused = message(bench.create("J", "thing/T", continuous(config)));
    assert!(refused.contains("does not offer maintenanceWindows"), "{refused}");
}

#[test]
fn a_continuous_job_takes_further_targets() {
    let mut bench = with_group(1);
    let outcome = bench.state.create_thing(bench.now, "T", uuid::Uuid::from_u128(3), &from(json!({})));
    bench.take(outcome).unwrap();
    bench.create("S", "thing/T", json!({})).unwrap();
    bench.create("C", "thing/T", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    bench.told();
    let mut associate = |job: &str, targets: Value| {
        let outcome =
            bench.state.associate_targets_with_job(bench.now, job, from(json!({ "targets": targets })));
        bench.take(outcome)
    };
    let group = json!([format!("{ARN}thinggroup/G")]);
    assert!(matches!(associate("S", group.clone()), Err(Rejected::InvalidRequest(_))));
    assert_eq!(message(associate("X", group.clone())), "Job X cannot be found.");
    assert!(matches!(associate("C", json!([format!("{ARN}thing/Y")])), Err(Rejected::ResourceNotFound(_))));
    assert_eq!(associate("C", group).unwrap()["description"], json!(null));
    assert_eq!(bench.told(), ["t00000 notify Q[C]", "t00000 next C QUEUED v1"]);
    assert_eq!(bench.job("C")["targets"].as_array().unwrap().len(), 2);
}

#[test]
fn update_job_refuses_in_the_words_of_aws() {
    let mut bench = Bench::with_things(["T"]);
    let retry = |kind: &str, count: i64| json!({ "jobExecutionsRetryConfig": { "criteriaList": [{ "failureType": kind, "numberOfRetries": count }] } });
    bench.create("J", "thing/T", retry("FAILED", 3)).unwrap();
    bench.create("K", "thing/T", json!({})).unwrap();
    let now = bench.now;
    let state = &mut bench.state;
    let mut refused = |job: &str, body: Value| message(state.update_job(now, job, from(body)).reply);
    assert_eq!(refused("J", json!({})), "Update Job request for job J cannot be empty.");
    assert_eq!(refused("X", json!({ "description": "d" })), "Job X cannot be found.");
    let timeout = |minutes: Value| json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": minutes } });
    let words = "Provide valid timeout value, inProgressTimeoutInMinutes cannot be";
    assert_eq!(refused("J", timeout(json!(0))), format!("{words} 0."));
    assert_eq!(refused("J", timeout(json!(null))), format!("{words} null."));
    assert_eq!(
        refused("J", retry("FAILED", 1)),
        "The number of retries cannot be updated to any number other than 0."
    );
    assert_eq!(
        refused("J", retry("TIMED_OUT", 0)),
        "FailureTypes must match existing FailureTypes defined in RetryConfig."
    );
    assert_eq!(
        refused("K", retry("FAILED", 0)),
        "RetryConfig cannot be updated if the job has no RetryConfig defined during creation."
    );
    let role = "arn:aws:iot::1:not-a-role";
    assert_eq!(
        refused("J", json!({ "presignedUrlConfig": { "roleArn": role } })),
        format!("Given role {role} is invalid.")
    );
    let outcome = bench.state.update_job(bench.now, "J", from(retry("FAILED", 0)));
    bench.take(outcome).unwrap();
    bench.update("J", "FAILED");
    assert_eq!(bench.execution("T", "J")["executionNumber"], 1, "retries were switched off");
    let refused = bench.state.update_job(bench.now, "J", from(json!({ "description": "d" }))).reply;
    assert_eq!(message(refused), "Job J in status COMPLETED cannot be updated.");
}

#[test]
fn a_new_time_out_holds_for_what_starts_later() {
    let mut bench = Bench::with_things(["T", "U"]);
    let both = json!({
        "targets": [format!("{ARN}thing/T"), format!("{ARN}thing/U")],
        "timeoutConfig": { "inProgressTimeoutInMinutes": 5 },
    });
    bench.create("J", "thing/T", both).unwrap();
    bench.update("J", "IN_PROGRESS");
    let body = json!({ "timeoutConfig": { "inProgressTimeoutInMinutes": 50 } });
    let outcome = bench.state.update_job(bench.now, "J", from(body));
    bench.take(outcome).unwrap();
    let started = bench.device_of("U", "start-next", json!({})).unwrap();
    assert_eq!(started["execution"]["approximateSecondsBeforeTimedOut"], 3000);
    assert_eq!(bench.execution("T", "J")["approximateSecondsBeforeTimedOut"], 300);
}

#[test]
fn describe_job_writes_what_is_unset_as_aws_does() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", json!({})).unwrap();
    let job = bench.job("J");
    for member in ["presignedUrlConfig", "jobExecutionsRolloutConfig", "timeoutConfig", "schedulingConfig"] {
        assert_eq!(job[member], json!({}), "{member}");
    }
    assert_eq!(job["abortConfig"], json!(null));
    assert_eq!(job["isConcurrent"], json!(false));
    assert_eq!(job["jobProcessDetails"]["processingTargets"], json!(null));
    assert_eq!(job["createdAt"], json!(1_748_952_000.0));
    assert!(
        job.get("completedAt").is_none() && job.get("description").is_none() && job.get("document").is_none()
    );
}

#[test]
fn lists_come_page_by_page() {
    let mut bench = with_group(5);
    for number in 0..5 {
        bench.create(&format!("J{number}"), "thinggroup/G", json!({})).unwrap();
    }
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let query = from(json!({ "maxResults": 2, "nextToken": token }));
        let page = bench.state.list_jobs(&query).reply.unwrap();
        seen.extend(page.jobs.iter().map(|job| job.job_id.to_string()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["J4", "J3", "J2", "J1", "J0"], "newest first");

    let (mut things, mut token) = (Vec::new(), None);
    loop {
        let query = from(json!({ "maxResults": 2, "nextToken": token, "status": "QUEUED" }));
        let page = bench.state.list_job_executions_for_job("J0", &query).reply.unwrap();
        things.extend(page.execution_summaries.into_iter().map(|it| it.thing_arn));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(things, many(5).iter().map(|name| format!("{ARN}thing/{name}")).collect::<Vec<_>>());

    let bad = bench.state.list_jobs(&from(json!({ "nextToken": "made-up" }))).reply;
    assert_eq!(message(bad), "Next token is invalid.");
    let none = bench.state.list_jobs(&from(json!({ "maxResults": 0 }))).reply;
    assert!(message(none).starts_with("1 validation error detected: Value '0' at 'maxResults'"));
    let group =
        bench.state.list_jobs(&from(json!({ "thingGroupName": "G", "maxResults": 1 }))).reply.unwrap();
    assert_eq!(group.jobs.len(), 1);
    let unknown = bench.state.list_jobs(&from(json!({ "thingGroupName": "X" }))).reply;
    assert!(matches!(unknown, Err(Rejected::ResourceNotFound(_))));
}
