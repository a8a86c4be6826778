//! What clients left with the broker, once it is taken back to its first start.

use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{Connect, DisconnectReasonCode};

use crate::client::{Client, device_tls, publish};
use crate::service::Service;

async fn reset(service: &Service) {
    service.sandbox("POST", "reset", "").await;
}

fn persistent(client_id: &str) -> Connect {
    let connect = Connect { session_expiry_interval_secs: 600, ..Connect::default() };
    connect.client_id(client_id)
}

#[tokio::test]
async fn retained_messages_are_gone_and_so_are_clients_of_certificates_that_were_made() {
    let service = Service::start().await;
    let (mut client, _) = Client::connect_as(&service.local, service.open_tls(), persistent("theirs")).await;
    let mut message = publish("r/1", "old", QoS::AtLeastOnce);
    message.retain = true;
    client.publish_message(message).await;
    assert_eq!(client.subscribe(&["r/1"]).await, [1]);
    assert_eq!(client.pending().await, ["r/1"]);

    reset(&service).await;
    assert_eq!(client.disconnected().await, 0x98);
    let (mut client, ack) =
        Client::connect_as(&service.local, service.open_tls(), persistent("theirs")).await;
    assert!(!ack.session_present);
    assert_eq!(client.subscribe(&["r/1"]).await, [1]);
    assert_eq!(client.pending().await, [""; 0]);
}

#[tokio::test]
async fn who_is_connected_stays_and_who_is_away_is_forgotten() {
    let service = Service::start().await;
    let tls = device_tls(&service.local);
    let (away, _) = Client::connect_as(&service.local, tls.clone(), persistent("away")).await;
    away.disconnect(DisconnectReasonCode::NormalDisconnection).await;
    let (mut here, _) = Client::connect_as(&service.local, tls.clone(), persistent("here")).await;
    assert_eq!(here.subscribe(&["$aws/things/MyThing/jobs/notify"]).await, [1]);

    reset(&service).await;
    let (_, ack) = Client::connect_as(&service.local, tls, persistent("away")).await;
    assert!(!ack.session_present);
    service.create_job("Job1", "{}");
    assert_eq!(here.pending().await, ["$aws/things/MyThing/jobs/notify"]);
}
