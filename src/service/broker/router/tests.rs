//! Sessions in time: what a test over the network would have to wait an hour for.

use std::num::NonZeroU16;

use proptest::prelude::*;

use super::*;
use crate::service::broker::end::End;
use crate::service::broker::packet::{
    FilterRequest, Incoming, Outgoing, PacketId, Publish, Qos, Retained, Version,
};
use crate::service::broker::requests::{Peer, Requests};
use crate::service::certificates::Authority;
use crate::service::choices::Choices;
use crate::service::faults::Faults;
use crate::service::keeping::Changes;
use crate::service::rates::Rates;
use crate::service::state::Settings;
use crate::service::state::credentials::paged::ListQuery;
use crate::service::time::Timestamp;

mod choices;
mod crowds;
mod keeping;
mod presence;
mod rates;
mod receive;
mod sequence;
mod wills;

/// A broker whose clients may do anything, and its clock.
struct Bench {
    state: State,
    router: Router,
    rates: Rates,
    faults: Faults,
    changes: Changes,
    peer: Peer,
    now: Instant,
}

fn filter_request(filter: &str) -> FilterRequest {
    FilterRequest {
        filter: filter.into(),
        qos: Qos::AtLeastOnce,
        no_local: false,
        retain_as_published: false,
        retained: Retained::Always,
    }
}

/// A SUBSCRIBE as it arrives.
fn subscribe(filters: &[&str]) -> Incoming {
    let filters = filters.iter().copied().map(filter_request).collect();
    Incoming::Subscribe { packet_id: PacketId::FIRST, filters, has_identifier: false, asks_sequence: false }
}

/// A client and its connection.
struct Client {
    session: SessionId,
    connection: Arc<ConnectionHandle>,
}

impl Bench {
    fn new() -> Self {
        Self::choosing(Choices::default())
    }

    fn choosing(choices: Choices) -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let mut state = State::with_choices(settings, choices);
        let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let device = Authority::new().unwrap().device().unwrap().certificate_pem;
        state.install_device(Timestamp::default(), &device, &[("P".into(), policy.into())]).reply.unwrap();
        let listed = state.list_certificates(&ListQuery::default()).unwrap().certificates;
        let peer = Peer {
            certificate: listed[0].certificate_id.clone(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
        };
        let (router, rates, faults) = (Router::default(), Rates::default(), Faults::default());
        let changes = Changes::default();
        Self { state, router, rates, faults, changes, peer, now: Instant::now() }
    }

    fn requests(&mut self) -> Requests<'_> {
        Requests {
            state: &mut self.state,
            router: &mut self.router,
            rates: &mut self.rates,
            faults: &mut self.faults,
            changes: &mut self.changes,
            now: self.now,
            jobs_now: Timestamp::default(),
        }
    }

    fn connect(&mut self, connect: &Connect) -> Client {
        let connection = Arc::new(ConnectionHandle::default());
        let peer = self.peer.clone();
        let connected = self.requests().connect(&peer, connect, connection.clone(), "fresh").unwrap();
        Client { session: connected.session, connection }
    }

    /// The reason for which a CONNECT is refused; `None` where it is accepted.
    fn refused(&mut self, connect: &Connect) -> Option<u8> {
        let peer = self.peer.clone();
        self.requests().connect(&peer, connect, Arc::default(), "fresh").err().map(|ack| ack.reason)
    }

    fn subscribe(&mut self, client: &Client, filter: &str) {
        self.router.subscribe(&self.state, client.session, &filter_request(filter)).unwrap();
    }

    fn publish(&mut self, client: &Client, topic: &str) {
        let message = Message { topic: topic.into(), qos: Qos::AtLeastOnce, ..Message::default() };
        let publish = Publish { packet_id: Some(PacketId::FIRST), message, ..Publish::default() };
        self.requests().packet(client.session, &client.connection, Incoming::Publish(publish)).unwrap();
    }

    /// The network drops a connection.
    fn lose(&mut self, client: &Client) {
        self.requests().closed(client.session, &client.connection, End::Lost);
    }

    /// Lets time pass until something is due, as long as that is within `limit`.
    fn wait(&mut self, limit: Duration) {
        let end = self.now + limit;
        let mut calls = 0;
        while let Some(due) = self.router.next_timeout().filter(|due| *due <= end) {
            self.now = due;
            self.requests().handle_timeouts();
            calls += 1;
            assert!(calls < 2 * limits::SESSIONS, "what is due has no end");
        }
        self.now = end;
    }

    /// The topics of the messages that a client is sent; it acknowledges them.
    fn topics(&mut self, client: &Client) -> Vec<String> {
        let mut topics = Vec::new();
        while let Some(packet) = self.router.pop(self.now, &self.state, client.session, &client.connection) {
            if let Outgoing::Publish(delivery) = packet {
                topics.push(delivery.message.topic.to_string());
                if let Some(packet_id) = delivery.packet_id {
                    self.router.acknowledge(client.session, &client.connection, packet_id);
                }
            }
        }
        topics
    }

    /// Does what happens to the broker in a property test.
    fn apply(&mut self, clients: &mut [Option<Client>; 3], op: Op) {
        match op {
            Op::Connect { client, clean_start, expiry, will_delay } => {
                let connect = connect(&client.to_string(), clean_start, expiry);
                let connect = match will_delay {
                    Some(delay) => with_will(connect, delay),
                    None => connect,
                };
                let connected = self.connect(&connect);
                if let Some(old) = clients[client].replace(connected) {
                    assert!(old.connection.ended().is_some());
                    self.lose(&old);
                }
            }
            Op::Lose { client } => {
                if let Some(client) = clients[client].take() {
                    self.lose(&client);
                }
            }
            Op::Leave { client } => {
                if let Some(client) = clients[client].take() {
                    self.requests().closed(
                        client.session,
                        &client.connection,
                        End::ByClient { with_will: false },
                    );
                }
            }
            Op::Subscribe { client, filter } => {
                if let Some(client) = &clients[client] {
                    self.subscribe(client, FILTERS[filter]);
                }
            }
            Op::Unsubscribe { client, filter } => {
                if let Some(client) = &clients[client] {
                    self.router.unsubscribe(client.session, &FILTERS[filter].into());
                }
            }
            Op::Publish { client, topic } => {
                if let Some(client) = &clients[client] {
                    self.publish(client, TOPICS[topic]);
                }
            }
            Op::Read { client } => {
                if let Some(client) = &clients[client] {
                    self.topics(client);
                }
            }
            Op::Wait(seconds) => self.wait(SECOND * seconds),
        }
    }
}

fn connect(client_id: &str, clean_start: bool, session_expiry: u32) -> Connect {
    Connect {
        version: Version::V5,
        client_id: client_id.into(),
        clean_start,
        session_expiry,
        ..Connect::default()
    }
}

fn with_will(connect: Connect, delay: u32) -> Connect {
    let message = Message { topic: "will".into(), qos: Qos::AtLeastOnce, ..Message::default() };
    Connect { will: Some(Will { message, delay, expiry: None }), ..connect }
}

/// As large a message as there is.
fn large() -> Arc<Message> {
    let payload = vec![0; limits::PAYLOAD].into();
    Arc::new(Message { topic: "t".into(), payload, qos: Qos::AtLeastOnce, ..Message::default() })
}

/// No more wills of that size have room.
const MOST_LARGE_WILLS: usize = limits::WILL_BYTES / limits::PAYLOAD;

fn with_large_will(client_id: &str, large: &Message) -> Connect {
    let mut connect = with_will(connect(client_id, true, 3600), 3600);
    if let Some(will) = &mut connect.will {
        will.message.payload = large.payload.clone();
    }
    connect
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_session_ends_when_its_time_is_over() {
    for (waited, lives) in [(59, true), (60, false)] {
        let mut bench = Bench::new();
        let client = bench.connect(&connect("c", true, 60));
        bench.subscribe(&client, "t");
        bench.lose(&client);
        bench.wait(SECOND * waited);
        let back = bench.connect(&connect("c", false, 60));
        assert_eq!(back.session == client.session, lives, "{waited}");
        assert_eq!(bench.router.next_timeout(), None);
        let sender = bench.connect(&connect("sender", true, 0));
        bench.publish(&sender, "t");
        assert_eq!(bench.topics(&back).len(), usize::from(lives));
    }
}

#[test]
fn what_is_sent_at_qos_0_does_not_wait_for_who_is_away() {
    let mut bench = Bench::new();
    let client = bench.connect(&connect("c", true, 60));
    bench.lose(&client);
    let at = |topic: &str, qos| Arc::new(Message { topic: topic.into(), qos, ..Message::default() });
    let (never, once) = (Qos::AtMostOnce, Qos::AtLeastOnce);
    for (topic, published, granted) in [("a", never, once), ("b", once, never), ("c", once, once)] {
        bench.router.enqueue(client.session, at(topic, published), granted, false);
    }
    assert_eq!(bench.router.queued_bytes, at("c", once).size());
    let back = bench.connect(&connect("c", false, 60));
    assert_eq!(bench.topics(&back), ["c"]);
}

#[test]
fn a_disconnect_may_change_the_time_of_a_session_but_not_give_it_any() {
    for (at_connect, at_disconnect, ends_after) in [
        (0, Some(60), None),
        (0, Some(0), Some(0)),
        (60, Some(10), Some(10)),
        (60, Some(0), Some(0)),
        (60, None, Some(60)),
    ] {
        let mut bench = Bench::new();
        let client = bench.connect(&connect("c", true, at_connect));
        let leave = Incoming::Disconnect { with_will: false, session_expiry: at_disconnect };
        let end = bench.requests().packet(client.session, &client.connection, leave).unwrap_err();
        let expected = match ends_after {
            Some(_) => End::ByClient { with_will: false },
            None => End::Refused(Refusal::OutOfPlace),
        };
        assert_eq!(end, expected, "{at_connect} {at_disconnect:?}");
        bench.requests().closed(client.session, &client.connection, End::ByClient { with_will: false });
        let due = ends_after.filter(|after| *after > 0).map(|after| bench.now + SECOND * after);
        assert_eq!(bench.router.next_timeout(), due, "{at_connect} {at_disconnect:?}");
        assert_eq!(bench.router.sessions.is_empty(), due.is_none(), "{at_connect} {at_disconnect:?}");
    }
}

#[test]
fn an_hour_is_the_most_that_a_session_waits() {
    let mut bench = Bench::new();
    let client = bench.connect(&connect("c", true, u32::MAX));
    bench.lose(&client);
    assert_eq!(bench.router.next_timeout(), Some(bench.now + SECOND * 3600));
}

#[test]
fn a_certificate_that_is_revoked_after_the_handshake_is_refused() {
    let mut bench = Bench::new();
    let id = bench.peer.certificate.clone();
    bench.state.update_certificate(Timestamp::default(), &id, Some("REVOKED")).reply.unwrap();
    assert_eq!(bench.refused(&connect("c", true, 0)), Some(Refusal::CertificateNotActive.code()));
}

/// What may happen to a broker.
#[derive(Debug, Clone, Copy)]
enum Op {
    Connect { client: usize, clean_start: bool, expiry: u32, will_delay: Option<u32> },
    Lose { client: usize },
    Leave { client: usize },
    Subscribe { client: usize, filter: usize },
    Unsubscribe { client: usize, filter: usize },
    Publish { client: usize, topic: usize },
    Read { client: usize },
    Wait(u32),
}

const FILTERS: [&str; 5] = ["a", "a/#", "+/b", "$share/g/a/b", "will"];
const TOPICS: [&str; 3] = ["a", "a/b", "c/b"];

fn op() -> impl Strategy<Value = Op> {
    let client = 0..3_usize;
    prop_oneof![
        3 => (client.clone(), any::<bool>(), prop::sample::select(vec![0, 5, 60]), prop::option::of(0..20_u32)).prop_map(
            |(client, clean_start, expiry, will_delay)| Op::Connect { client, clean_start, expiry, will_delay }
        ),
        1 => client.clone().prop_map(|client| Op::Lose { client }),
        1 => client.clone().prop_map(|client| Op::Leave { client }),
        3 => (client.clone(), 0..FILTERS.len()).prop_map(|(client, filter)| Op::Subscribe { client, filter }),
        1 => (client.clone(), 0..FILTERS.len()).prop_map(|(client, filter)| Op::Unsubscribe { client, filter }),
        4 => (client.clone(), 0..TOPICS.len()).prop_map(|(client, topic)| Op::Publish { client, topic }),
        2 => client.prop_map(|client| Op::Read { client }),
        1 => (1..30_u32).prop_map(Op::Wait),
    ]
}

proptest! {
    /// Whatever clients do, the bookkeeping is right: sizes, timeouts, names; and nothing is left in the end.
    #[test]
    fn the_books_balance(ops in prop::collection::vec(op(), 1..60)) {
        let mut bench = Bench::new();
        let mut clients: [Option<Client>; 3] = [None, None, None];
        for op in ops {
            bench.apply(&mut clients, op);
            bench.router.audit();
        }
        for client in clients.into_iter().flatten() {
            bench.lose(&client);
        }
        bench.wait(SECOND * 3600);
        prop_assert!(bench.router.sessions.is_empty());
        bench.router.audit();
    }
}
