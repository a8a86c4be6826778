//! MQTT reason codes, with their names.

use std::fmt;

/// The longest reason string that is shown, in characters.
const LONGEST_REASON: usize = 200;

const UNSPECIFIED_ERROR: u8 = 0x80;
const NOT_AUTHORIZED: u8 = 0x87;

/// A reason code of MQTT 5; `Display` gives its name, followed by the server's reason string.
///
/// See <https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCode {
    value: u8,
    reason: Option<String>,
}

impl ReasonCode {
    /// The code with the reason that the server gave, if it gave one.
    pub(crate) fn new(value: u8, reason: Option<&str>) -> Self {
        let reason = reason.filter(|reason| !reason.is_empty());
        Self { value, reason: reason.map(|reason| reason.chars().take(LONGEST_REASON).collect()) }
    }

    /// The value in hexadecimal, such as `0x87`.
    #[must_use]
    pub fn value(&self) -> String {
        format!("0x{:02X}", self.value)
    }

    /// MQTT's name for it, such as `not authorized`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        words(self.value)
    }

    /// Whether it may mean that a policy does not allow something, which AWS IoT reports in different ways.
    #[must_use]
    pub fn may_be_the_policy(&self) -> bool {
        matches!(self.value, NOT_AUTHORIZED | UNSPECIFIED_ERROR)
    }

    /// Whether a connection that ends so may have ended because of a message that the client sent: not authorized, or
    /// its topic, size, QoS or retain flag.
    pub(super) fn is_about_a_message(&self) -> bool {
        matches!(self.value, NOT_AUTHORIZED | 0x90 | 0x95 | 0x97 | 0x99..=0x9B)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value(), self.name())?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

fn words(code: u8) -> &'static str {
    match code {
        // Success has the same value, but is never shown.
        0x00 => "normal disconnection",
        0x04 => "disconnect with will message",
        UNSPECIFIED_ERROR => "unspecified error",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "implementation specific error",
        0x84 => "unsupported protocol version",
        0x85 => "client identifier not valid",
        0x86 => "bad user name or password",
        NOT_AUTHORIZED => "not authorized",
        0x88 => "server unavailable",
        0x89 => "server busy",
        0x8A => "banned",
        0x8B => "server shutting down",
        0x8C => "bad authentication method",
        0x8D => "keep alive timeout",
        0x8E => "session taken over",
        0x8F => "topic filter invalid",
        0x90 => "topic name invalid",
        0x91 => "packet identifier in use",
        0x93 => "receive maximum exceeded",
        0x94 => "topic alias invalid",
        0x95 => "packet too large",
        0x96 => "message rate too high",
        0x97 => "quota exceeded",
        0x98 => "administrative action",
        0x99 => "payload format invalid",
        0x9A => "retain not supported",
        0x9B => "QoS not supported",
        0x9C => "use another server",
        0x9D => "server moved",
        0x9E => "shared subscriptions not supported",
        0x9F => "connection rate exceeded",
        0xA0 => "maximum connect time",
        0xA1 => "subscription identifiers not supported",
        0xA2 => "wildcard subscriptions not supported",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_in_words_with_the_servers_own() {
        assert_eq!(ReasonCode::new(0x8D, None).to_string(), "0x8D keep alive timeout");
        assert_eq!(ReasonCode::new(0x87, Some("")).to_string(), "0x87 not authorized");
        assert_eq!(ReasonCode::new(0x97, Some("later")).to_string(), "0x97 quota exceeded (later)");
        let long = ReasonCode::new(0x80, Some(&"é".repeat(1000))).to_string();
        assert_eq!(long.chars().filter(|character| *character == 'é').count(), LONGEST_REASON);
    }
}
