//! Events for back ends, as they come over the wire.

use std::sync::Arc;

use jobs_sandbox::service::state::cancel_job::CancelJobRequest;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{Connect, DisconnectReasonCode, Packet};
use serde_json::{Value, json};
use tokio_rustls::rustls::ClientConfig;

use crate::client::{Client, publish};
use crate::service::{Service, THING};

async fn connect(service: &Service, tls: &Arc<ClientConfig>, client_id: &str) -> Client {
    let connect = Connect { clean_start: true, ..Connect::default() }.client_id(client_id.to_owned());
    Client::connect_as(&service.local, tls.clone(), connect).await.0
}

fn enable(service: &Service) {
    let types = json!({ "JOB": { "Enabled": true }, "JOB_EXECUTION": { "Enabled": true } });
    let request = serde_json::from_value(json!({ "eventConfigurations": types })).unwrap();
    service.local.write(|state, now| state.update_event_configurations(now, request)).unwrap();
}

/// The next message: the end of its topic, and its payload.
async fn next(client: &mut Client) -> (String, Value) {
    let message = client.message().await;
    let topic = message.topic.strip_prefix("$aws/").unwrap().to_owned();
    (topic, serde_json::from_slice(&message.payload).unwrap())
}

#[tokio::test]
async fn a_back_end_hears_of_a_job_after_its_devices_each_time_under_another_id() {
    let service = Service::start().await;
    enable(&service);
    let mut client = connect(&service, &service.open_tls(), "back-end").await;
    let device = format!("$aws/things/{THING}/jobs/+");
    assert_eq!(
        client.subscribe(&["$aws/events/job/#", "$aws/events/jobExecution/+/+", &device]).await,
        [1; 3]
    );
    service.create_job("J", "{}");
    let request = CancelJobRequest::default();
    service.local.write(|state, now| state.cancel_job(now, "J", false, request)).unwrap();
    service.local.write(|state, now| state.delete_job(now, "J", false)).unwrap();
    let mut ids = Vec::new();
    for expected in [
        "things/MyThing/jobs/notify",
        "things/MyThing/jobs/notify-next",
        "events/job/J/cancellation_in_progress",
        "things/MyThing/jobs/notify",
        "things/MyThing/jobs/notify-next",
        "events/jobExecution/J/canceled",
        "events/job/J/canceled",
        "events/job/J/deletion_in_progress",
        "events/jobExecution/J/deleted",
        "events/job/J/deleted",
    ] {
        let (topic, event) = next(&mut client).await;
        assert_eq!(topic, expected);
        if topic.starts_with("events/") {
            let id: uuid::Uuid = event["eventId"].as_str().unwrap().parse().unwrap();
            assert!(!ids.contains(&id), "{ids:?}");
            ids.push(id);
        }
    }
}

#[tokio::test]
async fn who_may_not_hear_of_it_does_not() {
    let service = Service::start().await;
    enable(&service);
    let arn = "arn:aws:iot:us-east-1:123456789012";
    let (_, tls) = service.register(&format!(
        r#"{{"Effect":"Allow","Action":["iot:Connect","iot:Subscribe"],"Resource":["{arn}:client/*","{arn}:topicfilter/$aws/events/presence/*"]}}"#
    ));
    let mut client = connect(&service, &tls, "curious").await;
    assert_eq!(client.subscribe(&["$aws/events/job/#", "$aws/events/#"]).await, [0x87; 2]);
    // Subscribing is not receiving.
    assert_eq!(client.subscribe(&["$aws/events/presence/#"]).await, [1]);
    service.create_job("J", "{}");
    service.local.write(|state, now| state.delete_job(now, "J", true)).unwrap();
    connect(&service, &tls, "other").await.disconnect(DisconnectReasonCode::NormalDisconnection).await;
    assert_eq!(client.pending().await, [""; 0]);
}

#[tokio::test]
async fn nobody_publishes_an_event_but_the_service() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut watcher = connect(&service, &tls, "watcher").await;
    watcher.subscribe(&["$aws/events/job/#"]).await;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut client = connect(&service, &tls, "forger").await;
        let packet_id = (qos == QoS::AtLeastOnce).then(|| 1.try_into().unwrap());
        let forged = publish("$aws/events/job/J/completed", "{}", qos);
        client.send(Packet::Publish(Box::new(rmqtt_codec::types::Publish { packet_id, ..forged }))).await;
        assert_eq!(client.disconnected().await, 0x87);
    }
    assert_eq!(watcher.pending().await, [""; 0]);
}

#[tokio::test]
async fn presence_says_how_each_connection_ended() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut watcher = connect(&service, &tls, "watcher").await;
    watcher.subscribe(&["$aws/events/presence/+/c"]).await;
    let (certificate, own_tls) = service.register(
        r#"{"Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:us-east-1:123456789012:client/c"}"#,
    );
    let mut sessions = Vec::new();
    for (case, reason) in [
        ("DISCONNECT", "CLIENT_INITIATED_DISCONNECT"),
        ("socket", "CONNECTION_LOST"),
        ("garbage", "CLIENT_ERROR"),
        ("refused", "AUTH_ERROR"),
        ("taken over", "DUPLICATE_CLIENTID"),
        ("revoked", "AUTH_ERROR"),
    ] {
        let mut client = connect(&service, &own_tls, "c").await;
        let (topic, connected) = next(&mut watcher).await;
        assert_eq!(
            (topic.as_str(), &connected["ipAddress"]),
            ("events/presence/connected/c", &json!("127.0.0.1"))
        );
        assert_eq!(connected["principalIdentifier"], certificate);
        let session: uuid::Uuid = connected["sessionIdentifier"].as_str().unwrap().parse().unwrap();
        assert!(!sessions.contains(&session));
        sessions.push(session);
        let mut newer = None;
        match case {
            "DISCONNECT" => client.disconnect(DisconnectReasonCode::NormalDisconnection).await,
            "socket" => drop(client),
            "garbage" => client.send_bytes(&[0, 0]).await,
            "refused" => client.send(Packet::Publish(Box::new(publish("t", "", QoS::AtMostOnce)))).await,
            "taken over" => newer = Some(connect(&service, &own_tls, "c").await),
            _ => {
                let revoke = |state: &mut jobs_sandbox::service::state::State, now| {
                    state.update_certificate(now, &certificate, Some("REVOKED"))
                };
                service.local.write(revoke).unwrap();
            }
        }
        let (topic, disconnected) = next(&mut watcher).await;
        assert_eq!(topic, "events/presence/disconnected/c");
        assert_eq!(disconnected["disconnectReason"], reason, "{case}");
        assert_eq!(disconnected["clientInitiatedDisconnect"], case == "DISCONNECT");
        for member in ["clientId", "sessionIdentifier", "principalIdentifier", "versionNumber"] {
            assert_eq!(disconnected[member], connected[member], "{case} {member}");
        }
        if let Some(newer) = newer {
            let (_, connected) = next(&mut watcher).await;
            assert!(connected["versionNumber"].as_u64() > disconnected["versionNumber"].as_u64());
            newer.disconnect(DisconnectReasonCode::NormalDisconnection).await;
            next(&mut watcher).await;
        }
    }
}
