//! One record.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::packet::Packet;
use super::payload::Payload;

/// Something that a client did, or that was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it began, by the system's clock.
    pub time: SystemTime,
    /// Whose it is.
    pub client: Client,
    /// What it is.
    pub event: Event,
}

/// Who is on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// The MQTT client id, once it is known, or how the program that calls over HTTP names itself.
    pub name: Option<String>,
    /// Where it is.
    pub address: Option<IpAddr>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The client sent a packet, and to carry it out took so long.
    Received {
        /// What it sent.
        packet: Packet,
        /// How long that took.
        took: Duration,
    },
    /// The client was sent a packet.
    Sent(Packet),
    /// A packet for the client was thrown away: it is larger than the client takes.
    TooLarge(Packet),
    /// The TLS handshake failed.
    NoTls {
        /// Why, in words.
        why: String,
    },
    /// The MQTT connection ended.
    Closed {
        /// Why, in words.
        why: &'static str,
    },
    /// A request came over HTTP.
    Called {
        /// Which call it is.
        call: Call,
        /// The HTTP method.
        method: String,
        /// The path and the query, without a signature.
        target: String,
        /// The body.
        body: Payload,
    },
    /// A request over HTTP has members that are none of AWS's model.
    Ignored {
        /// Which call it is.
        call: Call,
        /// Their names, as paths.
        members: Vec<String>,
    },
    /// A request over HTTP was answered.
    Answered {
        /// Which call it was.
        call: Call,
        /// The HTTP status.
        status: u16,
        /// The exception, if it was refused.
        exception: Option<&'static str>,
        /// The body.
        body: Payload,
        /// How long that took.
        took: Duration,
    },
}

/// An HTTP call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Counts the calls.
    pub number: u64,
    /// The operation of AWS's model; none where the request names none.
    pub operation: Option<&'static str>,
}
