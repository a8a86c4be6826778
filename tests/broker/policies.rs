//! Certificates and policies as a connection feels them.

use std::sync::Arc;

use jobs_sandbox::service::state::credentials::policies::CreatePolicyRequest;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{Connect, Packet};
use tokio::io::AsyncReadExt;
use tokio_rustls::rustls::{AlertDescription, ClientConfig};

use crate::client::{self, Client, PATIENCE, publish};
use crate::service::{Service, THING};

fn connect(client_id: &str) -> Connect {
    Connect { clean_start: true, ..Connect::default() }.client_id(client_id.to_owned())
}

fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:iot:us-east-1:123456789012:{resource}"}}"#
    )
}

/// An operator registers a certificate.
fn register(service: &Service, pem: &str) {
    let request = serde_json::json!({"certificatePem": pem, "status": "ACTIVE"});
    let request = serde_json::from_value(request).unwrap();
    service.local.write(|state, now| state.register_certificate(now, false, &request)).unwrap();
}

/// What a CONNECT with this certificate is answered; nothing where TLS is broken off.
async fn reason(service: &Service, tls: Arc<ClientConfig>) -> Option<u8> {
    let (_, ack) = Client::try_connect(&service.local, tls, connect("test-1")).await?;
    Some(ack.reason_code.into())
}

#[tokio::test]
async fn only_registered_and_active_certificates_are_let_in() {
    let service = Service::start().await;
    let (id, tls) = service.register(&allow("iot:*", "*"));
    let set = |status| {
        service.local.write(|state, now| state.update_certificate(now, &id, Some(status))).unwrap();
    };
    set("INACTIVE");
    assert_eq!(reason(&service, tls.clone()).await, None);
    let log = service.log().join("\n");
    assert!(log.contains(&format!("certificate {id} is INACTIVE, not ACTIVE")), "{log}");
    set("ACTIVE");
    assert_eq!(reason(&service, tls.clone()).await, Some(0));
    // A TLS session that was resumed would get as far as the CONNECT.
    set("REVOKED");
    assert_eq!(reason(&service, tls).await, None);
    assert!(service.log().last().unwrap().ends_with("is REVOKED, not ACTIVE"));

    // Signed by the service's own authority, and yet unknown.
    let stranger = service.local.issue_certificate().unwrap();
    let (certificate, key) = (stranger.certificate_pem.as_bytes(), stranger.private_key_pem.as_bytes());
    assert_eq!(reason(&service, client::tls(&service.local.ca_file(), certificate, key)).await, None);
    assert!(service.log().join("\n").contains("is not registered"));
}

#[tokio::test]
async fn a_certificate_of_another_authority_will_do_once_it_is_registered() {
    let service = Service::start().await;
    let foreign = Service::start().await.local.issue_certificate().unwrap();
    register(&service, &foreign.certificate_pem);
    let (certificate, key) = (foreign.certificate_pem.as_bytes(), foreign.private_key_pem.as_bytes());
    let tls = client::tls(&service.local.ca_file(), certificate, key);
    assert_eq!(reason(&service, tls).await, Some(0x87), "there is no policy for it yet");
}

#[tokio::test]
async fn a_certificate_lets_in_within_its_time_alone() {
    let service = Service::start().await;
    let day = time::Duration::days(1);
    for (from, to, expected) in [
        (-2, -1, Some((AlertDescription::CertificateExpired, "has expired"))),
        (1, 2, Some((AlertDescription::CertificateExpired, "is not valid yet"))),
        (-1, 1, None),
    ] {
        let now = time::OffsetDateTime::now_utc();
        let mut params = rcgen::CertificateParams::default();
        (params.not_before, params.not_after) = (now + day * from, now + day * to);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        register(&service, &pem);
        let tls = client::tls(&service.local.ca_file(), pem.as_bytes(), key.serialize_pem().as_bytes());
        let Some((alert, words)) = expected else {
            assert_eq!(reason(&service, tls).await, Some(0x87), "there is no policy for it");
            continue;
        };
        // With TLS 1.3 the client is done before the service has looked at its certificate.
        let mut stream = client::open(&service.local, tls).await;
        let error = stream.read(&mut [0]).await.unwrap_err();
        let error = error.get_ref().and_then(|error| error.downcast_ref());
        assert_eq!(error, Some(&tokio_rustls::rustls::Error::AlertReceived(alert)), "{words}");
        let told = service.log().pop().unwrap();
        assert!(
            told.starts_with("a client was refused: its certificate ") && told.ends_with(words),
            "{told}"
        );
    }
}

#[tokio::test]
async fn deactivating_a_certificate_ends_its_connections_and_no_others() {
    let service = Service::start().await;
    let (id, tls) = service.register(&allow("iot:*", "*"));
    let (mut ended, _) = Client::connect_as(&service.local, tls, connect("ended")).await;
    let mut other = Client::connect(&service.local, "test-1").await;
    let deactivate = |state: &mut jobs_sandbox::service::state::State, now| {
        state.update_certificate(now, &id, Some("INACTIVE"))
    };
    service.local.write(deactivate).unwrap();
    assert_eq!(ended.disconnected().await, 0x98);
    assert_eq!(other.pending().await, [""; 0]);
}

#[tokio::test]
async fn connecting_needs_a_policy_for_the_client_id() {
    let service = Service::start().await;
    let (_, tls) = service.register(&allow("iot:Connect", "client/test-*"));
    let (_, ack) = Client::connect_as(&service.local, tls.clone(), connect("test-1")).await;
    assert_eq!(u8::from(ack.reason_code), 0);
    let (mut refused, ack) = Client::connect_as(&service.local, tls, connect("other")).await;
    assert_eq!(u8::from(ack.reason_code), 0x87);
    let text = ack.reason_string.unwrap();
    let words = "CONNACK:Client is not authenticated/authorized to send the message:";
    assert!(text.strip_prefix(words).is_some_and(|id| id.len() == 36), "{text}");
    assert_eq!(refused.receive().await, None);
    let expected = "client other: iot:Connect refused on arn:aws:iot:us-east-1:123456789012:client/other";
    assert!(service.log().iter().any(|line| line.starts_with(expected)), "{:?}", service.log());
}

#[tokio::test]
async fn what_may_not_be_received_is_left_out() {
    let service = Service::start().await;
    let statements = [
        allow("iot:Connect", "*"),
        allow("iot:Subscribe", "*"),
        allow("iot:Publish", "*"),
        allow("iot:Receive", "topic/a"),
    ];
    let (_, tls) = service.register(&statements.join(","));
    let (mut client, _) = Client::connect_as(&service.local, tls, connect("c")).await;
    assert_eq!(client.subscribe(&["+", "$aws/things/+/jobs/get/+"]).await, [1, 1]);
    for topic in ["a", "b"] {
        client.send(Packet::Publish(Box::new(publish(topic, "", QoS::AtMostOnce)))).await;
    }
    client.send(Packet::Publish(Box::new(publish("$aws/things/T/jobs/get", "", QoS::AtMostOnce)))).await;
    assert_eq!(client.pending().await, ["a"], "nor is an answer");
}

#[tokio::test]
async fn retaining_needs_a_permission_of_its_own() {
    let service = Service::start().await;
    let (_, tls) = service.register(&[allow("iot:Connect", "*"), allow("iot:Publish", "*")].join(","));
    let (mut client, _) = Client::connect_as(&service.local, tls, connect("c")).await;
    assert_eq!(client.publish("t", "").await, 0);
    let mut retained = publish("t", "x", QoS::AtLeastOnce);
    retained.retain = true;
    retained.packet_id = std::num::NonZeroU16::new(9);
    client.send(Packet::Publish(Box::new(retained))).await;
    let Some(Packet::PublishAck(ack)) = client.receive().await else { panic!("no PUBACK") };
    assert_eq!(u8::from(ack.reason_code), 0x87);
}

#[tokio::test]
async fn a_new_policy_version_counts_at_once() {
    let service = Service::start().await;
    let (id, tls) = service.register(&allow("iot:*", "*"));
    let (mut client, _) = Client::connect_as(&service.local, tls, connect("c")).await;
    assert_eq!(client.publish("t", "").await, 0);
    let deny = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let request = CreatePolicyRequest { policy_document: Some(deny.into()), tags: None };
    service.local.write(|state, now| state.create_policy_version(now, &id, true, request)).unwrap();
    assert_eq!(client.publish("t", "").await, 0x87);
    assert!(service.log().last().unwrap().ends_with("an attached policy denies it"));
}

#[tokio::test]
async fn thing_variables_resolve_for_the_thing_itself() {
    let service = Service::start().await;
    let variable = "topic/${iot:Connection.Thing.ThingName}/state";
    let (id, tls) = service.register(&[allow("iot:Connect", "*"), allow("iot:Publish", variable)].join(","));
    let topic = format!("{THING}/state");
    let (mut client, _) = Client::connect_as(&service.local, tls.clone(), connect(THING)).await;
    assert_eq!(client.publish(&topic, "").await, 0x87, "not attached");
    let principal = format!("arn:aws:iot:us-east-1:123456789012:cert/{id}");
    service.local.write(|state, _| state.attach_thing_principal(THING, &principal, None)).unwrap();
    assert_eq!(client.publish(&topic, "").await, 0);
    assert_eq!(client.publish("Other/state", "").await, 0x87);
    let (mut other, _) = Client::connect_as(&service.local, tls, connect("other")).await;
    assert_eq!(other.publish(&topic, "").await, 0x87, "not the thing's name");
}

#[tokio::test]
async fn the_policy_for_test_clients_admits_no_other() {
    let service = Service::start().await;
    let file = include_str!("../../policies/device-policy-test-clients.json");
    let document = file
        .replace("${partition}", "aws")
        .replace("${region}", "us-east-1")
        .replace("${account}", "123456789012")
        .replace("${thing}", THING);
    let statements: serde_json::Value = serde_json::from_str(&document).unwrap();
    let statements = statements["Statement"].to_string();
    let (_, tls) = service.register(statements.trim_start_matches('[').trim_end_matches(']'));
    let (mut client, ack) = Client::connect_as(&service.local, tls.clone(), connect("test-1")).await;
    assert_eq!(u8::from(ack.reason_code), 0);
    assert_eq!(client.publish(&format!("$aws/things/{THING}/jobs/get"), "").await, 0);
    let (_, ack) = Client::connect_as(&service.local, tls, connect("mqtt5-sample-1")).await;
    assert_eq!(u8::from(ack.reason_code), 0x87);
}

/// In TLS 1.3 the client hears of it with its first read.
#[tokio::test]
async fn a_refused_certificate_breaks_the_connection() {
    let service = Service::start().await;
    let stranger = service.local.issue_certificate().unwrap();
    let (certificate, key) = (stranger.certificate_pem.as_bytes(), stranger.private_key_pem.as_bytes());
    let mut stream =
        client::open(&service.local, client::tls(&service.local.ca_file(), certificate, key)).await;
    let mut byte = [0];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut byte)).await.unwrap();
    assert!(read.unwrap_err().to_string().contains("UnknownCA"));
}
