//! Maintenance windows: a CONTINUOUS job is rolled out in them alone.

#![expect(clippy::needless_pass_by_value, reason = "requests are written where they are passed")]

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, message, with_group};

/// A CONTINUOUS job from 13:00, today at 12:00, with windows of two minutes.
fn windows(starts: &str, more: Value) -> Value {
    let window = json!({ "startTime": starts, "durationInMinutes": 2 });
    let mut scheduling = json!({ "startTime": "2025-06-03T13:00", "maintenanceWindows": [window] });
    scheduling.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "targetSelection": "CONTINUOUS", "schedulingConfig": scheduling })
}

const DAILY: &str = "cron(0 14 * * ? *)";
const DAY: i64 = 24 * 60;

fn join(bench: &mut Bench, thing: &str) {
    let created = bench.state.create_thing(bench.now, thing, uuid::Uuid::from_u128(7), &from(json!({})));
    bench.take(created).unwrap();
    let membership = from(json!({ "thingName": thing, "thingGroupName": "G" }));
    let outcome = bench.state.add_thing_to_thing_group(bench.now, &membership);
    bench.take(outcome).unwrap();
}

#[test]
fn a_job_is_rolled_out_in_its_maintenance_windows_alone() {
    let mut bench = with_group(3);
    let mut job = windows(DAILY, json!({}));
    job["jobExecutionsRolloutConfig"] = json!({ "maximumPerMinute": 1 });
    bench.create("J", "thinggroup/G", job).unwrap();
    let mut told = Vec::new();
    for minutes in [0, 60, 60, 1, 1] {
        bench.wait_minutes(minutes);
        let events = bench.take_events().into_iter().filter(|event| event.contains("notify"));
        told.push((bench.job("J")["status"].clone(), events.collect::<Vec<_>>()));
    }
    let reached = |thing: &str| vec![format!("{thing} notify Q[J]")];
    assert_eq!(
        told,
        [
            (json!("SCHEDULED"), vec![]),
            (json!("SCHEDULED"), vec![]),
            (json!("IN_PROGRESS"), reached("t00000")),
            (json!("IN_PROGRESS"), reached("t00001")),
            (json!("SCHEDULED"), vec![]),
        ]
    );
    join(&mut bench, "late");
    bench.device_of("t00000", "J/update", json!({ "status": "SUCCEEDED" })).unwrap();
    bench.take_events();
    let next = json!(bench.state.next_timer().unwrap());
    assert_eq!(next["does"], "begins or ends a maintenance window of a job");
    bench.wait_minutes(DAY - 3);
    assert_eq!(bench.count_events(), 0);
    bench.wait_minutes(2);
    let events = bench.take_events();
    assert_eq!(
        events,
        ["t00002 notify Q[J]", "t00002 next J QUEUED v1", "late notify Q[J]", "late next J QUEUED v1"]
    );
}

#[test]
fn a_described_job_names_its_next_seven_windows() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", windows(DAILY, json!({ "endTime": "2025-06-12T14:00" }))).unwrap();
    let days = |from: u8, to: u8| -> Value {
        (from..=to).map(|day| json!({ "startTime": format!("2025-06-{day:02}T14:00") })).collect()
    };
    assert_eq!(bench.job("J")["scheduledJobRollouts"], days(3, 9));
    bench.wait_minutes(4 * DAY);
    assert_eq!(bench.job("J")["scheduledJobRollouts"], days(7, 11), "none begins when the schedule ends");
    bench.create("K", "thing/T", json!({})).unwrap();
    assert_eq!(bench.job("K").get("scheduledJobRollouts"), None);
}

#[test]
fn a_schedule_may_end_between_windows() {
    for (behavior, status) in [("STOP_ROLLOUT", "IN_PROGRESS"), ("CANCEL", "CANCELED")] {
        let mut bench = Bench::with_things(["T"]);
        let end = json!({ "endTime": "2025-06-03T15:00", "endBehavior": behavior });
        bench.create("J", "thing/T", windows(DAILY, end)).unwrap();
        bench.wait_minutes(179);
        assert_eq!(bench.job("J")["status"], "SCHEDULED");
        bench.wait_minutes(1);
        assert_eq!(bench.job("J")["status"], status);
        assert_eq!(bench.job("J").get("scheduledJobRollouts"), None);
        assert_eq!(bench.state.next_timeout(), None, "it has no window any more");
    }
}

#[test]
fn a_job_gives_up_and_tries_again_between_windows_too() {
    let mut bench = Bench::with_things(["T", "U"]);
    let mut job = windows(DAILY, json!({}));
    job["jobExecutionsRetryConfig"] =
        json!({ "criteriaList": [{ "failureType": "ALL", "numberOfRetries": 1 }] });
    job["abortConfig"] = json!({ "criteriaList": [{
        "failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 100.0, "minNumberOfExecutedThings": 2,
    }] });
    bench.create("J", "thing/T", job).unwrap();
    bench.wait_minutes(130);
    bench.take_events();
    bench.update("J", "FAILED");
    assert_eq!(bench.take_events(), ["T notify Q[J#2 v1]", "T next J QUEUED v1"]);
    bench.update("J", "FAILED");
    assert_eq!(bench.job("J")["status"], "CANCELED");
}

#[test]
fn the_window_of_a_deleted_job_leaves_a_later_job_of_its_id_alone() {
    let mut bench = Bench::with_things(["T"]);
    bench.create("J", "thing/T", windows(DAILY, json!({}))).unwrap();
    bench.wait_minutes(61);
    let outcome = bench.state.delete_job(bench.now, "J", true);
    bench.take(outcome).unwrap();
    assert_eq!(bench.state.next_timeout(), None);
}

#[test]
fn windows_are_those_of_the_template_unless_the_job_has_its_own() {
    let mut bench = Bench::with_things(["T"]);
    let window = |starts: &str| json!([{ "startTime": starts, "durationInMinutes": 5 }]);
    let mut template = |id: &str, more: Value| {
        let mut body = json!({ "description": "d" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.state.create_job_template(bench.now, id, from(body)).reply.map(|_| ())
    };
    template("tpl", json!({ "document": "{}", "maintenanceWindows": window(DAILY) })).unwrap();
    let refused = template("bad", json!({ "document": "{}", "maintenanceWindows": window("daily") }));
    assert!(message(refused).starts_with("StartTime daily of MaintenanceWindow is not a cron expression"));
    let arn = format!("{ARN}jobtemplate/tpl");
    let mut create = |id: &str, selection: &str, scheduling: Value| {
        let body =
            json!({ "targetSelection": selection, "jobTemplateArn": arn, "schedulingConfig": scheduling });
        bench.create(id, "thing/T", body)
    };
    let start = json!({ "startTime": "2025-06-03T13:00" });
    assert_eq!(
        message(create("J", "SNAPSHOT", start.clone())),
        "TargetSelection is invalid. MaintenanceWindow cannot be used with SNAPSHOT job."
    );
    assert_eq!(
        message(create("J", "CONTINUOUS", json!({}))),
        "MaintenanceWindow cannot be used without StartTime of SchedulingConfig."
    );
    create("J", "CONTINUOUS", start).unwrap();
    let own =
        json!({ "startTime": "2025-06-03T13:00", "maintenanceWindows": window("cron(30 3 ? * SUN *)") });
    create("K", "CONTINUOUS", own).unwrap();
    let first = |job: &str| bench.job(job)["scheduledJobRollouts"][0]["startTime"].clone();
    assert_eq!(["J", "K"].map(first), [json!("2025-06-03T14:00"), json!("2025-06-08T03:30")]);
    let copy = from(json!({ "description": "copy", "jobArn": format!("{ARN}job/K") }));
    bench.state.create_job_template(bench.now, "copy", copy).reply.unwrap();
    let copy = json!(bench.state.describe_job_template("copy").unwrap());
    assert_eq!(copy["maintenanceWindows"], window("cron(30 3 ? * SUN *)"));
}

#[test]
fn windows_start_where_the_cron_expression_says() {
    let mut bench = Bench::with_things(["T"]);
    for (number, (starts, first)) in [
        ("cron(0 0 ? * 1 *)", "2025-06-08T00:00"),
        ("cron(30 9 ? * MON-FRI *)", "2025-06-04T09:30"),
        ("cron(0/10 13 * * ? *)", "2025-06-03T13:00"),
        ("cron(0 0 L * ? *)", "2025-06-30T00:00"),
        ("cron(0 0 ? * 3#2 *)", "2025-06-10T00:00"),
        ("cron(0 0 1 JAN ? 2030)", "2030-01-01T00:00"),
    ]
    .into_iter()
    .enumerate()
    {
        let job = format!("J{number}");
        bench.create(&job, "thing/T", windows(starts, json!({}))).unwrap();
        assert_eq!(bench.job(&job)["scheduledJobRollouts"][0]["startTime"], first, "{starts}");
    }
    for wrong in [
        "",
        "0 0 ? * 1 *",
        "cron(0 0 ? * 1)",
        "cron(0 0 * * 1 *)",
        "cron(0 0 ? * ? *)",
        "cron(60 0 ? * 1 *)",
        "cron(@daily)",
        "cron(0 0 ? * +1 *)",
        "cron(0 0 ? * 1 * *)",
        "rate(1 day)",
    ] {
        let refused = bench.create("J", "thing/T", windows(wrong, json!({})));
        assert!(message(refused).contains("is not a cron expression such as"), "{wrong}");
    }
}
