//! A device that costs the machine as little as possible: MQTT 5 over TLS, byte by byte.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::packet::{first_byte, packet, string};

/// What a device asks and what it is answered, at QoS 1.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    pub(crate) payload: String,
    /// The topic of the answer, or a filter for it.
    pub(crate) filter: String,
    pub(crate) answer: String,
}

/// A device that is connected and subscribed.
pub(crate) struct Device {
    stream: TlsStream<TcpStream>,
    input: Vec<u8>,
    exchange: Exchange,
    /// The PUBLISH of the next request, behind the PUBACK of the last answer.
    output: Vec<u8>,
}

/// A packet that has arrived: its first byte, and what follows its length.
struct Packet {
    first: u8,
    body: Vec<u8>,
}

/// One request at a time is on its way.
const PACKET_ID: [u8; 2] = [0, 1];

impl Device {
    /// Connects, and no more: it is idle.
    pub(crate) async fn connect(port: u16, tls: &TlsConnector, exchange: Exchange) -> io::Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        let name = "localhost".try_into().map_err(io::Error::other)?;
        let stream = tls.connect(name, socket).await?;
        let mut device = Self { stream, input: Vec::new(), exchange, output: Vec::new() };
        // A clean start, a keep-alive of twenty minutes as AWS's samples have it, no properties.
        let id = string(&format!("test-{}", uuid::Uuid::new_v4().simple()));
        let connect = packet(first_byte::CONNECT, &[b"\0\x04MQTT\x05\x02\x04\xb0\0", &id]);
        device.stream.write_all(&connect).await?;
        let answer = device.next().await?;
        if answer.first != first_byte::CONNACK || answer.body.get(1) != Some(&0) {
            return Err(refused("CONNECT", &answer));
        }
        Ok(device)
    }

    /// Subscribes to its answers.
    pub(crate) async fn subscribe(&mut self) -> io::Result<()> {
        let filter = string(&self.exchange.filter);
        self.stream.write_all(&packet(first_byte::SUBSCRIBE, &[&PACKET_ID, &[0], &filter, &[1]])).await?;
        let answer = self.next().await?;
        if answer.first != first_byte::SUBACK || answer.body.last() != Some(&1) {
            return Err(refused("SUBSCRIBE", &answer));
        }
        Ok(())
    }

    /// One request, until its answer is there.
    pub(crate) async fn round_trip(&mut self) -> io::Result<()> {
        let Exchange { request, payload, answer, .. } = &self.exchange;
        let publish = packet(
            first_byte::PUBLISH | first_byte::QOS_1,
            &[&string(request), &PACKET_ID, &[0], payload.as_bytes()],
        );
        let expected = string(answer);
        self.output.extend_from_slice(&publish);
        self.stream.write_all(&self.output).await?;
        self.output.clear();
        let (mut is_answered, mut is_acknowledged) = (false, false);
        while !(is_answered && is_acknowledged) {
            let arrived = self.next().await?;
            match arrived.first & 0xF0 {
                first_byte::PUBACK => is_acknowledged = true,
                first_byte::PUBLISH if arrived.body.starts_with(&expected) => {
                    is_answered = true;
                    let id = &arrived.body[expected.len()..][..2];
                    self.output = packet(first_byte::PUBACK, &[id]);
                }
                _ => return Err(refused("PUBLISH", &arrived)),
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> io::Result<Packet> {
        loop {
            if let Some(packet) = take(&mut self.input) {
                return Ok(packet);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The first packet, if it is complete.
fn take(input: &mut Vec<u8>) -> Option<Packet> {
    let (mut length, mut at) = (0, 1);
    loop {
        let byte = *input.get(at)?;
        // Seven bits at a time, the lowest first; the eighth says that more follow.
        length |= usize::from(byte & 0x7F) << (7 * (at - 1));
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let body = input.get(at..at + length)?.to_vec();
    let first = input[0];
    input.drain(..at + length);
    Some(Packet { first, body })
}

fn refused(what: &str, answer: &Packet) -> io::Error {
    io::Error::other(format!(
        "{what} is answered with {:#x} {:?}",
        answer.first,
        answer.body.escape_ascii().to_string()
    ))
}
