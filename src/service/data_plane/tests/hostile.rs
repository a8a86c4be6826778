//! Messages that nobody would send: each is answered, none does harm.

use super::*;
use proptest::prelude::*;

/// A topic near the ones that mean something.
fn topic() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("get".to_owned()),
        Just("update".to_owned()),
        Just("start-next".to_owned()),
        Just("$next".to_owned()),
        Just("notify".to_owned()),
        Just("Job1".to_owned()),
        Just(String::new()),
        ".{0,6}",
    ];
    prop_oneof![
        4 => prop::collection::vec(segment, 0..4).prop_map(|segments| format!("{B}{}", segments.join("/"))),
        1 => ".{0,40}",
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
        Just(json!("IN_PROGRESS")),
        Just(json!("FAILED")),
    ];
    let value = scalar.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4).prop_map(|members| members.into_iter().collect()),
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
    prop_oneof![5 => object, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

proptest! {
    #[test]
    fn whatever_comes_is_answered_once_in_json(messages in prop::collection::vec((topic(), payload()), 1..12)) {
        let mut bench = Bench::new();
        bench.job("Job1", "{}");
        for (topic, payload) in messages {
            let Some(handled) = handle(&mut bench.state, bench.now, &topic, &payload) else {
                prop_assert!(split_jobs_topic(&topic).is_none());
                continue;
            };
            let (answer_topic, answer) = handled.answer.unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            prop_assert_eq!(&answer["timestamp"], &json!(bench.now.seconds()));
            if answer_topic == format!("{topic}/accepted") {
                prop_assert!(answer.get("code").is_none());
            } else {
                prop_assert_eq!(answer_topic, format!("{topic}/rejected"));
                prop_assert!(answer["code"].is_string() && answer["message"].is_string());
                prop_assert!(handled.events.is_empty(), "a refused request changes nothing");
            }
        }
    }
}
