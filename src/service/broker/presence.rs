//! What back ends hear of clients: that they come, go, subscribe and unsubscribe.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html>

use std::net::IpAddr;

use bytestring::ByteString;
use serde::Serialize;

use super::end::End;
use super::requests::Requests;
use super::session::{ConnectionHandle, SessionId};

/// A life-cycle event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifeCycleEvent<'a> {
    client_id: &'a str,
    /// Epoch milliseconds.
    timestamp: i64,
    event_type: &'static str,
    session_identifier: &'a str,
    /// The id of the certificate.
    principal_identifier: &'a str,
    #[serde(flatten)]
    members: Members<'a>,
}

/// What events of one type have besides.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Members<'a> {
    Connected { ip_address: IpAddr, version_number: u64 },
    Disconnected { client_initiated_disconnect: bool, disconnect_reason: &'static str, version_number: u64 },
    Topics { topics: Vec<&'a str> },
}

impl Requests<'_> {
    /// A client has connected.
    pub(super) fn connected(&mut self, id: SessionId, address: IpAddr, session_identifier: &str) {
        let Some(session) = self.router.sessions.get_mut(&id) else { return };
        session.identifier = session_identifier.into();
        let version_number = session.version_number();
        self.tell(id, "presence", "connected", Members::Connected { ip_address: address, version_number });
    }

    /// A client's connection is about to be given up, by `end` unless the service ended it before.
    pub(super) fn disconnected(&mut self, id: SessionId, connection: &ConnectionHandle, end: End) {
        let Some(session) = self.router.sessions.get(&id) else { return };
        let end = match (end, connection.ended()) {
            (End::ByClient { .. }, _) | (_, None) => end,
            (_, Some(refusal)) => End::Refused(refusal),
        };
        let members = Members::Disconnected {
            client_initiated_disconnect: matches!(end, End::ByClient { .. }),
            disconnect_reason: end.disconnect_reason(),
            version_number: session.version_number(),
        };
        self.tell(id, "presence", "disconnected", members);
    }

    /// A client has subscribed to `filters`.
    pub(super) fn subscribed(&mut self, id: SessionId, filters: &[&ByteString]) {
        self.tell_topics(id, "subscribed", filters);
    }

    /// A client has unsubscribed from `filters`.
    pub(super) fn unsubscribed(&mut self, id: SessionId, filters: &[&ByteString]) {
        self.tell_topics(id, "unsubscribed", filters);
    }

    fn tell_topics(&mut self, id: SessionId, event_type: &'static str, filters: &[&ByteString]) {
        if !filters.is_empty() {
            let topics = filters.iter().map(|filter| &***filter).collect();
            self.tell(id, "subscriptions", event_type, Members::Topics { topics });
        }
    }

    fn tell(&mut self, id: SessionId, subject: &str, event_type: &'static str, members: Members<'_>) {
        let Some(session) = self.router.sessions.get(&id) else { return };
        // A topic cannot have these.
        if session.client_id.contains(['#', '+']) {
            return;
        }
        let topic = format!("$aws/events/{subject}/{event_type}/{}", session.client_id);
        if !self.router.subscriptions.has_match(&topic) {
            return;
        }
        let event = LifeCycleEvent {
            client_id: &session.client_id,
            timestamp: self.jobs_now.millis(),
            event_type,
            session_identifier: &session.identifier,
            principal_identifier: &session.permissions.certificate,
            members,
        };
        let payload = serde_json::to_vec(&event).expect("an event holds nothing that JSON cannot write");
        self.publish_event(topic, payload);
    }
}
