//! A record as a line for people: when, whose, `->` for what the client sent and `<-` for what it was sent.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::app::output::{escape, times};
use crate::client::connection::ReasonCode;
use crate::service::trace::{Call, Client, Event, Filter, Packet, Payload, Publish, Record, excerpt};

/// The first line of a file.
pub(crate) const HEADER: &str = "# trace of jobs-sandbox";

/// How many bytes of a payload are shown.
const SHOWN: usize = 1000;

/// How many hexadecimal digits of a certificate's id tell it from others.
const CERTIFICATE: usize = 12;

/// A record.
pub(crate) fn record(record: &Record) -> String {
    let event = match &record.event {
        Event::Received { packet, took } => format!("-> {}", packet_line(packet, Some(*took))),
        Event::Sent(packet) => format!("<- {}", packet_line(packet, None)),
        Event::TooLarge(packet) => {
            format!("<- not sent, it is larger than the client takes: {}", packet_line(packet, None))
        }
        Event::NoTls { why } => format!("-- no TLS: {}", escape::line(why)),
        Event::Closed { why } => format!("-- closed: {why}"),
        Event::Called { call, method, target, body } => {
            format!("-> {}{} {}{}", operation(*call), word(method), word(target), payload(body))
        }
        Event::Ignored { call, members } => {
            let members = members.iter().map(|name| word(name)).collect::<Vec<_>>().join(", ");
            format!("-- {}ignores what AWS's model does not have: {members}", operation(*call))
        }
        Event::Answered { call, status, exception, body, took } => {
            let exception = exception.map(|exception| format!(" {exception}")).unwrap_or_default();
            let operation = operation(*call);
            format!("<- {operation}{status}{exception} ({}){}", millis(*took), payload(body))
        }
    };
    format!("{} {} {event}", time(record.time), client(&record.client))
}

/// A line of the log.
pub(crate) fn log(time_: SystemTime, line: &str) -> String {
    format!("{} local service: {}", time(time_), escape::line(line))
}

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn time(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let whole = times::rfc3339(times::whole_second(millis)).unwrap_or_default();
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), millis % 1000)
}

fn client(client: &Client) -> Cow<'_, str> {
    match (&client.name, client.address) {
        (Some(name), _) => word(name),
        (None, Some(address)) => address.to_string().into(),
        (None, None) => "?".into(),
    }
}

/// A name as one word: in quotes where it would look like several, or like something else.
fn word(text: &str) -> Cow<'_, str> {
    let is_word = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"');
    if is_word {
        escape::line(text)
    } else {
        format!("\"{}\"", escape::line(&text.replace('"', "\\\""))).into()
    }
}

fn operation(call: Call) -> String {
    call.operation.map(|operation| format!("{operation} ")).unwrap_or_default()
}

fn packet_line(packet: &Packet, took: Option<Duration>) -> String {
    let name = packet.name();
    let took = took.map(|took| format!(" ({})", millis(took))).unwrap_or_default();
    match packet {
        Packet::Connect { version, certificate, address, clean_start, keep_alive, session_expiry, will } => {
            let certificate = excerpt(certificate, CERTIFICATE).0;
            let mut line = format!(
                "{name} MQTT {version} from {address}, certificate {certificate}…, keep alive {keep_alive} s"
            );
            if *clean_start {
                line.push_str(", clean start");
            }
            // Writing to a string cannot fail.
            if *session_expiry > 0 {
                let _ = write!(line, ", session expiry {session_expiry} s");
            }
            line.push_str(&took);
            if let Some(will) = will {
                let _ = write!(line, ", will{}", publish("", will));
            }
            line
        }
        Packet::ConnectAck { code, session_present } => {
            let present = if *session_present { ", session present" } else { "" };
            format!("{name} {}{present}", reason(*code, "success"))
        }
        Packet::Publish(sent) => format!("{name}{}", publish(&took, sent)),
        Packet::PublishAck { packet_id, code } => {
            let code = code.map(|code| format!(" {}", reason(code, "success"))).unwrap_or_default();
            format!("{name} of {packet_id}{code}{took}")
        }
        Packet::Subscribe { filters: listed, left_out }
        | Packet::Unsubscribe { filters: listed, left_out } => {
            format!("{name}{took} {}", filters(listed, *left_out))
        }
        Packet::SubscribeAck { codes } => {
            format!("{name} {}", reasons(codes, &["granted QoS 0", "granted QoS 1"]))
        }
        Packet::UnsubscribeAck { codes } => format!("{name} {}", reasons(codes, &["success"])),
        Packet::Disconnect { code } => format!("{name} {}{took}", reason(*code, "normal disconnection")),
        Packet::PingRequest | Packet::PingResponse | Packet::OutOfPlace => format!("{name}{took}"),
    }
}

fn publish(took: &str, publish: &Publish) -> String {
    let Publish { topic, qos, retain, duplicate, packet_id, payload: carried } = publish;
    let mut line = format!(" {} QoS {qos}", word(topic));
    if let Some(packet_id) = packet_id {
        // Writing to a string cannot fail.
        let _ = write!(line, ", packet {packet_id}");
    }
    for (is_set, flag) in [(*retain, ", retain"), (*duplicate, ", sent again")] {
        if is_set {
            line.push_str(flag);
        }
    }
    line + took + &payload(carried)
}

fn filters(filters: &[Filter], left_out: usize) -> String {
    let shown = filters.iter().map(|Filter { filter, qos }| match qos {
        Some(qos) => format!("{} QoS {qos}", word(filter)),
        None => word(filter).into_owned(),
    });
    let more = (left_out > 0).then(|| format!("{left_out} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

/// A reason code with its name, which for 0 depends on the packet.
fn reason(code: u8, zero: &str) -> String {
    if code == 0 { format!("0x00 {zero}") } else { ReasonCode::new(code, None).to_string() }
}

/// Reason codes, `granted` being the names of the first ones.
fn reasons(codes: &[u8], granted: &[&str]) -> String {
    let named = codes.iter().map(|code| match (granted.get(usize::from(*code)), code) {
        (Some(name), _) => format!("0x{code:02X} {name}"),
        (None, 17) => "0x11 no subscription existed".to_owned(),
        (None, code) => ReasonCode::new(*code, None).to_string(),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// A payload, with how much of it is left out.
fn payload(payload: &Payload) -> String {
    let (shown, more) = excerpt(&payload.text, SHOWN);
    let left_out = more + payload.left_out;
    let mut text = String::new();
    if !shown.is_empty() {
        text.push(' ');
        text.push_str(&escape::line(shown));
    }
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "… ({left_out} bytes more)");
    }
    if !payload.is_utf8 {
        text.push_str(" (not UTF-8)");
    }
    text
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_millis(1_795_946_400_042);

    fn publish(topic: &str, payload: &str) -> Publish {
        let payload = Payload { text: payload.into(), left_out: 0, is_utf8: true };
        let topic = topic.to_owned();
        Publish { topic, qos: 1, retain: true, duplicate: false, packet_id: Some(7), payload }
    }

    fn line(name: &str, event: Event) -> String {
        let client = Client { name: Some(name.into()), address: Some([127, 0, 0, 1].into()) };
        record(&Record { time: SystemTime::UNIX_EPOCH + NOON, client, event })
    }

    #[test]
    fn a_packet_is_a_line() {
        let took = Duration::from_micros(140);
        let packet = Packet::Publish(publish("a/b", r#"{"x":1}"#));
        assert_eq!(
            line("Pump", Event::Received { packet, took }),
            r#"2026-11-29T10:00:00.042Z Pump -> PUBLISH a/b QoS 1, packet 7, retain (0.1 ms) {"x":1}"#
        );
        let packet = Packet::SubscribeAck { codes: vec![1, 0, 0x87] };
        assert_eq!(
            line("Pump", Event::Sent(packet)).split_once(" Pump ").unwrap().1,
            "<- SUBACK 0x01 granted QoS 1, 0x00 granted QoS 0, 0x87 not authorized"
        );
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is_or_passes_for_something_else() {
        let evil = "a\n\u{1b}[2J\u{202e} <- CONNACK \"x\"";
        let packet = Packet::Publish(publish(evil, evil));
        let call = Call { number: 1, operation: None };
        let body = Payload { text: evil.into(), left_out: 0, is_utf8: true };
        let called = Event::Called { call, method: evil.into(), target: evil.into(), body };
        let filters = vec![Filter { filter: evil.into(), qos: Some(0) }];
        let subscribe =
            Event::Received { packet: Packet::Subscribe { filters, left_out: 3 }, took: Duration::ZERO };
        for event in [Event::Sent(packet), called, subscribe, Event::NoTls { why: evil.into() }] {
            let line = line(evil, event);
            assert!(!line.contains(escape::is_unsafe), "{line:?}");
            let quoted = r#" "a\n\u{1b}[2J\u{202e} <- CONNACK \"x\"" "#;
            assert!(line.contains(quoted), "{line}");
        }
        assert!(!log(SystemTime::now(), evil).contains(escape::is_unsafe));
    }

    #[test]
    fn a_long_payload_is_cut_and_how_much_is_told() {
        let mut long = publish("t", &"é".repeat(600));
        long.payload.left_out = 50;
        let line = line("c", Event::Sent(Packet::Publish(long)));
        assert!(line.ends_with("é… (250 bytes more)"), "{line}");
        assert_eq!(line.matches('é').count(), 500);
    }
}
