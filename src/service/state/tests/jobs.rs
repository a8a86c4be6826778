//! Jobs: what CreateJob, UpdateJob and the others refuse and answer, and the lists.

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, many, message, with_group};
use crate::service::state::Rejected;

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
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for document in ["", "{", "{}}", "nope", "NaN", "[Infinity]", &nested(1001)] {
        assert_eq!(
            refused("J", json!({ "document": document })),
            "Job document located at request input is an invalid JSON document.",
            "{document}"
        );
    }
    // Two bytes a character: AWS counts both.
    let large = format!("\"{}\"", "é".repeat(16_384));
    assert_eq!(refused("J", json!({ "document": large })), "Job document exceeds size limit 32768 bytes.");
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
    let deepest = json!({ "document": nested(1000) });
    bench.create("Deep", "thing/T", deepest).unwrap();
}

#[test]
fn create_job_refuses_unknown_targets_and_ids_in_use() {
    let mut bench = Bench::with_things(["T"]);
    for (target, what) in [
        ("thing/U", "Thing U"),
        ("thinggroup/G", "Thing Group G"),
        ("job/J", &*format!("Target {ARN}job/J")),
        ("thing/a b", "Thing a b"),
    ] {
        let refused = bench.create("J", target, json!({})).unwrap_err();
        assert_eq!(refused, Rejected::ResourceNotFound(format!("{what} cannot be found.")));
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
        assert_eq!(bench.state.get_job_document(&job, false).unwrap().document, document);
        bench.device(&format!("{job}/get"), json!({})).unwrap();
    }
}

#[test]
fn a_thing_in_several_targets_gets_one_execution() {
    let mut bench = with_group(1);
    let targets =
        json!([format!("{ARN}thing/t00000"), format!("{ARN}thinggroup/G"), format!("{ARN}thing/t00000")]);
    bench.create("J", "thing/t00000", json!({ "targets": targets })).unwrap();
    assert_eq!(bench.take_events(), ["t00000 notify Q[J]", "t00000 next J QUEUED v1"]);
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
fn a_continuous_job_takes_further_targets() {
    let mut bench = with_group(1);
    let outcome = bench.state.create_thing(bench.now, "T", uuid::Uuid::from_u128(3), &from(json!({})));
    bench.take(outcome).unwrap();
    bench.create("S", "thing/T", json!({})).unwrap();
    bench.create("C", "thing/T", json!({ "targetSelection": "CONTINUOUS" })).unwrap();
    bench.take_events();
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
    assert_eq!(bench.take_events(), ["t00000 notify Q[C]", "t00000 next C QUEUED v1"]);
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
    for _ in 0..3 {
        let query = from(json!({ "maxResults": 2, "nextToken": token }));
        let page = bench.state.list_jobs(&query).unwrap();
        seen.extend(page.jobs.iter().map(|job| job.job_id.to_string()));
        token = page.next_token;
    }
    assert_eq!(token, None);
    assert_eq!(seen, ["J4", "J3", "J2", "J1", "J0"], "newest first");

    let (mut things, mut token) = (Vec::new(), None);
    for _ in 0..3 {
        let query = from(json!({ "maxResults": 2, "nextToken": token, "status": "QUEUED" }));
        let page = bench.state.list_job_executions_for_job("J0", &query).unwrap();
        things.extend(page.execution_summaries.into_iter().map(|it| it.thing_arn));
        token = page.next_token;
    }
    assert_eq!(token, None);
    assert_eq!(things, many(5).iter().map(|name| format!("{ARN}thing/{name}")).collect::<Vec<_>>());

    bench.now = bench.now.plus_minutes(1);
    bench.device_of("t00003", "J0/update", json!({ "status": "IN_PROGRESS" })).unwrap();
    bench.now = bench.now.plus_minutes(1);
    bench.device_of("t00001", "J0/update", json!({ "status": "FAILED" })).unwrap();
    bench.device_of("t00003", "J0/update", json!({ "status": "IN_PROGRESS" })).unwrap();
    let first = from(json!({ "maxResults": 3 }));
    let first = bench.state.list_job_executions_for_job("J0", &first).unwrap().execution_summaries;
    let order = ["t00001", "t00003", "t00000"].map(|name| format!("{ARN}thing/{name}"));
    assert!(first.into_iter().map(|it| it.thing_arn).eq(order), "most recently updated first");

    let bad = bench.state.list_jobs(&from(json!({ "nextToken": "made-up" })));
    assert_eq!(message(bad), "Next token is invalid.");
    let group = bench.state.list_jobs(&from(json!({ "thingGroupName": "G", "maxResults": 1 }))).unwrap();
    assert_eq!(group.jobs.len(), 1);
    let unknown = bench.state.list_jobs(&from(json!({ "thingGroupName": "X" })));
    assert!(matches!(unknown, Err(Rejected::ResourceNotFound(_))));
}

#[test]
fn the_jobs_of_a_group_have_its_id_and_are_not_scheduled_ones() {
    let mut bench = with_group(1);
    bench
        .create("later", "thinggroup/G", json!({ "schedulingConfig": { "startTime": "2025-06-03T13:00" } }))
        .unwrap();
    bench.create("now", "thinggroup/G", json!({})).unwrap();
    let list = |query: Value| {
        serde_json::to_value(bench.state.list_jobs(&from(query)).unwrap()).unwrap()["jobs"].clone()
    };
    let told = |jobs: Value| -> Vec<Value> {
        jobs.as_array().unwrap().iter().map(|job| json!([job["jobId"], job.get("thingGroupId")])).collect()
    };
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(told(list(json!({ "thingGroupName": "G" }))), [json!(["now", id])]);
    assert_eq!(told(list(json!({ "thingGroupId": id }))), [json!(["now", id])]);
    assert_eq!(told(list(json!({}))), [json!(["now", null]), json!(["later", null])]);
}
