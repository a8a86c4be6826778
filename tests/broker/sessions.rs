//! Sessions: what outlives a connection, and what does not.

use std::sync::Arc;

use bytestring::ByteString;
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v5::{Connect, DisconnectReasonCode, LastWill, Packet};
use tokio_rustls::rustls::ClientConfig;

use crate::client::{Client, publish};
use crate::service::Service;

const GOODBYE: DisconnectReasonCode = DisconnectReasonCode::NormalDisconnection;

fn persistent(client_id: &str, clean_start: bool) -> Connect {
    let connect = Connect { clean_start, session_expiry_interval_secs: 600, ..Connect::default() };
    connect.client_id(client_id)
}

fn fleeting(client_id: &str) -> Connect {
    Connect { clean_start: true, ..Connect::default() }.client_id(client_id)
}

async fn connect(service: &Service, tls: &Arc<ClientConfig>, connect: Connect) -> (Client, bool) {
    let (client, ack) = Client::connect_as(&service.local, tls.clone(), connect).await;
    assert_eq!(u8::from(ack.reason_code), 0);
    (client, ack.session_present)
}

fn will(topic: &str, delay: u32) -> LastWill {
    LastWill {
        qos: QoS::AtLeastOnce,
        retain: false,
        topic: topic.into(),
        message: "gone".into(),
        will_delay_interval_sec: Some(delay),
        correlation_data: None,
        message_expiry_interval: None,
        content_type: Some("text/plain".into()),
        user_properties: Vec::new(),
        is_utf8_payload: None,
        response_topic: None,
    }
}

#[tokio::test]
async fn qos_1_messages_wait_for_a_client_that_is_away_and_qos_0_ones_do_not() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut away, present) = connect(&service, &tls, persistent("away", true)).await;
    assert!(!present);
    assert_eq!(away.subscribe(&["t/+"]).await, [1]);
    away.disconnect(GOODBYE).await;

    let (mut sender, _) = connect(&service, &tls, fleeting("sender")).await;
    for (topic, qos) in [("t/1", QoS::AtLeastOnce), ("t/2", QoS::AtMostOnce), ("t/3", QoS::AtLeastOnce)] {
        sender.publish_message(publish(topic, "", qos)).await;
    }
    assert_eq!(sender.pending().await, [""; 0]);

    let (mut back, present) = connect(&service, &tls, persistent("away", false)).await;
    assert!(present);
    assert_eq!(back.pending().await, ["t/1", "t/3"]);
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut first, _) = connect(&service, &tls, persistent("c", true)).await;
    first.subscribe(&["t"]).await;
    first.publish_message(publish("t", "payload", QoS::AtLeastOnce)).await;
    let Some(Packet::Publish(message)) = first.receive().await else { panic!("no message") };
    assert!(!message.dup);
    drop(first);

    let (mut second, present) = connect(&service, &tls, persistent("c", false)).await;
    assert!(present);
    let again = second.message().await;
    assert_eq!((again.dup, again.packet_id, again.payload), (true, message.packet_id, message.payload));
    second.pending().await;
    drop(second);
    let (mut third, _) = connect(&service, &tls, persistent("c", false)).await;
    assert_eq!(third.pending().await, [""; 0]);
}

#[tokio::test]
async fn a_clean_start_forgets_the_session() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut first, _) = connect(&service, &tls, persistent("c", true)).await;
    first.subscribe(&["t"]).await;
    let (mut second, present) = connect(&service, &tls, persistent("c", true)).await;
    assert!(!present);
    second.publish_message(publish("t", "", QoS::AtLeastOnce)).await;
    assert_eq!(second.pending().await, [""; 0]);
    assert_eq!(first.disconnected().await, 0x8E);
}

#[tokio::test]
async fn a_session_without_expiry_ends_with_its_connection() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (first, _) = connect(&service, &tls, fleeting("c")).await;
    first.disconnect(GOODBYE).await;
    let (_, present) = connect(&service, &tls, persistent("c", false)).await;
    assert!(!present);
}

#[tokio::test]
async fn session_expiry_is_at_most_an_hour() {
    let service = Service::start().await;
    let asked = Connect { session_expiry_interval_secs: u32::MAX, ..persistent("test-1", true) };
    let (_, ack) = Client::connect_with(&service.local, asked).await;
    assert_eq!(ack.session_expiry_interval_secs, Some(3600));
}

#[tokio::test]
async fn a_will_is_published_when_the_connection_breaks_and_not_after_a_goodbye() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut watcher, _) = connect(&service, &tls, fleeting("watcher")).await;
    watcher.subscribe(&["wills/+"]).await;
    let with_will = |client_id: &str| Connect {
        last_will: Some(will(&format!("wills/{client_id}"), 0)),
        ..fleeting(client_id)
    };

    let (polite, _) = connect(&service, &tls, with_will("polite")).await;
    polite.disconnect(GOODBYE).await;
    let (asking, _) = connect(&service, &tls, with_will("asking")).await;
    asking.disconnect(DisconnectReasonCode::DisconnectWithWillMessage).await;
    let message = watcher.message().await;
    assert_eq!((&*message.topic, &*message.payload), ("wills/asking", &b"gone"[..]));
    assert_eq!(message.properties.unwrap().content_type, Some(ByteString::from("text/plain")));

    let (broken, _) = connect(&service, &tls, with_will("broken")).await;
    drop(broken);
    assert_eq!(&*watcher.message().await.topic, "wills/broken");

    let (_first, _) = connect(&service, &tls, with_will("twice")).await;
    let (_second, _) = connect(&service, &tls, fleeting("twice")).await;
    assert_eq!(&*watcher.message().await.topic, "wills/twice");
}

#[tokio::test]
async fn a_delayed_will_is_called_off_when_the_client_comes_back() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut watcher, _) = connect(&service, &tls, fleeting("watcher")).await;
    watcher.subscribe(&["will"]).await;
    let delayed = Connect { last_will: Some(will("will", 60)), ..persistent("c", true) };
    let (first, _) = connect(&service, &tls, delayed).await;
    first.disconnect(DisconnectReasonCode::DisconnectWithWillMessage).await;
    let (second, present) = connect(&service, &tls, persistent("c", false)).await;
    assert!(present);
    second.disconnect(GOODBYE).await;
    assert_eq!(watcher.pending().await, [""; 0]);
    // A clean start ends the session, and with it the wait.
    let delayed = Connect { last_will: Some(will("will", 60)), ..persistent("c", true) };
    let (third, _) = connect(&service, &tls, delayed).await;
    third.disconnect(DisconnectReasonCode::DisconnectWithWillMessage).await;
    let (_fourth, _) = connect(&service, &tls, fleeting("c")).await;
    assert_eq!(&*watcher.message().await.topic, "will");
}

#[tokio::test]
async fn wills_are_held_to_the_rules_of_publishing() {
    let service = Service::start().await;
    let qos_2 = LastWill { qos: QoS::ExactlyOnce, ..will("t", 0) };
    let cases =
        [(will("elsewhere", 0), 0x87), (will("a/+", 0), 0x90), (qos_2, 0x9B), (will("$SYS/x", 0), 0x87)];
    for (will, reason) in cases {
        let connect = Connect { last_will: Some(will.clone()), ..fleeting("test-1") };
        let (_, ack) = Client::connect_with(&service.local, connect).await;
        assert_eq!(u8::from(ack.reason_code), reason, "{}", will.topic);
    }
}

#[tokio::test]
async fn the_client_can_shorten_its_session_as_it_leaves() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut first, _) = connect(&service, &tls, persistent("c", true)).await;
    let leave = rmqtt_codec::v5::Disconnect {
        session_expiry_interval_secs: Some(0),
        ..rmqtt_codec::v5::Disconnect::default()
    };
    first.send(Packet::Disconnect(leave)).await;
    assert_eq!(first.receive().await, None);
    let (_, present) = connect(&service, &tls, persistent("c", false)).await;
    assert!(!present);
}

#[tokio::test]
async fn the_receive_maximum_of_the_client_is_kept() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let (mut client, _) = connect(&service, &tls, fleeting("c").receive_max(2)).await;
    client.subscribe(&["t"]).await;
    let (mut sender, _) = connect(&service, &tls, fleeting("sender")).await;
    for number in 0..5 {
        sender.publish_message(publish("t", &number.to_string(), QoS::AtLeastOnce)).await;
    }
    let mut unacknowledged: Vec<Publish> = Vec::new();
    for _ in 0..2 {
        let Some(Packet::Publish(message)) = client.receive().await else { panic!("no message") };
        unacknowledged.push(*message);
    }
    client.send(Packet::PingRequest).await;
    assert_eq!(client.receive().await, Some(Packet::PingResponse), "no third message");
    for message in &unacknowledged {
        let packet_id = message.packet_id.unwrap();
        let ack = rmqtt_codec::v5::PublishAck { packet_id, ..Default::default() };
        client.send(Packet::PublishAck(ack)).await;
    }
    let rest: Vec<_> = [client.message().await, client.message().await, client.message().await]
        .into_iter()
        .map(|message| message.payload)
        .collect();
    assert_eq!(rest, ["2", "3", "4"]);
}
