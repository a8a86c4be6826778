//! What a client's packets do: AWS's rules over the router and the Jobs service.
//!
//! Pure: time comes in as an argument, no socket is touched.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html>

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;
use uuid::Uuid;

use super::end::End;
use super::faults::{end_by, is_acknowledged};
use super::filter;
use super::limits;
use super::packet::{Connect, ConnectAck, Incoming, Message, Outgoing, Publish, Qos, Will};
use super::refusal::{self, PublishRefusal, Refusal};
use super::router::Router;
use super::session::{ConnectionHandle, Permissions, SessionId};
use crate::service::data_plane;
use crate::service::faults::{Faults, INJECTED};
use crate::service::java;
use crate::service::keeping::Changes;
use crate::service::policy::{Action, Context};
use crate::service::rates::{Rates, Throttled};
use crate::service::state::{Effects, State, Touched};
use crate::service::time::Timestamp;
use crate::wire::fault::{Code, Kind};

/// The service while one request is carried out.
#[derive(Debug)]
pub(crate) struct Requests<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) router: &'a mut Router,
    pub(crate) rates: &'a mut Rates,
    pub(crate) faults: &'a mut Faults,
    pub(crate) changes: &'a mut Changes,
    /// For sessions and messages.
    pub(crate) now: Instant,
    /// For jobs.
    pub(crate) jobs_now: Timestamp,
}

/// Who is on the other side of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The id of the certificate that the client showed.
    pub(crate) certificate: String,
    pub(crate) address: IpAddr,
}

/// A CONNECT was accepted.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) session: SessionId,
    /// How long the client may send nothing.
    pub(crate) keep_alive_timeout: Duration,
}

impl Requests<'_> {
    /// A client's first packet. `request_id` is a fresh id: it names the request, or the client if it has no id.
    pub(crate) fn connect(
        &mut self,
        peer: &Peer,
        connect: &Connect,
        connection: Arc<ConnectionHandle>,
        request_id: &str,
    ) -> Result<Connected, Box<ConnectAck>> {
        let assigned_client_id = connect.client_id.is_empty().then(|| ByteString::from(request_id));
        let client_id = assigned_client_id.as_ref().unwrap_or(&connect.client_id);
        let permissions = self.admit(peer, connect, client_id).map_err(|refusal| {
            Box::new(ConnectAck {
                reason: refusal.code(),
                text: refusal::connect_text(refusal, request_id),
                ..ConnectAck::default()
            })
        })?;
        if let Some((id, older)) = self.router.present(client_id) {
            self.disconnected(id, &older, Refusal::TakenOver.into());
        }
        let attached = self.router.attach(self.now, self.state, connect, client_id, permissions, connection);
        if let Some(will) = attached.will {
            self.route(will, None, None);
        }
        let keep_alive = match connect.keep_alive {
            0 => *limits::KEEP_ALIVE.end(),
            asked => asked.clamp(*limits::KEEP_ALIVE.start(), *limits::KEEP_ALIVE.end()),
        };
        let ack = ConnectAck {
            session_present: attached.present,
            session_expiry: connect.session_expiry.min(limits::SESSION_EXPIRY),
            keep_alive,
            maximum_packet_size: self.state.choices().maximum_packet_size,
            assigned_client_id,
            ..ConnectAck::default()
        };
        self.router.reply(attached.session, Outgoing::ConnectAck(Box::new(ack)));
        self.connected(attached.session, peer.address, request_id);
        let keep_alive_timeout = Duration::from_secs(keep_alive.into()).mul_f64(1.5);
        Ok(Connected { session: attached.session, keep_alive_timeout })
    }

    fn admit(
        &mut self,
        peer: &Peer,
        connect: &Connect,
        client_id: &ByteString,
    ) -> Result<Permissions, Refusal> {
        if connect.is_version_31 {
            return Err(Refusal::ProtocolVersion);
        }
        if connect.asks_authentication {
            return Err(Refusal::AuthenticationMethod);
        }
        if client_id.len() > limits::CLIENT_ID || client_id.starts_with('$') {
            return Err(Refusal::ClientId);
        }
        // It may have been deactivated since the TLS handshake.
        if let Err(refusal) = self.state.check_certificate(&peer.certificate) {
            self.router.notes.push(refusal.to_string());
            return Err(Refusal::CertificateNotActive);
        }
        let epoch = self.router.epoch();
        let context = context(peer, connect, client_id);
        let mut permissions = Permissions::new(&peer.certificate, context, self.state, epoch);
        let mut allow =
            |action, name: &str| permissions.allow(self.state, epoch, &mut self.router.notes, action, name);
        if !allow(Action::Connect, client_id) {
            return Err(Refusal::NotAuthorized);
        }
        if let Some(Will { message, .. }) = &connect.will {
            check_topic(message)?;
            if !allows_publish(message, allow) {
                return Err(Refusal::NotAuthorized);
            }
        }
        if !self.router.make_room(self.now, client_id, connect.will.as_ref()) {
            return Err(Refusal::Quota);
        }
        self.handle_session_timeouts();
        Ok(permissions)
    }

    /// A client's later packets. The error ends the connection.
    pub(crate) fn packet(
        &mut self,
        id: SessionId,
        connection: &Arc<ConnectionHandle>,
        packet: Incoming,
    ) -> Result<(), End> {
        let Some(session) = self.router.session(id, connection) else { return Ok(()) };
        match packet {
            Incoming::Publish(publish) => return self.publish(id, publish),
            Incoming::PublishAck(packet_id) => self.router.acknowledge(id, connection, packet_id),
            Incoming::Subscribe { has_identifier: true, .. } => {
                return Err(Refusal::SubscriptionIdentifier.into());
            }
            Incoming::Subscribe { filters, .. } if filters.len() > limits::FILTERS_PER_SUBSCRIBE => {
                return Err(Refusal::TooManyFilters.into());
            }
            Incoming::Subscribe { packet_id, filters, asks_sequence, .. } => {
                session.is_numbered |= asks_sequence;
                return self.subscribe(id, packet_id, &filters);
            }
            Incoming::Unsubscribe { packet_id, filters } => {
                self.unsubscribe(id, packet_id, &filters);
            }
            Incoming::PingRequest => self.router.reply(id, Outgoing::PingResponse),
            Incoming::Disconnect { with_will, session_expiry } => {
                match session_expiry {
                    Some(expiry) if session.expiry > 0 => session.expiry = expiry.min(limits::SESSION_EXPIRY),
                    Some(1..) => return Err(Refusal::OutOfPlace.into()),
                    _ => {}
                }
                return Err(End::ByClient { with_will });
            }
            Incoming::Connect(_) | Incoming::OutOfPlace => return Err(Refusal::OutOfPlace.into()),
        }
        Ok(())
    }

    /// The connection is gone.
    pub(crate) fn closed(&mut self, id: SessionId, connection: &Arc<ConnectionHandle>, end: End) {
        if self.router.session(id, connection).is_some() {
            self.disconnected(id, connection, end);
        }
        let with_will = end != End::ByClient { with_will: false };
        if let Some(will) = self.router.detach(self.now, self.state, id, connection, with_will) {
            self.route(will, None, None);
        }
    }

    /// Does what is due: for jobs one slice of it, for sessions all.
    pub(crate) fn handle_timeouts(&mut self) {
        if self.state.next_timeout().is_some_and(|due| due <= self.jobs_now) {
            let effects = self.state.handle_timeout(self.jobs_now);
            self.apply(effects);
        }
        self.handle_session_timeouts();
    }

    fn handle_session_timeouts(&mut self) {
        for will in self.router.handle_timeout(self.now, self.state) {
            self.route(will, None, None);
        }
    }

    fn publish(&mut self, id: SessionId, publish: Publish) -> Result<(), End> {
        let Some(session) = self.router.sessions.get(&id) else { return Ok(()) };
        let (version, qos, packet_id) = (session.version, publish.message.qos, publish.packet_id);
        let (message, fault) = match self.accept_or_strike(id, publish) {
            Ok(accepted) => accepted,
            Err(refusal) => match (refusal.of_publish(version, qos, self.state.choices()), packet_id) {
                (PublishRefusal::Acknowledge(reason), Some(packet_id)) => {
                    self.router.reply(id, Outgoing::PublishAck { packet_id, reason });
                    return Ok(());
                }
                _ => return Err(refusal.into()),
            },
        };
        if fault != Some(Kind::DropRequest) {
            self.route(message, Some(id), fault.as_ref());
        }
        // It overtakes what has been queued, but not what it acknowledges on the way to where that is kept.
        if let Some(packet_id) = packet_id
            && fault.as_ref().is_none_or(is_acknowledged)
        {
            self.router.reply(id, Outgoing::PublishAck { packet_id, reason: 0 });
        }
        end_by(fault.as_ref())
    }

    /// A PUBLISH as the message that it carries, if the client may send it.
    pub(super) fn accept(&mut self, id: SessionId, publish: Publish) -> Result<Message, Refusal> {
        let Some(session) = self.router.sessions.get_mut(&id) else { return Err(Refusal::OutOfPlace) };
        let mut message = publish.message;
        if let Some(alias) = publish.alias {
            if alias.get() > limits::TOPIC_ALIASES {
                return Err(Refusal::TopicAlias);
            }
            if message.topic.is_empty() {
                message.topic = session.aliases.get(&alias).cloned().ok_or(Refusal::TopicAlias)?;
            } else {
                session.aliases.insert(alias, message.topic.clone());
            }
        }
        message.expires_at = publish.expiry.map(|expiry| self.now + Duration::from_secs(expiry.get().into()));
        check_topic(&message)?;
        if message.payload.len() > limits::PAYLOAD {
            return Err(Refusal::TooLarge);
        }
        if !allows_publish(&message, |action, topic| self.router.allow(self.state, id, action, topic)) {
            return Err(Refusal::NotAuthorized);
        }
        if message.retain && !self.router.retained.has_room_for(&message) {
            return Err(Refusal::Quota);
        }
        Ok(message)
    }

    /// Routes a message to the Jobs service or to the subscribers of its topic; `fault` is what goes wrong with it.
    fn route(&mut self, message: Message, from: Option<SessionId>, fault: Option<&Kind>) {
        if !filter::is_reserved(&message.topic) {
            let message = Arc::new(message);
            if message.retain {
                self.router.retained.keep(&message);
                self.changes.retain(&message.topic);
                self.number_what_follows();
            }
            self.router.publish(&message, from);
            return;
        }
        // What other services of AWS would take is acknowledged and goes nowhere.
        let Message { topic, payload, .. } = &message;
        let refuse = |code, why| Some(data_plane::refuse(self.jobs_now, topic, payload, code, why));
        let handled = match (fault, self.rates.admit(self.now, || data_plane::rate(topic))) {
            (Some(Kind::Refuse(Code::Jobs(code))), _) => refuse(code, INJECTED),
            (_, Ok(())) => data_plane::handle(self.state, self.jobs_now, topic, payload),
            (_, Err(Throttled)) => refuse("RequestThrottled", Throttled::MESSAGE),
        };
        if let Some(mut handled) = handled {
            self.touch(mem::take(&mut handled.effects.touched));
            if let (Some((topic, payload)), Some(requester)) = (handled.answer, from) {
                self.answer(requester, topic.into(), self.written(payload), fault);
            }
            self.apply(handled.effects);
        }
    }

    /// A message of the Jobs service as AWS writes it on MQTT.
    fn written(&self, payload: Vec<u8>) -> Vec<u8> {
        if self.state.choices().documents_are_written_anew {
            java::escape_supplementary(payload)
        } else {
            payload
        }
    }

    /// Goes back to the first start, which is `first`; hands back what there was, for the caller to drop.
    pub(crate) fn reset(&mut self, first: State) -> State {
        let (before, effects) = self.state.reset(self.jobs_now, first);
        self.router.reset(&effects.ended_certificates);
        self.apply(effects);
        before
    }

    /// Ends the connections that may not go on, and publishes events to everyone who subscribed to them.
    pub(crate) fn apply(&mut self, effects: Effects) {
        self.touch(effects.touched);
        for certificate in &effects.ended_certificates {
            self.router.end_certificate(certificate);
        }
        for event in &effects.events {
            let topic = event.topic();
            if self.router.subscriptions.has_match(&topic) {
                let message = own_message(topic, self.written(event.payload(Uuid::new_v4)));
                self.publish_or_strike(event, &message);
            }
        }
    }

    /// Notes which records are other ones, before anybody is told of it.
    fn touch(&mut self, touched: Touched) {
        self.changes.touch(touched);
        self.number_what_follows();
    }

    fn number_what_follows(&mut self) {
        self.router.changed(self.changes.last());
    }

    /// Publishes what the service says by itself.
    pub(super) fn publish_event(&mut self, topic: String, payload: Vec<u8>) {
        self.router.publish(&own_message(topic, payload), None);
    }
}

/// What the service says by itself.
fn own_message(topic: String, payload: Vec<u8>) -> Arc<Message> {
    let (topic, payload) = (topic.into(), payload.into());
    Arc::new(Message { topic, payload, qos: Qos::AtLeastOnce, ..Message::default() })
}

/// What policies are resolved against on a connection.
fn context(peer: &Peer, connect: &Connect, client_id: &ByteString) -> Context {
    let attributes =
        [(connect.session_expiry > 0, "PersistentConnect"), (connect.will.is_some(), "LastWill")];
    Context {
        client_id: Some(client_id.to_string()),
        source_ip: Some(peer.address),
        certificate_id: peer.certificate.clone(),
        connect_attributes: attributes
            .into_iter()
            .filter_map(|(asked, name)| asked.then_some(name))
            .collect(),
        ..Context::default()
    }
}

/// Whether `allow` allows a message to be published, and to be retained where it is to be.
fn allows_publish(message: &Message, mut allow: impl FnMut(Action, &str) -> bool) -> bool {
    allow(Action::Publish, &message.topic)
        && (!message.retain || allow(Action::RetainPublish, &message.topic))
}

/// What no policy can allow.
fn check_topic(message: &Message) -> Result<(), Refusal> {
    if message.qos == Qos::ExactlyOnce {
        Err(Refusal::QosNotSupported)
    } else if !filter::is_valid_topic(&message.topic) {
        Err(Refusal::TopicInvalid)
    } else if !filter::is_reserved(&message.topic) {
        Ok(())
    } else if !filter::accepts_publish(&message.topic) {
        Err(Refusal::ReservedTopic)
    } else if message.retain {
        Err(Refusal::RetainedOnReserved)
    } else {
        Ok(())
    }
}
