//! Packets that the broker sends, from the broker's types to the codec's.

use std::num::NonZeroU16;

use bytestring::ByteString;
use rmqtt_codec::error::{DecodeError, EncodeError};
use rmqtt_codec::{types, v3, v5};

use crate::service::broker::packet::{ConnectAck, Delivery, Outgoing, Qos};
use crate::service::broker::{limits, refusal};
use crate::wire::local_service::{LOCAL_SERVICE_PROPERTY, SEQUENCE_PROPERTY};

/// `None` for a packet that MQTT 3.1.1 does not have: there the connection is closed instead.
pub(super) fn to_v3(packet: Outgoing) -> Option<v3::Packet> {
    Some(match packet {
        Outgoing::ConnectAck(ack) => v3::Packet::ConnectAck(v3::ConnectAck {
            return_code: v3::ConnectAckReason::try_from(refusal::connect_return_code(ack.reason)).ok()?,
            session_present: ack.session_present,
        }),
        Outgoing::Publish(delivery) => v3::Packet::Publish(Box::new(to_publish(delivery, false))),
        Outgoing::PublishAck { packet_id, .. } => v3::Packet::PublishAck { packet_id: packet_id.0 },
        Outgoing::SubscribeAck { packet_id, reasons } => {
            let status = reasons
                .into_iter()
                .map(|reason| match types::QoS::try_from(reason) {
                    Ok(granted) => v3::SubscribeReturnCode::Success(granted),
                    Err(_) => v3::SubscribeReturnCode::Failure,
                })
                .collect();
            v3::Packet::SubscribeAck { packet_id: packet_id.0, status }
        }
        Outgoing::UnsubscribeAck { packet_id, .. } => v3::Packet::UnsubscribeAck { packet_id: packet_id.0 },
        Outgoing::PingResponse => v3::Packet::PingResponse,
        Outgoing::Disconnect { .. } => return None,
    })
}

pub(super) fn to_v5(packet: Outgoing) -> Result<v5::Packet, EncodeError> {
    let unknown = |_| EncodeError::MalformedPacket;
    Ok(match packet {
        Outgoing::ConnectAck(ack) => v5::Packet::ConnectAck(Box::new(to_connect_ack(*ack).map_err(unknown)?)),
        Outgoing::Publish(delivery) => v5::Packet::Publish(Box::new(to_publish(delivery, true))),
        Outgoing::PublishAck { packet_id, reason } => v5::Packet::PublishAck(v5::PublishAck {
            packet_id: packet_id.0,
            reason_code: reason.try_into().map_err(unknown)?,
            ..v5::PublishAck::default()
        }),
        Outgoing::SubscribeAck { packet_id, reasons } => v5::Packet::SubscribeAck(v5::SubscribeAck {
            packet_id: packet_id.0,
            properties: Vec::new(),
            reason_string: None,
            status: codes(reasons).map_err(unknown)?,
        }),
        Outgoing::UnsubscribeAck { packet_id, reasons, sequence } => {
            v5::Packet::UnsubscribeAck(v5::UnsubscribeAck {
                packet_id: packet_id.0,
                properties: sequence.map(sequence_property).into_iter().collect(),
                reason_string: None,
                status: codes(reasons).map_err(unknown)?,
            })
        }
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
        max_packet_size: Some(ack.maximum_packet_size),
        assigned_client_id: ack.assigned_client_id,
        topic_alias_max: limits::TOPIC_ALIASES,
        subscription_identifiers_available: false,
        server_keepalive_sec: Some(ack.keep_alive),
        user_properties: vec![(name.into(), value.into())],
        ..refused
    })
}

fn sequence_property(sequence: u64) -> (ByteString, ByteString) {
    (SEQUENCE_PROPERTY.into(), sequence.to_string().into())
}

fn to_publish(delivery: Delivery, with_properties: bool) -> types::Publish {
    let Delivery { message, qos, retain, dup, packet_id, expiry, sequence } = delivery;
    let properties = with_properties.then(|| v5::PublishProperties {
        message_expiry_interval: expiry,
        content_type: message.properties.content_type.clone(),
        correlation_data: message.properties.correlation_data.clone(),
        response_topic: message.properties.response_topic.clone(),
        is_utf8_payload: message.properties.is_utf8,
        // Ours is the last one: the publisher may have sent another by the same name.
        user_properties: message
            .properties
            .user
            .iter()
            .cloned()
            .chain(sequence.map(sequence_property))
            .collect(),
        ..v5::PublishProperties::default()
    });
    types::Publish {
        dup,
        retain,
        qos: if qos == Qos::AtMostOnce { types::QoS::AtMostOnce } else { types::QoS::AtLeastOnce },
        topic: message.topic.clone(),
        packet_id: packet_id.map(|id| id.0),
        payload: message.payload.clone(),
        properties,
    }
}
