//! The wire of the data plane: AWS's own walkthrough, and every refusal.

use super::*;
use crate::service::state::create_job::CreateJobRequest;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::{EventBody, Settings};
use serde_json::{Value, json};
use uuid::Uuid;

/// A service with the thing `MyThing`, and a clock that a test sets.
struct Bench {
    state: State,
    now: Timestamp,
}

/// What a message caused, in the order of the wire: topics below the thing's `jobs`, and payloads.
type Wire = Vec<(String, String)>;

impl Bench {
    fn new() -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let mut bench = Self { state: State::new(settings), now: Timestamp::from_millis(1_719_940_632_400) };
        bench.thing("MyThing");
        bench
    }

    fn thing(&mut self, name: &str) {
        let request = CreateThingRequest::default();
        let _ = self.state.create_thing(self.now, name, Uuid::from_u128(1), &request).reply.unwrap();
    }

    fn at(&mut self, seconds: i64) -> &mut Self {
        self.now = Timestamp::from_millis(seconds * 1000 + 250);
        self
    }

    fn job(&mut self, id: &str, document: &str) -> Wire {
        self.job_with(id, document, json!({}))
    }

    fn job_with(&mut self, id: &str, document: &str, more: Value) -> Wire {
        let mut request: CreateJobRequest = serde_json::from_value(more).unwrap();
        request.targets = Some(vec!["arn:aws:iot:us-east-1:123456789012:thing/MyThing".into()]);
        request.document = Some(document.into());
        let outcome = self.state.create_job(self.now, id, request);
        outcome.reply.unwrap();
        wire(&outcome.events)
    }

    fn send(&mut self, rest: &str, payload: &str) -> Wire {
        let topic = format!("{B}{rest}");
        let handled = handle(&mut self.state, self.now, &topic, payload.as_bytes()).unwrap();
        let answer =
            handled.answer.map(|(topic, payload)| (short(&topic), String::from_utf8(payload).unwrap()));
        answer.into_iter().chain(wire(&handled.events)).collect()
    }

    /// The one answer, as a value, where no event may follow.
    #[track_caller]
    fn ask(&mut self, rest: &str, payload: &str) -> (String, Value) {
        let wire = self.send(rest, payload);
        assert_eq!(wire.len(), 1, "{wire:?}");
        (wire[0].0.clone(), serde_json::from_str(&wire[0].1).unwrap())
    }

    /// The code and the message of a refusal, which must not change anything.
    #[track_caller]
    fn refused(&mut self, rest: &str, payload: &str) -> (String, String) {
        let (topic, body) = self.ask(rest, payload);
        assert_eq!(topic, format!("{rest}/rejected"));
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

const B: &str = "$aws/things/MyThing/jobs/";

fn short(topic: &str) -> String {
    topic.strip_prefix(B).unwrap().to_owned()
}

fn wire(events: &[Event]) -> Wire {
    let one = |event: &Event| {
        let payload = String::from_utf8(event.payload()).unwrap();
        (short(&event.topic().to_string()), payload)
    };
    events.iter().map(one).collect()
}

fn lines(wire: &Wire) -> Vec<String> {
    wire.iter().map(|(topic, payload)| format!("{topic} {payload}")).collect()
}

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
    assert!(deleted.reply.is_ok() && deleted.events.is_empty());
}

#[test]
fn what_is_no_jobs_topic_is_left_to_others() {
    let mut bench = Bench::new();
    for topic in ["sensors/1", "$aws/things/MyThing/shadow/get", "$aws/things/MyThing/jobs", ""] {
        assert!(handle(&mut bench.state, bench.now, topic, b"{}").is_none(), "{topic}");
    }
}

#[test]
fn a_topic_without_an_operation_is_an_invalid_topic() {
    let mut bench = Bench::new();
    for rest in ["foo", "J/foo", "$next/update", "notify", "get/accepted", "J/get/accepted", "", "a/b/c/d"] {
        assert_eq!(bench.refused(rest, r#"{"clientToken":"t"}"#).0, "InvalidTopic", "{rest}");
    }
    assert_eq!(bench.ask("foo", r#"{"clientToken":"t"}"#).1["clientToken"], "t");
}

#[test]
fn an_impossible_name_is_an_invalid_request() {
    let mut bench = Bench::new();
    assert_eq!(bench.refused("a:b/update", r#"{"status":"FAILED"}"#).0, "InvalidRequest");
    assert_eq!(bench.refused(&format!("{}/get", "x".repeat(65)), "").0, "InvalidRequest");
    let handled = handle(&mut bench.state, bench.now, "$aws/things/a b/jobs/get", b"").unwrap();
    assert!(String::from_utf8(handled.answer.unwrap().1).unwrap().contains("InvalidRequest"));
}

#[test]
fn what_is_no_json_object_is_invalid_json_without_a_client_token() {
    let mut bench = Bench::new();
    let deep = "[".repeat(100_000);
    let deep_member = format!("{{\"clientToken\":\"t\",\"x\":{}", "[".repeat(100_000));
    for payload in ["{", "[]", "3", "null", "\"x\"", "{} x", " ", deep.as_str(), deep_member.as_str()] {
        let (topic, body) = bench.ask("J/update", payload);
        assert_eq!(topic, "J/update/rejected");
        assert_eq!(body["code"], "InvalidJson");
        assert_eq!(body["message"], "The payload is not valid JSON.");
        assert!(body.get("clientToken").is_none());
    }
    for bytes in [&b"\xff\xfe"[..], b"{\"clientToken\":\"\xc3\"}", b"{\"a\":\"\\ud800\"}"] {
        let handled = handle(&mut bench.state, bench.now, &format!("{B}get"), bytes).unwrap();
        assert!(String::from_utf8(handled.answer.unwrap().1).unwrap().contains("InvalidJson"));
    }
}

#[test]
fn an_empty_payload_and_null_and_unknown_members_count_as_absent() {
    let mut bench = Bench::new();
    bench.job("J", "{}");
    for payload in ["", "{}", r#"{"clientToken":null,"future":{"a":[1]}}"#] {
        assert_eq!(bench.ask("get", payload).0, "get/accepted");
    }
    let payload = r#"{"executionNumber":null,"includeJobDocument":null}"#;
    assert_eq!(bench.ask("J/get", payload).1["execution"]["jobDocument"], json!({}));
    let payload =
        r#"{"status":"IN_PROGRESS","expectedVersion":null,"statusDetails":null,"stepTimeoutInMinutes":null}"#;
    assert_eq!(bench.ask("J/update", payload).0, "J/update/accepted");
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
fn members_of_a_wrong_type_are_an_invalid_request() {
    let mut bench = Bench::new();
    bench.job("J", "{}");
    for (rest, payload) in [
        ("get", r#"{"clientToken":5}"#),
        ("start-next", r#"{"statusDetails":[]}"#),
        ("start-next", r#"{"statusDetails":{"a":1}}"#),
        ("start-next", r#"{"stepTimeoutInMinutes":"5"}"#),
        ("start-next", r#"{"stepTimeoutInMinutes":1.5}"#),
        ("J/get", r#"{"executionNumber":"one"}"#),
        ("J/get", r#"{"executionNumber":-1}"#),
        ("J/get", r#"{"includeJobDocument":"false"}"#),
        ("J/update", r#"{"status":7}"#),
        ("J/update", r#"{"status":"DONE"}"#),
        ("J/update", r#"{"status":"succeeded"}"#),
        ("J/update", r#"{"status":"FAILED","expectedVersion":"one"}"#),
        ("J/update", r#"{"status":"FAILED","expectedVersion":""}"#),
        ("J/update", r#"{"status":"FAILED","expectedVersion":"+1"}"#),
        ("J/update", r#"{"status":"FAILED","expectedVersion":1.5}"#),
        ("J/update", r#"{"status":"FAILED","expectedVersion":99999999999999999999}"#),
        ("J/update", r#"{"status":"FAILED","includeJobExecutionState":1}"#),
        ("J/update", r#"{"status":"FAILED","stepTimeoutInMinutes":0}"#),
        ("J/update", r#"{"status":"FAILED","stepTimeoutInMinutes":10081}"#),
        ("J/update", r#"{"status":"FAILED","stepTimeoutInMinutes":-2}"#),
    ] {
        assert_eq!(bench.refused(rest, payload).0, "InvalidRequest", "{payload}");
    }
    assert_eq!(bench.ask("J/get", "").1["execution"]["versionNumber"], 1);
}

#[test]
fn a_missing_status_is_told_in_the_words_of_aws() {
    let mut bench = Bench::new();
    let (topic, body) = bench.ask("J/update", r#"{"clientToken":"e4"}"#);
    assert_eq!(topic, "J/update/rejected");
    assert_eq!(
        body["message"],
        "1 validation error detected: Value null at 'status' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(body["clientToken"], "e4");
}

#[test]
fn members_are_checked_before_existence() {
    let mut bench = Bench::new();
    assert_eq!(bench.refused("Nope/update", r#"{"status":"DONE"}"#).0, "InvalidRequest");
    assert_eq!(
        bench.refused("Nope/update", r#"{"status":"FAILED","expectedVersion":9}"#).0,
        "ResourceNotFound"
    );
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
            r#"Nope/get/rejected {"clientToken":"e1","timestamp":1748990001,"code":"ResourceNotFound","message":"Job execution Nope for thing MyThing does not exist."}"#
        ]
    );
    let got =
        bench.send("Job1/update", r#"{"status":"IN_PROGRESS","expectedVersion":99,"clientToken":"e3"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/rejected {"clientToken":"e3","timestamp":1748990001,"code":"VersionMismatch","message":"Expected version 99 but found version 1","executionState":{"status":"QUEUED","versionNumber":1}}"#
        ]
    );
    let got = bench.send("Job1/update", r#"{"status":"CANCELED","clientToken":"e5"}"#);
    assert_eq!(
        lines(&got),
        [
            r#"Job1/update/rejected {"clientToken":"e5","timestamp":1748990001,"code":"InvalidStateTransition","message":"The status of job execution cannot be changed to be CANCELED","executionState":{"status":"QUEUED","versionNumber":1}}"#
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
            r#"Job1/update/rejected {"clientToken":"e2","timestamp":1748990001,"code":"InvalidStateTransition","message":"The status of job execution cannot be changed from SUCCEEDED to IN_PROGRESS","executionState":{"status":"SUCCEEDED","versionNumber":3}}"#
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
fn what_a_refusal_quotes_is_one_line_of_bounded_length() {
    let mut bench = Bench::new();
    bench.job("J", "{}");
    let status = format!(r#"{{"status":"a\n{}"}}"#, "x".repeat(100_000));
    let said = bench.refused("J/update", &status).1;
    assert!(said.contains(r"Value 'a\nxx") && said.chars().count() < 1100, "{said}");
}

#[test]
fn an_unregistered_thing_is_not_found() {
    let mut bench = Bench::new();
    for rest in ["get", "start-next", "$next/get", "J/get"] {
        let topic = format!("$aws/things/Other/jobs/{rest}");
        let handled = handle(&mut bench.state, bench.now, &topic, b"").unwrap();
        let (answer, payload) = handled.answer.unwrap();
        assert_eq!(answer, format!("{topic}/rejected"));
        assert!(String::from_utf8(payload).unwrap().contains(r#""code":"ResourceNotFound""#), "{rest}");
    }
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
            r#"J/update/accepted {"timestamp":1748990001,"executionState":{"status":"IN_PROGRESS","statusDetails":{"p":"50"},"versionNumber":3},"jobDocument":{"n": 1.50}}"#
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
    let bodies: Vec<_> = outcome.events.into_iter().map(|event| event.body).collect();
    assert!(matches!(
        bodies[..],
        [EventBody::JobExecutionsChanged(_), EventBody::NextJobExecutionChanged(_)]
    ));
}
