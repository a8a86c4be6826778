//! MQTT 3.1.1 and 5 through a client library that others use: rumqttc.
//!
//! It is built without TLS here, so a tunnel adds that.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS as Qos5;
use rumqttc::{Event, Packet, QoS, v5};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use crate::client::{self, PATIENCE};
use crate::service::{Service, THING};

fn topic(rest: &str) -> String {
    format!("$aws/things/{THING}/jobs/{rest}")
}

/// A port to which a client speaks without TLS, for one connection to the service with it.
async fn tunnel(service: &Service, tls: Arc<ClientConfig>) -> u16 {
    let mut inside = client::open(&service.local, tls).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut outside, _) = listener.accept().await.unwrap();
        outside.set_nodelay(true).unwrap();
        // Whichever side ends, ends the other.
        let _ = copy_bidirectional(&mut outside, &mut inside).await;
    });
    port
}

/// A client of MQTT 3.1.1, and what comes in.
struct Client311 {
    client: rumqttc::AsyncClient,
    events: rumqttc::EventLoop,
}

impl Client311 {
    async fn new(service: &Service, tls: Arc<ClientConfig>, client_id: &str, clean_session: bool) -> Self {
        let mut options = rumqttc::MqttOptions::new(client_id, "127.0.0.1", tunnel(service, tls).await);
        options.set_clean_session(clean_session);
        options.set_keep_alive(Duration::from_secs(30));
        let (client, events) = rumqttc::AsyncClient::new(options, 10);
        Self { client, events }
    }

    /// The next packet that is not an answer to a publish or a ping.
    async fn next(&mut self) -> Result<Packet, rumqttc::ConnectionError> {
        loop {
            match timeout(PATIENCE, self.events.poll()).await.expect("an event in time")? {
                Event::Incoming(Packet::PubAck(_) | Packet::PingResp) | Event::Outgoing(_) => {}
                Event::Incoming(packet) => return Ok(packet),
            }
        }
    }

    async fn connected(&mut self) -> bool {
        let Packet::ConnAck(ack) = self.next().await.unwrap() else { panic!("no CONNACK") };
        assert_eq!(ack.code, rumqttc::ConnectReturnCode::Success);
        ack.session_present
    }

    async fn subscribe(&mut self, filter: &str) -> rumqttc::SubscribeReasonCode {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        let Packet::SubAck(ack) = self.next().await.unwrap() else { panic!("no SUBACK") };
        ack.return_codes[0]
    }

    async fn message(&mut self) -> rumqttc::Publish {
        match self.next().await.unwrap() {
            Packet::Publish(publish) => publish,
            other => panic!("no message but {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_data_plane_speaks_mqtt_3_1_1() {
    let service = Service::start().await;
    let mut device = Client311::new(&service, client::device_tls(&service.local), "test-1", true).await;
    assert!(!device.connected().await);
    for rest in ["notify", "notify-next", "get/+", "$next/get/+"] {
        let granted = rumqttc::SubscribeReasonCode::Success(QoS::AtLeastOnce);
        assert_eq!(device.subscribe(&topic(rest)).await, granted);
    }

    service.create_job("Job1", r#"{"Todo":"Reboot"}"#);
    assert_eq!(device.message().await.topic, topic("notify"));
    assert_eq!(device.message().await.topic, topic("notify-next"));
    device.client.publish(topic("$next/get"), QoS::AtLeastOnce, false, "").await.unwrap();
    let answer = device.message().await;
    assert_eq!(answer.topic, topic("$next/get/accepted"));
    let body: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(body["execution"]["jobId"], "Job1");
}

#[tokio::test]
async fn a_session_of_mqtt_3_1_1_outlives_its_connection() {
    let service = Service::start().await;
    let tls = client::device_tls(&service.local);
    let mut device = Client311::new(&service, tls.clone(), "test-1", false).await;
    assert!(!device.connected().await);
    device.subscribe(&topic("notify")).await;
    drop(device);
    service.create_job("Job1", "{}");
    let mut device = Client311::new(&service, tls, "test-1", false).await;
    assert!(device.connected().await);
    assert_eq!(device.message().await.topic, topic("notify"));
}

#[tokio::test]
async fn a_refused_publish_closes_a_connection_of_mqtt_3_1_1() {
    let service = Service::start().await;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut device = Client311::new(&service, client::device_tls(&service.local), "test-1", true).await;
        device.connected().await;
        device.client.publish("elsewhere", qos, false, "").await.unwrap();
        assert!(device.next().await.is_err());
    }
}

#[tokio::test]
async fn a_refused_subscribe_closes_a_connection_of_mqtt_3_1_1() {
    let service = Service::start().await;
    let mut device = Client311::new(&service, client::device_tls(&service.local), "test-1", true).await;
    device.connected().await;
    device.client.subscribe("elsewhere", QoS::AtLeastOnce).await.unwrap();
    assert!(device.next().await.is_err());
}

#[tokio::test]
async fn a_refused_connect_tells_mqtt_3_1_1_its_return_code() {
    let service = Service::start().await;
    let (_, tls) = service.register(r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#);
    let mut device = Client311::new(&service, tls, "test-1", true).await;
    let refused = device.next().await.unwrap_err();
    let rumqttc::ConnectionError::ConnectionRefused(code) = refused else { panic!("{refused}") };
    assert_eq!(code, rumqttc::ConnectReturnCode::NotAuthorized);
}

#[tokio::test]
async fn the_data_plane_speaks_mqtt_5() {
    let service = Service::start().await;
    let port = tunnel(&service, client::device_tls(&service.local)).await;
    let options = v5::MqttOptions::new("test-1", "127.0.0.1", port);
    let (device, mut events) = v5::AsyncClient::new(options, 10);
    device.subscribe(topic("get/+"), Qos5::AtLeastOnce).await.unwrap();
    device.publish(topic("get"), Qos5::AtLeastOnce, false, r#"{"clientToken":"t"}"#).await.unwrap();
    let answer = timeout(PATIENCE, async {
        loop {
            if let v5::Event::Incoming(v5::mqttbytes::v5::Packet::Publish(publish)) =
                events.poll().await.unwrap()
            {
                return publish;
            }
        }
    });
    let answer = answer.await.unwrap();
    assert_eq!(answer.topic, topic("get/accepted"));
    let body: Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(body["clientToken"], "t");
}

/// What rumqttc makes of a DISCONNECT depends on its form: in the short one it loses the reason.
#[tokio::test]
async fn a_client_library_reads_why_it_is_disconnected() {
    let service = Service::start().await;
    let connect = async || {
        let port = tunnel(&service, client::device_tls(&service.local)).await;
        v5::AsyncClient::new(v5::MqttOptions::new("test-1", "127.0.0.1", port), 10)
    };
    let (_first, mut first_events) = connect().await;
    let (_second, mut second_events) = connect().await;
    first_events.poll().await.unwrap();
    second_events.poll().await.unwrap();
    let ended = timeout(PATIENCE, async {
        loop {
            if let Err(error) = first_events.poll().await {
                return error;
            }
        }
    });
    let v5::ConnectionError::MqttState(v5::StateError::ServerDisconnect { reason_code, .. }) =
        ended.await.unwrap()
    else {
        panic!("no reason");
    };
    assert_eq!(reason_code, v5::mqttbytes::v5::DisconnectReasonCode::SessionTakenOver);
}
