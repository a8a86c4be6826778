//! What is refused, and with which reason code.

use std::num::{NonZeroU16, NonZeroU32};

use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v5::{self, Connect, Packet, PublishProperties};

use crate::client::{Client, publish};
use crate::service::{Service, THING};

fn jobs(rest: &str) -> String {
    format!("$aws/things/{THING}/jobs/{rest}")
}

#[tokio::test]
async fn connack_tells_the_limits() {
    let service = Service::start().await;
    let connect = Connect { clean_start: true, keep_alive: 5, ..Connect::default() }.client_id("test-1");
    let (_, ack) = Client::connect_with(&service.local, connect).await;
    assert_eq!(u8::from(ack.reason_code), 0);
    assert_eq!(ack.max_qos, QoS::AtLeastOnce);
    assert_eq!(ack.receive_max.get(), 100);
    assert_eq!(ack.max_packet_size, Some(149_504));
    assert_eq!(ack.topic_alias_max, 8);
    assert_eq!(ack.server_keepalive_sec, Some(30));
    assert!(ack.retain_available && ack.wildcard_subscription_available && ack.shared_subscription_available);
    assert!(!ack.subscription_identifiers_available);
    assert_eq!(ack.user_properties, [("jobs-sandbox".into(), "local".into())]);
}

#[tokio::test]
async fn keep_alive_is_held_within_bounds() {
    let service = Service::start().await;
    for (asked, granted) in [(0, 1200), (5, 30), (60, 60), (2000, 1200)] {
        let connect =
            Connect { clean_start: true, keep_alive: asked, ..Connect::default() }.client_id("test-1");
        let (_, ack) = Client::connect_with(&service.local, connect).await;
        assert_eq!(ack.server_keepalive_sec, Some(granted), "{asked}");
    }
}

#[tokio::test]
async fn client_ids_are_checked_and_assigned() {
    let service = Service::start().await;
    for (client_id, reason) in [("$reserved", 0x85), (&*"x".repeat(129), 0x85), (&*"x".repeat(128), 0)] {
        let connect = Connect { clean_start: true, ..Connect::default() }.client_id(client_id.to_owned());
        let (_, ack) = Client::connect_with(&service.local, connect).await;
        assert_eq!(u8::from(ack.reason_code), reason, "{client_id}");
    }
    let connect = Connect { clean_start: true, ..Connect::default() };
    let (_, ack) = Client::connect_with(&service.local, connect).await;
    assert!(ack.assigned_client_id.is_some_and(|id| id.len() == 36));
}

#[tokio::test]
async fn a_refused_publish_is_acknowledged_with_a_reason_and_logged() {
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    assert_eq!(client.publish("some/topic", "").await, 0x87);
    assert_eq!(client.publish(&jobs("foo"), "{}").await, 0x87);
    assert_eq!(client.publish("a/b/c/d/e/f/g/h/i", "").await, 0x90);
    assert_eq!(client.publish(&jobs("get"), "{}").await, 0, "the connection is still there");
    let log = service.log();
    let expected = "client test-1: iot:Publish refused on arn:aws:iot:us-east-1:123456789012:topic/some/topic: \
                    no attached policy allows it";
    assert!(log.iter().any(|line| line == expected), "{log:?}");
}

#[tokio::test]
async fn a_publish_that_cannot_be_answered_ends_the_connection() {
    let service = Service::start().await;
    let large = "x".repeat(128 * 1024 + 1);
    let alias = |alias| Some(PublishProperties { topic_alias: NonZeroU16::new(alias), ..Default::default() });
    for (publish, reason) in [
        (publish("some/topic", "", QoS::AtMostOnce), 0x87),
        (publish("$SYS/x", "", QoS::AtMostOnce), 0x87),
        (publish("a/+", "", QoS::AtMostOnce), 0x90),
        (Publish { packet_id: NonZeroU16::new(1), ..publish(&jobs("get"), "", QoS::ExactlyOnce) }, 0x9B),
        (Publish { retain: true, ..publish(&jobs("get"), "", QoS::AtMostOnce) }, 0x87),
        (publish(&jobs("get"), &large, QoS::AtMostOnce), 0x95),
        (Publish { properties: alias(9), ..publish(&jobs("get"), "", QoS::AtMostOnce) }, 0x94),
        (Publish { properties: alias(1), ..publish("", "", QoS::AtMostOnce) }, 0x94),
    ] {
        let mut client = Client::connect(&service.local, "test-1").await;
        let topic = publish.topic.clone();
        client.send(Packet::Publish(Box::new(publish))).await;
        assert_eq!(client.disconnected().await, reason, "{topic}");
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn each_filter_of_a_subscribe_is_answered() {
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    let filters = [&*jobs("notify"), "other", "a/#/b", &*jobs("get/+"), "$aws/things/+/jobs/notify"];
    assert_eq!(client.subscribe(&filters).await, [1, 0x87, 0x8F, 1, 0x87]);
    let options = v5::SubscriptionOptions { qos: QoS::ExactlyOnce, ..Default::default() };
    assert_eq!(client.subscribe_with(&[&jobs("notify")], options).await, [1]);
    let options = v5::SubscriptionOptions { qos: QoS::AtMostOnce, ..Default::default() };
    assert_eq!(client.subscribe_with(&[&jobs("notify")], options).await, [0]);
}

#[tokio::test]
async fn subscribing_has_limits() {
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    for number in 0..50 {
        assert_eq!(client.subscribe(&[&jobs(&format!("J{number}/get/+"))]).await, [1]);
    }
    assert_eq!(client.subscribe(&[&jobs("J0/get/+"), &jobs("J50/get/+")]).await, [1, 0x97]);

    let filter = (jobs("notify").into(), v5::SubscriptionOptions::default());
    let subscribe = |id, count| v5::Subscribe {
        packet_id: NonZeroU16::MIN,
        id,
        user_properties: Vec::new(),
        topic_filters: vec![filter.clone(); count],
    };
    client.send(Packet::Subscribe(subscribe(None, 9))).await;
    assert_eq!(client.disconnected().await, 0x97);

    let mut client = Client::connect(&service.local, "test-1").await;
    client.send(Packet::Subscribe(subscribe(NonZeroU32::new(1), 1))).await;
    let Some(Packet::Disconnect(disconnect)) = client.receive().await else { panic!("no DISCONNECT") };
    assert_eq!(u8::from(disconnect.reason_code), 0xA1);
    assert_eq!(disconnect.reason_string.as_deref(), Some("Subscription Id is not supported now"));
}

#[tokio::test]
async fn the_same_client_id_takes_the_session_over() {
    let service = Service::start().await;
    let mut first = Client::connect(&service.local, "test-1").await;
    let mut second = Client::connect(&service.local, "test-1").await;
    assert_eq!(first.disconnected().await, 0x8E);
    assert_eq!(first.receive().await, None);
    assert_eq!(second.publish(&jobs("get"), "").await, 0);
}

#[tokio::test]
async fn stopping_tells_every_client() {
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    let (reason, ()) = tokio::join!(client.disconnected(), service.local.stop());
    assert_eq!(reason, 0x8B);
}

#[tokio::test]
async fn a_port_in_use_is_named_in_one_line() {
    let service = Service::start().await;
    let address = service.local.mqtt_addr();
    let error = Service::try_start(address.port()).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {address} for MQTT: ")), "{error}");
    assert!(
        error.ends_with("; choose another port, or 0 for any free one") && !error.contains('\n'),
        "{error}"
    );
}
