//! AWS's own walkthrough, and what answers and events say.

use super::*;
use crate::service::state::Event;

#[test]
fn the_walkthrough_is_written_as_aws_wrote_it() {
    let mut bench = Bench::new();
    let got = bench.at(1_719_940_632).send("get", r#"{"clientToken":"58920924"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"get/accepted {"clientToken":"58920924","timestamp":1719940632,"inProgressJobs":[],"queuedJobs":[]}"#
        ]
    );
    let got = bench.at(1_719_940_994).job("Job1", r#"{"ToDo":"Reboot"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"notify {"timestamp":1719940994,"jobs":{"QUEUED":[{"jobId":"Job1","queuedAt":1719940994,"lastUpdatedAt":1719940994,"executionNumber":1,"versionNumber":1}]}}"#,
            r#"notify-next {"timestamp":1719940994,"execution":{"jobId":"Job1","status":"QUEUED","queuedAt":1719940994,"lastUpdatedAt":1719940994,"versionNumber":1,"executionNumber":1,"jobDocument":{"ToDo":"Reboot"}}}"#,
        ]
    );
    let got = bench.at(1_719_941_716).job("Job2", r#"{"ToDo":"Delete Root User"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"notify {"timestamp":1719941716,"jobs":{"QUEUED":[{"jobId":"Job1","queuedAt":1719940994,"lastUpdatedAt":1719940994,"executionNumber":1,"versionNumber":1},{"jobId":"Job2","queuedAt":1719941716,"lastUpdatedAt":1719941716,"executionNumber":1,"versionNumber":1}]}}"#
        ]
    );
    let got = bench.at(1_719_943_388).send("start-next", r#"{"clientToken":"21113e5d"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"start-next/accepted {"clientToken":"21113e5d","timestamp":1719943388,"execution":{"jobId":"Job1","status":"IN_PROGRESS","queuedAt":1719940994,"startedAt":1719943388,"lastUpdatedAt":1719943388,"versionNumber":2,"executionNumber":1,"jobDocument":{"ToDo":"Reboot"}}}"#
        ]
    );
    let got = bench.at(1_719_943_627).send("get", r#"{"clientToken":"380a66b5"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"get/accepted {"clientToken":"380a66b5","timestamp":1719943627,"inProgressJobs":[{"jobId":"Job1","queuedAt":1719940994,"lastUpdatedAt":1719943388,"startedAt":1719943388,"executionNumber":1,"versionNumber":2}],"queuedJobs":[{"jobId":"Job2","queuedAt":1719941716,"lastUpdatedAt":1719941716,"executionNumber":1,"versionNumber":1}]}"#
        ]
    );
    let got =
        bench.at(1_719_943_955).send("Job1/update", r#"{"status":"SUCCEEDED","clientToken":"c75bfd7d"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/accepted {"clientToken":"c75bfd7d","timestamp":1719943955}"#,
            r#"notify {"timestamp":1719943955,"jobs":{"QUEUED":[{"jobId":"Job2","queuedAt":1719941716,"lastUpdatedAt":1719941716,"executionNumber":1,"versionNumber":1}]}}"#,
            r#"notify-next {"timestamp":1719943955,"execution":{"jobId":"Job2","status":"QUEUED","queuedAt":1719941716,"lastUpdatedAt":1719941716,"versionNumber":1,"executionNumber":1,"jobDocument":{"ToDo":"Delete Root User"}}}"#,
        ]
    );
    bench.at(1_719_947_357).send("start-next", r#"{"clientToken":"914371d"}"#);
    let got = bench.at(1_719_948_116).send("Job2/update", r#"{"status":"FAILED","clientToken":"5774e0da"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job2/update/accepted {"clientToken":"5774e0da","timestamp":1719948116}"#,
            r#"notify {"timestamp":1719948116,"jobs":{}}"#,
            r#"notify-next {"timestamp":1719948116}"#,
        ]
    );
    let deleted = bench.state.delete_job(bench.now, "Job1", false);
    assert!(deleted.reply.is_ok() && deleted.effects.events.is_empty());
}

#[test]
fn a_job_may_be_called_like_a_topic() {
    let mut bench = Bench::new();
    for job in ["get", "notify", "start-next", "notify-next", "jobs", "accepted"] {
        bench.job(job, "{}");
        let (topic, body) = bench.ask(&format!("{job}/get"), "");
        assert_eq!((topic, &body["execution"]["jobId"]), (format!("{job}/get/accepted"), &json!(job)));
        let wire = bench.send(&format!("{job}/update"), r#"{"status":"SUCCEEDED"}"#);
        assert_eq!(wire[0].0, format!("{job}/update/accepted"));
    }
}

#[test]
fn the_edge_cases_of_the_guide_are_answered_with_its_codes() {
    let mut bench = Bench::new();
    bench.job("Job1", r#"{"ToDo":"Reboot"}"#);
    bench.at(1_748_990_001);

    let got = bench.send("Nope/get", r#"{"clientToken":"e1"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Nope/get/rejected {"clientToken":"e1","timestamp":1748990001,"code":"ResourceNotFound","message":"Job execution cannot be found as the Job Nope does not exist."}"#
        ]
    );
    let got =
        bench.send("Job1/update", r#"{"status":"IN_PROGRESS","expectedVersion":99,"clientToken":"e3"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/rejected {"clientToken":"e3","timestamp":1748990001,"executionState":{"status":"QUEUED","versionNumber":1},"code":"VersionMismatch","message":"Expected version 99 but found version 1"}"#
        ]
    );
    let got = bench.send("Job1/update", r#"{"status":"CANCELED","clientToken":"e5"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/rejected {"clientToken":"e5","timestamp":1748990001,"code":"InvalidStateTransition","message":"The status of job execution cannot be changed to be CANCELED"}"#
        ]
    );
    let (_, next) = bench.ask("$next/get", r#"{"clientToken":"e8"}"#);
    assert_eq!(next["execution"]["jobId"], "Job1");
    assert_eq!(next["execution"]["status"], "QUEUED", "describing does not start it");

    bench.send("Job1/update", r#"{"status":"IN_PROGRESS"}"#);
    bench.send("Job1/update", r#"{"status":"SUCCEEDED"}"#);
    let got = bench.send("Job1/update", r#"{"status":"IN_PROGRESS","clientToken":"e2"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/rejected {"clientToken":"e2","timestamp":1748990001,"executionState":{"status":"SUCCEEDED","versionNumber":3},"code":"InvalidStateTransition","message":"The status of job execution cannot be changed from SUCCEEDED to IN_PROGRESS"}"#
        ]
    );
    assert_eq!(
        bench.refused("Job1/update", r#"{"status":"FAILED","expectedVersion":1}"#).0,
        "VersionMismatch"
    );
    let got = bench.send("Job1/get", r#"{"clientToken":"e2b"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/get/rejected {"clientToken":"e2b","timestamp":1748990001,"code":"TerminalStateReached","message":"Job Execution has reached terminal state. It is neither IN_PROGRESS nor QUEUED"}"#
        ]
    );
    assert_eq!(
        lines(&bench.send("start-next", r#"{"clientToken":"e6"}"#)),
        [r#"start-next/accepted {"clientToken":"e6","timestamp":1748990001}"#]
    );
    assert_eq!(
        lines(&bench.send("$next/get", r#"{"clientToken":"e8b"}"#)),
        [r#"$next/get/accepted {"clientToken":"e8b","timestamp":1748990001}"#]
    );
}

#[test]
fn expected_version_and_execution_number_may_be_numbers_or_ones_in_strings() {
    let mut bench = Bench::new();
    bench.job("J", "{}");
    let update = |version: &str| format!(r#"{{"status":"IN_PROGRESS","expectedVersion":{version}}}"#);
    assert_eq!(bench.refused("J/update", &update("0")).0, "VersionMismatch");
    assert_eq!(bench.ask("J/update", &update("1")).0, "J/update/accepted");
    assert_eq!(bench.ask("J/update", &update("\"2\"")).0, "J/update/accepted");
    assert_eq!(bench.refused("J/update", &update("\"2\"")).1, "Expected version 2 but found version 3");
    assert_eq!(bench.ask("J/get", r#"{"executionNumber":"1"}"#).1["execution"]["executionNumber"], 1);
    assert_eq!(bench.refused("J/get", r#"{"executionNumber":"2"}"#).0, "ResourceNotFound");
}

#[test]
fn an_update_tells_state_and_document_only_when_asked() {
    let mut bench = Bench::new();
    bench.job("J", r#"{"n": 1.50}"#);
    let (_, body) = bench.ask("J/update", r#"{"status":"IN_PROGRESS"}"#);
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["timestamp"]);
    let payload = r#"{"status":"IN_PROGRESS","statusDetails":{"p":"50"},"includeJobExecutionState":true,"includeJobDocument":true}"#;
    let got = bench.at(1_748_990_001).send("J/update", payload);
    assert_eq!(
        lines(&got),
        [
            r#"J/update/accepted {"timestamp":1748990001,"executionState":{"status":"IN_PROGRESS","statusDetails":{"p":"50"},"versionNumber":3},"jobDocument":{"n":1.5}}"#
        ]
    );
    let (_, body) = bench.ask("J/get", r#"{"includeJobDocument":false}"#);
    assert!(body["execution"].get("jobDocument").is_none());
    assert!(body["execution"].get("thingName").is_none());
}

#[test]
fn events_list_at_most_ten_but_are_due_for_the_whole_set() {
    let mut bench = Bench::new();
    for number in 1..=10 {
        bench.job(&format!("J{number}"), "{}");
    }
    let outcome = bench.job("J11", "{}");
    assert_eq!(outcome.len(), 1, "the set changed, the head did not");
    let notify: Value = serde_json::from_str(&outcome[0].1).unwrap();
    assert_eq!(notify["jobs"]["QUEUED"].as_array().unwrap().len(), 10);
    let (_, body) = bench.ask("get", "");
    assert_eq!(body["queuedJobs"].as_array().unwrap().len(), 10);
    bench.send("J11/update", r#"{"status":"IN_PROGRESS"}"#);
    let (_, body) = bench.ask("get", "");
    assert_eq!(body["inProgressJobs"][0]["jobId"], "J11", "IN_PROGRESS ones come first");
    assert_eq!(body["queuedJobs"].as_array().unwrap().len(), 9);
}

#[test]
fn an_event_knows_its_kind() {
    let mut bench = Bench::new();
    let mut request = CreateJobRequest { document: Some("{}".into()), ..Default::default() };
    request.targets = Some(vec!["arn:aws:iot:us-east-1:123456789012:thing/MyThing".into()]);
    let outcome = bench.state.create_job(bench.now, "J", request);
    assert!(matches!(
        outcome.effects.events[..],
        [Event::JobExecutionsChanged(..), Event::NextJobExecutionChanged(..)]
    ));
}
