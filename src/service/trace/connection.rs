//! The records of one MQTT connection.

use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use super::ended;
use super::packet::Packet;
use super::payload::excerpt;
use super::record::{Client, Event, Record};
use super::stream::Trace;
use crate::service::broker::end::End;
use crate::service::broker::limits;

/// Records what comes and goes over one connection.
#[derive(Debug, Default)]
pub(crate) struct ConnectionTrace {
    trace: Trace,
    client: Client,
}

/// A packet that is being carried out; none where nobody records it.
#[derive(Debug)]
#[must_use]
pub(crate) struct BeingHandled(Option<(Packet, SystemTime, Instant)>);

impl ConnectionTrace {
    /// The records of a connection from `address`.
    pub(crate) fn new(trace: Trace, address: IpAddr) -> Self {
        Self { trace, client: Client { name: None, address: Some(address) } }
    }

    /// The client has told its id.
    pub(crate) fn name(&mut self, client_id: &str) {
        if self.trace.is_on() {
            self.client.name = Some(excerpt(client_id, limits::CLIENT_ID).0.to_owned());
        }
    }

    /// A packet begins to be carried out.
    pub(crate) fn begin(&self, packet: impl FnOnce() -> Packet) -> BeingHandled {
        BeingHandled(self.trace.is_on().then(|| (packet(), SystemTime::now(), Instant::now())))
    }

    /// It has been carried out. Where this is recorded before what follows from it can be fetched, so is the record.
    pub(crate) fn received(&self, begun: BeingHandled) {
        if let Some((packet, time, since)) = begun.0 {
            let event = Event::Received { packet, took: since.elapsed() };
            self.trace.put(|| Record { time, client: self.client.clone(), event });
        }
    }

    /// What is to be sent, where somebody records it.
    pub(crate) fn describe(&self, packet: impl FnOnce() -> Packet) -> Option<Packet> {
        self.trace.is_on().then(packet)
    }

    /// The connection ends.
    pub(crate) fn closed(&self, end: End) {
        self.put(|| Event::Closed { why: ended::words(end) });
    }

    /// Anything else.
    pub(crate) fn put(&self, event: impl FnOnce() -> Event) {
        let record = || Record { time: SystemTime::now(), client: self.client.clone(), event: event() };
        self.trace.put(record);
    }
}
