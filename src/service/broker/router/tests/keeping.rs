//! What clients are told while it is on its way to where it is kept.

use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use super::*;

/// A broker whose changes are kept when somebody says so.
fn bench() -> Bench {
    let mut bench = Bench::new();
    // Nobody looks at what changes.
    bench.changes = Changes::to(mpsc::channel().0);
    bench
}

impl Bench {
    /// A message that replaces the retained one: a change.
    fn retain(&mut self, client: &Client, topic: &str) {
        let message = Message {
            topic: topic.into(),
            payload: "p".into(),
            retain: true,
            qos: Qos::AtLeastOnce,
            ..Message::default()
        };
        let publish = Publish { packet_id: Some(PacketId::FIRST), message, ..Publish::default() };
        self.requests().packet(client.session, &client.connection, Incoming::Publish(publish)).unwrap();
        self.changes.end_turn();
    }

    /// The names of the packets that a client is sent now.
    fn sent(&mut self, client: &Client) -> Vec<&'static str> {
        let mut sent = Vec::new();
        while let Some(packet) = self.router.pop(self.now, &self.state, client.session, &client.connection) {
            sent.push(match packet {
                Outgoing::ConnectAck(_) => "CONNACK",
                Outgoing::Publish(_) => "PUBLISH",
                Outgoing::PublishAck { .. } => "PUBACK",
                Outgoing::SubscribeAck { .. } => "SUBACK",
                _ => "other",
            });
        }
        sent
    }

    fn is_woken(client: &Client) -> bool {
        pin!(client.connection.wake.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }
}

#[test]
fn nobody_hears_of_a_change_before_it_is_kept() {
    let mut bench = bench();
    let [writer, reader] = ["writer", "reader"].map(|id| bench.connect(&connect(id, true, 0)));
    bench.subscribe(&reader, "t/#");
    bench.publish(&writer, "t/before");
    bench.retain(&writer, "t/kept");
    bench.publish(&writer, "t/after");
    assert_eq!(bench.sent(&writer), ["CONNACK", "PUBACK"], "for what came before the change");
    assert_eq!(bench.sent(&reader), ["CONNACK", "PUBLISH"]);
    assert!(Bench::is_woken(&reader) && !Bench::is_woken(&reader));
    bench.router.changes_kept(1);
    assert!(Bench::is_woken(&reader) && Bench::is_woken(&writer));
    assert_eq!(bench.sent(&writer), ["PUBACK", "PUBACK"]);
    assert_eq!(bench.sent(&reader), ["PUBLISH", "PUBLISH"], "in their order");
}

#[test]
fn who_connects_or_subscribes_is_told_nothing_that_is_not_kept() {
    let mut bench = bench();
    let writer = bench.connect(&connect("writer", true, 0));
    bench.retain(&writer, "t");
    let reader = bench.connect(&connect("reader", true, 0));
    bench.requests().packet(reader.session, &reader.connection, subscribe(&["t"])).unwrap();
    assert_eq!(bench.sent(&reader), [""; 0]);
    bench.router.changes_kept(1);
    assert_eq!(bench.sent(&reader), ["CONNACK", "SUBACK", "PUBLISH"]);
    bench.requests().packet(reader.session, &reader.connection, Incoming::PingRequest).unwrap();
    assert_eq!(bench.sent(&reader), ["other"], "nothing is waited for where all is kept");
}

#[test]
fn a_session_goes_on_waiting_for_the_next_change() {
    let mut bench = bench();
    let [writer, reader] = ["writer", "reader"].map(|id| bench.connect(&connect(id, true, 0)));
    bench.subscribe(&reader, "t/#");
    bench.sent(&reader);
    for topic in ["t/1", "t/2", "t/3"] {
        bench.retain(&writer, topic);
        assert_eq!(bench.sent(&reader), [""; 0]);
    }
    bench.router.changes_kept(2);
    assert_eq!(bench.sent(&reader).len(), 2);
    while Bench::is_woken(&reader) {}
    bench.router.changes_kept(3);
    assert!(Bench::is_woken(&reader));
    assert_eq!(bench.sent(&reader).len(), 1);
}
