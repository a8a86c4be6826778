//! `iot:Receive`, which counts when a message is delivered.

use super::*;
use crate::service::state::credentials::attachments::PolicyTargetRequest;
use crate::service::state::credentials::certificates::RegisterCertificateRequest;
use crate::service::state::credentials::policies::CreatePolicyRequest;

const ALLOW_ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const DENY_SECRET: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"},
    {"Effect":"Deny","Action":"iot:Receive","Resource":"arn:aws:iot:*:*:topic/secret"}"#;

fn policy(statements: &str) -> CreatePolicyRequest {
    let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    CreatePolicyRequest { policy_document: Some(document), tags: None }
}

impl Bench {
    /// An operator gives the policy of the first certificate a new default version.
    fn set_policy(&mut self, statements: &str) {
        let outcome = self.state.create_policy_version(Timestamp::default(), "P", true, policy(statements));
        outcome.reply.unwrap();
        self.router.control_plane_changed();
    }

    /// Clients connect from now on with a new certificate, which has a policy of its own.
    fn change_certificate(&mut self, statements: &str) {
        let now = Timestamp::default();
        let request = RegisterCertificateRequest {
            certificate_pem: Some(Authority::new().unwrap().device().unwrap().certificate_pem),
            status: Some("ACTIVE".into()),
        };
        let certificate = self.state.register_certificate(now, false, &request).reply.unwrap();
        self.state.create_policy(now, "Other", policy(statements)).reply.unwrap();
        let target = PolicyTargetRequest { target: Some(certificate.certificate_arn) };
        self.state.attach_policy("Other", &target).reply.unwrap();
        self.peer.certificate = certificate.certificate_id;
        self.router.control_plane_changed();
    }

    /// A client subscribes to both topics, and goes away before a message is published to each.
    fn leave_messages_waiting(&mut self) -> Client {
        let client = self.connect(&connect("c", true, 60));
        self.subscribe(&client, "secret");
        self.subscribe(&client, "open");
        self.lose(&client);
        self.publish_both();
        client
    }

    fn publish_both(&mut self) {
        let sender = self.connect(&connect("sender", true, 0));
        self.publish(&sender, "secret");
        self.publish(&sender, "open");
        self.lose(&sender);
    }
}

#[test]
fn what_a_policy_denies_meanwhile_does_not_reach_who_was_away() {
    let mut bench = Bench::new();
    bench.leave_messages_waiting();
    bench.set_policy(DENY_SECRET);
    let back = bench.connect(&connect("c", false, 60));
    assert_eq!(bench.topics(&back), ["open"]);
    assert_eq!(bench.router.queued_bytes(), 0);
    let expected = "client c: iot:Receive refused on arn:aws:iot:us-east-1:123456789012:topic/secret: \
                    an attached policy denies it";
    assert_eq!(bench.router.take_notes(), [expected]);
}

#[test]
fn what_a_policy_allows_meanwhile_does() {
    let mut bench = Bench::new();
    bench.set_policy(DENY_SECRET);
    bench.leave_messages_waiting();
    bench.set_policy(ALLOW_ALL);
    let back = bench.connect(&connect("c", false, 60));
    assert_eq!(bench.topics(&back), ["secret", "open"]);
}

#[test]
fn the_certificate_that_takes_a_client_id_over_gets_what_its_own_policy_allows() {
    let mut bench = Bench::new();
    let client = bench.leave_messages_waiting();
    bench.change_certificate(DENY_SECRET);
    let other = bench.connect(&connect("c", false, 60));
    assert_eq!(other.session, client.session);
    assert_eq!(bench.topics(&other), ["open"]);
}

#[test]
fn what_waits_for_its_acknowledgement_is_judged_again_before_it_is_sent_again() {
    let mut bench = Bench::new();
    let narrow = Connect { receive_maximum: NonZeroU16::new(1), ..connect("c", false, 60) };
    let client = bench.connect(&narrow);
    bench.subscribe(&client, "secret");
    bench.subscribe(&client, "open");
    bench.publish_both();
    let sent = |bench: &mut Bench, client: &Client| {
        let next = || bench.router.pop(bench.now, &bench.state, client.session, &client.connection);
        std::iter::from_fn(next)
            .filter_map(|packet| match packet {
                Outgoing::Publish(delivery) => Some((delivery.message.topic.to_string(), delivery.dup)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(sent(&mut bench, &client), [("secret".to_owned(), false)]);
    bench.lose(&client);
    bench.set_policy(DENY_SECRET);
    let back = bench.connect(&narrow);
    assert_eq!(sent(&mut bench, &back), [("open".to_owned(), false)], "its place in the window is free");
    bench.router.audit();
}

#[test]
fn a_retained_message_and_one_that_waits_for_a_slow_client_are_no_exceptions() {
    let mut bench = Bench::new();
    let sender = bench.connect(&connect("sender", true, 0));
    let message = Message { topic: "secret".into(), payload: "x".into(), retain: true, ..Message::default() };
    let publish = Publish { message, ..Publish::default() };
    bench.requests().packet(sender.session, &sender.connection, Incoming::Publish(publish)).unwrap();
    let client = bench.connect(&connect("c", true, 60));
    let filters = ["secret", "open"].map(|filter| FilterRequest {
        filter: filter.into(),
        qos: Qos::AtMostOnce,
        no_local: false,
        retain_as_published: false,
        retained: Retained::Always,
    });
    let subscribe = Incoming::Subscribe {
        packet_id: PacketId::FIRST,
        has_identifier: false,
        asks_sequence: false,
        filters: filters.into(),
    };
    bench.requests().packet(client.session, &client.connection, subscribe).unwrap();
    bench.publish_both();
    bench.set_policy(DENY_SECRET);
    assert_eq!(bench.topics(&client), ["open"]);
    assert_eq!(bench.router.queued_bytes(), 0);
}

#[test]
fn a_subscribe_that_no_policy_allows_ends_a_connection_of_mqtt_3_or_is_refused() {
    let other = Choices { refused_subscribe_ends_mqtt_3: false, ..Choices::default() };
    for (choices, version, ends) in [
        (Choices::default(), Version::V3, true),
        (Choices::default(), Version::V5, false),
        (other, Version::V3, false),
    ] {
        let mut bench = Bench::choosing(choices);
        bench.set_policy(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},
               {"Effect":"Deny","Action":"iot:Subscribe","Resource":"arn:aws:iot:*:*:topicfilter/secret"}"#,
        );
        let client = bench.connect(&Connect { version, ..connect("c", true, 0) });
        bench.topics(&client);
        let packet = subscribe(&["open", "secret"]);
        let subscribed = bench.requests().packet(client.session, &client.connection, packet);
        let answer = bench.router.pop(bench.now, &bench.state, client.session, &client.connection);
        if ends {
            assert_eq!((subscribed, answer), (Err(End::Refused(Refusal::NotAuthorized)), None));
        } else {
            let reasons = vec![1, 0x87];
            let ack = Outgoing::SubscribeAck { packet_id: PacketId::FIRST, reasons };
            assert_eq!((subscribed, answer), (Ok(()), Some(ack)));
        }
    }
}
