//! What packets mean: those that we send, and the results in those that we receive.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, Filter, Packet,
    PubAck, PubAckReason, Publish, SubAck, Subscribe, SubscribeProperties, SubscribeReasonCode, UnsubAck,
    UnsubAckReason,
};

use super::error::Error;
use super::framing;
use super::qos::Qos;
use super::reason_code::ReasonCode;
use super::received_message::ReceivedMessage;
use super::request::Unsubscribed;
use crate::wire::local_service::{LOCAL_SERVICE_PROPERTY, SEQUENCE_PROPERTY, SEQUENCE_REQUEST};

/// How many QoS 1 messages AWS IoT allows to be in flight, each way.
pub(super) const RECEIVE_MAXIMUM: u16 = 100;

/// The CONNECT packet: a clean start, our limits, no user name.
pub(super) fn connect(client_id: &str, keep_alive: Duration) -> Packet {
    let properties = ConnectProperties {
        receive_maximum: Some(RECEIVE_MAXIMUM),
        max_packet_size: Some(framing::MAX_PACKET_SIZE),
        ..ConnectProperties::new()
    };
    let connect = Connect {
        keep_alive: u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX).max(1),
        client_id: client_id.to_owned(),
        clean_start: true,
        properties: Some(properties),
    };
    Packet::Connect(connect, None, None)
}

pub(super) fn received(publish: &Publish) -> Result<ReceivedMessage, Error> {
    if publish.topic.is_empty() {
        return Err(Error::Protocol { reason: "a topic alias that was not offered".to_owned() });
    }
    let properties = publish.properties.as_ref();
    Ok(ReceivedMessage {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload.clone(),
        qos: publish.qos.into(),
        retain: publish.retain,
        sequence: properties.and_then(|properties| sequence(&properties.user_properties)),
    })
}

/// The number that the local service has put behind what else stands there.
fn sequence(properties: &[(String, String)]) -> Option<u64> {
    let (_, number) = properties.iter().rfind(|(name, _)| name == SEQUENCE_PROPERTY)?;
    number.parse().ok()
}

/// Whether CONNACK bears the mark of the local service.
pub(super) fn is_of_local_service(connack: &ConnAck) -> bool {
    connack.properties.as_ref().is_some_and(|properties| {
        properties.user_properties.iter().any(|(name, value)| (&**name, &**value) == LOCAL_SERVICE_PROPERTY)
    })
}

/// The SUBSCRIBE packet; `numbered` asks the local service to number what it sends from then on.
pub(super) fn subscribe(filters: &[String], numbered: bool) -> Subscribe {
    let wanted = filters.iter().map(|filter| Filter::new(filter.clone(), Qos::AtLeastOnce.into()));
    let (name, value) = SEQUENCE_REQUEST;
    let user_properties = vec![(name.to_owned(), value.to_owned())];
    let properties = numbered.then_some(SubscribeProperties { id: None, user_properties });
    Subscribe::new_many(wanted, properties)
}

pub(super) fn published(puback: &PubAck, topic: String) -> Result<(), Error> {
    let Some(value) = publish_code(puback.reason) else { return Ok(()) };
    let reason = puback.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Err(Error::PublishRefused { topic, code: ReasonCode::new(value, reason) })
}

pub(super) fn subscribed(suback: &SubAck, filters: &[String]) -> Result<(), Error> {
    if suback.return_codes.len() != filters.len() {
        return Err(Error::Protocol { reason: "a SUBACK for another number of filters".to_owned() });
    }
    let mut codes = suback.return_codes.iter().copied().map(subscribe_code);
    let Some(first) = codes.clone().flatten().next() else { return Ok(()) };
    let reason = suback.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Err(Error::SubscribeRefused {
        filters: filters.iter().filter(|_| codes.next().flatten().is_some()).cloned().collect(),
        code: ReasonCode::new(first, reason),
    })
}

pub(super) fn unsubscribed(unsuback: &UnsubAck, filter: &str) -> Result<Unsubscribed, Error> {
    let [reason] = unsuback.reasons[..] else {
        return Err(Error::Protocol { reason: "an UNSUBACK for another number of filters".to_owned() });
    };
    let properties = unsuback.properties.as_ref();
    if let Some(value) = unsubscribe_code(reason) {
        let text = properties.and_then(|properties| properties.reason_string.as_deref());
        return Err(Error::UnsubscribeRefused {
            filter: filter.to_owned(),
            code: ReasonCode::new(value, text),
        });
    }
    Ok(Unsubscribed {
        existed: reason == UnsubAckReason::Success,
        sequence: properties.and_then(|properties| sequence(&properties.user_properties)),
    })
}

pub(super) fn broken(error: &rumqttc::v5::StateError) -> Error {
    Error::Protocol { reason: error.to_string() }
}

pub(super) fn name(packet: &Packet) -> &'static str {
    match packet {
        Packet::Auth(_) => "AUTH",
        Packet::Connect(..) => "CONNECT",
        Packet::ConnAck(_) => "CONNACK",
        Packet::Publish(_) => "PUBLISH",
        Packet::PubAck(_) => "PUBACK",
        Packet::PingReq(_) => "PINGREQ",
        Packet::PingResp(_) => "PINGRESP",
        Packet::Subscribe(_) => "SUBSCRIBE",
        Packet::SubAck(_) => "SUBACK",
        Packet::PubRec(_) => "PUBREC",
        Packet::PubRel(_) => "PUBREL",
        Packet::PubComp(_) => "PUBCOMP",
        Packet::Unsubscribe(_) => "UNSUBSCRIBE",
        Packet::UnsubAck(_) => "UNSUBACK",
        Packet::Disconnect(_) => "DISCONNECT",
    }
}

/// The result in a CONNACK.
pub(super) fn connected(connack: &ConnAck, client_id: &str) -> Result<(), Error> {
    if connack.code == ConnectReturnCode::Success {
        return Ok(());
    }
    let reason = connack.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Err(Error::ConnectRefused {
        client_id: client_id.to_owned(),
        code: ReasonCode::new(connect_code(connack.code), reason),
        advice: connect_advice(connack.code, client_id),
    })
}

/// The error in a DISCONNECT of the server.
pub(super) fn disconnected(disconnect: &Disconnect, client_id: &str) -> Error {
    if disconnect.reason_code == DisconnectReasonCode::SessionTakenOver {
        return Error::TakenOver { client_id: client_id.to_owned() };
    }
    let reason = disconnect.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Error::Disconnected { code: ReasonCode::new(disconnect.reason_code as u8, reason) }
}

/// The value of a CONNACK reason code. rumqttc does not read those of earlier MQTT versions from an MQTT 5 packet.
fn connect_code(code: ConnectReturnCode) -> u8 {
    use ConnectReturnCode as Code;
    match code {
        Code::Success => 0x00,
        Code::UnspecifiedError => 0x80,
        Code::MalformedPacket => 0x81,
        Code::ProtocolError => 0x82,
        Code::ImplementationSpecificError => 0x83,
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => 0x84,
        Code::ClientIdentifierNotValid | Code::BadClientId => 0x85,
        Code::BadUserNamePassword => 0x86,
        Code::NotAuthorized => 0x87,
        Code::ServerUnavailable | Code::ServiceUnavailable => 0x88,
        Code::ServerBusy => 0x89,
        Code::Banned => 0x8A,
        Code::BadAuthenticationMethod => 0x8C,
        Code::TopicNameInvalid => 0x90,
        Code::PacketTooLarge => 0x95,
        Code::QuotaExceeded => 0x97,
        Code::PayloadFormatInvalid => 0x99,
        Code::RetainNotSupported => 0x9A,
        Code::QoSNotSupported => 0x9B,
        Code::UseAnotherServer => 0x9C,
        Code::ServerMoved => 0x9D,
        Code::ConnectionRateExceeded => 0x9F,
    }
}

/// What to do about a CONNACK reason code.
fn connect_advice(code: ConnectReturnCode, client_id: &str) -> String {
    use ConnectReturnCode as Code;
    match code {
        Code::NotAuthorized | Code::BadUserNamePassword => {
            format!(
                "check that the certificate is ACTIVE, and allow iot:Connect on client/{client_id} in its policy, or choose another --client-id"
            )
        }
        Code::ClientIdentifierNotValid => "choose another --client-id, of at most 128 bytes".to_owned(),
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => {
            "the server does not speak MQTT 5".to_owned()
        }
        _ => "try again later".to_owned(),
    }
}

/// The value of a SUBACK reason code, or `None` if the subscription was granted.
fn subscribe_code(code: SubscribeReasonCode) -> Option<u8> {
    use SubscribeReasonCode as Code;
    Some(match code {
        Code::Success(_) => return None,
        Code::Failure | Code::Unspecified => 0x80,
        Code::ImplementationSpecific => 0x83,
        Code::NotAuthorized => 0x87,
        Code::TopicFilterInvalid => 0x8F,
        Code::PkidInUse => 0x91,
        Code::QuotaExceeded => 0x97,
        Code::SharedSubscriptionsNotSupported => 0x9E,
        Code::SubscriptionIdNotSupported => 0xA1,
        Code::WildcardSubscriptionsNotSupported => 0xA2,
    })
}

/// The value of a PUBACK reason code, or `None` for success.
fn publish_code(code: PubAckReason) -> Option<u8> {
    Some(match code {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => return None,
        PubAckReason::UnspecifiedError => 0x80,
        PubAckReason::ImplementationSpecificError => 0x83,
        PubAckReason::NotAuthorized => 0x87,
        PubAckReason::TopicNameInvalid => 0x90,
        PubAckReason::PacketIdentifierInUse => 0x91,
        PubAckReason::QuotaExceeded => 0x97,
        PubAckReason::PayloadFormatInvalid => 0x99,
    })
}

/// The value of an UNSUBACK reason code, or `None` where there is no such subscription any more.
fn unsubscribe_code(code: UnsubAckReason) -> Option<u8> {
    Some(match code {
        UnsubAckReason::Success | UnsubAckReason::NoSubscriptionExisted => return None,
        UnsubAckReason::UnspecifiedError => 0x80,
        UnsubAckReason::ImplementationSpecificError => 0x83,
        UnsubAckReason::NotAuthorized => 0x87,
        UnsubAckReason::TopicFilterInvalid => 0x8F,
        UnsubAckReason::PacketIdentifierInUse => 0x91,
    })
}
