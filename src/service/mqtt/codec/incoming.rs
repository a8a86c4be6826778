//! Packets that clients send, from the codec's types to the broker's.

use bytes::Bytes;
use bytestring::ByteString;
use rmqtt_codec::types::{self, MQTT_LEVEL_31};
use rmqtt_codec::{v3, v5};

use crate::service::broker::limits;
use crate::service::broker::packet::{
    Connect, FilterRequest, Incoming, Message, PacketId, Properties, Publish, Qos, Retained, Version, Will,
};
use crate::wire::local_service::SEQUENCE_REQUEST;

pub(super) fn from_v3(packet: v3::Packet) -> Incoming {
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
        v3::Packet::PublishAck { packet_id } => Incoming::PublishAck(PacketId(packet_id)),
        v3::Packet::Subscribe { packet_id, topic_filters } => Incoming::Subscribe {
            packet_id: PacketId(packet_id),
            has_identifier: false,
            asks_sequence: false,
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
            Incoming::Unsubscribe { packet_id: PacketId(packet_id), filters: topic_filters }
        }
        v3::Packet::PingRequest => Incoming::PingRequest,
        v3::Packet::Disconnect => Incoming::Disconnect { with_will: false, session_expiry: None },
        _ => Incoming::OutOfPlace,
    }
}

pub(super) fn from_v5(packet: v5::Packet) -> Incoming {
    match packet {
        v5::Packet::Connect(connect) => Incoming::Connect(Box::new(from_connect(*connect))),
        v5::Packet::Publish(publish) => Incoming::Publish(from_publish(*publish)),
        v5::Packet::PublishAck(ack) => Incoming::PublishAck(PacketId(ack.packet_id)),
        v5::Packet::Subscribe(subscribe) => Incoming::Subscribe {
            packet_id: PacketId(subscribe.packet_id),
            has_identifier: subscribe.id.is_some(),
            asks_sequence: subscribe
                .user_properties
                .iter()
                .any(|(name, value)| (&**name, &**value) == SEQUENCE_REQUEST),
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
        v5::Packet::Unsubscribe(unsubscribe) => Incoming::Unsubscribe {
            packet_id: PacketId(unsubscribe.packet_id),
            filters: unsubscribe.topic_filters,
        },
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
        packet_id: publish.packet_id.map(PacketId),
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
