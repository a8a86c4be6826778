//! One MQTT connection over one stream, from CONNECT to its end.
//!
//! Packets and protocol state are rumqttc's ([`Packet`], [`MqttState`]); the socket is ours. rumqttc's
//! own event loop connects again by itself and at once, sends what it still holds to the next session,
//! and loses the reason that the server gives when it refuses or ends a connection. Here a link that ended
//! stays ended, reports why, and leaves nothing behind that could be sent later.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet, PubAck, Publish, Unsubscribe};
use rumqttc::v5::{MqttState, Request as Outgoing};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::error::Error;
use super::packets::RECEIVE_MAXIMUM;
use super::qos::Qos;
use super::received_message::ReceivedMessage;
use super::request::{Done, Request, Unsubscribed};
use super::{framing, packets};

/// How long a DISCONNECT may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes to be written beyond which nothing more is read or accepted.
const HIGH_WATER: usize = 512 * 1024;
/// Bytes that are read at once, at least; as many as a TLS record holds.
const READ_SIZE: usize = 16 * 1024;

/// One MQTT connection; when dropped, it ends without a DISCONNECT.
pub(super) struct Link<S> {
    client_id: String,
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    /// Bytes that came and are no whole packet yet.
    input: BytesMut,
    /// Bytes that are still to be written.
    output: BytesMut,
    /// Whether something was written that may still sit in TLS's own buffer.
    unflushed: bool,
    state: MqttState,
    /// Topics by packet identifier.
    publishing: HashMap<u16, (String, Done<()>)>,
    /// Filters by packet identifier.
    subscribing: HashMap<u16, (Vec<String>, Done<()>)>,
    unsubscribing: HashMap<u16, (String, Done<Unsubscribed>)>,
    /// The filters that the server has granted.
    filters: Vec<String>,
    /// Whether the server is the local service.
    is_local_service: bool,
    /// A PUBLISH whose packet identifier is still in flight; [`MqttState`] hands it out again when that is free.
    collided: Option<(String, Done<()>)>,
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
            input: BytesMut::with_capacity(READ_SIZE),
            output: BytesMut::new(),
            unflushed: false,
            state: MqttState::new(RECEIVE_MAXIMUM, false),
            publishing: HashMap::new(),
            subscribing: HashMap::new(),
            unsubscribing: HashMap::new(),
            filters: Vec::new(),
            is_local_service: false,
            collided: None,
            window: usize::from(RECEIVE_MAXIMUM),
            keep_alive,
            ping_at: Instant::now() + keep_alive,
            pong_by: None,
        };
        link.put(&packets::connect(client_id, keep_alive))?;
        let connack = loop {
            // What speaks another protocol may never send as much as its first bytes promise.
            if link.input.first().is_some_and(|byte| *byte != framing::CONNACK) {
                return Err(Error::Protocol { reason: "something else before CONNACK".to_owned() });
            }
            if let Some(packet) = framing::take_packet(&mut link.input)? {
                break link.accept(packet)?;
            }
            link.transfer().await.map_err(|error| match error {
                Error::Closed => Error::ClosedEarly { awaited: "CONNACK" },
                other => other,
            })?;
        };
        Ok((link, connack))
    }

    /// Checks the first packet of the server and adopts its limits.
    fn accept(&mut self, packet: Packet) -> Result<ConnAck, Error> {
        let Packet::ConnAck(connack) = packet else {
            return Err(Error::Protocol { reason: "something else for CONNACK".to_owned() });
        };
        let properties = connack.properties.as_ref();
        packets::connected(&connack, &self.client_id)?;
        match properties.and_then(|properties| properties.receive_max) {
            Some(0) => return Err(Error::Protocol { reason: "a receive maximum of 0".to_owned() }),
            Some(limit) => self.window = usize::from(limit.min(RECEIVE_MAXIMUM)),
            None => {}
        }
        if let Some(seconds @ 1..) = properties.and_then(|properties| properties.server_keep_alive) {
            self.keep_alive = self.keep_alive.min(Duration::from_secs(u64::from(seconds)));
        }
        self.is_local_service = packets::is_of_local_service(&connack);
        self.advance(Packet::ConnAck(connack.clone()))?;
        self.ping_at = Instant::now() + self.keep_alive;
        Ok(connack)
    }

    /// Whether the server is the local service.
    pub(super) fn is_local_service(&self) -> bool {
        self.is_local_service
    }

    /// Ends it; hands back the filters that were subscribed.
    pub(super) fn into_filters(self) -> Vec<String> {
        self.filters
    }

    /// Subscribes to all of `filters` and returns once the server granted every one.
    pub(super) async fn subscribe(
        &mut self,
        filters: Vec<String>,
        deliver: &mut impl FnMut(ReceivedMessage),
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
        deliver: &mut impl FnMut(ReceivedMessage),
    ) -> Error {
        loop {
            if let Err(error) = self.turn(requests, deliver).await {
                return error;
            }
        }
    }

    /// One step of [`Self::run`]. Every branch is cancel safe.
    async fn turn(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        deliver: &mut impl FnMut(ReceivedMessage),
    ) -> Result<(), Error> {
        let accepting = self.publishing.len() < self.window
            && self.state.collision.is_none()
            && self.output.len() < HIGH_WATER;
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

    /// Sends DISCONNECT and closes the stream, within a bounded time.
    pub(super) async fn close(mut self) {
        let farewell = async {
            if let Some(packet) = self.register(Outgoing::Disconnect)? {
                self.put(&packet)?;
            }
            while !self.output.is_empty() || self.unflushed {
                write_some(&mut self.writer, &mut self.output, &mut self.unflushed).await?;
            }
            self.writer.shutdown().await.map_err(|error| Error::from_io(&error))
        };
        // A server that does not read the DISCONNECT finds out by itself.
        let _: Result<Result<(), Error>, _> = timeout(CLOSE_TIMEOUT, farewell).await;
    }

    /// Moves some bytes, in or out.
    async fn transfer(&mut self) -> Result<(), Error> {
        let Self { reader, writer, input, output, unflushed, .. } = self;
        let writing = !output.is_empty() || *unflushed;
        let reading = output.len() < HIGH_WATER;
        // Without room a read would take a few bytes at a time.
        input.reserve(READ_SIZE);
        tokio::select! {
            biased;
            written = write_some(writer, output, unflushed), if writing => written,
            read = reader.read_buf(input), if reading => match read {
                Ok(0) => Err(Error::Closed),
                Ok(_) => Ok(()),
                Err(error) => Err(Error::from_io(&error)),
            },
        }
    }

    /// Sends a PINGREQ, or gives up the link because the last one was not answered.
    fn ping(&mut self) -> Result<(), Error> {
        let answer_within = self.keep_alive / 2;
        if self.pong_by.is_some() {
            return Err(Error::Silent { after: answer_within });
        }
        if let Some(packet) = self.register(Outgoing::PingReq)? {
            self.put(&packet)?;
        }
        let now = Instant::now();
        self.pong_by = Some(now + answer_within);
        self.ping_at = now + self.keep_alive;
        Ok(())
    }

    fn send(&mut self, request: Request) -> Result<(), Error> {
        match request {
            Request::Publish { topic, payload, qos, retain, done } => {
                let publish = Publish { retain, ..Publish::new(topic.clone(), qos.into(), payload, None) };
                let Some(Packet::Publish(publish)) = self.register(Outgoing::Publish(publish))? else {
                    self.collided = Some((topic, done));
                    return Ok(());
                };
                match qos {
                    Qos::AtLeastOnce => drop(self.publishing.insert(publish.pkid, (topic, done))),
                    Qos::AtMostOnce => drop(done.send(Ok(()))),
                }
                self.put(&Packet::Publish(publish))
            }
            Request::Subscribe { filters, done } => {
                let subscribe = Outgoing::Subscribe(packets::subscribe(&filters, self.is_local_service));
                let Some(Packet::Subscribe(subscribe)) = self.register(subscribe)? else { return Ok(()) };
                self.subscribing.insert(subscribe.pkid, (filters, done));
                self.put(&Packet::Subscribe(subscribe))
            }
            Request::Unsubscribe { filter, done } => {
                let unsubscribe = Outgoing::Unsubscribe(Unsubscribe::new(filter.clone(), None));
                let Some(Packet::Unsubscribe(unsubscribe)) = self.register(unsubscribe)? else {
                    return Ok(());
                };
                self.unsubscribing.insert(unsubscribe.pkid, (filter, done));
                self.put(&Packet::Unsubscribe(unsubscribe))
            }
        }
    }

    /// Lets rumqttc's state take note of what is to be sent; what it gives back is, with its packet identifier.
    fn register(&mut self, outgoing: Outgoing) -> Result<Option<Packet>, Error> {
        let packet = self.state.handle_outgoing_packet(outgoing).map_err(|error| packets::broken(&error))?;
        self.state.events.clear();
        Ok(packet)
    }

    fn handle_packets(&mut self, deliver: &mut impl FnMut(ReceivedMessage)) -> Result<(), Error> {
        while let Some(packet) = framing::take_packet(&mut self.input)? {
            self.handle(packet, deliver)?;
        }
        Ok(())
    }

    fn handle(&mut self, packet: Packet, deliver: &mut impl FnMut(ReceivedMessage)) -> Result<(), Error> {
        match &packet {
            Packet::Publish(publish) => deliver(packets::received(publish)?),
            Packet::PubAck(puback) => {
                // A PUBACK for no message in flight is no reason to close the connection.
                let Some((topic, done)) = self.publishing.remove(&puback.pkid) else { return Ok(()) };
                let _ = done.send(packets::published(puback, topic));
                // A refusal frees the packet identifier too, but only a success makes the state send what
                // waits for it.
                return self.advance(Packet::PubAck(PubAck::new(puback.pkid, None)));
            }
            Packet::SubAck(suback) => {
                let Some((filters, done)) = self.subscribing.remove(&suback.pkid) else { return Ok(()) };
                let subscribed = packets::subscribed(suback, &filters);
                if subscribed.is_ok() {
                    self.filters.retain(|known| !filters.contains(known));
                    self.filters.extend(filters);
                }
                let _ = done.send(subscribed);
            }
            Packet::UnsubAck(unsuback) => {
                let Some((filter, done)) = self.unsubscribing.remove(&unsuback.pkid) else { return Ok(()) };
                let unsubscribed = packets::unsubscribed(unsuback, &filter);
                if unsubscribed.is_ok() {
                    self.filters.retain(|known| *known != filter);
                }
                let _ = done.send(unsubscribed);
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
        if let Packet::Publish(publish) = &answer
            && let Some(waiting) = self.collided.take()
        {
            self.publishing.insert(publish.pkid, waiting);
        }
        self.put(&answer)
    }

    fn put(&mut self, packet: &Packet) -> Result<(), Error> {
        framing::put_packet(packet, &mut self.output)
    }
}

async fn write_some<W: AsyncWrite + Unpin>(
    writer: &mut W,
    output: &mut BytesMut,
    unflushed: &mut bool,
) -> Result<(), Error> {
    let moved = async {
        if output.is_empty() {
            writer.flush().await?;
            *unflushed = false;
        } else {
            *unflushed = true;
            if writer.write_buf(output).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    };
    moved.await.map_err(|error: io::Error| Error::from_io(&error))
}

#[cfg(test)]
mod tests;
