//! Requests, answers and events of AWS IoT Jobs through the broker.

use rmqtt_codec::types::QoS;
use serde_json::{Value, json};

use crate::client::Client;
use crate::service::{Service, THING, thing};
use jobs_sandbox::jobs::topics::device_filters;

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
