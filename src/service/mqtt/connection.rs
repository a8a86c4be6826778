//! One client's connection: bytes in and out around the pure core.

mod broken;
mod transfer;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use super::acceptor::Connecting;
use super::codec::{Codec, TooLarge};
use crate::service::broker::end::End;
use crate::service::broker::limits::{self, Timeouts};
use crate::service::broker::packet::{Connect, ConnectAck, Incoming, Outgoing};
use crate::service::broker::refusal::{Ending, Refusal};
use crate::service::broker::requests::{Connected, Peer};
use crate::service::broker::session::{ConnectionHandle, SessionId};
use crate::service::shared::Shared;
use crate::service::tls::Socket;
use crate::service::trace::{ConnectionTrace, Event, Packet};

/// How many packets are read under one lock, so that a flood from one client does not stop the others.
const BATCH: usize = 16;

/// How long one client may hold the lock: a single packet may be a message to thousands.
const SLICE: Duration = Duration::from_millis(1);

/// After the process was stopped for a while, timers ring before what came meanwhile is there to be read.
const SECOND_LOOK: Duration = Duration::from_millis(20);

const SILENCE: End = End::Refused(Refusal::Fault(Ending::Silence));
const RESET: End = End::Refused(Refusal::Fault(Ending::Reset));

/// Serves a client from its first byte until the connection is closed.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Socket + Unpin>(
    stream: S,
    peer: Peer,
    connecting: Connecting,
    shared: Arc<Shared>,
    timeouts: Timeouts,
) {
    let maximum_packet_size = shared.read(|state, _| state.choices().maximum_packet_size);
    let mut packets = PacketStream::new(stream, timeouts, Codec::new(maximum_packet_size));
    packets.trace = ConnectionTrace::new(shared.trace().clone(), peer.address);
    let connect = match timeout(timeouts.handshake, packets.read_connect()).await {
        Ok(Ok(connect)) => connect,
        Ok(Err(end)) => return packets.trace.closed(end),
        Err(_) => return packets.trace.put(|| Event::Closed { why: "it sent no CONNECT in time" }),
    };
    if let Some(maximum) = connect.maximum_packet_size {
        packets.codec.set_maximum_packet_size(maximum.get());
    }
    let connection = Arc::new(ConnectionHandle::default());
    let request_id = uuid::Uuid::new_v4().to_string();
    let client_id = if connect.client_id.is_empty() { &request_id } else { &*connect.client_id };
    packets.trace.name(client_id);
    let fault =
        shared.has_faults().then(|| shared.requests(|requests| requests.strike_connect(client_id))).flatten();
    let ControlFlow::Continue(ending) = packets.suffer(fault).await else { return packets.close().await };
    let connected = shared.requests(|requests| {
        let begun = packets.trace.begin(|| Packet::connect(&connect, &peer));
        let connected = requests.connect(&peer, &connect, connection.clone(), &request_id);
        packets.trace.received(begun);
        connected
    });
    match connected {
        Ok(Connected { session, keep_alive_timeout }) => {
            drop(connecting);
            if let Some(ending) = ending {
                connection.end(ending);
            }
            let mut served = ServedSession { shared, session, connection, end: End::Lost };
            let end = packets.run(&served, keep_alive_timeout).await;
            if end == SILENCE {
                packets.stay_silent(&served, keep_alive_timeout).await;
            }
            served.end = end;
            drop(served);
            packets.disconnect(end);
            packets.trace.closed(end);
            if end == RESET {
                return packets.break_off().await;
            }
        }
        // It may tell of a change too.
        Err(refused) if shared.until_kept().await.is_ok() => packets.send(Outgoing::ConnectAck(refused)),
        Err(_) => {}
    }
    packets.close().await;
}

/// The session that this task serves; detached from the task when that ends, for whatever reason.
struct ServedSession {
    shared: Arc<Shared>,
    session: SessionId,
    connection: Arc<ConnectionHandle>,
    /// Why the connection ended, once that is known.
    end: End,
}

impl Drop for ServedSession {
    fn drop(&mut self) {
        self.shared.requests(|requests| requests.closed(self.session, &self.connection, self.end));
    }
}

/// What a connection has done.
enum Step {
    /// So many bytes.
    Read(usize),
    Wrote,
}

/// The stream of a connection, and what waits on its way in and out.
struct PacketStream<S> {
    stream: S,
    codec: Codec,
    input: BytesMut,
    output: BytesMut,
    /// All that was written has left our buffers.
    flushed: bool,
    /// Something may have been queued for the client that was not fetched.
    may_have_output: bool,
    timeouts: Timeouts,
    trace: ConnectionTrace,
}

impl<S: AsyncRead + AsyncWrite + Socket + Unpin> PacketStream<S> {
    fn new(stream: S, timeouts: Timeouts, codec: Codec) -> Self {
        let (input, output) = (BytesMut::new(), BytesMut::new());
        let trace = ConnectionTrace::default();
        Self { stream, codec, input, output, flushed: true, may_have_output: true, timeouts, trace }
    }

    /// The client's first packet, if it is a CONNECT.
    async fn read_connect(&mut self) -> Result<Connect, End> {
        loop {
            match self.codec.decode(&mut self.input) {
                Ok(Some(Incoming::Connect(connect))) => return Ok(*connect),
                Ok(Some(_)) => return Err(Refusal::OutOfPlace.into()),
                Ok(None) => match self.stream.read_buf(&mut self.input).await {
                    Ok(1..) => {}
                    _ => return Err(End::Lost),
                },
                Err(refusal) => {
                    if let Refusal::ClientId | Refusal::TooLarge = refusal {
                        let ack = ConnectAck { reason: refusal.code(), ..ConnectAck::default() };
                        self.send(Outgoing::ConnectAck(Box::new(ack)));
                        self.close().await;
                    }
                    return Err(refusal.into());
                }
            }
        }
    }

    /// Carries packets until something ends the connection.
    async fn run(&mut self, served: &ServedSession, keep_alive_timeout: Duration) -> End {
        let mut heard = Instant::now();
        let mut progress = heard;
        // It rings too early, not too late, and is set again then: most of what is heard or written moves the deadline.
        let mut alarm = pin!(sleep_until(heard + keep_alive_timeout));
        // Until when a client whose time is over may still turn out to have been heard.
        let mut reprieve = None;
        loop {
            if !self.is_writing() {
                // What is written from here on is as young as this.
                progress = Instant::now();
            }
            self.may_have_output = true;
            let handled = self.handle_input(served).await;
            // What came before the end is answered.
            self.fetch_output(served);
            if let Err(end) = handled {
                self.fetch_rest(served).await;
                return end;
            }
            if let Some(reason) = served.connection.ended() {
                self.fetch_rest(served).await;
                return End::Refused(reason);
            }
            let was_full = self.is_full();
            match self.write_at_once().await {
                Ok(0) => {}
                Ok(_) => progress = Instant::now(),
                Err(_) => return End::Lost,
            }
            if was_full && !self.is_full() {
                // There may be more of what was read, and of what waits for the client.
                yield_now().await;
                continue;
            }
            // What is not read is no silence of the client's.
            let more_input = !self.is_full();
            let silent = more_input.then(|| heard + keep_alive_timeout);
            let stuck = self.is_writing().then(|| progress + self.timeouts.write);
            let due = silent.into_iter().chain(stuck).min().unwrap_or(heard + keep_alive_timeout);
            let ring = reprieve.map_or(due, |until| due.max(until));
            if ring < alarm.deadline() {
                alarm.as_mut().reset(ring);
            }
            self.give_back_memory();
            self.input.reserve(limits::READ);
            tokio::select! {
                biased;
                step = self.step(more_input) => match step {
                    Ok(Step::Read(1..)) => heard = Instant::now(),
                    Ok(Step::Wrote) => progress = Instant::now(),
                    _ => return End::Lost,
                },
                () = served.connection.wake.notified() => {}
                () = &mut alarm => {
                    let now = Instant::now();
                    if due > now {
                        alarm.as_mut().reset(due);
                    } else if reprieve.is_none_or(|until| until < due) {
                        reprieve = Some(now + SECOND_LOOK);
                        alarm.as_mut().reset(now + SECOND_LOOK);
                    } else if silent.is_some_and(|silent| silent <= now) {
                        return Refusal::KeepAlive.into();
                    } else {
                        return Refusal::SlowReader.into();
                    }
                }
            }
        }
    }

    /// Hands the packets that were read to the core, a few at a time.
    async fn handle_input(&mut self, served: &ServedSession) -> Result<(), End> {
        let mut packets = VecDeque::new();
        while !self.is_full() {
            let read = loop {
                match self.codec.decode(&mut self.input) {
                    Ok(Some(packet)) if packets.len() + 1 < BATCH => packets.push_back(packet),
                    Ok(Some(packet)) => {
                        packets.push_back(packet);
                        break Ok(true);
                    }
                    Ok(None) => break Ok(false),
                    Err(refusal) => break Err(refusal),
                }
            };
            while !packets.is_empty() {
                self.exchange(served, &mut packets)?;
                if !packets.is_empty() {
                    yield_now().await;
                }
            }
            if !read? {
                break;
            }
        }
        Ok(())
    }

    /// Encodes what waits for the client, up to a bound.
    fn fetch_output(&mut self, served: &ServedSession) {
        while self.may_have_output && !self.is_full() {
            // No packet is handled that could end the connection.
            let _ = self.exchange(served, &mut VecDeque::new());
        }
    }

    /// Hands packets to the core, as many as a slice of time allows, and encodes some of what waits for the client, all
    /// under one lock.
    fn exchange(&mut self, served: &ServedSession, received: &mut VecDeque<Incoming>) -> Result<(), End> {
        let ServedSession { shared, session, connection, .. } = served;
        let (mut handled, mut to_send) = (Ok(()), Vec::new());
        shared.requests(|requests| {
            let begun = Instant::now();
            while let Some(packet) = received.pop_front() {
                let handling = self.trace.begin(|| {
                    Packet::received(&packet, requests.router.session(*session, connection).as_deref())
                });
                handled = requests.packet(*session, connection, packet);
                self.trace.received(handling);
                if handled.is_err() || begun.elapsed() >= SLICE {
                    break;
                }
            }
            let pop = || requests.router.pop(requests.now, requests.state, *session, connection);
            to_send.extend(std::iter::from_fn(pop).take(BATCH));
            self.may_have_output = to_send.len() == BATCH;
            // What has been queued until now is not worth waking up for.
            pin!(connection.wake.notified()).enable();
        });
        for packet in to_send {
            let packet_id = if let Outgoing::Publish(delivery) = &packet { delivery.packet_id } else { None };
            // MQTT: what is larger than the client takes counts as delivered.
            if self.encode(packet).is_err()
                && let Some(packet_id) = packet_id
            {
                shared.requests(|requests| requests.router.acknowledge(*session, connection, packet_id));
                // Its place is another one's.
                self.may_have_output = true;
            }
        }
        handled
    }

    /// Encodes what still waits for what it tells of to be kept.
    async fn fetch_rest(&mut self, served: &ServedSession) {
        if served.shared.until_kept().await.is_ok() {
            self.may_have_output = true;
            self.fetch_output(served);
        }
    }

    fn send(&mut self, packet: Outgoing) {
        // No packet that is sent this way is too large for a client.
        let _ = self.encode(packet);
    }

    fn encode(&mut self, packet: Outgoing) -> Result<(), TooLarge> {
        let described = self.trace.describe(|| Packet::sent(&packet));
        let before = self.output.len();
        let encoded = self.codec.encode(packet, &mut self.output);
        match described {
            Some(packet) if encoded.is_err() => self.trace.put(|| Event::TooLarge(packet)),
            // MQTT 3.1.1 does not have all of them.
            Some(packet) if self.output.len() > before => self.trace.put(|| Event::Sent(packet)),
            _ => {}
        }
        encoded
    }

    /// Tells the client why the connection ends, if MQTT has a reason code for it.
    fn disconnect(&mut self, end: End) {
        if let End::Refused(reason) = end
            && ![SILENCE, RESET].contains(&end)
        {
            self.send(Outgoing::Disconnect { reason: reason.code(), text: reason.text() });
        }
    }
}

#[cfg(test)]
mod tests;
