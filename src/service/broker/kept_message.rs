//! A retained message as it is kept.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::packet::{Message, Properties, Qos};
use crate::service::moment::Moment;

/// A message without its topic, which is its name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptMessage {
    payload: Octets,
    is_qos_1: bool,
    is_utf8: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_data: Option<Octets>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    user: Vec<(String, String)>,
    /// Epoch milliseconds of the system's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

/// Bytes: as text where they are some.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Octets {
    Text(String),
    Hex(String),
}

impl KeptMessage {
    pub(super) fn of(message: &Message, now: Moment) -> Self {
        let Properties { is_utf8, content_type, response_topic, correlation_data, user } =
            &message.properties;
        let text = |text: &ByteString| text.to_string();
        Self {
            payload: Octets::of(&message.payload),
            is_qos_1: message.qos >= Qos::AtLeastOnce,
            is_utf8: *is_utf8,
            content_type: content_type.as_ref().map(text),
            response_topic: response_topic.as_ref().map(text),
            correlation_data: correlation_data.as_ref().map(|data| Octets::of(data)),
            user: user.iter().map(|(name, value)| (text(name), text(value))).collect(),
            expires_at: message.expires_at.map(|at| {
                let left = at.saturating_duration_since(now.monotonic);
                u64::try_from((now.since_epoch + left).as_millis()).unwrap_or(u64::MAX)
            }),
        }
    }

    /// The message that `topic` had; none where it has expired meanwhile, or its bytes are none.
    pub(super) fn into_message(self, topic: ByteString, now: Moment) -> Option<Message> {
        let expires_at = match self.expires_at.map(Duration::from_millis) {
            None => None,
            Some(at) => Some(now.monotonic.checked_add(at.checked_sub(now.since_epoch)?)?),
        };
        let properties = Properties {
            is_utf8: self.is_utf8,
            content_type: self.content_type.map(Into::into),
            response_topic: self.response_topic.map(Into::into),
            correlation_data: match self.correlation_data {
                None => None,
                Some(data) => Some(data.bytes()?),
            },
            user: self.user.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        };
        let qos = if self.is_qos_1 { Qos::AtLeastOnce } else { Qos::AtMostOnce };
        Some(Message { topic, payload: self.payload.bytes()?, qos, retain: true, properties, expires_at })
    }
}

impl Octets {
    fn of(bytes: &[u8]) -> Self {
        str::from_utf8(bytes).map_or_else(
            |_| {
                Self::Hex(bytes.iter().fold(String::new(), |mut hex, byte| {
                    let _ = write!(hex, "{byte:02x}");
                    hex
                }))
            },
            |text| Self::Text(text.to_owned()),
        )
    }

    fn bytes(self) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Hex(hex) => {
                let pairs = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok());
                pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn restored(message: &Message, now: Moment, later: Moment) -> Option<Message> {
        let text = serde_json::to_string(&KeptMessage::of(message, now)).unwrap();
        let kept: KeptMessage = serde_json::from_str(&text).unwrap();
        kept.into_message(message.topic.clone(), later)
    }

    #[test]
    fn a_message_is_the_same_again_and_expires_when_it_would_have() {
        let now = Moment { monotonic: Instant::now(), since_epoch: Duration::from_hours(20) };
        // Another process, whose own clock began elsewhere.
        let after = |seconds| Moment {
            monotonic: now.monotonic + Duration::from_hours(5),
            since_epoch: now.since_epoch + Duration::from_secs(seconds),
        };
        let message = Message {
            topic: "a/b".into(),
            payload: vec![0xff, 0, 1].into(),
            qos: Qos::AtLeastOnce,
            retain: true,
            properties: Properties {
                is_utf8: true,
                content_type: Some("c".into()),
                response_topic: Some("r".into()),
                correlation_data: Some("d".into()),
                user: vec![("n".into(), "v".into()), ("n".into(), "w".into())],
            },
            expires_at: None,
        };
        assert_eq!(restored(&message, now, after(1)).as_ref(), Some(&message));
        let expiring = Message { expires_at: Some(now.monotonic + Duration::from_secs(9)), ..message };
        let left = restored(&expiring, now, after(4)).unwrap().expires_at;
        assert_eq!(left, Some(after(4).monotonic + Duration::from_secs(5)));
        assert_eq!(restored(&expiring, now, after(10)), None);
    }
}
