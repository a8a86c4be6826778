//! MQTT packets as the broker handles them, the same for MQTT 3.1.1 and 5.

use std::fmt;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Instant;

use bytes::Bytes;
use bytestring::ByteString;

/// The protocol that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Version {
    V3,
    #[default]
    V5,
}

/// Quality of service; 2 can be asked for but is never granted.
#[expect(clippy::enum_variant_names, reason = "MQTT's own names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Qos {
    #[default]
    AtMostOnce,
    AtLeastOnce,
    ExactlyOnce,
}

/// A packet identifier: tells apart the packets that one side has sent and the other has not yet acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PacketId(pub(crate) NonZeroU16);

impl PacketId {
    pub(crate) const FIRST: Self = Self(NonZeroU16::MIN);

    /// The one after this; the first follows the last.
    pub(crate) fn next(self) -> Self {
        self.0.checked_add(1).map_or(Self::FIRST, Self)
    }
}

impl fmt::Display for PacketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A message on its way from a publisher to subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    pub(crate) topic: ByteString,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    /// The publisher asked for it to be kept.
    pub(crate) retain: bool,
    /// What MQTT 5 forwards unaltered.
    pub(crate) properties: Properties,
    /// When it expires.
    pub(crate) expires_at: Option<Instant>,
}

impl Message {
    /// What it costs to keep, roughly.
    pub(crate) fn size(&self) -> usize {
        let properties = &self.properties;
        let user: usize = properties.user.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        let texts = [&properties.content_type, &properties.response_topic];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        self.topic.len()
            + self.payload.len()
            + properties.correlation_data.as_ref().map_or(0, Bytes::len)
            + texts
            + user
            + 128
    }
}

/// The properties of a PUBLISH that are forwarded to subscribers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Properties {
    pub(crate) is_utf8: bool,
    pub(crate) content_type: Option<ByteString>,
    pub(crate) response_topic: Option<ByteString>,
    pub(crate) correlation_data: Option<Bytes>,
    pub(crate) user: Vec<(ByteString, ByteString)>,
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    Connect(Box<Connect>),
    Publish(Publish),
    PublishAck(PacketId),
    Subscribe {
        packet_id: PacketId,
        has_identifier: bool,
        /// Whether the client asks that what it is sent be numbered.
        asks_sequence: bool,
        filters: Vec<FilterRequest>,
    },
    Unsubscribe {
        packet_id: PacketId,
        filters: Vec<ByteString>,
    },
    PingRequest,
    Disconnect {
        with_will: bool,
        session_expiry: Option<u32>,
    },
    /// A packet that no client of this broker may send, such as PUBREL or CONNACK.
    OutOfPlace,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Connect {
    pub(crate) version: Version,
    /// MQTT 3.1, which AWS does not speak.
    pub(crate) is_version_31: bool,
    pub(crate) clean_start: bool,
    /// Seconds; 0 asks for none.
    pub(crate) keep_alive: u16,
    /// Seconds that the session outlives the connection.
    pub(crate) session_expiry: u32,
    pub(crate) client_id: ByteString,
    pub(crate) receive_maximum: Option<NonZeroU16>,
    pub(crate) maximum_packet_size: Option<NonZeroU32>,
    pub(crate) asks_authentication: bool,
    pub(crate) will: Option<Will>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Will {
    pub(crate) message: Message,
    /// Seconds to wait for the client to come back.
    pub(crate) delay: u32,
    /// Seconds from its publication.
    pub(crate) expiry: Option<NonZeroU32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Publish {
    pub(crate) packet_id: Option<PacketId>,
    pub(crate) alias: Option<NonZeroU16>,
    /// Seconds.
    pub(crate) expiry: Option<NonZeroU32>,
    pub(crate) message: Message,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterRequest {
    pub(crate) filter: ByteString,
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) retained: Retained,
}

/// When a new subscription gets the retained message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retained {
    Always,
    IfNew,
    Never,
}

/// What the broker sends; reason codes are MQTT 5's, the codec translates them for MQTT 3.1.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    ConnectAck(Box<ConnectAck>),
    Publish(Delivery),
    PublishAck { packet_id: PacketId, reason: u8 },
    SubscribeAck { packet_id: PacketId, reasons: Vec<u8> },
    UnsubscribeAck { packet_id: PacketId, reasons: Vec<u8>, sequence: Option<u64> },
    PingResponse,
    Disconnect { reason: u8, text: Option<&'static str> },
}

/// A message for one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) message: std::sync::Arc<Message>,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) packet_id: Option<PacketId>,
    /// Seconds left.
    pub(crate) expiry: Option<NonZeroU32>,
    /// Its place among all that is sent to clients who asked for that.
    pub(crate) sequence: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConnectAck {
    pub(crate) reason: u8,
    pub(crate) text: Option<String>,
    pub(crate) session_present: bool,
    /// Seconds.
    pub(crate) session_expiry: u32,
    /// Seconds.
    pub(crate) keep_alive: u16,
    /// Bytes.
    pub(crate) maximum_packet_size: u32,
    pub(crate) assigned_client_id: Option<ByteString>,
}
