//! Whatever clients send, the broker's bookkeeping stays right and every request is answered.
//!
//! Around the pure core stands what `connection` does, without sockets: bytes are decoded, packets handed
//! over, answers encoded; and here they are decoded once more, as a client would.

use std::num::NonZeroU16;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::codec::Codec;
use crate::service::broker::end::End;
use crate::service::broker::filter::is_valid_topic;
use crate::service::broker::limits;
use crate::service::broker::packet::{Incoming, Outgoing, PacketId, Qos, Version};
use crate::service::broker::requests::{Peer, Requests};
use crate::service::broker::router::Router;
use crate::service::broker::session::{ConnectionHandle, SessionId};
use crate::service::certificates::Authority;
use crate::service::choices::Choices;
use crate::service::faults::Faults;
use crate::service::keeping::Changes;
use crate::service::rates::Rates;
use crate::service::state::credentials::paged::ListQuery;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::{Settings, State};
use crate::service::time::Timestamp;

/// All but a few things are allowed.
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "iot:Connect", "Resource": "arn:aws:iot:*:*:client/evil"},
    {"Effect": "Deny", "Action": ["iot:Publish", "iot:Subscribe", "iot:Receive"], "Resource": "arn:*/denied*"}]}"#;

/// Reads pieces of a byte that says who and what, a byte for a length, and so many bytes.
pub(crate) fn check(data: &[u8]) {
    let mut broker = Broker::new();
    let mut left = data;
    while let [what, length, rest @ ..] = left {
        let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        left = rest;
        broker.step(usize::from(what % 4), what / 4 % 8, *length, bytes);
        broker.router.audit();
    }
    broker.end();
}

struct Broker {
    state: State,
    router: Router,
    now: Instant,
    jobs_now: Timestamp,
    peer: Peer,
    clients: [Client; 4],
    jobs: usize,
}

struct Client {
    codec: Codec,
    input: BytesMut,
    connected: Option<ConnectedClient>,
}

impl Default for Client {
    fn default() -> Self {
        let codec = Codec::new(Choices::default().maximum_packet_size);
        Self { codec, input: BytesMut::new(), connected: None }
    }
}

/// A connection whose CONNECT was accepted.
struct ConnectedClient {
    version: Version,
    session: SessionId,
    connection: Arc<ConnectionHandle>,
    receive_maximum: usize,
    expected: Vec<ExpectedAnswer>,
    /// Packet identifiers of messages that the client has not acknowledged.
    unacknowledged: Vec<PacketId>,
}

/// An answer that a client is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedAnswer {
    ConnectAck,
    PublishAck(PacketId),
    SubscribeAck(PacketId, usize),
    UnsubscribeAck(PacketId, usize),
    PingResponse,
}

impl ExpectedAnswer {
    fn to(packet: &Incoming) -> Option<Self> {
        Some(match packet {
            Incoming::Publish(publish) => Self::PublishAck(publish.packet_id?),
            Incoming::Subscribe { packet_id, filters, .. } => Self::SubscribeAck(*packet_id, filters.len()),
            Incoming::Unsubscribe { packet_id, filters } => Self::UnsubscribeAck(*packet_id, filters.len()),
            Incoming::PingRequest => Self::PingResponse,
            _ => return None,
        })
    }

    fn given_by(packet: &Outgoing) -> Option<Self> {
        Some(match packet {
            Outgoing::ConnectAck(_) => Self::ConnectAck,
            Outgoing::PublishAck { packet_id, .. } => Self::PublishAck(*packet_id),
            Outgoing::SubscribeAck { packet_id, reasons } => Self::SubscribeAck(*packet_id, reasons.len()),
            Outgoing::UnsubscribeAck { packet_id, reasons, .. } => {
                Self::UnsubscribeAck(*packet_id, reasons.len())
            }
            Outgoing::PingResponse => Self::PingResponse,
            Outgoing::Publish(_) | Outgoing::Disconnect { .. } => return None,
        })
    }
}

impl Broker {
    fn new() -> Self {
        static CERTIFICATE: OnceLock<String> = OnceLock::new();
        let pem = CERTIFICATE.get_or_init(|| {
            let device = Authority::new().and_then(|authority| authority.device());
            device.expect("a certificate needs nothing from outside").certificate_pem
        });
        let jobs_now = Timestamp::from_millis(1_748_952_000_000);
        let mut state = State::new(Settings { region: "us-east-1".into(), account: "123456789012".into() });
        state
            .install_device(jobs_now, pem, &[("P".into(), POLICY.into())])
            .reply
            .expect("it is our certificate");
        let thing =
            state.create_thing(jobs_now, "T", uuid::Uuid::from_u128(1), &CreateThingRequest::default());
        assert!(thing.reply.is_ok());
        let listed = state.list_certificates(&ListQuery::default()).expect("an empty query is valid");
        let certificate = listed.certificates[0].certificate_id.clone();
        Self {
            state,
            router: Router::default(),
            now: Instant::now(),
            jobs_now,
            peer: Peer { certificate, address: [127, 0, 0, 1].into() },
            clients: Default::default(),
            jobs: 0,
        }
    }

    fn requests<T>(&mut self, work: impl FnOnce(&mut Requests<'_>) -> T) -> T {
        let Self { state, router, now, jobs_now, .. } = self;
        let result = work(&mut Requests {
            state,
            router,
            rates: &mut Rates::default(),
            faults: &mut Faults::default(),
            changes: &mut Changes::default(),
            now: *now,
            jobs_now: *jobs_now,
        });
        self.router.take_notes().iter().for_each(|note| crate::service::one_line::assert_plain(note));
        result
    }

    fn step(&mut self, who: usize, what: u8, length: u8, bytes: &[u8]) {
        match what {
            0..=4 => self.receive(who, bytes),
            5 => self.close(who, End::Lost),
            6 => self.wait(Duration::from_secs(u64::from(length) * 20)),
            _ => self.create_job(),
        }
        (0..self.clients.len()).for_each(|who| self.send(who));
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.jobs_now = self.jobs_now.plus(time);
        self.requests(|requests| {
            requests.handle_timeouts();
        });
    }

    fn create_job(&mut self) {
        self.jobs += 1;
        let request = serde_json::json!({ "targets": ["arn:aws:iot:us-east-1:123456789012:thing/T"], "document": "{}" });
        let request = serde_json::from_value(request).expect("it is the request of an operator");
        let job = format!("J{}", self.jobs);
        self.requests(|requests| {
            let outcome = requests.state.create_job(requests.jobs_now, &job, request);
            requests.router.control_plane_changed();
            requests.apply(outcome.effects);
        });
    }

    /// Bytes come in.
    fn receive(&mut self, who: usize, bytes: &[u8]) {
        self.clients[who].input.extend_from_slice(bytes);
        loop {
            let Client { codec, input, .. } = &mut self.clients[who];
            match codec.decode(input) {
                Ok(Some(packet)) => self.take(who, packet),
                Ok(None) => break,
                Err(refusal) => {
                    self.goodbye(who, refusal.into());
                    break;
                }
            }
            if self.clients[who].connected.is_none() {
                break;
            }
        }
    }

    fn take(&mut self, who: usize, packet: Incoming) {
        let Some(connected) = &mut self.clients[who].connected else {
            self.connect(who, &packet);
            return;
        };
        let (session, connection) = (connected.session, connected.connection.clone());
        if let Incoming::PublishAck(id) = &packet {
            connected.unacknowledged.retain(|known| known != id);
        }
        let expected = ExpectedAnswer::to(&packet);
        match self.requests(|requests| requests.packet(session, &connection, packet)) {
            Ok(()) => {
                if let Some(connected) = &mut self.clients[who].connected {
                    connected.expected.extend(expected);
                }
                self.send(who);
            }
            Err(end) => {
                self.send(who);
                self.goodbye(who, end);
            }
        }
    }

    fn connect(&mut self, who: usize, packet: &Incoming) {
        let Incoming::Connect(connect) = packet else {
            self.clients[who] = Client::default();
            return;
        };
        if let Some(maximum) = connect.maximum_packet_size {
            self.clients[who].codec.set_maximum_packet_size(maximum.get());
        }
        let mut peer = self.peer.clone();
        if who == 3 && connect.client_id.starts_with('u') {
            "unknown".clone_into(&mut peer.certificate);
        }
        let connection = Arc::new(ConnectionHandle::default());
        match self.requests(|requests| requests.connect(&peer, connect, connection.clone(), "a-fresh-id")) {
            Ok(connected) => {
                let receive_maximum =
                    connect.receive_maximum.map_or(limits::RECEIVE_MAXIMUM, NonZeroU16::get);
                self.clients[who].connected = Some(ConnectedClient {
                    version: connect.version,
                    session: connected.session,
                    connection,
                    receive_maximum: receive_maximum.min(limits::RECEIVE_MAXIMUM).into(),
                    expected: vec![ExpectedAnswer::ConnectAck],
                    unacknowledged: Vec::new(),
                });
                self.send(who);
            }
            Err(refused) => {
                write(&mut self.clients[who].codec, connect.version, Outgoing::ConnectAck(refused));
                self.clients[who] = Client::default();
            }
        }
    }

    /// Sends what waits for a client.
    fn send(&mut self, who: usize) {
        let Client { codec, connected: Some(connected), .. } = &mut self.clients[who] else { return };
        while let Some(packet) =
            self.router.pop(self.now, &self.state, connected.session, &connected.connection)
        {
            if let Some(answer) = ExpectedAnswer::given_by(&packet) {
                let at = connected.expected.iter().position(|expected| *expected == answer);
                connected.expected.remove(at.unwrap_or_else(|| panic!("{packet:?} is an answer to nothing")));
            }
            let packet_id = if let Outgoing::Publish(delivery) = &packet { delivery.packet_id } else { None };
            let written = write(codec, connected.version, packet);
            match packet_id {
                Some(id) if written => {
                    assert!(!connected.unacknowledged.contains(&id), "packet id {id} twice");
                    connected.unacknowledged.push(id);
                    assert!(connected.unacknowledged.len() <= connected.receive_maximum);
                }
                Some(id) => self.router.acknowledge(connected.session, &connected.connection, id),
                None => {}
            }
        }
        if let Some(reason) = connected.connection.ended() {
            self.goodbye(who, End::Refused(reason));
        }
    }

    fn goodbye(&mut self, who: usize, end: End) {
        let Client { codec, connected, .. } = &mut self.clients[who];
        if let (End::Refused(reason), Some(connected)) = (end, &connected) {
            write(
                codec,
                connected.version,
                Outgoing::Disconnect { reason: reason.code(), text: reason.text() },
            );
        }
        self.close(who, end);
    }

    fn close(&mut self, who: usize, end: End) {
        if let Some(connected) = std::mem::take(&mut self.clients[who]).connected {
            self.requests(|requests| requests.closed(connected.session, &connected.connection, end));
        }
    }

    /// Clients that read and acknowledge have all their answers; once all have gone, nothing is left.
    fn end(&mut self) {
        for who in 0..self.clients.len() {
            while let Some(connected) = &mut self.clients[who].connected
                && !connected.unacknowledged.is_empty()
            {
                for id in std::mem::take(&mut connected.unacknowledged) {
                    self.router.acknowledge(connected.session, &connected.connection, id);
                }
                self.send(who);
            }
            if let Some(connected) = &self.clients[who].connected {
                assert_eq!(connected.expected, []);
            }
            self.close(who, End::Lost);
        }
        // A will that is published as its session ends can wait for another.
        for _ in 0..=self.clients.len() {
            self.wait(Duration::from_secs(limits::SESSION_EXPIRY.into()));
        }
        assert!(self.router.session_count() == 0);
        assert_eq!(self.router.next_timeout(), None);
        self.router.audit();
    }
}

/// Encodes a packet and reads it as the client does; false where it is larger than the client takes.
fn write(codec: &mut Codec, version: Version, packet: Outgoing) -> bool {
    let sent = if let Outgoing::Publish(delivery) = &packet { Some(delivery.clone()) } else { None };
    let mut output = BytesMut::new();
    if codec.encode(packet, &mut output).is_err() {
        assert!(output.is_empty());
        return false;
    }
    let mut client = Codec::of_client(version);
    let read = client.decode(&mut output).expect("a client can read what it is sent");
    assert!(output.is_empty(), "one packet at a time");
    if let Some(sent) = sent {
        let Some(Incoming::Publish(read)) = read else { panic!("{read:?} for {sent:?}") };
        assert!(is_valid_topic(&sent.message.topic));
        assert_eq!(read.packet_id, sent.packet_id);
        assert_eq!(sent.packet_id.is_some(), sent.qos == Qos::AtLeastOnce);
        assert_eq!(
            (&read.message.topic, &read.message.payload),
            (&sent.message.topic, &sent.message.payload)
        );
        assert!(version == Version::V3 || read.message.properties == sent.message.properties);
    }
    true
}

#[cfg(test)]
mod tests;
