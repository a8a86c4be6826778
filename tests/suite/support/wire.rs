//! Payloads captured on AWS, compared with ours: member order and spelling exactly, times and ids by kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// One command of the samples' walkthrough and the MQTT messages that AWS sent, in the order in which the local
/// service sends them.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) messages: Vec<Captured>,
}

/// A message that AWS sent; its payload is what AWS's JavaScript sample printed.
#[derive(Debug, Deserialize)]
pub(crate) struct Captured {
    /// The title under which we show it.
    pub(crate) kind: String,
    pub(crate) payload: String,
}

/// The samples' walkthrough.
pub(crate) fn walkthrough() -> Vec<Step> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/walkthrough-wire.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

impl Captured {
    /// The topic below `$aws/things/MyThing/jobs/` on which `command` made AWS send it.
    #[track_caller]
    pub(crate) fn topic(&self, command: &str) -> String {
        match self.kind.as_str() {
            "JobExecutionsChangedEvent" => "notify".into(),
            "NextJobExecutionChangedEvent" => "notify-next".into(),
            "GetPendingJobExecutionsResponse" => "get/accepted".into(),
            "StartNextPendingJobExecutionResponse" => "start-next/accepted".into(),
            "UpdateJobExecutionResponse" => format!("{}/update/accepted", command.split(' ').nth(1).unwrap()),
            other => panic!("an unexpected {other}"),
        }
    }

    /// Whether it answers a request; otherwise it is an event.
    pub(crate) fn is_answer(&self) -> bool {
        self.kind.ends_with("Response")
    }

    /// The payload as the answer to a request that carried `token`.
    pub(crate) fn with_token(&self, token: &str) -> String {
        let payload: Value = serde_json::from_str(&self.payload).unwrap();
        self.payload.replace(payload["clientToken"].as_str().unwrap(), token)
    }
}

/// Compares a series of payloads with captured ones.
///
/// A time or client token that AWS repeated must be repeated, whatever its value; times must not run backwards
/// where AWS's did not; two tokens that differed must differ.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    times: BTreeMap<u64, u64>,
    tokens: BTreeMap<String, String>,
}

impl Capture {
    /// Compares one payload, `actual` as its text came.
    #[track_caller]
    pub(crate) fn assert_same(&mut self, captured: &str, actual: &str) {
        let mut expected: Value = serde_json::from_str(captured).unwrap();
        let parsed: Value =
            serde_json::from_str(actual).unwrap_or_else(|error| panic!("{error} in {actual}"));
        self.adopt(&mut expected, &parsed);
        assert_eq!(actual, expected.to_string());
        assert!(self.times.values().is_sorted(), "times run backwards: {:?}", self.times);
        let tokens: BTreeSet<_> = self.tokens.values().collect();
        assert_eq!(tokens.len(), self.tokens.len(), "a client token is used twice: {:?}", self.tokens);
    }

    /// Puts the actual times and tokens into the captured payload, if they are of the right kind.
    fn adopt(&mut self, expected: &mut Value, actual: &Value) {
        match expected {
            Value::Object(members) => {
                for (name, member) in members {
                    let actual = &actual[name.as_str()];
                    match name.as_str() {
                        "timestamp" | "queuedAt" | "startedAt" | "lastUpdatedAt" => {
                            self.adopt_time(member, actual);
                        }
                        "clientToken" => self.adopt_token(member, actual),
                        _ => self.adopt(member, actual),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.adopt(item, &actual[index]);
                }
            }
            _ => {}
        }
    }

    fn adopt_time(&mut self, expected: &mut Value, actual: &Value) {
        // Epoch seconds, not milliseconds: between 2020 and 2100.
        let Some(seconds) =
            actual.as_u64().filter(|seconds| (1_577_836_800..4_102_444_800).contains(seconds))
        else {
            return;
        };
        *expected = (*self.times.entry(expected.as_u64().unwrap()).or_insert(seconds)).into();
    }

    fn adopt_token(&mut self, expected: &mut Value, actual: &Value) {
        let Some(token) = actual.as_str().filter(|token| Uuid::parse_str(token).is_ok()) else { return };
        let captured = expected.as_str().unwrap().to_owned();
        *expected = self.tokens.entry(captured).or_insert_with(|| token.to_owned()).clone().into();
    }
}

#[test]
fn times_and_tokens_may_differ_but_nothing_else() {
    let captured = r#"{"clientToken":"58920924-ccbf-43c0-8a23-79ece5ce7896","timestamp":1719940632,"a":[{"queuedAt":1719940632}]}"#;
    let same = r#"{"clientToken":"380a66b5-b5f7-471a-92d4-bd7fbe558472","timestamp":1800000000,"a":[{"queuedAt":1800000000}]}"#;
    Capture::default().assert_same(captured, same);
    for different in [
        same.replace("\"queuedAt\":1800000000", "\"queuedAt\":1800000001"),
        same.replace("1800000000", "1800000000000"),
        same.replace("380a66b5-", ""),
        same.replace("\"a\"", "\"b\""),
        same.replace("[{", "[ {"),
        same.replace("\"timestamp\":1800000000,", "").replace("}]}", "}],\"timestamp\":1800000000}"),
    ] {
        let compared = std::panic::catch_unwind(|| Capture::default().assert_same(captured, &different));
        assert!(compared.is_err(), "{different}");
    }
}
