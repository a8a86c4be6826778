//! Bytes to packets and back, for MQTT 3.1.1 and 5. The only file that uses `rmqtt_codec`.

use std::num::NonZeroU16;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use rmqtt_codec::error::{DecodeError, EncodeError};
use rmqtt_codec::types::{self, MQTT_LEVEL_31};
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder, Encoder};

use super::limits;
use super::packet::{
    Connect, ConnectAck, Delivery, FilterRequest, Incoming, Message, Outgoing, Properties, Publish, Qos,
    Retained, Version, Will,
};
use super::refusal::{self, Refusal};
use crate::service::choices;

/// What tells a client that this is the local service: a user property of CONNACK.
pub const LOCAL_SERVICE_PROPERTY: (&str, &str) = ("jobs-sandbox", "local");

/// The codec of one connection; it learns the protocol from the CONNECT.
#[derive(Debug)]
pub(crate) enum Codec {
    /// Nothing was read yet.
    Unknown,
    V3(v3::Codec),
    V5(v5::Codec),
}

/// A packet is larger than the client takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Codec {
    /// The other side's codec.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_client(version: Version) -> Self {
        match version {
            Version::V3 => Self::V3(v3::Codec::new(0)),
            Version::V5 => Self::V5(v5::Codec::new(0, 0)),
        }
    }

    /// Takes the next packet from `input`, if it is complete.
    pub(crate) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Incoming>, Refusal> {
        if matches!(self, Self::Unknown) {
            *self = match VersionCodec.decode(input).map_err(|error| refuse(&error))? {
                None => return Ok(None),
                Some(ProtocolVersion::MQTT3) => Self::V3(v3::Codec::new(INCOMING_REST)),
                Some(ProtocolVersion::MQTT5) => Self::V5(v5::Codec::new(INCOMING_REST, 0)),
            };
        }
        let packet = match self {
            Self::Unknown => Ok(None),
            Self::V3(codec) => codec.decode(input).map(|packet| packet.map(|(packet, _)| from_v3(packet))),
            Self::V5(codec) => codec.decode(input).map(|packet| packet.map(|(packet, _)| from_v5(packet))),
        };
        packet.map_err(|error| refuse(&error))
    }

    /// Sets the largest packet that the client takes.
    pub(crate) fn set_maximum_packet_size(&mut self, bytes: u32) {
        if let Self::V5(codec) = self {
            codec.set_max_outbound_size(bytes);
        }
    }

    /// Appends a packet to `output`.
    pub(crate) fn encode(&mut self, packet: Outgoing, output: &mut BytesMut) -> Result<(), TooLarge> {
        let before = output.len();
        let encoded = match self {
            Self::Unknown => Ok(()),
            Self::V3(codec) => to_v3(packet).map_or(Ok(()), |packet| codec.encode(packet, output)),
            Self::V5(codec) => to_v5(packet).and_then(|packet| codec.encode(packet, output)),
        };
        encoded.map_err(|_| {
            output.truncate(before);
            TooLarge
        })
    }
}

/// The largest packet without its type and length, which take four bytes at this size.
const INCOMING_REST: u32 = choices::MAXIMUM_PACKET_SIZE - 4;

fn refuse(error: &DecodeError) -> Refusal {
    match error {
        DecodeError::MaxSizeExceeded { .. } => Refusal::TooLarge,
        DecodeError::InvalidClientId => Refusal::ClientId,
        DecodeError::UnsupportedProtocolLevel => Refusal::ProtocolVersion,
        DecodeError::InvalidTopicName => Refusal::TopicInvalid,
        DecodeError::InvalidTopicFilter => Refusal::OutOfPlace,
        _ => Refusal::Malformed,
    }
}

fn from_v3(packet: v3::Packet) -> Incoming {
    match packet {
        v3::Packet::Connect(connect) => Incoming::Connect(Box::new(Connect {
            version: Version::V3,
            is_version_31: connect.protocol.level() == MQTT_LEVEL_31,
            clean_start: connect.clean_session,
            keep_alive: connect.keep_alive,
            session_expiry: if connect.clean_session { 0 } else { limits::SESSION_EXPIRY },
            client_id: own(&connect.client_id),
            will: connect.last_will.map(|will| Will {
                message: Message {
                    topic: own(&will.topic),
                    payload: own_bytes(&will.message),
                    qos: qos(will.qos),
                    retain: will.retain,
                    ..Message::default()
                },
                ..Will::default()
            }),
            ..Connect::default()
        })),
        v3::Packet::Publish(publish) => Incoming::Publish(from_publish(*publish)),
        v3::Packet::PublishAck { packet_id } => Incoming::PublishAck(packet_id),
        v3::Packet::Subscribe { packet_id, topic_filters } => Incoming::Subscribe {
            packet_id,
            has_identifier: false,
            filters: topic_filters
                .into_iter()
                .map(|(filter, asked)| FilterRequest {
                    filter: own(&filter),
                    qos: qos(asked),
                    no_local: false,
                    retain_as_published: false,
                    retained: Retained::Always,
                })
                .collect(),
        },
        v3::Packet::Unsubscribe { packet_id, topic_filters } => {
            Incoming::Unsubscribe { packet_id, filters: topic_filters }
        }
        v3::Packet::PingRequest => Incoming::PingRequest,
        v3::Packet::Disconnect => Incoming::Disconnect { with_will: false, session_expiry: None },
        _ => Incoming::OutOfPlace,
    }
}

fn from_v5(packet: v5::Packet) -> Incoming {
    match packet {
        v5::Packet::Connect(connect) => Incoming::Connect(Box::new(from_connect(*connect))),
        v5::Packet::Publish(publish) => Incoming::Publish(from_publish(*publish)),
        v5::Packet::PublishAck(ack) => Incoming::PublishAck(ack.packet_id),
        v5::Packet::Subscribe(subscribe) => Incoming::Subscribe {
            packet_id: subscribe.packet_id,
            has_identifier: subscribe.id.is_some(),
            filters: subscribe
                .topic_filters
                .into_iter()
                .map(|(filter, options)| FilterRequest {
                    filter: own(&filter),
                    qos: qos(options.qos),
                    no_local: options.no_local,
                    retain_as_published: options.retain_as_published,
                    retained: match options.retain_handling {
                        v5::RetainHandling::AtSubscribe => Retained::Always,
                        v5::RetainHandling::AtSubscribeNew => Retained::IfNew,
                        v5::RetainHandling::NoAtSubscribe => Retained::Never,
                    },
                })
                .collect(),
        },
        v5::Packet::Unsubscribe(unsubscribe) => {
            Incoming::Unsubscribe { packet_id: unsubscribe.packet_id, filters: unsubscribe.topic_filters }
        }
        v5::Packet::PingRequest => Incoming::PingRequest,
        v5::Packet::Disconnect(disconnect) => Incoming::Disconnect {
            with_will: disconnect.reason_code != v5::DisconnectReasonCode::NormalDisconnection,
            session_expiry: disconnect.session_expiry_interval_secs,
        },
        _ => Incoming::OutOfPlace,
    }
}

fn from_connect(connect: v5::Connect) -> Connect {
    Connect {
        version: Version::V5,
        is_version_31: false,
        clean_start: connect.clean_start,
        keep_alive: connect.keep_alive,
        session_expiry: connect.session_expiry_interval_secs,
        client_id: own(&connect.client_id),
        receive_maximum: connect.receive_max,
        maximum_packet_size: connect.max_packet_size,
        asks_authentication: connect.auth_method.is_some(),
        will: connect.last_will.map(|will| Will {
            delay: will.will_delay_interval_sec.unwrap_or(0),
            expiry: will.message_expiry_interval,
            message: Message {
                topic: own(&will.topic),
                payload: own_bytes(&will.message),
                qos: qos(will.qos),
                retain: will.retain,
                properties: Properties {
                    is_utf8: will.is_utf8_payload.unwrap_or(false),
                    content_type: will.content_type.as_ref().map(own),
                    response_topic: will.response_topic.as_ref().map(own),
                    correlation_data: will.correlation_data.as_ref().map(own_bytes),
                    user: own_pairs(&will.user_properties),
                },
                expires_at: None,
            },
        }),
    }
}

fn from_publish(publish: types::Publish) -> Publish {
    let properties = publish.properties.unwrap_or_default();
    Publish {
        packet_id: publish.packet_id,
        alias: properties.topic_alias,
        expiry: properties.message_expiry_interval,
        message: Message {
            topic: own(&publish.topic),
            payload: own_bytes(&publish.payload),
            qos: qos(publish.qos),
            retain: publish.retain,
            properties: Properties {
                is_utf8: properties.is_utf8_payload,
                content_type: properties.content_type.as_ref().map(own),
                response_topic: properties.response_topic.as_ref().map(own),
                correlation_data: properties.correlation_data.as_ref().map(own_bytes),
                user: own_pairs(&properties.user_properties),
            },
            expires_at: None,
        },
    }
}

/// `None` for what MQTT 3.1.1 cannot say: there the connection is closed instead.
fn to_v3(packet: Outgoing) -> Option<v3::Packet> {
    Some(match packet {
        Outgoing::ConnectAck(ack) => v3::Packet::ConnectAck(v3::ConnectAck {
            return_code: v3::ConnectAckReason::try_from(refusal::connect_return_code(ack.reason)).ok()?,
            session_present: ack.session_present,
        }),
        Outgoing::Publish(delivery) => v3::Packet::Publish(Box::new(to_publish(delivery, false))),
        Outgoing::PublishAck { packet_id, .. } => v3::Packet::PublishAck { packet_id },
        Outgoing::SubscribeAck { packet_id, reasons } => {
            let status = reasons
                .into_iter()
                .map(|reason| match types::QoS::try_from(reason) {
                    Ok(granted) => v3::SubscribeReturnCode::Success(granted),
                    Err(_) => v3::SubscribeReturnCode::Failure,
                })
                .collect();
            v3::Packet::SubscribeAck { packet_id, status }
        }
        Outgoing::UnsubscribeAck { packet_id, .. } => v3::Packet::UnsubscribeAck { packet_id },
        Outgoing::PingResponse => v3::Packet::PingResponse,
        Outgoing::Disconnect { .. } => return None,
    })
}

fn to_v5(packet: Outgoing) -> Result<v5::Packet, EncodeError> {
    let unknown = |_| EncodeError::MalformedPacket;
    Ok(match packet {
        Outgoing::ConnectAck(ack) => v5::Packet::ConnectAck(Box::new(to_connect_ack(*ack).map_err(unknown)?)),
        Outgoing::Publish(delivery) => v5::Packet::Publish(Box::new(to_publish(delivery, true))),
        Outgoing::PublishAck { packet_id, reason } => v5::Packet::PublishAck(v5::PublishAck {
            packet_id,
            reason_code: reason.try_into().map_err(unknown)?,
            ..v5::PublishAck::default()
        }),
        Outgoing::SubscribeAck { packet_id, reasons } => v5::Packet::SubscribeAck(v5::SubscribeAck {
            packet_id,
            properties: Vec::new(),
            reason_string: None,
            status: codes(reasons).map_err(unknown)?,
        }),
        Outgoing::UnsubscribeAck { packet_id, reasons } => v5::Packet::UnsubscribeAck(v5::UnsubscribeAck {
            packet_id,
            properties: Vec::new(),
            reason_string: None,
            status: codes(reasons).map_err(unknown)?,
        }),
        Outgoing::PingResponse => v5::Packet::PingResponse,
        Outgoing::Disconnect { reason, text } => v5::Packet::Disconnect(v5::Disconnect {
            reason_code: reason.try_into().map_err(unknown)?,
            reason_string: text.map(Into::into),
            ..v5::Disconnect::default()
        }),
    })
}

fn codes<C: TryFrom<u8, Error = DecodeError>>(reasons: Vec<u8>) -> Result<Vec<C>, DecodeError> {
    reasons.into_iter().map(C::try_from).collect()
}

fn to_connect_ack(ack: ConnectAck) -> Result<v5::ConnectAck, DecodeError> {
    let refused = v5::ConnectAck {
        reason_code: ack.reason.try_into()?,
        reason_string: ack.text.map(Into::into),
        ..v5::ConnectAck::default()
    };
    if ack.reason != 0 {
        return Ok(refused);
    }
    let (name, value) = LOCAL_SERVICE_PROPERTY;
    Ok(v5::ConnectAck {
        session_present: ack.session_present,
        session_expiry_interval_secs: Some(ack.session_expiry),
        receive_max: NonZeroU16::new(limits::RECEIVE_MAXIMUM).unwrap_or(NonZeroU16::MAX),
        max_qos: types::QoS::AtLeastOnce,
        max_packet_size: Some(choices::MAXIMUM_PACKET_SIZE),
        assigned_client_id: ack.assigned_client_id,
        topic_alias_max: limits::TOPIC_ALIASES,
        subscription_identifiers_available: false,
        server_keepalive_sec: Some(ack.keep_alive),
        user_properties: vec![(name.into(), value.into())],
        ..refused
    })
}

fn to_publish(delivery: Delivery, with_properties: bool) -> types::Publish {
    let Delivery { message, qos, retain, dup, packet_id, expiry } = delivery;
    let properties = with_properties.then(|| v5::PublishProperties {
        message_expiry_interval: expiry,
        content_type: message.properties.content_type.clone(),
        correlation_data: message.properties.correlation_data.clone(),
        response_topic: message.properties.response_topic.clone(),
        is_utf8_payload: message.properties.is_utf8,
        user_properties: message.properties.user.clone(),
        ..v5::PublishProperties::default()
    });
    types::Publish {
        dup,
        retain,
        qos: if qos == Qos::AtMostOnce { types::QoS::AtMostOnce } else { types::QoS::AtLeastOnce },
        topic: message.topic.clone(),
        packet_id,
        payload: message.payload.clone(),
        properties,
    }
}

/// A copy of its own: what is kept must not keep all the bytes that were read with it.
fn own(text: &ByteString) -> ByteString {
    ByteString::from(&**text)
}

/// The same for what is not text.
fn own_bytes(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// The same for user properties.
fn own_pairs(pairs: &[(ByteString, ByteString)]) -> Vec<(ByteString, ByteString)> {
    pairs.iter().map(|(name, value)| (own(name), own(value))).collect()
}

fn qos(qos: types::QoS) -> Qos {
    match qos {
        types::QoS::AtMostOnce => Qos::AtMostOnce,
        types::QoS::AtLeastOnce => Qos::AtLeastOnce,
        types::QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads until the bytes run out or are refused.
    fn read_all(bytes: &[u8]) -> Result<Vec<Incoming>, Refusal> {
        let (mut codec, mut input) = (Codec::Unknown, BytesMut::from(bytes));
        let mut packets = Vec::new();
        while let Some(packet) = codec.decode(&mut input)? {
            packets.push(packet);
        }
        Ok(packets)
    }

    const CONNECT_5: &[u8] = b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c1";
    const CONNECT_311: &[u8] = b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1";

    #[test]
    fn the_protocol_is_told_by_the_connect() {
        for (bytes, version) in [(CONNECT_5, Version::V5), (CONNECT_311, Version::V3)] {
            let packets = read_all(bytes).unwrap();
            let [Incoming::Connect(connect)] = &packets[..] else { panic!("{packets:?}") };
            assert_eq!((connect.version, &*connect.client_id, connect.clean_start), (version, "c1", true));
        }
        let old = read_all(b"\x10\x10\0\x06MQIsdp\x03\x02\0\x3c\0\x02c1").unwrap();
        assert!(matches!(&old[..], [Incoming::Connect(connect)] if connect.is_version_31));
    }

    #[test]
    fn packets_come_out_whole_however_the_bytes_come_in() {
        let bytes = [CONNECT_5, b"\x30\x05\0\x01t\0x", b"\xc0\0"].concat();
        let (mut codec, mut input) = (Codec::Unknown, BytesMut::new());
        let mut packets = Vec::new();
        for byte in bytes {
            input.extend_from_slice(&[byte]);
            packets.extend(codec.decode(&mut input).unwrap());
        }
        assert_eq!(packets.len(), 3);
        assert!(matches!(&packets[1], Incoming::Publish(publish) if publish.message.payload == "x"));
        assert_eq!(packets[2], Incoming::PingRequest);
    }

    #[test]
    fn what_is_no_mqtt_is_refused() {
        for (bytes, refusal) in [
            (&b"GET / HTTP/1.1\r\n"[..], Refusal::Malformed),
            (b"\x10\x0e\0\x04MQTT\x06\x02\0\x3c\0\x02c1", Refusal::Malformed),
            (b"\x10\x0f\0\x04MQTT\x05\0\0\x3c\0\0\0", Refusal::ClientId),
            (b"\x10\xff\xff\xff\x7f\0\x04MQTT\x05\x02", Refusal::TooLarge),
        ] {
            let bytes = [bytes, &[0; 16]].concat();
            assert_eq!(read_all(&bytes), Err(refusal), "{bytes:?}");
        }
    }

    #[test]
    fn a_disconnect_is_written_in_its_long_form() {
        let (mut codec, mut output) = (Codec::of_client(Version::V5), BytesMut::new());
        codec.encode(Outgoing::Disconnect { reason: 0x8E, text: None }, &mut output).unwrap();
        assert_eq!(&output[..], b"\xe0\x02\x8e\0");
        let (mut codec, mut output) = (Codec::of_client(Version::V3), BytesMut::new());
        codec.encode(Outgoing::Disconnect { reason: 0x8E, text: None }, &mut output).unwrap();
        assert!(output.is_empty(), "MQTT 3.1.1 has no such packet");
    }

    proptest! {
        /// Whatever comes in, in whatever pieces: packets or a refusal, never a panic, nothing without end.
        #[test]
        fn any_bytes_are_read_or_refused(
            start in prop::sample::select(vec![&b""[..], CONNECT_5, CONNECT_311]),
            first in prop::sample::select(vec![0x10_u8, 0x30, 0x32, 0x40, 0x82, 0xa2, 0xc0, 0xe0, 0xf0, 0x00]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [start, &[first], &rest].concat();
            let _ = read_all(&bytes);
        }

        /// A packet with some of its bytes changed.
        #[test]
        fn mutated_packets_are_read_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let packets: [&[u8]; 4] = [
                CONNECT_5,
                b"\x32\x10\0\x01t\0\x01\x07\x23\0\x01\x01\x01\x09\0payl",
                b"\x82\x0e\0\x02\0\0\x03a/b\x01\0\x02c#\x01",
                b"\xe0\x07\x04\x05\x11\0\0\0\x09",
            ];
            let mut bytes = packets.concat();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let _ = read_all(&bytes);
        }
    }
}
