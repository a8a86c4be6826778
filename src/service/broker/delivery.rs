//! How messages reach their subscribers.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use bytestring::ByteString;

use super::limits;
use super::outbox::{Outbox, Pushed};
use super::packet::{Delivery, Message, Outgoing, PacketId, Qos};
use super::refusal::Refusal;
use super::router::Router;
use super::session::{ConnectionHandle, SessionId};
use super::subscriptions::Subscriber;
use crate::service::policy::Action;
use crate::service::state::State;

impl Router {
    /// Queues a message for everyone who subscribed to its topic, once each.
    pub(crate) fn publish(&mut self, message: &Arc<Message>, from: Option<SessionId>) {
        for (id, (qos, retain)) in self.receivers(message, from) {
            self.enqueue(id, message.clone(), qos, retain);
        }
    }

    /// Who gets a message, with the granted QoS and the retain flag.
    pub(super) fn receivers(
        &mut self,
        message: &Message,
        from: Option<SessionId>,
    ) -> BTreeMap<SessionId, (Qos, bool)> {
        let mut receivers = BTreeMap::new();
        let Self { subscriptions, sessions, turn, .. } = self;
        let mut add = |subscriber: &Subscriber| {
            let retain = subscriber.retain_as_published && message.retain;
            let known = receivers.entry(subscriber.session).or_insert((subscriber.qos, retain));
            *known = (known.0.max(subscriber.qos), known.1 || retain);
        };
        subscriptions.matching(&message.topic, &mut |here| {
            let mut groups: BTreeMap<&ByteString, Vec<&Subscriber>> = BTreeMap::new();
            for subscriber in here {
                match &subscriber.share {
                    Some(group) => groups.entry(group).or_default().push(subscriber),
                    None if subscriber.no_local && from == Some(subscriber.session) => {}
                    None => add(subscriber),
                }
            }
            for members in groups.values() {
                let connected = |member: &&&Subscriber| {
                    sessions.get(&member.session).is_some_and(|session| session.connection.is_some())
                };
                let present: Vec<_> = members.iter().filter(connected).collect();
                *turn = turn.wrapping_add(1);
                match present.len() {
                    0 => add(members[*turn % members.len()]),
                    count => add(present[*turn % count]),
                }
            }
        });
        receivers
    }

    /// Queues a message for one session: at QoS 0 it is lost where there is no room, at QoS 1 the client is.
    pub(crate) fn enqueue(&mut self, id: SessionId, message: Arc<Message>, granted: Qos, retain: bool) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (connection, is_numbered) = (session.connection.clone(), session.is_numbered);
        let qos = message.qos.min(granted);
        if connection.is_none() && qos == Qos::AtMostOnce {
            return;
        }
        if self.queued_bytes + message.size() > limits::QUEUED_BYTES_IN_ALL {
            self.empty_fullest_outboxes();
        }
        let sequence = is_numbered.then(|| {
            self.sequence += 1;
            self.sequence
        });
        let change = self.last_change;
        let pushed = self.outbox(id, |outbox| outbox.push(change, message, qos, retain, sequence));
        match (pushed, connection) {
            (Some(Pushed::Queued), Some(connection)) => connection.wake.notify_one(),
            (Some(Pushed::Full), Some(_)) if qos == Qos::AtLeastOnce => self.drop_slow_reader(id),
            _ => {}
        }
    }

    /// Empties the largest outboxes and ends the connections of their clients, if they have any: a client that does
    /// not read its messages must not cost others theirs.
    fn empty_fullest_outboxes(&mut self) {
        let mut fullest: Vec<_> =
            self.sessions.iter().map(|(id, session)| (session.outbox.bytes(), *id)).collect();
        fullest.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (_, id) in fullest {
            // Room for more than the next message: looking at all sessions costs too much to do it for each.
            if self.queued_bytes <= limits::QUEUED_BYTES_IN_ALL / 8 * 7 {
                break;
            }
            if let Some(session) = self.sessions.get(&id).filter(|session| session.connection.is_none()) {
                let client = session.client_id.escape_debug();
                self.notes.push(format!("client {client}: its messages are thrown away, too many wait"));
            }
            self.drop_slow_reader(id);
            self.outbox(id, Outbox::clear);
        }
    }

    /// Ends the connection of a client whose outbox is full.
    fn drop_slow_reader(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if let Some(connection) =
            session.connection.as_ref().filter(|connection| connection.ended().is_none())
        {
            connection.end(Refusal::SlowReader);
            let client = session.client_id.escape_debug();
            self.notes.push(format!("client {client}: disconnected, it does not read what is sent to it"));
        }
    }

    /// Sends a packet of the protocol to the client, behind all messages or in front of them.
    pub(crate) fn reply(&mut self, id: SessionId, packet: Outgoing) {
        let change = self.last_change;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match packet {
            Outgoing::SubscribeAck { .. } | Outgoing::UnsubscribeAck { .. } => {
                if session.outbox.push_in_order(change, packet) == Pushed::Full {
                    self.drop_slow_reader(id);
                }
            }
            _ => session.outbox.push_urgent(change, packet),
        }
    }

    /// The next packet for a connection's client, without the messages that it may not receive.
    ///
    /// AWS checks `iot:Receive` with each delivery: since a message was queued, the policies may have changed, and
    /// the session may have gone over to a client with another certificate.
    pub(crate) fn pop(
        &mut self,
        now: Instant,
        state: &State,
        id: SessionId,
        connection: &Arc<ConnectionHandle>,
    ) -> Option<Outgoing> {
        self.session(id, connection)?;
        loop {
            let kept = self.kept;
            let popped =
                self.outbox(id, |outbox| outbox.pop(now, kept).ok_or_else(|| outbox.awaits(kept)))?;
            let packet =
                popped.map_err(|awaited| self.held.extend(awaited.map(|change| (change, id)))).ok()?;
            let Outgoing::Publish(Delivery { message, packet_id, .. }) = &packet else { return Some(packet) };
            if self.allow(state, id, Action::Receive, &message.topic) {
                return Some(packet);
            }
            // It takes no place among those that the client has to acknowledge.
            if let Some(packet_id) = *packet_id {
                self.outbox(id, |outbox| outbox.acknowledge(packet_id));
            }
        }
    }

    /// What is queued from here on may tell of the change of that number.
    pub(crate) fn changed(&mut self, number: u64) {
        self.last_change = number;
    }

    /// The changes up to the number `kept` are kept: what waited for them may be sent.
    pub(crate) fn changes_kept(&mut self, kept: u64) {
        self.kept = kept;
        let waiting = self.held.split_off(&(kept + 1, SessionId(0)));
        for (_, id) in mem::replace(&mut self.held, waiting) {
            let session = self.sessions.get(&id);
            if let Some(connection) = session.and_then(|session| session.connection.as_ref()) {
                connection.wake.notify_one();
            }
        }
    }

    /// A client has acknowledged a message, or it turned out that it cannot be sent.
    pub(crate) fn acknowledge(
        &mut self,
        id: SessionId,
        connection: &Arc<ConnectionHandle>,
        packet_id: PacketId,
    ) {
        if self.session(id, connection).is_some() {
            self.outbox(id, |outbox| outbox.acknowledge(packet_id));
        }
    }
}
