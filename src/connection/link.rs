//! One MQTT connection over one stream, from CONNECT to its end.
//!
//! Packets and protocol state are rumqttc's ([`Packet`], [`MqttState`]); the socket is ours. rumqttc's
//! own event loop connects again by itself and at once, sends what it still holds to the next session,
//! and loses what the server says when it refuses or ends a connection. Here a link that ended stays
//! ended, says why, and nothing of it can come back later.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Filter, Packet, Publish, Subscribe};
use rumqttc::v5::{MqttState, Request as Outgoing};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::Incoming;
use super::error::Error;
use super::{packets, wire};

/// How long a DISCONNECT may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// AWS IoT has at most so many QoS 1 messages in flight, each way.
pub(super) const IN_FLIGHT_LIMIT: u16 = 100;
/// Bytes to be written beyond which nothing more is read or accepted.
const HIGH_WATER: usize = 512 * 1024;

/// What a handle asks of the link; `done` hears how it went, or is dropped with the link.
#[derive(Debug)]
pub(super) enum Request {
    /// PUBLISH at QoS 1; done when its PUBACK came.
    Publish { topic: String, payload: Bytes, done: oneshot::Sender<Result<(), Error>> },
    /// SUBSCRIBE at QoS 1; done when its SUBACK came.
    Subscribe { filters: Vec<String>, done: oneshot::Sender<Result<(), Error>> },
}

impl Request {
    /// Answers a request that never left.
    pub(super) fn not_sent(self) {
        let (Self::Publish { done, .. } | Self::Subscribe { done, .. }) = self;
        // Nobody may be waiting any more; then nobody is to be told.
        let _ = done.send(Err(Error::NotSent));
    }
}

/// A request that waits for its acknowledgement.
#[derive(Debug)]
struct Waiting {
    /// The topic of a PUBLISH or the filters of a SUBSCRIBE.
    names: Vec<String>,
    done: oneshot::Sender<Result<(), Error>>,
}

/// One MQTT connection; dropped, it is gone without a word.
pub(super) struct Link<S> {
    client_id: String,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    /// Bytes that came and are no whole packet yet.
    inbox: BytesMut,
    /// Bytes that are still to be written.
    outbox: BytesMut,
    /// Whether something was written that may still sit in TLS's own buffer.
    unflushed: bool,
    state: MqttState,
    publishing: HashMap<u16, Waiting>,
    subscribing: HashMap<u16, Waiting>,
    /// A PUBLISH whose packet identifier is still in flight; [`MqttState`] sends it when that is free.
    collided: Option<Waiting>,
    /// How many publishes the server takes before it must have acknowledged one.
    window: usize,
    /// How long until the next PINGREQ; its answer may take half of that.
    keep_alive: Duration,
    ping_at: Instant,
    /// When the server must have answered the last PINGREQ.
    pong_by: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite> Link<S> {
    /// Sends CONNECT with a clean start and waits for the CONNACK.
    pub(super) async fn open(
        stream: S,
        client_id: &str,
        keep_alive: Duration,
    ) -> Result<(Self, ConnAck), Error> {
        let (reader, writer) = tokio::io::split(stream);
        let mut link = Self {
            client_id: client_id.to_owned(),
            reader,
            writer,
            inbox: BytesMut::with_capacity(8 * 1024),
            outbox: BytesMut::new(),
            unflushed: false,
            state: MqttState::new(IN_FLIGHT_LIMIT, false),
            publishing: HashMap::new(),
            subscribing: HashMap::new(),
            collided: None,
            window: usize::from(IN_FLIGHT_LIMIT),
            keep_alive,
            ping_at: Instant::now() + keep_alive,
            pong_by: None,
        };
        link.put(&packets::connect(client_id, keep_alive))?;
        let connack = loop {
            // What speaks another protocol may never send as much as its first bytes promise.
            if link.inbox.first().is_some_and(|byte| *byte != wire::CONNACK) {
                return Err(Error::Protocol { reason: "something else before CONNACK".to_owned() });
            }
            if let Some(packet) = wire::take_packet(&mut link.inbox)? {
                break link.accept(packet)?;
            }
            link.transfer().await.map_err(|error| match error {
                Error::Closed => Error::ClosedEarly { awaited: "CONNACK" },
                other => other,
            })?;
        };
        Ok((link, connack))
    }

    /// Checks the first packet of the server and takes over what it says about limits.
    fn accept(&mut self, packet: Packet) -> Result<ConnAck, Error> {
        let Packet::ConnAck(connack) = packet else {
            return Err(Error::Protocol { reason: "something else for CONNACK".to_owned() });
        };
        let properties = connack.properties.as_ref();
        packets::connected(&connack, &self.client_id)?;
        match properties.and_then(|properties| properties.receive_max) {
            Some(0) => return Err(Error::Protocol { reason: "a receive maximum of 0".to_owned() }),
            Some(limit) => self.window = usize::from(limit.min(IN_FLIGHT_LIMIT)),
            None => {}
        }
        if let Some(seconds @ 1..) = properties.and_then(|properties| properties.server_keep_alive) {
            self.keep_alive = self.keep_alive.min(Duration::from_secs(u64::from(seconds)));
        }
        self.advance(Packet::ConnAck(connack.clone()))?;
        self.ping_at = Instant::now() + self.keep_alive;
        Ok(connack)
    }

    /// Subscribes to all of `filters` and returns once the server granted every one.
    pub(super) async fn subscribe(
        &mut self,
        filters: Vec<String>,
        deliver: &mut impl FnMut(Incoming),
    ) -> Result<(), Error> {
        let (done, mut granted) = oneshot::channel();
        self.send(Request::Subscribe { filters, done })?;
        loop {
            match granted.try_recv() {
                Ok(outcome) => return outcome,
                Err(oneshot::error::TryRecvError::Closed) => return Err(Error::Lost),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let due = self.pong_by.unwrap_or(self.ping_at);
            tokio::select! {
                moved = self.transfer() => moved?,
                () = sleep_until(due) => self.ping()?,
            }
            self.handle_packets(deliver)?;
        }
    }

    /// Serves requests and delivers messages until the link ends; returns why it did.
    pub(super) async fn run(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        deliver: &mut impl FnMut(Incoming),
    ) -> Error {
        loop {
            if let Err(error) = self.turn(requests, deliver).await {
                return error;
            }
        }
    }

    /// One step of [`Self::run`]. Every branch may be abandoned at its await without a loss.
    async fn turn(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        deliver: &mut impl FnMut(Incoming),
    ) -> Result<(), Error> {
        let accepting = self.publishing.len() < self.window
            && self.state.collision.is_none()
            && self.outbox.len() < HIGH_WATER;
        let due = self.pong_by.unwrap_or(self.ping_at);
        tokio::select! {
            biased;
            Some(request) = requests.recv(), if accepting => self.send(request)?,
            moved = self.transfer() => moved?,
            // Last, so that after the process was stopped for a while what came meanwhile counts.
            () = sleep_until(due) => self.ping()?,
        }
        self.handle_packets(deliver)
    }

    /// Says DISCONNECT and closes the stream, within a bounded time.
    pub(super) async fn close(mut self) {
        let farewell = async {
            if let Ok(Some(packet)) = self.state.handle_outgoing_packet(Outgoing::Disconnect) {
                self.put(&packet)?;
            }
            while !self.outbox.is_empty() || self.unflushed {
                write_some(&mut self.writer, &mut self.outbox, &mut self.unflushed).await?;
            }
            self.writer.shutdown().await.map_err(|error| Error::from_io(&error))
        };
        // A server that does not take our farewell will miss us soon enough.
        let _: Result<Result<(), Error>, _> = timeout(CLOSE_TIMEOUT, farewell).await;
    }

    /// Moves some bytes, in or out.
    async fn transfer(&mut self) -> Result<(), Error> {
        let Self { reader, writer, inbox, outbox, unflushed, .. } = self;
        let writing = !outbox.is_empty() || *unflushed;
        let reading = outbox.len() < HIGH_WATER;
        tokio::select! {
            biased;
            written = write_some(writer, outbox, unflushed), if writing => written,
            read = reader.read_buf(inbox), if reading => match read {
                Ok(0) => Err(Error::Closed),
                Ok(_) => Ok(()),
                Err(error) => Err(Error::from_io(&error)),
            },
        }
    }

    /// Sends a PINGREQ, or gives the link up because the last one was not answered.
    fn ping(&mut self) -> Result<(), Error> {
        let answer_within = self.keep_alive / 2;
        if self.pong_by.is_some() {
            return Err(Error::Silent { after: answer_within });
        }
        if let Some(packet) =
            self.state.handle_outgoing_packet(Outgoing::PingReq).map_err(|error| packets::broken(&error))?
        {
            self.put(&packet)?;
        }
        self.state.events.clear();
        let now = Instant::now();
        self.pong_by = Some(now + answer_within);
        self.ping_at = now + self.keep_alive;
        Ok(())
    }

    fn send(&mut self, request: Request) -> Result<(), Error> {
        let (outgoing, waiting) = match request {
            Request::Publish { topic, payload, done } => (
                Outgoing::Publish(Publish::new(topic.clone(), QoS::AtLeastOnce, payload, None)),
                Waiting { names: vec![topic], done },
            ),
            Request::Subscribe { filters, done } => {
                let wanted = filters.iter().map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
                (Outgoing::Subscribe(Subscribe::new_many(wanted, None)), Waiting { names: filters, done })
            }
        };
        let packet = self.state.handle_outgoing_packet(outgoing).map_err(|error| packets::broken(&error))?;
        self.state.events.clear();
        match &packet {
            Some(Packet::Publish(publish)) => drop(self.publishing.insert(publish.pkid, waiting)),
            Some(Packet::Subscribe(subscribe)) => drop(self.subscribing.insert(subscribe.pkid, waiting)),
            _ => self.collided = Some(waiting),
        }
        packet.map_or(Ok(()), |packet| self.put(&packet))
    }

    fn handle_packets(&mut self, deliver: &mut impl FnMut(Incoming)) -> Result<(), Error> {
        while let Some(packet) = wire::take_packet(&mut self.inbox)? {
            self.handle(packet, deliver)?;
        }
        Ok(())
    }

    fn handle(&mut self, packet: Packet, deliver: &mut impl FnMut(Incoming)) -> Result<(), Error> {
        match &packet {
            Packet::Publish(publish) => deliver(packets::incoming(publish)?),
            Packet::PubAck(puback) => {
                // An acknowledgement of nothing is no reason to hang up.
                let Some(waiting) = self.publishing.remove(&puback.pkid) else { return Ok(()) };
                let _ = waiting.done.send(packets::published(puback, waiting.names));
            }
            Packet::SubAck(suback) => {
                let Some(waiting) = self.subscribing.remove(&suback.pkid) else { return Ok(()) };
                let _ = waiting.done.send(packets::subscribed(suback, waiting.names));
            }
            Packet::PingResp(_) => self.pong_by = None,
            Packet::Disconnect(disconnect) => {
                return Err(packets::disconnected(disconnect, &self.client_id));
            }
            other => {
                let reason = format!("an unexpected {}", packets::name(other));
                return Err(Error::Protocol { reason });
            }
        }
        self.advance(packet)
    }

    /// Lets rumqttc's state take note of `packet` and sends what it answers.
    fn advance(&mut self, packet: Packet) -> Result<(), Error> {
        let answer = self.state.handle_incoming_packet(packet).map_err(|error| packets::broken(&error))?;
        self.state.events.clear();
        let Some(answer) = answer else { return Ok(()) };
        if let (Packet::Publish(publish), Some(waiting)) = (&answer, self.collided.take()) {
            self.publishing.insert(publish.pkid, waiting);
        }
        self.put(&answer)
    }

    fn put(&mut self, packet: &Packet) -> Result<(), Error> {
        wire::put_packet(packet, &mut self.outbox)
    }
}

async fn write_some<W: AsyncWrite + Unpin>(
    writer: &mut W,
    outbox: &mut BytesMut,
    unflushed: &mut bool,
) -> Result<(), Error> {
    let moved = async {
        if outbox.is_empty() {
            writer.flush().await?;
            *unflushed = false;
        } else {
            *unflushed = true;
            if writer.write_buf(outbox).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    };
    moved.await.map_err(|error: io::Error| Error::from_io(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::v5::mqttbytes::v5::{
        ConnAckProperties, ConnectReturnCode, PubAck, PubAckReason, SubAck, SubscribeReasonCode,
    };
    use tokio::io::DuplexStream;

    const KEEP_ALIVE: Duration = Duration::from_secs(30);
    /// For the tests that wait for it.
    const SHORT: Duration = Duration::from_millis(200);

    /// The other end of the line: reads and writes packets as the test tells it.
    struct Server {
        stream: DuplexStream,
        inbox: BytesMut,
    }

    impl Server {
        async fn read(&mut self) -> Packet {
            loop {
                if let Some(packet) = wire::take_packet(&mut self.inbox).unwrap() {
                    return packet;
                }
                assert_ne!(self.stream.read_buf(&mut self.inbox).await.unwrap(), 0, "the client hung up");
            }
        }

        async fn write(&mut self, packet: Packet) {
            let mut bytes = BytesMut::new();
            wire::put_packet(&packet, &mut bytes).unwrap();
            self.stream.write_all(&bytes).await.unwrap();
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
        (ours, Server { stream, inbox: BytesMut::new() })
    }

    async fn opened(receive_max: Option<u16>) -> (Link<DuplexStream>, Server) {
        opened_with(receive_max, KEEP_ALIVE).await
    }

    async fn opened_with(receive_max: Option<u16>, keep_alive: Duration) -> (Link<DuplexStream>, Server) {
        let (ours, mut server) = line();
        let (link, ()) = tokio::join!(Link::open(ours, "me", keep_alive), async {
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
            link.run(&mut taken, &mut |message: Incoming| delivered.send(message.topic).unwrap()).await
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
            let request = Request::Publish { topic: topic.to_owned(), payload: Bytes::new(), done };
            self.requests.send(request).await.unwrap();
            acknowledged
        }
    }

    #[tokio::test]
    async fn a_refused_connect_says_why_and_what_to_do() {
        let (ours, mut server) = line();
        let (outcome, ()) = tokio::join!(Link::open(ours, "me", KEEP_ALIVE), async {
            server.read().await;
            server.write(connack(ConnectReturnCode::NotAuthorized, None)).await;
        });
        assert_eq!(
            outcome.err().unwrap().to_string(),
            "the server refused client id me: 0x87 not authorized (no such client): \
             allow iot:Connect on client/me in the certificate's policy, or choose another --client-id"
        );
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_before_connack_or_speaks_no_mqtt_is_an_error() {
        let (ours, server) = line();
        drop(server);
        assert!(matches!(
            Link::open(ours, "me", KEEP_ALIVE).await.err(),
            Some(Error::ClosedEarly { .. } | Error::Broken { .. })
        ));
        let (ours, mut server) = line();
        server.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        assert!(matches!(Link::open(ours, "me", KEEP_ALIVE).await.err(), Some(Error::Protocol { .. })));
    }

    #[tokio::test]
    async fn every_filter_must_be_granted() {
        let (mut link, mut server) = opened(None).await;
        let filters = vec!["a/+".to_owned(), "b".to_owned(), "c".to_owned()];
        let ignore = &mut |_| ();
        let (outcome, ()) = tokio::join!(link.subscribe(filters, ignore), async {
            let Packet::Subscribe(subscribe) = server.read().await else { panic!() };
            let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
            let return_codes =
                vec![SubscribeReasonCode::NotAuthorized, granted, SubscribeReasonCode::Unspecified];
            server
                .write(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None }))
                .await;
        });
        let Err(Error::SubscribeRefused { filters, code }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(filters, ["a/+", "c"]);
        assert_eq!(code, "0x87 not authorized");
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
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(
            second.await.unwrap().unwrap_err().to_string(),
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
        // Only b is acknowledged: c needs the packet identifier that a still has.
        server.acknowledge(b.pkid, PubAckReason::Success).await;
        server.acknowledge(a.pkid, PubAckReason::Success).await;
        for topic in ["c", "d", "e"] {
            let Packet::Publish(publish) = server.read().await else { panic!() };
            assert_eq!(publish.topic, topic);
            server.acknowledge(publish.pkid, PubAckReason::Success).await;
        }
        for acknowledged in acknowledged {
            assert_eq!(acknowledged.await.unwrap(), Ok(()));
        }
    }

    #[tokio::test]
    async fn a_silent_server_is_given_up_within_twice_the_keep_alive() {
        let (link, mut server) = opened_with(None, SHORT).await;
        let running = running(link);
        assert!(matches!(server.read().await, Packet::PingReq(_)));
        server.write(Packet::PingResp(rumqttc::v5::mqttbytes::v5::PingResp)).await;
        assert!(matches!(server.read().await, Packet::PingReq(_)));
        let unanswered = Instant::now();
        assert_eq!(running.ended.await.unwrap(), Error::Silent { after: SHORT / 2 });
        assert!(unanswered.elapsed() >= SHORT / 2);
    }

    #[tokio::test]
    async fn a_server_that_does_not_read_is_given_up_too() {
        let (link, server) = opened_with(None, SHORT).await;
        let running = running(link);
        for topic in 0..100 {
            let (done, _) = oneshot::channel();
            let payload = Bytes::from(vec![0; 10_000]);
            let request = Request::Publish { topic: topic.to_string(), payload, done };
            if running.requests.send(request).await.is_err() {
                break;
            }
        }
        assert_eq!(running.ended.await.unwrap(), Error::Silent { after: SHORT / 2 });
        drop(server);
    }

    #[tokio::test]
    async fn messages_before_the_end_are_delivered_and_the_end_is_explained() {
        for (disconnect, expected) in [
            (&[0xE0, 1, 0x8E][..], Error::TakenOver { client_id: "me".to_owned() }),
            (&[0xE0, 2, 0x8B, 0], Error::Disconnected { code: "0x8B server shutting down".to_owned() }),
            (
                &[0xE0, 6, 0x98, 4, 31, 0, 1, b'x'],
                Error::Disconnected { code: "0x98 administrative action (x)".to_owned() },
            ),
            (&[0xE0, 0], Error::Disconnected { code: "0x00 normal disconnection".to_owned() }),
        ] {
            let (link, mut server) = opened(None).await;
            let mut running = running(link);
            server.publish("t/1").await;
            server.publish("t/2").await;
            server.stream.write_all(disconnect).await.unwrap();
            assert_eq!(running.ended.await.unwrap(), expected);
            assert_eq!(running.deliveries.recv().await.as_deref(), Some("t/1"));
            assert_eq!(running.deliveries.recv().await.as_deref(), Some("t/2"));
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
                wire::put_packet(&Packet::Publish(publish), &mut bytes).unwrap();
            }
            writer.write_all(&bytes).await.unwrap();
            writer
        });
        let mut inbox = BytesMut::new();
        for number in 1..=BURST {
            let puback = loop {
                if let Some(packet) = wire::take_packet(&mut inbox).unwrap() {
                    break packet;
                }
                assert_ne!(reader.read_buf(&mut inbox).await.unwrap(), 0);
            };
            let Packet::PubAck(puback) = puback else { panic!("{puback:?}") };
            assert_eq!(puback.pkid, number);
            assert_eq!(running.deliveries.recv().await.unwrap(), format!("t/{number}"));
        }
        drop(burst.await.unwrap());
    }

    #[tokio::test]
    async fn what_is_not_acknowledged_when_the_link_ends_is_dropped_with_it() {
        let (link, mut server) = opened(None).await;
        let running = running(link);
        let acknowledged = running.publish("a").await;
        server.read().await;
        drop(server);
        assert_eq!(running.ended.await.unwrap(), Error::Closed);
        assert!(acknowledged.await.is_err());
    }

    #[tokio::test]
    async fn closing_says_disconnect_after_what_was_to_be_written() {
        let (mut link, mut server) = opened(None).await;
        let (done, _acknowledged) = oneshot::channel();
        link.send(Request::Publish { topic: "a".to_owned(), payload: Bytes::new(), done }).unwrap();
        link.close().await;
        assert!(matches!(server.read().await, Packet::Publish(_)));
        let Packet::Disconnect(disconnect) = server.read().await else { panic!() };
        assert_eq!(disconnect.reason_code as u8, 0);
        assert_eq!(server.stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
}
