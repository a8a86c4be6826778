//! Ordinary messages: matching, retained messages, shared subscriptions, properties.

use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;

use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v5::{Connect, Packet, PublishProperties, RetainHandling, SubscriptionOptions};
use tokio_rustls::rustls::ClientConfig;

use crate::client::{Client, publish};
use crate::service::Service;

async fn connect(service: &Service, tls: &Arc<ClientConfig>, client_id: &str) -> Client {
    let connect = Connect { clean_start: true, ..Connect::default() }.client_id(client_id);
    Client::connect_as(&service.local, tls.clone(), connect).await.0
}

fn retained(topic: &str, payload: &str) -> Publish {
    Publish { retain: true, ..publish(topic, payload, QoS::AtLeastOnce) }
}

const QOS_1: SubscriptionOptions = SubscriptionOptions {
    qos: QoS::AtLeastOnce,
    no_local: false,
    retain_as_published: false,
    retain_handling: RetainHandling::AtSubscribe,
};

#[tokio::test]
async fn a_message_comes_once_whatever_filters_match_at_the_best_qos() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.subscribe_with(&["a/+"], SubscriptionOptions::default()).await;
    client.subscribe(&["a/#", "a/b"]).await;
    client.publish_message(publish("a/b", "x", QoS::AtLeastOnce)).await;
    let message = client.message().await;
    assert_eq!((message.qos, message.retain), (QoS::AtLeastOnce, false));
    client.publish_message(publish("a", "", QoS::AtLeastOnce)).await;
    client.publish_message(publish("a/b", "", QoS::AtMostOnce)).await;
    let message = client.message().await;
    assert_eq!((&*message.topic, message.qos), ("a/b", QoS::AtMostOnce));
    assert_eq!(client.pending().await, [""; 0]);
}

#[tokio::test]
async fn retained_messages_come_with_an_exact_subscription_alone() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.publish_message(retained("r/1", "old")).await;
    client.publish_message(retained("r/1", "new")).await;
    client.publish_message(retained("r/2", "gone")).await;
    client.publish_message(retained("r/2", "")).await;
    assert_eq!(client.subscribe(&["r/+", "r/2", "r/1"]).await, [1, 1, 1]);
    let message = client.message().await;
    assert_eq!((&*message.topic, &*message.payload, message.retain), ("r/1", &b"new"[..], true));
    assert_eq!(client.pending().await, [""; 0]);

    let never = SubscriptionOptions { retain_handling: RetainHandling::NoAtSubscribe, ..QOS_1 };
    let if_new = SubscriptionOptions { retain_handling: RetainHandling::AtSubscribeNew, ..QOS_1 };
    client.subscribe_with(&["r/1"], never).await;
    client.subscribe_with(&["r/1"], if_new).await;
    assert_eq!(client.pending().await, [""; 0]);
    client.subscribe(&["r/1"]).await;
    assert_eq!(client.pending().await, ["r/1"]);

    let as_published = SubscriptionOptions { retain_as_published: true, ..never };
    client.subscribe_with(&["r/1"], as_published).await;
    client.publish_message(retained("r/1", "live")).await;
    assert!(client.message().await.retain);
}

#[tokio::test]
async fn a_shared_subscription_gives_each_message_to_one_member() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut members = [connect(&service, &tls, "m1").await, connect(&service, &tls, "m2").await];
    for member in &mut members {
        assert_eq!(member.subscribe(&["$share/group/work/+"]).await, [1]);
    }
    let mut sender = connect(&service, &tls, "sender").await;
    for number in 0..10 {
        sender.publish_message(publish(&format!("work/{number}"), "", QoS::AtLeastOnce)).await;
    }
    let [first, second] = &mut members;
    let (mut all, other) = (first.pending().await, second.pending().await);
    assert_eq!((all.len(), other.len()), (5, 5));
    all.extend(other);
    all.sort();
    assert_eq!(all, (0..10).map(|number| format!("work/{number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_local_spares_the_publisher() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut own, mut other) = (connect(&service, &tls, "a").await, connect(&service, &tls, "b").await);
    let options = SubscriptionOptions { no_local: true, ..QOS_1 };
    for client in [&mut own, &mut other] {
        client.subscribe_with(&["t"], options).await;
    }
    own.publish_message(publish("t", "", QoS::AtLeastOnce)).await;
    assert_eq!(own.pending().await, [""; 0]);
    assert_eq!(other.pending().await, ["t"]);
}

#[tokio::test]
async fn after_an_unsubscribe_nothing_comes() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.subscribe(&["t"]).await;
    let unsubscribe = rmqtt_codec::v5::Unsubscribe {
        packet_id: NonZeroU16::MIN,
        user_properties: Vec::new(),
        topic_filters: vec!["t".into(), "never".into()],
    };
    client.send(Packet::Unsubscribe(unsubscribe)).await;
    let Some(Packet::UnsubscribeAck(ack)) = client.receive().await else { panic!("no UNSUBACK") };
    assert_eq!(ack.status.into_iter().map(u8::from).collect::<Vec<_>>(), [0, 17]);
    client.publish_message(publish("t", "", QoS::AtLeastOnce)).await;
    assert_eq!(client.pending().await, [""; 0]);
}

#[tokio::test]
async fn properties_are_handed_on() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.subscribe(&["t"]).await;
    let properties = PublishProperties {
        content_type: Some("text/plain".into()),
        response_topic: Some("answers".into()),
        correlation_data: Some("id".into()),
        user_properties: vec![("a".into(), "b".into()), ("a".into(), "c".into())],
        is_utf8_payload: true,
        message_expiry_interval: NonZeroU32::new(1000),
        ..PublishProperties::default()
    };
    let sent = Publish { properties: Some(properties.clone()), ..publish("t", "x", QoS::AtLeastOnce) };
    client.publish_message(sent).await;
    let received = client.message().await.properties.unwrap();
    assert!((900..=1000).contains(&received.message_expiry_interval.unwrap().get()));
    let expiry = properties.message_expiry_interval;
    assert_eq!(PublishProperties { message_expiry_interval: expiry, ..received }, properties);
}

#[tokio::test]
async fn a_topic_alias_stands_for_its_topic() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.subscribe(&["long/topic", "other"]).await;
    let with_alias = |topic: &str| Publish {
        properties: Some(PublishProperties { topic_alias: NonZeroU16::new(8), ..Default::default() }),
        ..publish(topic, "", QoS::AtLeastOnce)
    };
    for (sent, heard) in [("long/topic", "long/topic"), ("", "long/topic"), ("other", "other"), ("", "other")]
    {
        client.publish_message(with_alias(sent)).await;
        let message = client.message().await;
        assert_eq!(&*message.topic, heard);
        assert_eq!(message.properties.unwrap().topic_alias, None);
    }
}

#[tokio::test]
async fn what_is_larger_than_the_client_takes_is_left_out() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let connect_small =
        Connect { clean_start: true, max_packet_size: NonZeroU32::new(200), ..Connect::default() };
    let (mut small, _) =
        Client::connect_as(&service.local, tls.clone(), connect_small.client_id("small")).await;
    small.subscribe(&["t"]).await;
    let mut sender = connect(&service, &tls, "sender").await;
    for size in [10, 300, 20] {
        sender.publish_message(publish("t", &"x".repeat(size), QoS::AtLeastOnce)).await;
    }
    assert_eq!(small.message().await.payload.len(), 10);
    assert_eq!(small.message().await.payload.len(), 20);
}

#[tokio::test]
async fn the_largest_payload_goes_through() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    client.subscribe(&["t"]).await;
    let payload = "x".repeat(128 * 1024);
    client.publish_message(publish("t", &payload, QoS::AtLeastOnce)).await;
    assert_eq!(client.message().await.payload, payload);
}

#[tokio::test]
async fn other_reserved_topics_are_acknowledged_and_go_nowhere() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut client = connect(&service, &tls, "c").await;
    let filters =
        ["#", "$aws/things/#", "$aws/rules/#", "$aws/certificates/#", "$aws/things/+/shadow/update"];
    client.subscribe(&filters).await;
    for topic in ["$aws/things/T/shadow/update", "$aws/rules/rule/t", "$aws/certificates/create/json"] {
        client.publish_message(publish(topic, "{}", QoS::AtLeastOnce)).await;
    }
    assert_eq!(client.pending().await, [""; 0]);
}
