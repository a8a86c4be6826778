//! A record as a line of JSON.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::app::output::{escape, trace_line};
use crate::service::trace::{Call, Event, Filter, Packet, Payload, Publish, Record};

/// The first line of a file.
pub(super) const HEADER: &str = r#"{"type":"trace","program":"jobs-sandbox"}"#;

/// The members of an object, in order.
struct Members(Map<String, Value>);

pub(super) fn record(record: &Record) -> String {
    let mut members = Members(Map::new());
    members.add("type", kind(&record.event));
    members.add("time", trace_line::time(record.time));
    members.add("client", record.client.name.clone());
    members.add("address", record.client.address.map(|address| address.to_string()));
    match &record.event {
        Event::Received { packet, took } => {
            members.packet(packet);
            members.took(*took);
        }
        Event::Sent(packet) | Event::TooLarge(packet) => members.packet(packet),
        Event::NoTls { why } => members.add("message", why.as_str()),
        Event::Closed { why } => members.add("message", *why),
        Event::Called { call, method, target, body } => {
            members.call(*call);
            members.add("method", method.as_str());
            members.add("target", target.as_str());
            members.payload("body", body);
        }
        Event::Ignored { call, members: ignored } => {
            members.call(*call);
            members.add("members", ignored.clone());
        }
        Event::Answered { call, status, exception, body, took } => {
            members.call(*call);
            members.add("status", *status);
            members.some("exception", *exception);
            members.payload("body", body);
            members.took(*took);
        }
    }
    members.into_line()
}

/// A line of the log.
pub(super) fn log(time: SystemTime, line: &str) -> String {
    let mut members = Members(Map::new());
    members.add("type", "log");
    members.add("time", trace_line::time(time));
    members.add("message", line);
    members.into_line()
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Received { .. } => "received",
        Event::Sent(_) => "sent",
        Event::TooLarge(_) => "too-large",
        Event::NoTls { .. } => "no-tls",
        Event::Closed { .. } => "closed",
        Event::Called { .. } => "call",
        Event::Ignored { .. } => "ignored",
        Event::Answered { .. } => "answer",
    }
}

impl Members {
    fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn packet(&mut self, packet: &Packet) {
        self.add("packet", packet.name());
        match packet {
            Packet::Connect {
                version, certificate, clean_start, keep_alive, session_expiry, will, ..
            } => {
                self.add("version", *version);
                self.add("certificateId", certificate.as_str());
                self.add("cleanStart", *clean_start);
                self.add("keepAlive", *keep_alive);
                self.add("sessionExpiry", *session_expiry);
                if let Some(will) = will {
                    let mut members = Self(Map::new());
                    members.publish(will);
                    self.add("will", members.0);
                }
            }
            Packet::ConnectAck { code, session_present } => {
                self.add("reasonCode", *code);
                self.add("sessionPresent", *session_present);
            }
            Packet::Publish(publish) => self.publish(publish),
            Packet::PublishAck { packet_id, code } => {
                self.add("packetId", *packet_id);
                self.some("reasonCode", *code);
            }
            Packet::Subscribe { filters, left_out } | Packet::Unsubscribe { filters, left_out } => {
                let listed = filters.iter().map(|Filter { filter, qos }| {
                    let mut members = Self(Map::new());
                    members.add("filter", filter.as_str());
                    members.some("qos", *qos);
                    Value::from(members.0)
                });
                self.add("filters", listed.collect::<Vec<_>>());
                self.some("filtersLeftOut", (*left_out > 0).then_some(*left_out));
            }
            Packet::SubscribeAck { codes } | Packet::UnsubscribeAck { codes } => {
                self.add("reasonCodes", codes.clone());
            }
            Packet::Disconnect { code } => self.add("reasonCode", *code),
            Packet::PingRequest | Packet::PingResponse | Packet::OutOfPlace => {}
        }
    }

    fn publish(&mut self, publish: &Publish) {
        let Publish { topic, qos, retain, duplicate, packet_id, payload } = publish;
        self.add("topic", topic.as_str());
        self.add("qos", *qos);
        self.add("retain", *retain);
        self.add("duplicate", *duplicate);
        self.some("packetId", *packet_id);
        self.payload("payload", payload);
    }

    fn call(&mut self, call: Call) {
        self.add("call", call.number);
        self.add("operation", call.operation);
    }

    /// As text: it may be cut, and what a client sends need not be JSON.
    fn payload(&mut self, name: &str, payload: &Payload) {
        self.add(name, payload.text.as_str());
        self.some("bytesLeftOut", (payload.left_out > 0).then_some(payload.left_out));
        self.some("isUtf8", (!payload.is_utf8).then_some(false));
    }

    fn took(&mut self, took: Duration) {
        self.add("milliseconds", took.as_secs_f64() * 1000.0);
    }

    fn into_line(self) -> String {
        escape::json(&Value::from(self.0).to_string()).into_owned()
    }
}
