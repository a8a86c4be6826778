//! What packets mean: the ones that we send, and the verdicts in the ones that come.

use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, Packet, PubAck,
    PubAckReason, Publish, SubAck, SubscribeReasonCode,
};

use super::Incoming;
use super::error::Error;
use super::link::IN_FLIGHT_LIMIT;
use super::wire;

/// The CONNECT packet: a clean start, our limits, no user name.
pub(super) fn connect(client_id: &str, keep_alive: Duration) -> Packet {
    let properties = ConnectProperties {
        receive_maximum: Some(IN_FLIGHT_LIMIT),
        max_packet_size: Some(wire::MAX_PACKET_SIZE),
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

pub(super) fn incoming(publish: &Publish) -> Result<Incoming, Error> {
    if publish.topic.is_empty() {
        return Err(Error::Protocol { reason: "a topic alias that was not offered".to_owned() });
    }
    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
    Ok(Incoming { topic, payload: publish.payload.clone() })
}

pub(super) fn published(puback: &PubAck, mut names: Vec<String>) -> Result<(), Error> {
    let Some(code) = publish_code(puback.reason) else { return Ok(()) };
    let reason = puback.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Err(Error::PublishRefused {
        topic: names.pop().unwrap_or_default(),
        code: with_reason(code.to_owned(), reason),
    })
}

pub(super) fn subscribed(suback: &SubAck, filters: Vec<String>) -> Result<(), Error> {
    if suback.return_codes.len() != filters.len() {
        return Err(Error::Protocol { reason: "a SUBACK for another number of filters".to_owned() });
    }
    let granted = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
    let Some(first) = suback.return_codes.iter().find(|code| !granted(code)) else { return Ok(()) };
    let reason = suback.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    let codes = suback.return_codes.iter();
    let refused = filters.into_iter().zip(codes).filter(|(_, code)| !granted(code));
    Err(Error::SubscribeRefused {
        filters: refused.map(|(filter, _)| filter).collect(),
        code: with_reason(subscribe_code(*first), reason),
    })
}

pub(super) fn broken(error: &rumqttc::v5::StateError) -> Error {
    Error::Protocol { reason: error.to_string() }
}

pub(super) fn name(packet: &Packet) -> String {
    let debug = format!("{packet:?}");
    debug.split(['(', ' ', '{']).next().unwrap_or_default().to_uppercase()
}

/// `ServerShuttingDown` as `server shutting down`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// What a CONNACK says.
pub(super) fn connected(connack: &ConnAck, client_id: &str) -> Result<(), Error> {
    if connack.code == ConnectReturnCode::Success {
        return Ok(());
    }
    let reason = connack.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    Err(Error::ConnectRefused {
        client_id: client_id.to_owned(),
        code: with_reason(connect_code(connack.code), reason),
        advice: connect_advice(connack.code, client_id),
    })
}

/// What a DISCONNECT of the server says.
pub(super) fn disconnected(disconnect: &Disconnect, client_id: &str) -> Error {
    if disconnect.reason_code == DisconnectReasonCode::SessionTakenOver {
        return Error::TakenOver { client_id: client_id.to_owned() };
    }
    let code = disconnect.reason_code;
    let reason = disconnect.properties.as_ref().and_then(|properties| properties.reason_string.as_deref());
    let code = format!("0x{:02X} {}", code as u8, in_words(&format!("{code:?}")));
    Error::Disconnected { code: with_reason(code, reason) }
}

/// A code with the reason that the server gave, if it gave one.
fn with_reason(code: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) if !reason.is_empty() => {
            format!("{code} ({})", reason.chars().take(200).collect::<String>())
        }
        _ => code,
    }
}

/// A CONNACK code in words.
fn connect_code(code: ConnectReturnCode) -> String {
    use ConnectReturnCode as Code;
    match code {
        Code::UnspecifiedError => "0x80 unspecified error".to_owned(),
        Code::ClientIdentifierNotValid => "0x85 client identifier not valid".to_owned(),
        Code::BadUserNamePassword => "0x86 bad user name or password".to_owned(),
        Code::NotAuthorized => "0x87 not authorized".to_owned(),
        Code::ServerUnavailable => "0x88 server unavailable".to_owned(),
        Code::ServerBusy => "0x89 server busy".to_owned(),
        Code::Banned => "0x8A banned".to_owned(),
        Code::QuotaExceeded => "0x97 quota exceeded".to_owned(),
        Code::ConnectionRateExceeded => "0x9F connection rate exceeded".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What to do about a CONNACK code.
fn connect_advice(code: ConnectReturnCode, client_id: &str) -> String {
    use ConnectReturnCode as Code;
    match code {
        Code::NotAuthorized | Code::BadUserNamePassword => {
            format!(
                "allow iot:Connect on client/{client_id} in the certificate's policy, or choose another --client-id"
            )
        }
        Code::ClientIdentifierNotValid => "choose another --client-id, of at most 128 bytes".to_owned(),
        Code::UnsupportedProtocolVersion | Code::RefusedProtocolVersion => {
            "the server does not speak MQTT 5".to_owned()
        }
        _ => "try again later".to_owned(),
    }
}

/// A SUBACK code in words.
fn subscribe_code(code: SubscribeReasonCode) -> String {
    use SubscribeReasonCode as Code;
    match code {
        Code::Success(_) => "granted".to_owned(),
        Code::Failure | Code::Unspecified => "0x80 unspecified error".to_owned(),
        Code::ImplementationSpecific => "0x83 implementation specific error".to_owned(),
        Code::NotAuthorized => "0x87 not authorized".to_owned(),
        Code::TopicFilterInvalid => "0x8F topic filter invalid".to_owned(),
        Code::PkidInUse => "0x91 packet identifier in use".to_owned(),
        Code::QuotaExceeded => "0x97 quota exceeded".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A PUBACK code in words; none for success.
fn publish_code(code: PubAckReason) -> Option<&'static str> {
    match code {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => None,
        PubAckReason::UnspecifiedError => Some("0x80 unspecified error"),
        PubAckReason::ImplementationSpecificError => Some("0x83 implementation specific error"),
        PubAckReason::NotAuthorized => Some("0x87 not authorized"),
        PubAckReason::TopicNameInvalid => Some("0x90 topic name invalid"),
        PubAckReason::PacketIdentifierInUse => Some("0x91 packet identifier in use"),
        PubAckReason::QuotaExceeded => Some("0x97 quota exceeded"),
        PubAckReason::PayloadFormatInvalid => Some("0x99 payload format invalid"),
    }
}
