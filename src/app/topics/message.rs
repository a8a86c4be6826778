//! A message on a topic, as it is printed and as `expect` sees it.

use std::borrow::Cow;

use aws_smithy_types::base64;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::app::command::titles::{self, MESSAGE};
use crate::app::output::message::{Delivery, Message, MessageKind};
use crate::client::connection::Qos;

/// How a payload stands in the body of a message.
struct Shown<'a> {
    format: &'static str,
    json: Cow<'a, str>,
}

impl<'a> Shown<'a> {
    fn new(payload: &'a [u8]) -> Self {
        let Ok(text) = std::str::from_utf8(payload) else {
            return Self { format: "base64", json: Value::from(base64::encode(payload)).to_string().into() };
        };
        match serde_json::from_str::<&RawValue>(text) {
            Ok(json) => Self { format: "json", json: json.get().into() },
            Err(_) => Self { format: "text", json: Value::from(text).to_string().into() },
        }
    }
}

/// The message with this payload: of an event what it says, of another one also where it came.
pub(super) fn message(topic: String, qos: Qos, retain: bool, payload: &[u8]) -> Message {
    let Shown { format, json } = Shown::new(payload);
    let kind = titles::of_topic(&topic);
    let (title, body) = if *kind != MESSAGE && json.starts_with('{') {
        (kind.title, json.into_owned())
    } else {
        let topic = Value::from(topic.as_str());
        let head = format!("\"topic\":{topic},\"qos\":{qos},\"retain\":{retain},\"format\":\"{format}\"");
        (MESSAGE.title, format!("{{{head},\"payload\":{json}}}"))
    };
    Message {
        topic: Some(topic),
        delivery: Some(Delivery { qos, retain }),
        ..Message::new(MessageKind::Message, title, Some(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(topic: &str, payload: &[u8]) -> (String, String) {
        let message = message(topic.to_owned(), Qos::AtLeastOnce, false, payload);
        (message.title, message.body.unwrap())
    }

    #[test]
    fn a_payload_is_json_or_text_or_neither() {
        let end = |payload: &[u8]| {
            let (title, body) = shown("a/b", payload);
            assert_eq!(title, "Message");
            let begin = r#"{"topic":"a/b","qos":1,"retain":false,"format":"#;
            body.strip_prefix(begin).unwrap().trim_end_matches('}').to_owned()
        };
        assert_eq!(end(b" [1.50, {\"a\": 1]"), r#""text","payload":" [1.50, {\"a\": 1]""#);
        assert_eq!(end(b" [1.50,  2] "), r#""json","payload":[1.50,  2]"#);
        assert_eq!(end(b"21.5"), r#""json","payload":21.5"#);
        assert_eq!(end(b"on"), r#""text","payload":"on""#);
        assert_eq!(end(b"\"on\""), r#""json","payload":"on""#);
        assert_eq!(end(b""), r#""text","payload":"""#);
        assert_eq!(end(b"\x1b[2J"), r#""text","payload":"\u001b[2J""#);
        assert_eq!(end(b"\x00\xff\x10"), r#""base64","payload":"AP8Q""#);
        let deep = format!("{}{}", "[".repeat(60_000), "]".repeat(60_000));
        assert_eq!(end(deep.as_bytes()), format!("\"json\",\"payload\":{deep}"));
    }

    #[test]
    fn an_event_is_what_it_says_and_one_that_is_none_is_a_message() {
        let payload = br#"{"eventType": "JOB","jobId":"J","timestamp":1755000000}"#;
        let (title, body) = shown("$aws/events/job/J/completed", payload);
        assert_eq!((title.as_str(), body.as_bytes()), ("JobEvent", &payload[..]));
        for broken in [&b"{"[..], b"3", b"\xff"] {
            assert_eq!(shown("$aws/events/job/J/completed", broken).0, "Message");
        }
    }
}
