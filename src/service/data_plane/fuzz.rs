//! Every message below a thing's `jobs` is answered once, in JSON, and to the sender.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{RequestBody, handle};
use crate::service::state::{Event, Settings, State};
use crate::service::time::Timestamp;
use crate::wire::topics::{Channel, Topic, split_jobs_topic};

/// More than anything here needs, so that it ends.
const MOST_CALLS: usize = 100_000;

const THING: &str = "arn:aws:iot:us-east-1:123456789012:thing/T";

/// Reads a topic and a payload from each line, or `+` and the seconds that pass.
pub(crate) fn check(data: &[u8]) {
    let mut now = Timestamp::from_millis(1_748_952_000_000);
    let mut state = account(now);
    for line in data.split(|byte| *byte == b'\n') {
        let at = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, payload) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        let Ok(word) = std::str::from_utf8(word) else { continue };
        if let Some(seconds) = word.strip_prefix('+') {
            now = now.plus(Duration::from_secs(seconds.parse::<u16>().unwrap_or(1).into()));
            let mut calls = 0;
            while state.next_timeout().is_some_and(|due| due <= now) {
                state.handle_timeout(now).events.iter().for_each(check_event);
                calls += 1;
                assert!(calls < MOST_CALLS, "what is due by {now:?} has no end");
            }
        } else if word.starts_with("$aws") {
            check_message(&mut state, now, word, payload);
        } else {
            check_message(&mut state, now, &format!("$aws/things/T/jobs/{word}"), payload);
        }
    }
}

/// An account with a thing and two jobs for it; what becomes of one of them is not up to the device alone.
fn account(now: Timestamp) -> State {
    let mut state = State::new(Settings { region: "us-east-1".into(), account: "123456789012".into() });
    let thing =
        state.create_thing(now, "T", Uuid::from_u128(1), &serde_json::from_value(json!({})).expect("empty"));
    assert!(thing.reply.is_ok());
    let limited = json!({
        "targets": [THING], "document": "{\"a\": 1}", "timeoutConfig": { "inProgressTimeoutInMinutes": 5 },
        "jobExecutionsRetryConfig": { "criteriaList": [{ "failureType": "ALL", "numberOfRetries": 2 }] },
    });
    for (job, request) in [("J", json!({ "targets": [THING], "document": "{}" })), ("Limited", limited)] {
        let request = serde_json::from_value(request).expect("it is the request of an operator");
        assert!(state.create_job(now, job, request).reply.is_ok());
    }
    state
}

/// Sends one message and looks at what follows from it.
fn check_message(state: &mut State, now: Timestamp, topic: &str, payload: &[u8]) {
    let Some(handled) = handle(state, now, topic, payload) else {
        assert!(split_jobs_topic(topic).is_none(), "{topic}");
        return;
    };
    let (answer_topic, answer) = handled.answer.expect("every request is answered");
    // A request holds 128 KiB at most; the state's own part is bounded by AWS's limits.
    assert!(answer.len() <= 512 * 1024 + 2 * (topic.len() + payload.len()), "{} bytes", answer.len());
    let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
    assert_eq!(answer["timestamp"], now.seconds());
    let token = RequestBody::parse(payload).ok().and_then(|body| body.client_token());
    assert_eq!(answer.get("clientToken").and_then(Value::as_str), token.as_deref());
    if answer_topic == format!("{topic}/accepted") {
        assert!(answer.get("code").is_none());
    } else {
        assert_eq!(answer_topic, format!("{topic}/rejected"));
        assert!(answer["code"].is_string());
        crate::service::one_line::assert_plain(answer["message"].as_str().unwrap_or_default());
        assert!(handled.effects.events.is_empty(), "a refused request changes nothing");
    }
    handled.effects.events.iter().for_each(check_event);
}

fn check_event(event: &Event) {
    let topic = Topic::parse(&event.topic()).expect("an event has a topic of a thing");
    assert!(matches!(topic.channel, Channel::Notify | Channel::NotifyNext));
    assert!(
        serde_json::from_slice::<Value>(&event.payload(Uuid::nil)).is_ok_and(|payload| payload.is_object())
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A topic near the ones that mean something, or time that passes.
    fn topic() -> impl Strategy<Value = String> {
        let segment = prop_oneof![
            Just("get".to_owned()),
            Just("update".to_owned()),
            Just("start-next".to_owned()),
            Just("$next".to_owned()),
            Just("notify".to_owned()),
            Just("J".to_owned()),
            Just(String::new()),
            ".{0,6}",
        ];
        prop_oneof![
            4 => prop::sample::select(vec!["get", "start-next", "$next/get", "J/get", "J/update", "Limited/update"])
                .prop_map(str::to_owned),
            4 => prop::collection::vec(segment, 0..4).prop_map(|segments| segments.join("/")),
            1 => ".{0,40}".prop_map(|rest| format!("$aws/{rest}")),
            1 => prop::sample::select(vec!["+1", "+400", "+65535"]).prop_map(str::to_owned),
        ]
    }

    /// JSON that has the members of a request, of whatever type, or bytes that have no form at all.
    fn payload() -> impl Strategy<Value = Vec<u8>> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            prop::sample::select(vec!["IN_PROGRESS", "FAILED", "1"]).prop_map(Value::from),
        ];
        let value = scalar.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,6}", inner), 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        });
        let member = prop::sample::select(vec![
            "clientToken",
            "status",
            "statusDetails",
            "expectedVersion",
            "executionNumber",
            "includeJobExecutionState",
            "includeJobDocument",
            "stepTimeoutInMinutes",
            "more",
        ]);
        let object = prop::collection::vec((member, value), 0..6).prop_map(|members| {
            let members: Value = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            members.to_string().into_bytes()
        });
        let status = prop::sample::select(vec!["IN_PROGRESS", "FAILED", "SUCCEEDED", "REJECTED"]);
        let update = status.prop_map(|status| json!({ "status": status }).to_string().into_bytes());
        prop_oneof![5 => object, 3 => update, 1 => prop::collection::vec(any::<u8>(), 0..64)]
    }

    proptest! {
        #[test]
        fn whatever_comes_is_answered_once_in_json(
            messages in prop::collection::vec((topic(), payload()), 1..16),
        ) {
            let lines: Vec<_> =
                messages.iter().map(|(topic, payload)| [topic.as_bytes(), payload].join(&b' ')).collect();
            super::check(&lines.join(&b'\n'));
        }
    }
}
