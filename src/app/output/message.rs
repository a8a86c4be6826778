//! Messages: answers, refusals, events and errors.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Number;

use crate::app::output::escape;
use crate::app::output::json_text::{self, Layout};
use crate::app::output::style::{Style, Theme};
use crate::app::output::times;
use crate::client::connection::Qos;
use crate::wire::model::ThingName;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageKind {
    /// The service did what a command asked.
    Response,
    /// The service refused a command.
    Rejected,
    /// The service reported a change.
    Event,
    /// It came on a topic that the user has subscribed to.
    Message,
    /// A fault of the local service has struck a message.
    Fault,
    /// A command failed before or without an answer, or something is wrong with the connection.
    Error,
    /// How an `expect` went.
    Expect,
    /// A command, before it is carried out.
    Command,
    /// What a script prints.
    Print,
}

impl MessageKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Rejected => "rejected",
            Self::Event => "event",
            Self::Message => "message",
            Self::Fault => "fault",
            Self::Error => "error",
            Self::Expect => "expect",
            Self::Command => "command",
            Self::Print => "print",
        }
    }
}

/// One message, as it is printed and as `expect` sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it is about.
    pub kind: MessageKind,
    /// The API's name of the answer or event, such as `CreateJobResponse`.
    pub title: String,
    /// The line of the script whose command it answers.
    pub line: Option<usize>,
    /// The thing whose it is; if `None`, that which is played when it is printed.
    pub thing: Option<ThingName>,
    /// The MQTT topic that it came on; none from the control plane.
    pub topic: Option<String>,
    /// How it came, if that is told.
    pub delivery: Option<Delivery>,
    /// JSON as it was on the wire; none if the answer had no body.
    pub body: Option<String>,
}

/// How a message on a topic came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// At which QoS.
    pub qos: Qos,
    /// Whether the server had kept it for new subscriptions.
    pub retain: bool,
}

impl Message {
    /// A message without line and topic.
    #[must_use]
    pub(crate) fn new(kind: MessageKind, title: impl Into<String>, body: Option<String>) -> Self {
        Self { kind, title: title.into(), line: None, thing: None, topic: None, delivery: None, body }
    }

    /// An error, with its text as the body.
    #[must_use]
    pub(crate) fn with_text(
        kind: MessageKind,
        title: impl Into<String>,
        line: Option<usize>,
        text: &str,
    ) -> Self {
        let body = serde_json::json!({ "message": text }).to_string();
        Self { line, ..Self::new(kind, title, Some(body)) }
    }

    /// Roughly how many bytes of memory it takes.
    #[must_use]
    pub(crate) fn size(&self) -> usize {
        200 + self.body.as_ref().map_or(0, String::len)
    }

    /// When the service sent it, in epoch milliseconds, if it says so.
    #[must_use]
    pub(crate) fn timestamp(&self) -> Option<i64> {
        #[derive(Deserialize)]
        struct Stamped {
            timestamp: Number,
        }
        let stamped: Stamped = serde_json::from_str(self.body.as_deref()?).ok()?;
        times::millis(&stamped.timestamp.to_string())
    }

    /// The message of this thing as one line of JSON, without the line break.
    ///
    /// The body keeps the values, the order and the digits of the wire.
    #[must_use]
    pub(crate) fn to_json_line(&self, thing: Option<&ThingName>) -> String {
        let mut out = format!("{{\"type\":\"{}\",\"title\":{}", self.kind.as_str(), quoted(&self.title));
        // Writing to a string cannot fail.
        let _ = match self.line {
            Some(line) => write!(out, ",\"line\":{line}"),
            None => write!(out, ",\"line\":null"),
        };
        let thing = thing.map_or_else(|| "null".to_owned(), |thing| quoted(thing.as_str()));
        let topic = self.topic.as_deref().map_or_else(|| "null".to_owned(), quoted);
        let body = self.body.as_deref().map_or_else(|| "null".to_owned(), json_text::compact);
        out.extend([",\"thing\":", &thing, ",\"topic\":", &topic]);
        if let Some(Delivery { qos, retain }) = self.delivery {
            let _ = write!(out, ",\"qos\":{qos},\"retain\":{retain}");
        }
        out.extend([",\"body\":", &body, "}"]);
        out
    }

    /// The message for people: a title line, which names this thing, the body below, and an empty line.
    ///
    /// An event, which nobody asked for, does not fill a person's screen with all that is pending.
    #[must_use]
    pub(crate) fn to_block(&self, thing: Option<&ThingName>, layout: Layout) -> String {
        let mut out = self.title_line(thing, layout.theme);
        if let Some(body) = &self.body {
            let abridge = self.kind == MessageKind::Event && layout.now.is_some();
            let show = if abridge { json_text::abridged } else { json_text::pretty };
            out.push_str(&show(body, layout));
            out.push('\n');
        }
        out.push('\n');
        out
    }

    /// The title line, which names this thing, with its line break.
    #[must_use]
    pub(crate) fn title_line(&self, thing: Option<&ThingName>, theme: Theme) -> String {
        let rule = if theme.unicode { "───" } else { "---" };
        let style = match self.kind {
            MessageKind::Response | MessageKind::Command | MessageKind::Print => Style::Title,
            MessageKind::Event | MessageKind::Message | MessageKind::Fault => Style::Event,
            MessageKind::Rejected | MessageKind::Error | MessageKind::Expect => Style::Refusal,
        };
        let whose = thing.map_or_else(String::new, |thing| format!(" ({thing})"));
        theme.paint(style, &format!("{rule} {}{whose} {rule}", escape::line(&self.title))) + "\n"
    }
}

/// `text` as a JSON string that is safe to show.
fn quoted(text: &str) -> String {
    escape::json(&serde_json::Value::from(text).to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Message {
        Message {
            kind: MessageKind::Event,
            title: "JobExecutionsChangedEvent".into(),
            line: Some(3),
            thing: None,
            topic: Some("$aws/things/T/jobs/notify".into()),
            delivery: None,
            body: Some("{\"timestamp\": 1748981603, \"jobs\":{}}".into()),
        }
    }

    #[test]
    fn one_line_of_json_keeps_the_wire() {
        assert_eq!(
            event().to_json_line(None),
            r#"{"type":"event","title":"JobExecutionsChangedEvent","line":3,"thing":null,"topic":"$aws/things/T/jobs/notify","body":{"timestamp":1748981603,"jobs":{}}}"#
        );
        assert_eq!(
            Message::new(MessageKind::Response, "DeleteJobResponse", None).to_json_line(None),
            r#"{"type":"response","title":"DeleteJobResponse","line":null,"thing":null,"topic":null,"body":null}"#
        );
    }

    #[test]
    fn how_a_message_came_stands_beside_where() {
        let delivery = Some(Delivery { qos: Qos::AtMostOnce, retain: true });
        let message = Message { kind: MessageKind::Message, topic: Some("a".into()), delivery, ..event() };
        let line = message.to_json_line(None);
        assert!(line.contains(r#","topic":"a","qos":0,"retain":true,"body":{"#), "{line}");
    }

    #[test]
    fn a_block_has_a_title_and_spells_times() {
        let layout = Layout { theme: Theme { color: false, unicode: true }, now: None };
        assert_eq!(
            event().to_block(None, layout),
            "─── JobExecutionsChangedEvent ───\n{\n  \"timestamp\": \"2025-06-03T20:13:23Z\",\n  \"jobs\": {}\n}\n\n"
        );
        assert_eq!(
            Message::new(MessageKind::Response, "DeleteJobResponse", None).to_block(None, Layout::default()),
            "--- DeleteJobResponse ---\n\n"
        );
    }

    #[test]
    fn only_an_event_is_abridged_and_only_for_a_person() {
        let jobs = [r#"{"jobId":"J"}"#; 10].join(",");
        let body = Some(format!(r#"{{"jobs":{{"QUEUED":[{jobs}]}}}}"#));
        let event = Message { body: body.clone(), ..event() };
        let answer = Message::new(MessageKind::Response, "ListJobsResponse", body);
        let lines = |message: &Message, now| {
            message.to_block(None, Layout { now, ..Layout::default() }).lines().count()
        };
        assert_eq!((lines(&event, Some(0)), lines(&event, None)), (15, 38));
        assert_eq!((lines(&answer, Some(0)), lines(&answer, None)), (38, 38));
    }

    #[test]
    fn words_are_json_and_cannot_drive_the_terminal() {
        let message = Message::with_text(MessageKind::Error, "ParseError", Some(1), "no \"\u{1b}\u{9b}\"");
        assert_eq!(
            message.to_json_line(None),
            r#"{"type":"error","title":"ParseError","line":1,"thing":null,"topic":null,"body":{"message":"no \"\u001b\u009b\""}}"#
        );
    }
}
