//! SUBSCRIBE and UNSUBSCRIBE: what a client wants to hear, and whether it may.

use std::sync::Arc;

use bytestring::ByteString;

use super::end::End;
use super::faults::{end_by, refusal as refusal_of};
use super::filter::Filter;
use super::limits;
use super::packet::{FilterRequest, Message, Outgoing, PacketId, Qos, Retained, Version};
use super::refusal::Refusal;
use super::requests::Requests;
use super::router::Router;
use super::session::SessionId;
use super::subscriptions::Subscriber;
use crate::service::policy::Action;
use crate::service::state::State;
use crate::wire::fault::Kind;

/// A subscription was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) qos: Qos,
    /// The session did not have it yet.
    pub(crate) is_new: bool,
    /// The retained message that it brings.
    pub(crate) retained: Option<Arc<Message>>,
}

impl Requests<'_> {
    /// A SUBSCRIBE. The error ends the connection.
    pub(super) fn subscribe(
        &mut self,
        id: SessionId,
        packet_id: PacketId,
        filters: &[FilterRequest],
    ) -> Result<(), End> {
        if self.router.sessions.get(&id).is_some_and(|session| session.version == Version::V3)
            && self.state.choices().refused_subscribe_ends_mqtt_3
            && !filters.iter().all(|request| self.may_subscribe(id, &request.filter))
        {
            return Err(Refusal::NotAuthorized.into());
        }
        let fault = self.strike_subscribe(id, filters);
        if fault == Some(Kind::DropRequest) {
            return Ok(());
        }
        let mut reasons = Vec::new();
        let mut announced = Vec::new();
        let mut retained = Vec::new();
        for request in filters {
            let refusal = refusal_of(fault.as_ref());
            match refusal.map_or_else(|| self.router.subscribe(self.state, id, request), Err) {
                Ok(granted) => {
                    reasons.push(u8::from(granted.qos == Qos::AtLeastOnce));
                    if granted.is_new || self.state.choices().repeated_subscription_is_announced {
                        announced.push(&request.filter);
                    }
                    retained.extend(granted.retained.map(|message| (message, granted.qos)));
                }
                Err(refusal) => reasons.push(refusal.code()),
            }
        }
        let ack = Outgoing::SubscribeAck { packet_id, reasons };
        self.router.acknowledge_subscribe(self.now, id, ack, fault.as_ref());
        for (message, qos) in retained {
            self.router.enqueue(id, message, qos, true);
        }
        self.subscribed(id, &announced);
        end_by(fault.as_ref())
    }

    /// Whether the policies allow a filter; what is none is refused for another reason.
    fn may_subscribe(&mut self, id: SessionId, filter: &ByteString) -> bool {
        Filter::parse(filter).is_none() || self.router.allow(self.state, id, Action::Subscribe, filter)
    }

    pub(super) fn unsubscribe(&mut self, id: SessionId, packet_id: PacketId, filters: &[ByteString]) {
        let Some(session) = self.router.sessions.get(&id) else { return };
        let sequence = session.is_numbered.then_some(self.router.sequence);
        let known: Vec<bool> = filters.iter().map(|filter| self.router.unsubscribe(id, filter)).collect();
        // 17: no subscription existed.
        let reasons = known.iter().map(|known| if *known { 0 } else { 17 }).collect();
        self.router.reply(id, Outgoing::UnsubscribeAck { packet_id, reasons, sequence });
        let ended: Vec<_> =
            filters.iter().zip(known).filter_map(|(filter, known)| known.then_some(filter)).collect();
        self.unsubscribed(id, &ended);
    }
}

impl Router {
    /// Adds one subscription of a session; the error is the reason code's.
    pub(crate) fn subscribe(
        &mut self,
        state: &State,
        id: SessionId,
        request: &FilterRequest,
    ) -> Result<Granted, Refusal> {
        let filter = Filter::parse(&request.filter).ok_or(Refusal::FilterInvalid)?;
        if !self.allow(state, id, Action::Subscribe, &request.filter) {
            return Err(Refusal::NotAuthorized);
        }
        let session = self.sessions.get_mut(&id).ok_or(Refusal::OutOfPlace)?;
        let qos = request.qos.min(Qos::AtLeastOnce);
        let known = session.subscriptions.iter().position(|(text, ..)| *text == request.filter);
        match known {
            Some(at) => session.subscriptions[at].2 = qos,
            None if session.subscriptions.len() >= limits::SUBSCRIPTIONS => return Err(Refusal::Quota),
            None => session.subscriptions.push((request.filter.clone(), filter.clone(), qos)),
        }
        self.clients_changed = true;
        self.subscriptions.insert(
            &filter,
            Subscriber {
                session: id,
                share: filter.share.clone(),
                qos,
                no_local: request.no_local,
                retain_as_published: request.retain_as_published,
            },
        );
        let wants = match request.retained {
            Retained::Always => true,
            Retained::IfNew => known.is_none(),
            Retained::Never => false,
        };
        let retained = (wants && filter.is_exact() && filter.share.is_none())
            .then(|| self.retained.get(&filter.levels).cloned())
            .flatten();
        Ok(Granted { qos, is_new: known.is_none(), retained })
    }

    /// Removes one subscription of a session; returns whether there was one.
    pub(crate) fn unsubscribe(&mut self, id: SessionId, filter: &ByteString) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let Some(at) = session.subscriptions.iter().position(|(text, ..)| text == filter) else {
            return false;
        };
        let (_, filter, _) = session.subscriptions.remove(at);
        self.subscriptions.remove(&filter, id);
        true
    }
}
