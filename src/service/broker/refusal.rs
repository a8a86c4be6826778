//! The reason codes of refusals: one table, because AWS documents little of it.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html#mqtt5-reason-codes>

use super::packet::{Qos, Version};
use crate::service::choices::Choices;

/// Why a client's packet is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No policy allows it, or one denies it.
    NotAuthorized,
    /// The certificate is not registered, or not active.
    CertificateNotActive,
    /// A retained message for a reserved topic.
    RetainedOnReserved,
    /// A reserved topic that no service of AWS listens to.
    ReservedTopic,
    /// A topic that is too long, too deep, or has a wildcard.
    TopicInvalid,
    /// A topic filter that is too long, too deep, or has a wildcard in the wrong place.
    FilterInvalid,
    /// QoS 2.
    QosNotSupported,
    /// The account's or the session's share is used up.
    Quota,
    /// More filters in one SUBSCRIBE than AWS takes.
    TooManyFilters,
    /// A SUBSCRIBE with a subscription identifier.
    SubscriptionIdentifier,
    /// A topic alias beyond the maximum, or one that stands for nothing.
    TopicAlias,
    /// A payload or packet that is too large.
    TooLarge,
    /// A client id that is too long or reserved.
    ClientId,
    /// MQTT 3.1.
    ProtocolVersion,
    /// Enhanced authentication.
    AuthenticationMethod,
    /// A packet that a client may not send, or not now.
    OutOfPlace,
    /// A packet that cannot be read.
    Malformed,
    /// The client sent nothing for one and a half times the keep alive.
    KeepAlive,
    /// Another connection has the same client id.
    TakenOver,
    /// What waits for the client exceeds the bound.
    SlowReader,
    /// The certificate was deactivated or deleted.
    Administrative,
    /// The service stops.
    ShuttingDown,
    /// A fault that somebody asked for.
    Fault(Ending),
}

/// How a fault ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a DISCONNECT, or with whatever else has a reason code.
    Reason(u8),
    /// With a TCP RST.
    Reset,
    /// It does not: nothing more is heard or said on it.
    Silence,
}

/// How a refused PUBLISH is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublishRefusal {
    /// The connection stays.
    Acknowledge(u8),
    /// The connection ends.
    Disconnect,
}

impl Refusal {
    /// MQTT 5's reason code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::NotAuthorized
            | Self::CertificateNotActive
            | Self::RetainedOnReserved
            | Self::ReservedTopic => 0x87,
            Self::TopicInvalid => 0x90,
            Self::FilterInvalid => 0x8F,
            Self::QosNotSupported => 0x9B,
            Self::Quota | Self::TooManyFilters | Self::SlowReader => 0x97,
            Self::SubscriptionIdentifier => 0xA1,
            Self::TopicAlias => 0x94,
            Self::TooLarge => 0x95,
            Self::ClientId => 0x85,
            Self::ProtocolVersion => 0x84,
            Self::AuthenticationMethod => 0x8C,
            Self::OutOfPlace => 0x82,
            Self::Malformed => 0x81,
            Self::KeepAlive => 0x8D,
            Self::TakenOver => 0x8E,
            Self::Administrative => 0x98,
            Self::ShuttingDown => 0x8B,
            Self::Fault(Ending::Reason(code)) => code,
            // They send none.
            Self::Fault(Ending::Reset | Ending::Silence) => 0x80,
        }
    }

    /// What events call the reason why a connection ended.
    ///
    /// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html>
    pub(super) fn disconnect_reason(self) -> &'static str {
        match self {
            Self::NotAuthorized
            | Self::CertificateNotActive
            | Self::Administrative
            | Self::RetainedOnReserved
            | Self::ReservedTopic => "AUTH_ERROR",
            Self::Quota | Self::SlowReader => "THROTTLED",
            Self::KeepAlive => "MQTT_KEEP_ALIVE_TIMEOUT",
            Self::TakenOver => "DUPLICATE_CLIENTID",
            Self::ShuttingDown | Self::Fault(Ending::Reason(_)) => "SERVER_INITIATED_DISCONNECT",
            Self::Fault(Ending::Reset | Ending::Silence) => "CONNECTION_LOST",
            Self::TopicInvalid
            | Self::FilterInvalid
            | Self::QosNotSupported
            | Self::TooManyFilters
            | Self::SubscriptionIdentifier
            | Self::TopicAlias
            | Self::TooLarge
            | Self::ClientId
            | Self::ProtocolVersion
            | Self::AuthenticationMethod
            | Self::OutOfPlace
            | Self::Malformed => "CLIENT_ERROR",
        }
    }

    /// MQTT 5's reason string, where AWS is known to send one.
    pub(crate) fn text(self) -> Option<&'static str> {
        match self {
            Self::SubscriptionIdentifier => Some("Subscription Id is not supported now"),
            _ => None,
        }
    }

    /// How a PUBLISH is answered.
    pub(crate) fn of_publish(self, version: Version, qos: Qos, choices: &Choices) -> PublishRefusal {
        let stays = choices.refused_publish_is_acknowledged
            && matches!(
                self,
                Self::NotAuthorized
                    | Self::RetainedOnReserved
                    | Self::TopicInvalid
                    | Self::Quota
                    | Self::Fault(_)
            );
        if stays && version == Version::V5 && qos == Qos::AtLeastOnce {
            PublishRefusal::Acknowledge(self.code())
        } else {
            PublishRefusal::Disconnect
        }
    }
}

/// MQTT 3.1.1's CONNACK return code for a reason code of MQTT 5.
pub(crate) fn connect_return_code(reason: u8) -> u8 {
    match reason {
        0x00 => 0,
        0x84 => 1,
        0x85 => 2,
        0x88 | 0x89 | 0x97 => 3,
        0x86 => 4,
        _ => 5,
    }
}

/// AWS's reason string for a CONNECT that is not authorized; `id` is the request's.
pub(crate) fn connect_text(refusal: Refusal, id: &str) -> Option<String> {
    matches!(refusal, Refusal::NotAuthorized | Refusal::CertificateNotActive)
        .then(|| format!("CONNACK:Client is not authenticated/authorized to send the message:{id}"))
}
