//! A connection over a pipe in memory: timeouts, nonsense, and readers that do not read.

use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{self, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use super::*;
use crate::service::broker::packet::{Message, Qos};
use crate::service::certificates::Authority;
use crate::service::choices::Choices;
use crate::service::state::credentials::paged::ListQuery;
use crate::service::state::{Settings, State};
use crate::testing::DEADLINE;

impl Socket for DuplexStream {
    fn break_off(&self) {}
}

const SHORT: Duration = Duration::from_millis(30);
const IMPATIENT: Timeouts = Timeouts { handshake: SHORT, grace: SHORT, write: SHORT, linger: SHORT };
const PATIENT: Timeouts = Timeouts::DEFAULT;
const CONNECT_5: &[u8] = b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c1";
const CONNECT_311: &[u8] = b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1";
const SUBSCRIBE_5: &[u8] = b"\x82\x07\0\x01\0\0\x01t\x01";

/// The service, and who may do anything on it.
struct Bench {
    shared: Arc<Shared>,
    peer: Peer,
}

impl Bench {
    fn new() -> Self {
        Self::choosing(Choices::default())
    }

    fn choosing(choices: Choices) -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings.clone()));
        shared.requests(|requests| *requests.state = State::with_choices(settings, choices));
        let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let device = Authority::new().unwrap().device().unwrap().certificate_pem;
        let certificate = shared
            .requests(|requests| {
                requests
                    .state
                    .install_device(requests.jobs_now, &device, &[("P".into(), policy.into())])
                    .reply?;
                let listed = requests.state.list_certificates(&ListQuery::default())?;
                Ok::<_, crate::service::state::Rejected>(listed.certificates[0].certificate_id.clone())
            })
            .unwrap();
        Self { shared, peer: Peer { certificate, address: "127.0.0.1".parse().unwrap() } }
    }

    /// A client's end of a new connection, and the task that serves it. The pipe holds `room` bytes.
    fn open(&self, room: usize, timeouts: Timeouts) -> (DuplexStream, JoinHandle<()>) {
        let (client, server) = duplex(room);
        (
            client,
            tokio::spawn(serve(
                server,
                self.peer.clone(),
                Connecting::default(),
                self.shared.clone(),
                timeouts,
            )),
        )
    }

    /// Takes the CONNECT that comes; the session that is served then, and how long its client may send nothing.
    async fn attach<S: AsyncRead + AsyncWrite + Socket + Unpin>(
        &self,
        packets: &mut PacketStream<S>,
    ) -> (ServedSession, Duration) {
        let connect = packets.read_connect().await.unwrap();
        let (shared, connection) = (self.shared.clone(), Arc::new(ConnectionHandle::default()));
        let Connected { session, keep_alive_timeout } = shared
            .requests(|requests| requests.connect(&self.peer, &connect, connection.clone(), "id"))
            .unwrap();
        (ServedSession { shared, session, connection, end: End::Lost }, keep_alive_timeout)
    }

    fn publish(&self, payload: &Bytes, qos: Qos) {
        let message = Message { topic: "t".into(), payload: payload.clone(), qos, ..Message::default() };
        self.shared.requests(|requests| {
            requests.router.publish(&Arc::new(message), None);
        });
    }
}

/// All that comes until the connection is closed.
async fn read_to_end(client: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    timeout(DEADLINE, client.read_to_end(&mut bytes)).await.unwrap().unwrap();
    bytes
}

/// Reads one packet of less than 128 bytes.
async fn read_packet(client: &mut DuplexStream) -> Vec<u8> {
    let mut packet = vec![0; 2];
    timeout(DEADLINE, client.read_exact(&mut packet)).await.unwrap().unwrap();
    let mut rest = vec![0; packet[1].into()];
    client.read_exact(&mut rest).await.unwrap();
    [packet, rest].concat()
}

#[tokio::test]
async fn who_says_nothing_is_dropped() {
    let bench = Bench::new();
    let (mut client, task) = bench.open(1024, IMPATIENT);
    assert!(read_to_end(&mut client).await.is_empty());
    task.await.unwrap();
    // Nor does a first byte buy more time.
    let (mut client, _) = bench.open(1024, IMPATIENT);
    client.write_all(&CONNECT_5[..5]).await.unwrap();
    assert!(read_to_end(&mut client).await.is_empty());
}

#[tokio::test]
async fn buffers_shrink_to_what_is_in_them() {
    let mut packets = PacketStream::new(duplex(1024).0, PATIENT, Codec::new(1000));
    for (whole, left) in [(200_000, 0), (200_000, 10), (200_000, 100_000)] {
        for buffer in [&mut packets.input, &mut packets.output] {
            buffer.clear();
            buffer.extend_from_slice(&vec![1; whole]);
            buffer.truncate(left);
        }
        packets.give_back_memory();
        for buffer in [&packets.input, &packets.output] {
            assert_eq!(*buffer, vec![1; left]);
            assert!(left > limits::READ || buffer.capacity() <= left, "{}", buffer.capacity());
        }
    }
}

#[tokio::test]
async fn who_does_not_begin_with_a_connect_is_dropped() {
    let bench = Bench::new();
    for first in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\xc0\0 and more", b"\x10\x10\0\x06MQTTXX\x05\x02\0\x3c\0\0\x02c1"]
    {
        let (mut client, _) = bench.open(1024, PATIENT);
        client.write_all(first).await.unwrap();
        assert!(read_to_end(&mut client).await.is_empty(), "{first:?}");
    }
}

#[tokio::test]
async fn a_connect_that_is_refused_is_told_why() {
    let bench = Bench::new();
    for (connect, ack) in [
        // MQTT 3.1.
        (&b"\x10\x10\0\x06MQIsdp\x03\x02\0\x3c\0\x02c1"[..], &b"\x20\x02\0\x01"[..]),
        // No client id, and a session to come back to.
        (b"\x10\x0c\0\x04MQTT\x04\0\0\x3c\0\0", b"\x20\x02\0\x02"),
        (b"\x10\x0d\0\x04MQTT\x05\0\0\x3c\0\0\0", b"\x20\x03\0\x85\0"),
        // Enhanced authentication.
        (b"\x10\x13\0\x04MQTT\x05\x02\0\x3c\x04\x15\0\x01x\0\x02c1", b"\x20\x03\0\x8c\0"),
    ] {
        let (mut client, _) = bench.open(1024, PATIENT);
        client.write_all(connect).await.unwrap();
        assert_eq!(read_to_end(&mut client).await, ack, "{connect:?}");
    }
}

#[tokio::test]
async fn keep_alive_timeout_beyond_the_keep_alive_ends_the_connection() {
    let bench = Bench::new();
    let (mut client, server) = duplex(1024);
    let mut packets = PacketStream::new(server, PATIENT, Codec::new(1000));
    client.write_all(CONNECT_5).await.unwrap();
    let (attached, keep_alive_timeout) = bench.attach(&mut packets).await;
    assert_eq!(keep_alive_timeout, Duration::from_secs(90));
    let end = timeout(DEADLINE, packets.run(&attached, SHORT)).await.unwrap();
    assert_eq!(end, End::Refused(Refusal::KeepAlive));
    packets.disconnect(end);
    assert!(packets.output.ends_with(b"\xe0\x02\x8d\0"));
}

/// As after the machine was suspended, or gave its time to others: what came meanwhile and the end of the wait are there
/// at once.
#[tokio::test]
async fn what_has_come_counts_although_its_time_is_over() {
    let bench = Bench::new();
    for _ in 0..8 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(CONNECT_5).await.unwrap();
        let mut packets = PacketStream::new(listener.accept().await.unwrap().0, PATIENT, Codec::new(1000));
        let (attached, _) = bench.attach(&mut packets).await;
        let stalled = async {
            client.write_all(b"\xc0\0").await.unwrap();
            std::thread::sleep(2 * SHORT);
        };
        let ended = async { tokio::join!(packets.run(&attached, SHORT), stalled).0 };
        assert_eq!(timeout(DEADLINE, ended).await.unwrap(), End::Refused(Refusal::KeepAlive));
        drop(packets);
        let mut bytes = Vec::new();
        timeout(DEADLINE, client.read_to_end(&mut bytes)).await.unwrap().unwrap();
        assert!(bytes.ends_with(b"\xd0\0"), "{bytes:?}");
    }
}

/// A pipe from which nothing can be read for a while, whatever has come.
struct Late(DuplexStream, Pin<Box<Sleep>>);

impl Socket for Late {
    fn break_off(&self) {}
}

impl AsyncRead for Late {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.1.as_mut().poll(context));
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Late {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// After a process was stopped, its timers ring before the system has said what can be read.
#[tokio::test]
async fn what_turns_out_to_have_come_counts_although_its_time_is_over() {
    let bench = Bench::new();
    let (mut client, server) = duplex(1024);
    client.write_all(CONNECT_5).await.unwrap();
    let late = Late(server, Box::pin(sleep_until(Instant::now())));
    let mut packets = PacketStream::new(late, PATIENT, Codec::new(1000));
    let (attached, _) = bench.attach(&mut packets).await;
    client.write_all(b"\xc0\0").await.unwrap();
    packets.stream.1 = Box::pin(sleep_until(Instant::now() + SHORT + Duration::from_millis(5)));
    let ended = timeout(DEADLINE, packets.run(&attached, SHORT)).await.unwrap();
    assert_eq!(ended, End::Refused(Refusal::KeepAlive));
    drop(packets);
    assert!(read_to_end(&mut client).await.ends_with(b"\xd0\0"));
}

#[tokio::test]
async fn a_pause_does_not_count_as_slow_reading() {
    let bench = Bench::new();
    let (mut client, _) = bench.open(1024, IMPATIENT);
    client.write_all(&[CONNECT_5, SUBSCRIBE_5].concat()).await.unwrap();
    read_packet(&mut client).await;
    read_packet(&mut client).await;
    for round in 0..16 {
        // A client that says nothing is dropped after as long as a reader may take.
        let (mut silent, _) = bench.open(1024, IMPATIENT);
        read_to_end(&mut silent).await;
        // It may break the keep_alive_timeout itself, or be sent something.
        if round % 2 == 0 {
            client.write_all(b"\xc0\0").await.unwrap();
            assert_eq!(read_packet(&mut client).await, b"\xd0\0");
        } else {
            bench.publish(&Bytes::from_static(b"x"), Qos::AtMostOnce);
            assert_eq!(read_packet(&mut client).await, b"\x30\x05\0\x01t\0x");
        }
    }
}

#[tokio::test]
async fn a_malformed_packet_closes_that_connection_alone() {
    let bench = Bench::new();
    let (mut other, _) = bench.open(1024, PATIENT);
    other.write_all(&[CONNECT_5, b"\xc0\0"].concat()).await.unwrap();
    let other_connack = read_packet(&mut other).await;
    assert_eq!(read_packet(&mut other).await, b"\xd0\0");

    for (connect, nonsense, last_words) in [
        (b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c2", &b"\x32\x02\0\x01"[..], &b"\xe0\x02\x81\0"[..]),
        (b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c2", b"\x62\x02\0\x01", b"\xe0\x02\x82\0"),
        (b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c2", b"\x30\xff\xff\xff\x7f", b"\xe0\x02\x95\0"),
    ] {
        let (mut client, _) = bench.open(1024, PATIENT);
        client.write_all(connect).await.unwrap();
        assert_eq!(read_packet(&mut client).await, other_connack);
        client.write_all(nonsense).await.unwrap();
        assert_eq!(read_packet(&mut client).await, last_words);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }
    let (mut client, _) = bench.open(1024, PATIENT);
    client.write_all(&[&CONNECT_311[..15], b"2", b"\xff\xff\xff\xff\xff"].concat()).await.unwrap();
    assert_eq!(read_packet(&mut client).await, b"\x20\x02\0\0");
    assert!(read_to_end(&mut client).await.is_empty());

    other.write_all(b"\xc0\0").await.unwrap();
    assert_eq!(read_packet(&mut other).await, b"\xd0\0");
}

#[tokio::test]
async fn a_packet_that_breaks_off_ends_its_own_connection() {
    let bench = Bench::new();
    let (mut other, _) = bench.open(1024, PATIENT);
    other.write_all(CONNECT_5).await.unwrap();
    read_packet(&mut other).await;
    // What is said, and the first byte of its answer.
    let said: [(&[u8], u8); 5] = [
        (b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c2", 0x20),
        (b"\x82\x07\0\x01\0\0\x01t\x01", 0x90),
        (b"\x32\x07\0\x01u\0\x02\0x", 0x40),
        (b"\xa2\x06\0\x03\0\0\x01t", 0xb0),
        (b"\xc0\0", 0xd0),
    ];
    let bytes = said.map(|(packet, _)| packet).concat();
    for end in 0..=bytes.len() {
        let (mut client, task) = bench.open(1024, PATIENT);
        client.write_all(&bytes[..end]).await.unwrap();
        client.shutdown().await.unwrap();
        let mut answers = &read_to_end(&mut client).await[..];
        // A PUBACK overtakes a SUBACK.
        let mut answered = HashSet::new();
        while let [first, length, rest @ ..] = answers {
            answered.insert(*first);
            answers = &rest[usize::from(*length)..];
        }
        timeout(DEADLINE, task).await.unwrap().unwrap();
        let mut whole = 0;
        let expected = said.iter().take_while(|(packet, _)| {
            whole += packet.len();
            whole <= end
        });
        assert_eq!(answered, expected.map(|(_, answer)| *answer).collect(), "{end}");
    }
    assert_eq!(bench.shared.requests(|requests| requests.router.session_count()), 1);
    other.write_all(b"\xc0\0").await.unwrap();
    assert_eq!(read_packet(&mut other).await, b"\xd0\0");
}

#[tokio::test]
async fn who_does_not_read_is_dropped() {
    let bench = Bench::new();
    let (mut client, task) = bench.open(256, IMPATIENT);
    client.write_all(&[CONNECT_5, SUBSCRIBE_5].concat()).await.unwrap();
    read_packet(&mut client).await;
    read_packet(&mut client).await;
    bench.publish(&Bytes::from(vec![b'x'; 1000]), Qos::AtLeastOnce);
    timeout(DEADLINE, task).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_waits_for_a_client_is_bounded() {
    let bench = Bench::new();
    let payload = Bytes::from(vec![b'x'; limits::PAYLOAD]);
    for (granted, reads_on) in [(Qos::AtMostOnce, true), (Qos::AtLeastOnce, false)] {
        let (mut client, task) = bench.open(256, PATIENT);
        let subscribe = [&SUBSCRIBE_5[..8], &[u8::from(!reads_on)]].concat();
        client.write_all(&[CONNECT_5, &subscribe].concat()).await.unwrap();
        read_packet(&mut client).await;
        read_packet(&mut client).await;
        for _ in 0..2 * limits::QUEUED_BYTES / limits::PAYLOAD {
            bench.publish(&payload, Qos::AtLeastOnce);
        }
        let queued = bench.shared.requests(|requests| requests.router.queued_bytes());
        assert!(queued <= limits::QUEUED_BYTES, "{queued} at {granted:?}");
        // At QoS 0 the rest is lost, at QoS 1 the client is told, or would be if it read.
        let last = bench.shared.requests(|requests| requests.router.take_notes());
        assert!(last.is_empty(), "noted when it happened: {last:?}");
        if reads_on {
            let mut first = vec![0; limits::PAYLOAD];
            client.read_exact(&mut first).await.unwrap();
            assert!(!task.is_finished());
        } else {
            timeout(DEADLINE, task).await.unwrap().unwrap();
        }
        drop(client);
    }
}

#[tokio::test]
async fn packets_are_as_large_as_was_chosen_and_the_connack_says_so() {
    let larger = Choices { maximum_packet_size: 150_000, ..Choices::default() };
    for (choices, maximum) in [(Choices::default(), 149_504), (larger, 150_000)] {
        let bench = Bench::choosing(choices);
        let open = async || {
            let (mut client, _) = bench.open(1024, PATIENT);
            client.write_all(CONNECT_5).await.unwrap();
            let connack = read_packet(&mut client).await;
            let property = [&[0x27], &u32::try_from(maximum).unwrap().to_be_bytes()[..]].concat();
            assert!(connack.windows(5).any(|five| five == property), "{connack:?}");
            client
        };
        // A payload alone may not be as large: the rest is a user property.
        let property = [&b"\x26\0\x01k\x4e\x20"[..], &vec![b'v'; 20_000]].concat();
        let properties = [&length(property.len())[..], &property].concat();
        let before = [&b"\0\x01t"[..], &properties].concat();
        let mut client = open().await;
        let payload = vec![b'x'; maximum - 4 - before.len()];
        let publish = [&b"\x30"[..], &length(maximum - 4), &before, &payload].concat();
        assert_eq!(publish.len(), maximum);
        client.write_all(&[&publish[..], b"\xc0\0"].concat()).await.unwrap();
        assert_eq!(read_packet(&mut client).await, b"\xd0\0");
        let mut client = open().await;
        client.write_all(&[&b"\x30"[..], &length(maximum - 3)].concat()).await.unwrap();
        assert_eq!(read_packet(&mut client).await, b"\xe0\x02\x95\0");
    }
}

/// A length of three bytes, as MQTT writes it.
fn length(length: usize) -> [u8; 3] {
    let seven_bits = |shift: u32| u8::try_from(length >> shift & 0x7F).unwrap();
    [seven_bits(0) | 0x80, seven_bits(7) | 0x80, seven_bits(14)]
}
