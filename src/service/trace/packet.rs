//! MQTT packets, as they are recorded.

use std::net::IpAddr;

use super::payload::{Payload, excerpt};
use crate::service::broker::limits;
use crate::service::broker::packet::{
    Connect, Delivery, FilterRequest, Incoming, Message, Outgoing, Qos, Version,
};
use crate::service::broker::requests::Peer;
use crate::service::broker::session::Session;

/// How many filters or reason codes of one packet are kept: more than a SUBSCRIBE may have.
const LISTED: usize = 16;

/// A packet. Reason codes are MQTT 5's; in MQTT 3.1.1 they go over the wire as its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// CONNECT, without user name and password, which decide nothing here.
    Connect {
        /// `3.1`, `3.1.1` or `5`.
        version: &'static str,
        /// The id of the client's certificate.
        certificate: String,
        /// Where the client is.
        address: IpAddr,
        /// Whether an earlier session is to be forgotten.
        clean_start: bool,
        /// The keep alive that it asks for, in seconds.
        keep_alive: u16,
        /// How long its session outlives the connection, in seconds.
        session_expiry: u32,
        /// What is published if the connection breaks off.
        will: Option<Box<Publish>>,
    },
    /// CONNACK.
    ConnectAck {
        /// The reason code.
        code: u8,
        /// Whether the client has its earlier session again.
        session_present: bool,
    },
    /// PUBLISH.
    Publish(Publish),
    /// PUBACK.
    PublishAck {
        /// Which PUBLISH it is for.
        packet_id: u16,
        /// The reason code; a client's is of no interest to the broker.
        code: Option<u8>,
    },
    /// SUBSCRIBE.
    Subscribe {
        /// The filters, not more than a bound.
        filters: Vec<Filter>,
        /// How many more there were.
        left_out: usize,
    },
    /// SUBACK.
    SubscribeAck {
        /// One reason code a filter.
        codes: Vec<u8>,
    },
    /// UNSUBSCRIBE.
    Unsubscribe {
        /// The filters, not more than a bound.
        filters: Vec<Filter>,
        /// How many more there were.
        left_out: usize,
    },
    /// UNSUBACK.
    UnsubscribeAck {
        /// One reason code a filter, not more than a bound.
        codes: Vec<u8>,
    },
    /// PINGREQ.
    PingRequest,
    /// PINGRESP.
    PingResponse,
    /// DISCONNECT.
    Disconnect {
        /// The reason code; the client's is `0x00`, or `0x04` where its will is to be published.
        code: u8,
    },
    /// A packet that no client may send, or a second CONNECT.
    OutOfPlace,
}

/// A PUBLISH, or the will of a CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The topic, which an alias may have stood for; not more of it than a bound.
    pub topic: String,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether the message is retained.
    pub retain: bool,
    /// Whether it was sent before.
    pub duplicate: bool,
    /// The packet identifier.
    pub packet_id: Option<u16>,
    /// What it carries.
    pub payload: Payload,
}

/// A filter of a SUBSCRIBE or an UNSUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The filter; not more of it than a bound.
    pub filter: String,
    /// The QoS that is asked for.
    pub qos: Option<u8>,
}

impl Packet {
    /// A client's CONNECT.
    pub(crate) fn connect(connect: &Connect, peer: &Peer) -> Self {
        let version = match connect.version {
            Version::V3 if connect.is_version_31 => "3.1",
            Version::V3 => "3.1.1",
            Version::V5 => "5",
        };
        Self::Connect {
            version,
            certificate: peer.certificate.clone(),
            address: peer.address,
            clean_start: connect.clean_start,
            keep_alive: connect.keep_alive,
            session_expiry: connect.session_expiry,
            will: connect.will.as_ref().map(|will| Box::new(Publish::of(&will.message))),
        }
    }

    /// What a client sends later, `session` being what it has.
    pub(crate) fn received(packet: &Incoming, session: Option<&Session>) -> Self {
        match packet {
            Incoming::Publish(publish) => {
                let alias = publish.alias.filter(|_| publish.message.topic.is_empty());
                let topic = alias.and_then(|alias| session?.aliases.get(&alias));
                Self::Publish(Publish {
                    packet_id: publish.packet_id.map(|id| id.0.get()),
                    topic: bounded(topic.unwrap_or(&publish.message.topic)),
                    ..Publish::of(&publish.message)
                })
            }
            Incoming::PublishAck(packet_id) => Self::PublishAck { packet_id: packet_id.0.get(), code: None },
            Incoming::Subscribe { filters, .. } => {
                let filter = |asked: &FilterRequest| Filter {
                    filter: bounded(&asked.filter),
                    qos: Some(number(asked.qos)),
                };
                let left_out = filters.len().saturating_sub(LISTED);
                Self::Subscribe { filters: filters.iter().take(LISTED).map(filter).collect(), left_out }
            }
            Incoming::Unsubscribe { filters, .. } => {
                let listed = filters.iter().take(LISTED);
                let left_out = filters.len().saturating_sub(LISTED);
                let filters = listed.map(|filter| Filter { filter: bounded(filter), qos: None }).collect();
                Self::Unsubscribe { filters, left_out }
            }
            Incoming::PingRequest => Self::PingRequest,
            Incoming::Disconnect { with_will, .. } => {
                Self::Disconnect { code: if *with_will { 4 } else { 0 } }
            }
            Incoming::Connect(_) | Incoming::OutOfPlace => Self::OutOfPlace,
        }
    }

    /// What a client is sent.
    pub(crate) fn sent(packet: &Outgoing) -> Self {
        let listed = |codes: &[u8]| codes.iter().take(LISTED).copied().collect();
        match packet {
            Outgoing::ConnectAck(ack) => {
                Self::ConnectAck { code: ack.reason, session_present: ack.session_present }
            }
            Outgoing::Publish(Delivery { message, qos, retain, dup, packet_id, .. }) => {
                Self::Publish(Publish {
                    qos: number(*qos),
                    retain: *retain,
                    duplicate: *dup,
                    packet_id: packet_id.map(|id| id.0.get()),
                    ..Publish::of(message)
                })
            }
            Outgoing::PublishAck { packet_id, reason } => {
                Self::PublishAck { packet_id: packet_id.0.get(), code: Some(*reason) }
            }
            Outgoing::SubscribeAck { reasons, .. } => Self::SubscribeAck { codes: listed(reasons) },
            Outgoing::UnsubscribeAck { reasons, .. } => Self::UnsubscribeAck { codes: listed(reasons) },
            Outgoing::PingResponse => Self::PingResponse,
            Outgoing::Disconnect { reason, .. } => Self::Disconnect { code: *reason },
        }
    }

    /// MQTT's own name of it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "CONNECT",
            Self::ConnectAck { .. } => "CONNACK",
            Self::Publish(_) => "PUBLISH",
            Self::PublishAck { .. } => "PUBACK",
            Self::Subscribe { .. } => "SUBSCRIBE",
            Self::SubscribeAck { .. } => "SUBACK",
            Self::Unsubscribe { .. } => "UNSUBSCRIBE",
            Self::UnsubscribeAck { .. } => "UNSUBACK",
            Self::PingRequest => "PINGREQ",
            Self::PingResponse => "PINGRESP",
            Self::Disconnect { .. } => "DISCONNECT",
            Self::OutOfPlace => "out of place",
        }
    }

    /// The PUBLISH that it is, or the will that it brings.
    #[must_use]
    pub fn publish(&self) -> Option<&Publish> {
        match self {
            Self::Publish(publish) => Some(publish),
            Self::Connect { will, .. } => will.as_deref(),
            _ => None,
        }
    }
}

impl Publish {
    fn of(message: &Message) -> Self {
        Self {
            topic: bounded(&message.topic),
            qos: number(message.qos),
            retain: message.retain,
            duplicate: false,
            packet_id: None,
            payload: Payload::new(&message.payload),
        }
    }
}

/// A topic or a filter, which may be longer than it may be.
fn bounded(topic: &str) -> String {
    match excerpt(topic, limits::TOPIC) {
        (topic, 0) => topic.to_owned(),
        (start, left_out) => format!("{start}… ({left_out} bytes more)"),
    }
}

fn number(qos: Qos) -> u8 {
    match qos {
        Qos::AtMostOnce => 0,
        Qos::AtLeastOnce => 1,
        Qos::ExactlyOnce => 2,
    }
}
