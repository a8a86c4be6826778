//! The reason codes of MQTT 5 with which a server refuses something or ends a connection.
//!
//! MQTT: <https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031>

use std::fmt;

/// A packet with a reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet {
    Connack,
    Puback,
    Suback,
    Disconnect,
}

use Packet::{Connack, Disconnect, Puback, Suback};

/// Name, value, and where MQTT lets a server send it.
const REASONS: [(&str, u8, &[Packet]); 31] = [
    ("UnspecifiedError", 0x80, &[Connack, Puback, Suback, Disconnect]),
    ("MalformedPacket", 0x81, &[Connack, Disconnect]),
    ("ProtocolError", 0x82, &[Connack, Disconnect]),
    ("ImplementationSpecificError", 0x83, &[Connack, Puback, Suback, Disconnect]),
    ("UnsupportedProtocolVersion", 0x84, &[Connack]),
    ("ClientIdentifierNotValid", 0x85, &[Connack]),
    ("BadUserNameOrPassword", 0x86, &[Connack]),
    ("NotAuthorized", 0x87, &[Connack, Puback, Suback, Disconnect]),
    ("ServerUnavailable", 0x88, &[Connack]),
    ("ServerBusy", 0x89, &[Connack, Disconnect]),
    ("Banned", 0x8A, &[Connack]),
    ("ServerShuttingDown", 0x8B, &[Disconnect]),
    ("BadAuthenticationMethod", 0x8C, &[Connack]),
    ("KeepAliveTimeout", 0x8D, &[Disconnect]),
    ("SessionTakenOver", 0x8E, &[Disconnect]),
    ("TopicFilterInvalid", 0x8F, &[Suback, Disconnect]),
    ("TopicNameInvalid", 0x90, &[Puback, Disconnect]),
    ("PacketIdentifierInUse", 0x91, &[Puback, Suback]),
    ("ReceiveMaximumExceeded", 0x93, &[Disconnect]),
    ("TopicAliasInvalid", 0x94, &[Disconnect]),
    ("PacketTooLarge", 0x95, &[Connack, Disconnect]),
    ("MessageRateTooHigh", 0x96, &[Disconnect]),
    ("QuotaExceeded", 0x97, &[Connack, Puback, Suback, Disconnect]),
    ("AdministrativeAction", 0x98, &[Disconnect]),
    ("PayloadFormatInvalid", 0x99, &[Puback, Disconnect]),
    ("UseAnotherServer", 0x9C, &[Connack, Disconnect]),
    ("ServerMoved", 0x9D, &[Connack, Disconnect]),
    ("SharedSubscriptionsNotSupported", 0x9E, &[Suback, Disconnect]),
    ("ConnectionRateExceeded", 0x9F, &[Connack, Disconnect]),
    ("MaximumConnectTime", 0xA0, &[Disconnect]),
    ("WildcardSubscriptionsNotSupported", 0xA2, &[Suback, Disconnect]),
];

/// A reason code of MQTT 5, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    name: &'static str,
    value: u8,
    packets: &'static [Packet],
}

impl Reason {
    /// Of a `disconnect` that says nothing else.
    pub(super) const OF_DISCONNECT: Self =
        Self { name: REASONS[11].0, value: REASONS[11].1, packets: REASONS[11].2 };

    /// The byte on the wire.
    #[must_use]
    pub fn value(self) -> u8 {
        self.value
    }

    pub(super) fn is_in(self, packet: Packet) -> bool {
        self.packets.contains(&packet)
    }

    /// All that a server may send in `packet`.
    pub(super) fn all_in(packet: Packet) -> impl Iterator<Item = Self> {
        let all = REASONS.iter().map(|&(name, value, packets)| Self { name, value, packets });
        all.filter(move |reason| reason.is_in(packet))
    }

    /// The reason called `name`, if a server may send it in one of `packets`.
    pub(super) fn find(name: &str, packets: &[Packet]) -> Option<Self> {
        packets.iter().find_map(|&packet| Self::all_in(packet).find(|reason| reason.name == name))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
