//! Requests at random, in sequences, against everything that is offered: whatever comes in, what goes
//! out has AWS's shape.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::api::{Routes, SLOW_OPERATION};
use super::plane::Plane;
use super::{control, data, fuzz, operations};

const THING: &str = "arn:aws:iot:us-east-1:123456789012:thing/a";
const GROUP: &str = "arn:aws:iot:us-east-1:123456789012:thinggroup/a";
const JOB: &str = "arn:aws:iot:us-east-1:123456789012:job/a";
const TEMPLATE: &str = "arn:aws:iot:us-east-1:123456789012:jobtemplate/a";
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

/// Names of members, as AWS has them.
const MEMBERS: &str = "abortConfig action attributePayload attributes baseRatePerMinute beforeSubstitution
    certificatePem comment criteriaList description document documentParameters documentSource durationInMinutes
    endBehavior endTime executionNumber expectedVersion expiresInSec exponentialRate failureType force
    inProgressTimeoutInMinutes includeJobDocument includeJobExecutionState incrementFactor jobArn
    jobExecutionsRetryConfig jobExecutionsRolloutConfig jobId jobTemplateArn maintenanceWindows marker maxResults
    maximumPerMinute merge minNumberOfExecutedThings newStatus nextToken numberOfNotifiedThings numberOfRetries
    pageSize parentGroup parentGroupName policyDocument presignedUrlConfig rateIncreaseCriteria recursive
    resourceArn roleArn schedulingConfig setAsDefault startTime status statusDetails stepTimeoutInMinutes tagKeys
    tags target targetSelection targets thingGroupName thingGroupProperties thingName thresholdPercentage
    timeoutConfig usePrefixAttributeValue";

fn member() -> impl Strategy<Value = String> {
    select(MEMBERS.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned)
}

/// What means something somewhere, and now and then what should not.
fn text() -> impl Strategy<Value = String> {
    let known =
        "a b 1 2 true $next SNAPSHOT CONTINUOUS FAILED SUCCEEDED IN_PROGRESS QUEUED ALL CANCEL STOP_ROLLOUT
        ACTIVE {} 2030-01-01T00:00 2030-01-02T00:00";
    let known: Vec<&str> = known.split_whitespace().chain([THING, GROUP, JOB, TEMPLATE, POLICY]).collect();
    prop_oneof![
        12 => select(known).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => Just("x".repeat(3000)),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let numbers = vec![-1, 0, 1, 2, 5, 10, 60, 100, 250, 10_080, i64::MIN, i64::MAX];
    let scalar = prop_oneof![
        4 => text().prop_map(Value::from),
        3 => select(numbers).prop_map(Value::from),
        1 => (-10.0..200.0).prop_map(|number: f64| Value::from(number)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    scalar.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(member(), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Bodies that an operation takes.
fn wanted(operation: &str) -> Vec<Value> {
    let retry = json!({"criteriaList": [{"failureType": "ALL", "numberOfRetries": 2}]});
    let timeout = json!({"inProgressTimeoutInMinutes": 5});
    match operation {
        "CreateJob" => vec![
            json!({"targets": [THING], "document": "{}", "jobExecutionsRetryConfig": retry}),
            json!({"targets": [GROUP], "document": "{}", "targetSelection": "CONTINUOUS", "timeoutConfig": timeout}),
            json!({"targets": [THING, GROUP], "jobTemplateArn": TEMPLATE, "tags": [{"Key": "a", "Value": "b"}]}),
        ],
        "UpdateJob" => vec![json!({"description": "new", "timeoutConfig": timeout})],
        "AssociateTargetsWithJob" => vec![json!({"targets": [THING]})],
        "CreateJobTemplate" => {
            vec![json!({"description": "d", "document": "{}"}), json!({"description": "d", "jobArn": JOB})]
        }
        "AddThingToThingGroup" | "RemoveThingFromThingGroup" => {
            vec![json!({"thingGroupName": "a", "thingName": "a"})]
        }
        "CreatePolicy" | "CreatePolicyVersion" => vec![json!({"policyDocument": POLICY})],
        "AttachPolicy" | "DetachPolicy" => vec![json!({"target": GROUP})],
        "TagResource" => vec![json!({"resourceArn": JOB, "tags": [{"Key": "a", "Value": "b"}]})],
        "UntagResource" => vec![json!({"resourceArn": JOB, "tagKeys": ["a"]})],
        "UpdateJobExecution" => ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"]
            .map(|status| json!({"status": status, "includeJobDocument": true, "stepTimeoutInMinutes": 5}))
            .to_vec(),
        _ => vec![json!({})],
    }
}

/// A body that an operation takes, now and then with members changed or added.
fn body(operation: &str) -> impl Strategy<Value = Vec<u8>> {
    let changed = prop_oneof![3 => Just(Vec::new()), 1 => vec((member(), json_value()), 1..3)];
    let sensible = (select(wanted(operation)), changed).prop_map(|(mut wanted, changed)| {
        for (name, value) in changed {
            wanted[name] = value;
        }
        wanted.to_string().into_bytes()
    });
    prop_oneof![20 => sensible, 1 => vec(any::<u8>(), 0..40)]
}

/// A plane, a method, a URI and a body.
type TestRequest = (Plane, &'static str, String, Vec<u8>);

fn test_request() -> impl Strategy<Value = TestRequest> {
    let mut offered = Vec::new();
    for (plane, names) in [(Plane::Control, control::HANDLERS), (Plane::Data, &[data::HANDLERS][..])] {
        let routes = Routes::new(plane, names);
        let listed = operations::listed(plane).filter(|(_, _, name)| routes.handlers.contains_key(name));
        // It makes an RSA key, which takes its time.
        let quick = listed.filter(|(_, _, name)| *name != SLOW_OPERATION);
        offered.extend(quick.map(|(method, path, name)| (plane, method, path, name)));
    }
    let clock = select(vec!["1s", "6m", "2h", "400days"]).prop_map(|by| {
        let body = json!({ "advance": by }).to_string().into_bytes();
        (Plane::Control, "POST", "/_sandbox/clock".to_owned(), body)
    });
    let operation = select(offered).prop_flat_map(|(plane, method, path, name)| {
        let label = prop_oneof![20 => Just("a".to_owned()), 2 => Just("1".to_owned()), 1 => text()];
        let query = prop_oneof![2 => Just(BTreeMap::new()), 1 => btree_map(member(), text(), 1..3)];
        (vec(label, 3), query, body(name))
            .prop_map(move |(labels, query, body)| (plane, method, uri(path, &labels, &query), body))
    });
    prop_oneof![20 => operation, 1 => clock]
}

fn uri(path: &str, labels: &[String], query: &BTreeMap<String, String>) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut labels = labels.iter();
    let filled = path.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(_) => labels.next().map_or_else(String::new, |label| escaped(label)),
        None => segment.to_owned(),
    });
    let path = filled.collect::<Vec<_>>().join("/");
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("{path}?{}", query.join("&"))
}

#[test]
fn what_is_offered_is_an_operation_of_aws_and_offered_once() {
    for (plane, offered) in [(Plane::Control, control::HANDLERS), (Plane::Data, &[data::HANDLERS][..])] {
        let listed: Vec<&str> = operations::listed(plane).map(|(_, _, name)| name).collect();
        let mut names: Vec<&str> = offered.iter().copied().flatten().map(|(name, _)| *name).collect();
        assert!(names.iter().all(|name| listed.contains(name)), "{names:?}");
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_answer_has_the_shape_of_aws(requests in vec(test_request(), 1..100)) {
        fuzz::check_all(requests.iter().map(|(plane, method, uri, body)| fuzz::TestRequest {
            service: plane.signing_name(),
            method,
            uri,
            body,
        }));
    }
}
