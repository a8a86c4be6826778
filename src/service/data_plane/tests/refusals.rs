//! Every refusal.

use super::*;

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
fn a_topic_without_an_operation_is_answered_or_met_with_silence() {
    let silent = Choices { invalid_topic_is_answered: false, ..Choices::default() };
    for (choices, answers) in [(Choices::default(), 1), (silent, 0)] {
        let mut bench = Bench::choosing(choices);
        for rest in ["foo", "$next/update", "notify"] {
            assert_eq!(bench.send(rest, "{}").len(), answers, "{rest}");
        }
        assert_eq!(bench.refused("a:b/get", "").0, "InvalidRequest", "an operation, of an impossible job");
    }
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
        assert_eq!(
            body["message"],
            "The contents of the request could not be interpreted as valid UTF-8-encoded JSON"
        );
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
