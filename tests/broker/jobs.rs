//! Requests, answers and events of AWS IoT Jobs through the broker.

use std::time::Duration;

use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{Connect, DisconnectReasonCode, Packet, SubscriptionOptions};
use serde_json::{Value, json};

use crate::client::{Client, publish};
use crate::service::{Service, THING, thing};
use jobs_sandbox::service::state::State;
use jobs_sandbox::wire::topics::device_filters;

fn body(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

fn topic(rest: &str) -> String {
    format!("$aws/things/{THING}/jobs/{rest}")
}

/// A device that subscribed to everything, as the REPL does.
async fn device(service: &Service) -> Client {
    let mut client = Client::connect(&service.local, "test-1").await;
    let filters = device_filters(&thing());
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    assert_eq!(client.subscribe(&filters).await, [1; 6]);
    client
}

#[tokio::test]
async fn the_walkthrough() {
    let service = Service::start().await;
    let mut device = device(&service).await;

    service.create_job("Job1", r#"{"Todo":"Reboot"}"#);
    let notify = device.message().await;
    assert_eq!(&*notify.topic, topic("notify"));
    assert_eq!(body(&notify.payload)["jobs"]["QUEUED"][0]["jobId"], "Job1");
    let next = device.message().await;
    assert_eq!(&*next.topic, topic("notify-next"));
    assert_eq!(body(&next.payload)["execution"]["jobDocument"], json!({"Todo":"Reboot"}));

    assert_eq!(device.publish(&topic("start-next"), r#"{"clientToken":"t1"}"#).await, 0);
    let accepted = device.message().await;
    assert_eq!(&*accepted.topic, topic("start-next/accepted"));
    assert_eq!(body(&accepted.payload)["clientToken"], "t1");
    assert_eq!(body(&accepted.payload)["execution"]["status"], "IN_PROGRESS");

    assert_eq!(device.publish(&topic("Job1/update"), r#"{"status":"SUCCEEDED"}"#).await, 0);
    let expected = ["Job1/update/accepted", "notify", "notify-next"].map(topic);
    for expected in expected {
        assert_eq!(&*device.message().await.topic, expected);
    }
}

/// A second device of the same thing hears of events, and nothing of another's answers.
#[tokio::test]
async fn answers_go_to_the_requester_alone() {
    let service = Service::start().await;
    let mut bystander = device(&service).await;
    let mut requester = Client::connect(&service.local, "test-2").await;
    assert_eq!(requester.publish(&topic("get"), r#"{"clientToken":"t"}"#).await, 0);
    let answer = requester.message().await;
    assert_eq!(&*answer.topic, topic("get/accepted"));
    assert_eq!(answer.qos, QoS::AtMostOnce, "not subscribed");
    assert!(!answer.retain);
    assert_eq!(requester.pending().await, [""; 0]);
    assert_eq!(bystander.pending().await, [""; 0]);
}

#[tokio::test]
async fn an_answer_comes_once_at_the_qos_of_the_subscription() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let connect = Connect { clean_start: true, ..Connect::default() }.client_id("c");
    let (mut client, _) = Client::connect_as(&service.local, tls, connect).await;
    client.subscribe_with(&[&topic("#")], SubscriptionOptions::default()).await;
    client.subscribe(&[&topic("get/+"), &topic("+/accepted"), "$aws/things/+/jobs/notify"]).await;
    assert_eq!(client.publish(&topic("get"), "").await, 0);
    let answer = client.message().await;
    assert_eq!((&*answer.topic, answer.qos), (&*topic("get/accepted"), QoS::AtLeastOnce));
    assert_eq!(client.pending().await, [""; 0]);

    // Events come through wildcards, once each.
    service.create_job("Job1", "{}");
    assert_eq!(client.pending().await, ["notify", "notify-next"].map(topic));
}

#[tokio::test]
async fn a_topic_that_names_no_operation_is_answered_and_not_forwarded() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let connect = |id: &str| Connect { clean_start: true, ..Connect::default() }.client_id(id.to_owned());
    let (mut bystander, _) = Client::connect_as(&service.local, tls.clone(), connect("bystander")).await;
    bystander.subscribe(&[&topic("#"), "$aws/things/#"]).await;
    let (mut client, _) = Client::connect_as(&service.local, tls, connect("c")).await;
    for rest in ["foo", "Job1/foo", "$next/update", "notify", "get/accepted"] {
        assert_eq!(client.publish(&topic(rest), r#"{"clientToken":"t"}"#).await, 0, "{rest}");
        let answer = client.message().await;
        assert_eq!(&*answer.topic, topic(&format!("{rest}/rejected")));
        assert_eq!(body(&answer.payload)["code"], "InvalidTopic", "{rest}");
    }
    assert_eq!(bystander.pending().await, [""; 0]);
}

#[tokio::test]
async fn requests_at_qos_0_are_answered_too() {
    let service = Service::start().await;
    let mut device = device(&service).await;
    device.send(Packet::Publish(Box::new(publish(&topic("get"), "{", QoS::AtMostOnce)))).await;
    let answer = device.message().await;
    assert_eq!(&*answer.topic, topic("get/rejected"));
    assert_eq!(body(&answer.payload)["code"], "InvalidJson");
}

#[tokio::test]
async fn events_wait_for_a_device_that_is_away_and_answers_do_not() {
    let service = Service::start().await;
    let persistent = |clean_start| {
        let connect = Connect { clean_start, session_expiry_interval_secs: 600, ..Connect::default() };
        connect.client_id("test-1")
    };
    let (mut device, _) = Client::connect_with(&service.local, persistent(true)).await;
    let filters = device_filters(&thing());
    device.subscribe(&filters.iter().map(String::as_str).collect::<Vec<_>>()).await;
    device.disconnect(DisconnectReasonCode::NormalDisconnection).await;
    service.create_job("Job1", "{}");
    let (mut device, _) = Client::connect_with(&service.local, persistent(false)).await;
    assert_eq!(device.pending().await, ["notify", "notify-next"].map(topic));
}

/// Timers fire on the clock of jobs, which a test can move.
#[tokio::test]
async fn a_job_execution_times_out_when_the_clock_is_moved() {
    let service = Service::start().await;
    let mut device = device(&service).await;
    service.create_job("Job1", "{}");
    device
        .publish_message(publish(&topic("start-next"), r#"{"stepTimeoutInMinutes":5}"#, QoS::AtMostOnce))
        .await;
    assert_eq!(device.pending().await, ["notify", "notify-next", "start-next/accepted"].map(topic));
    let described = |state: &State, now| state.describe_job_execution_any_status(now, THING, "Job1", None);
    let started = service.local.read(described).unwrap().execution.started_at.unwrap();
    let clock = service.local.clock();
    let before = clock.now();
    clock.advance(Duration::from_mins(4)).await;
    assert_eq!(device.pending().await, [""; 0]);
    clock.advance(Duration::from_mins(2)).await;
    let after = clock.now();
    assert!(after >= before.plus(Duration::from_mins(6)));
    let notify = device.message().await;
    assert_eq!(&*notify.topic, topic("notify"));
    let fired = body(&notify.payload)["timestamp"].as_i64().unwrap();
    assert_eq!(fired, started.seconds() + 300, "at its own due time");
}

/// The timer's task does the same while nobody asks.
#[tokio::test]
async fn what_falls_due_is_done_without_being_asked() {
    let service = Service::start().await;
    let mut device = device(&service).await;
    service.create_job("Job1", "{}");
    device
        .publish_message(publish(&topic("start-next"), r#"{"stepTimeoutInMinutes":1}"#, QoS::AtMostOnce))
        .await;
    assert_eq!(device.pending().await.len(), 3);
    // Half a second before the minute is over.
    service.local.clock().advance(Duration::from_millis(59_500)).await;
    assert_eq!(&*device.message().await.topic, topic("notify"));
}
