//! A link against the other end of a line that the test holds.

use super::super::reason_code::ReasonCode;
use super::*;
use crate::testing::in_time;
use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAckProperties, ConnectReturnCode, PubAckReason, SubAck, SubscribeReasonCode,
};
use tokio::io::DuplexStream;

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// For the tests that wait for it.
const SHORT: Duration = Duration::from_millis(200);

/// The other end of the line: reads and writes packets as the test tells it.
struct Server {
    stream: DuplexStream,
    input: BytesMut,
}

impl Server {
    async fn read(&mut self) -> Packet {
        loop {
            if let Some(packet) = framing::take_packet(&mut self.input).unwrap() {
                return packet;
            }
            let read = in_time(self.stream.read_buf(&mut self.input)).await.unwrap();
            assert_ne!(read, 0, "the client hung up");
        }
    }

    async fn write(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        framing::put_packet(&packet, &mut bytes).unwrap();
        in_time(self.stream.write_all(&bytes)).await.unwrap();
    }

    async fn publish(&mut self, topic: &str) {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, "{}", None);
        publish.pkid = 1;
        self.write(Packet::Publish(publish)).await;
    }

    async fn acknowledge(&mut self, pkid: u16, reason: PubAckReason) {
        self.write(Packet::PubAck(PubAck { pkid, reason, properties: None })).await;
    }
}

fn connack(code: ConnectReturnCode, receive_max: Option<u16>) -> Packet {
    let properties = ConnAckProperties {
        receive_max,
        reason_string: (code != ConnectReturnCode::Success).then(|| "no such client".to_owned()),
        session_expiry_interval: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        user_properties: vec![],
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    };
    Packet::ConnAck(ConnAck { session_present: false, code, properties: Some(properties) })
}

fn line() -> (DuplexStream, Server) {
    let (ours, stream) = tokio::io::duplex(64 * 1024);
    (ours, Server { stream, input: BytesMut::new() })
}

async fn opened(receive_max: Option<u16>) -> (Link<DuplexStream>, Server) {
    opened_with(receive_max, KEEP_ALIVE).await
}

async fn opened_with(receive_max: Option<u16>, keep_alive: Duration) -> (Link<DuplexStream>, Server) {
    let (ours, mut server) = line();
    let (link, ()) = tokio::join!(in_time(Link::open(ours, "me", keep_alive)), async {
        let Packet::Connect(connect, ..) = server.read().await else { panic!() };
        assert_eq!((connect.client_id.as_str(), connect.clean_start), ("me", true));
        assert_eq!(connect.properties.unwrap().max_packet_size, Some(150_000));
        server.write(connack(ConnectReturnCode::Success, receive_max)).await;
    });
    (link.unwrap().0, server)
}

/// Runs the link in a task; hands out its mouth, its ears and why it ended.
fn running(mut link: Link<DuplexStream>) -> Running {
    let (requests, mut taken) = mpsc::channel(16);
    let (delivered, deliveries) = mpsc::unbounded_channel();
    let ended = tokio::spawn(async move {
        link.run(&mut taken, &mut |message: ReceivedMessage| delivered.send(message.topic).unwrap()).await
    });
    Running { requests, deliveries, ended }
}

struct Running {
    requests: mpsc::Sender<Request>,
    deliveries: mpsc::UnboundedReceiver<String>,
    ended: tokio::task::JoinHandle<Error>,
}

impl Running {
    async fn publish(&self, topic: &str) -> oneshot::Receiver<Result<(), Error>> {
        let (done, acknowledged) = oneshot::channel();
        let request = Request::Publish {
            topic: topic.to_owned(),
            payload: Bytes::new(),
            qos: Qos::AtLeastOnce,
            retain: false,
            done,
        };
        in_time(self.requests.send(request)).await.unwrap();
        acknowledged
    }
}

#[tokio::test]
async fn a_refused_connect_says_why_and_what_to_do() {
    let (ours, mut server) = line();
    let (outcome, ()) = tokio::join!(in_time(Link::open(ours, "me", KEEP_ALIVE)), async {
        server.read().await;
        server.write(connack(ConnectReturnCode::NotAuthorized, None)).await;
    });
    assert_eq!(
        outcome.err().unwrap().to_string(),
        "the server refused client id me: 0x87 not authorized (no such client): \
         check that the certificate is ACTIVE, and allow iot:Connect on client/me in its policy, or choose another --client-id"
    );
}

#[tokio::test]
async fn a_server_that_hangs_up_before_connack_or_speaks_no_mqtt_is_an_error() {
    let (ours, server) = line();
    drop(server);
    assert!(matches!(
        in_time(Link::open(ours, "me", KEEP_ALIVE)).await.err(),
        Some(Error::ClosedEarly { .. } | Error::Broken { .. })
    ));
    let (ours, mut server) = line();
    server.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    assert!(matches!(in_time(Link::open(ours, "me", KEEP_ALIVE)).await.err(), Some(Error::Protocol { .. })));
}

#[tokio::test]
async fn every_filter_must_be_granted() {
    let (mut link, mut server) = opened(None).await;
    let filters = vec!["a/+".to_owned(), "b".to_owned(), "c".to_owned()];
    let ignore = &mut |_| ();
    let (outcome, ()) = tokio::join!(in_time(link.subscribe(filters, ignore)), async {
        let Packet::Subscribe(subscribe) = server.read().await else { panic!() };
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        let return_codes =
            vec![SubscribeReasonCode::NotAuthorized, granted, SubscribeReasonCode::Unspecified];
        server.write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await;
    });
    let Err(Error::SubscribeRefused { filters, code }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(filters, ["a/+", "c"]);
    assert_eq!(code.to_string(), "0x87 not authorized");
}

#[tokio::test]
async fn acknowledgements_find_their_publish_in_any_order() {
    let (link, mut server) = opened(None).await;
    let running = running(link);
    let (first, second) = (running.publish("a").await, running.publish("b").await);
    let Packet::Publish(a) = server.read().await else { panic!() };
    let Packet::Publish(b) = server.read().await else { panic!() };
    server.acknowledge(77, PubAckReason::Success).await;
    server.acknowledge(b.pkid, PubAckReason::NotAuthorized).await;
    server.acknowledge(a.pkid, PubAckReason::Success).await;
    assert_eq!(in_time(first).await.unwrap(), Ok(()));
    assert_eq!(
        in_time(second).await.unwrap().unwrap_err().to_string(),
        "the server refused to publish on b: 0x87 not authorized: \
         allow iot:Publish on topic/b in the certificate's policy"
    );
}

#[tokio::test]
async fn no_more_is_in_flight_than_the_server_allows() {
    let (link, mut server) = opened(Some(2)).await;
    let running = running(link);
    let mut acknowledged = Vec::new();
    for topic in ["a", "b", "c", "d", "e"] {
        acknowledged.push(running.publish(topic).await);
    }
    let Packet::Publish(a) = server.read().await else { panic!() };
    let Packet::Publish(b) = server.read().await else { panic!() };
    // Only b is acknowledged: c needs the packet identifier that a still has, and waits for it.
    server.acknowledge(b.pkid, PubAckReason::Success).await;
    assert_eq!(in_time(acknowledged.remove(1)).await.unwrap(), Ok(()));
    // Our acknowledgement of a message is not what c waits for.
    server.publish("t/1").await;
    assert!(matches!(server.read().await, Packet::PubAck(_)));
    server.acknowledge(a.pkid, PubAckReason::Success).await;
    for topic in ["c", "d", "e"] {
        let Packet::Publish(publish) = server.read().await else { panic!() };
        assert_eq!(publish.topic, topic);
        server.acknowledge(publish.pkid, PubAckReason::Success).await;
    }
    for acknowledged in acknowledged {
        assert_eq!(in_time(acknowledged).await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_refusal_makes_way_like_an_acceptance() {
    let (link, mut server) = opened(Some(2)).await;
    let running = running(link);
    let (a, b, c) = (running.publish("a").await, running.publish("b").await, running.publish("c").await);
    let Packet::Publish(first) = server.read().await else { panic!() };
    let Packet::Publish(second) = server.read().await else { panic!() };
    server.acknowledge(second.pkid, PubAckReason::Success).await;
    assert_eq!(in_time(b).await.unwrap(), Ok(()));
    // c needs the packet identifier that a still has.
    server.acknowledge(first.pkid, PubAckReason::QuotaExceeded).await;
    assert!(matches!(in_time(a).await.unwrap(), Err(Error::PublishRefused { topic, .. }) if topic == "a"));
    let Packet::Publish(third) = server.read().await else { panic!() };
    server.acknowledge(third.pkid, PubAckReason::Success).await;
    assert_eq!(in_time(c).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let (link, mut server) = opened_with(None, SHORT).await;
    let running = running(link);
    assert!(matches!(server.read().await, Packet::PingReq(_)));
    server.write(Packet::PingResp(rumqttc::v5::mqttbytes::v5::PingResp)).await;
    assert!(matches!(server.read().await, Packet::PingReq(_)));
    assert_eq!(in_time(running.ended).await.unwrap(), Error::Silent { after: SHORT / 2 });
}

#[tokio::test]
async fn a_server_that_does_not_read_is_given_up_too() {
    let (link, server) = opened_with(None, SHORT).await;
    let running = running(link);
    for topic in 0..100 {
        let (done, _) = oneshot::channel();
        let payload = Bytes::from(vec![0; 10_000]);
        let request = Request::Publish {
            topic: topic.to_string(),
            payload,
            qos: Qos::AtLeastOnce,
            retain: false,
            done,
        };
        if in_time(running.requests.send(request)).await.is_err() {
            break;
        }
    }
    assert_eq!(in_time(running.ended).await.unwrap(), Error::Silent { after: SHORT / 2 });
    drop(server);
}

#[tokio::test]
async fn messages_before_the_end_are_delivered_and_the_end_is_explained() {
    for (disconnect, expected) in [
        (&[0xE0, 1, 0x8E][..], Error::TakenOver { client_id: "me".to_owned() }),
        (&[0xE0, 2, 0x8B, 0], Error::Disconnected { code: ReasonCode::new(0x8B, None) }),
        (&[0xE0, 6, 0x98, 4, 31, 0, 1, b'x'], Error::Disconnected { code: ReasonCode::new(0x98, Some("x")) }),
        (&[0xE0, 0], Error::Disconnected { code: ReasonCode::new(0x00, None) }),
    ] {
        let (link, mut server) = opened(None).await;
        let mut running = running(link);
        server.publish("t/1").await;
        server.publish("t/2").await;
        server.stream.write_all(disconnect).await.unwrap();
        assert_eq!(in_time(running.ended).await.unwrap(), expected);
        assert_eq!(in_time(running.deliveries.recv()).await.as_deref(), Some("t/1"));
        assert_eq!(in_time(running.deliveries.recv()).await.as_deref(), Some("t/2"));
    }
}

#[tokio::test]
async fn a_burst_is_delivered_and_acknowledged_in_its_order() {
    const BURST: u16 = 20_000;
    let (link, server) = opened(None).await;
    let mut running = running(link);
    let (mut reader, mut writer) = tokio::io::split(server.stream);
    let burst = tokio::spawn(async move {
        let mut bytes = BytesMut::new();
        for number in 1..=BURST {
            let mut publish = Publish::new(format!("t/{number}"), QoS::AtLeastOnce, "{}", None);
            publish.pkid = number;
            framing::put_packet(&Packet::Publish(publish), &mut bytes).unwrap();
        }
        writer.write_all(&bytes).await.unwrap();
        writer
    });
    let mut input = BytesMut::new();
    for number in 1..=BURST {
        let puback = loop {
            if let Some(packet) = framing::take_packet(&mut input).unwrap() {
                break packet;
            }
            assert_ne!(in_time(reader.read_buf(&mut input)).await.unwrap(), 0);
        };
        let Packet::PubAck(puback) = puback else { panic!("{puback:?}") };
        assert_eq!(puback.pkid, number);
        assert_eq!(in_time(running.deliveries.recv()).await.unwrap(), format!("t/{number}"));
    }
    drop(in_time(burst).await.unwrap());
}

#[tokio::test]
async fn what_is_not_acknowledged_when_the_link_ends_is_dropped_with_it() {
    let (link, mut server) = opened(None).await;
    let running = running(link);
    let acknowledged = running.publish("a").await;
    server.read().await;
    drop(server);
    assert_eq!(in_time(running.ended).await.unwrap(), Error::Closed);
    assert!(in_time(acknowledged).await.is_err());
}

#[tokio::test]
async fn closing_says_disconnect_after_what_was_to_be_written() {
    let (mut link, mut server) = opened(None).await;
    let (done, _acknowledged) = oneshot::channel();
    link.send(Request::Publish {
        topic: "a".to_owned(),
        payload: Bytes::new(),
        qos: Qos::AtLeastOnce,
        retain: false,
        done,
    })
    .unwrap();
    link.close().await;
    assert!(matches!(server.read().await, Packet::Publish(_)));
    let Packet::Disconnect(disconnect) = server.read().await else { panic!() };
    assert_eq!(disconnect.reason_code as u8, 0);
    assert_eq!(in_time(server.stream.read(&mut [0; 1])).await.unwrap(), 0);
}
