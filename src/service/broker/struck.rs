//! What faults do to the messages of the broker.

use std::sync::Arc;
use std::time::Instant;

use bytestring::ByteString;

use super::faults::{ending, refusal};
use super::filter;
use super::late::LateItem;
use super::packet::{FilterRequest, Message, Outgoing, Publish, Qos};
use super::refusal::Refusal;
use super::requests::Requests;
use super::router::Router;
use super::session::SessionId;
use crate::service::data_plane::status_asked;
use crate::service::faults::{Occasion, corrupted};
use crate::service::state::Event;
use crate::wire::fault::{Kind, On};
use crate::wire::model::{JobId, JobRef};
use crate::wire::topics::{Channel, Operation, Topic, split_jobs_topic};

impl Requests<'_> {
    /// What goes wrong with a message, if anything does.
    pub(crate) fn strike(&mut self, occasion: &Occasion<'_>) -> Option<Kind> {
        let is_told = self.faults.is_told();
        let (kind, struck) = self.faults.strike(occasion, self.router.sequence)?;
        if !is_told {
            self.router.notes.push(struck.to_string());
        }
        Some(kind)
    }

    /// What goes wrong with a CONNECT.
    pub(crate) fn strike_connect(&mut self, client_id: &str) -> Option<Kind> {
        self.strike(&Occasion::new(On::Connect, Some(client_id)))
    }

    /// What goes wrong with a SUBSCRIBE.
    pub(super) fn strike_subscribe(&mut self, id: SessionId, filters: &[FilterRequest]) -> Option<Kind> {
        if self.faults.is_empty() {
            return None;
        }
        let client_id = self.router.sessions.get(&id)?.client_id.clone();
        let thing = filters.iter().find_map(|request| split_jobs_topic(&request.filter));
        let thing = thing.map(|(thing, _)| thing);
        self.strike(&Occasion { thing, ..Occasion::new(On::Subscribe, Some(&client_id)) })
    }

    /// A PUBLISH as the message that it carries, and what goes wrong with it.
    pub(super) fn accept_or_strike(
        &mut self,
        id: SessionId,
        publish: Publish,
    ) -> Result<(Message, Option<Kind>), Refusal> {
        let message = self.accept(id, publish)?;
        if self.faults.is_empty() {
            return Ok((message, None));
        }
        let fault = self.strike_publish(id, &message);
        refusal(fault.as_ref()).map_or(Ok((message, fault)), Err)
    }

    fn strike_publish(&mut self, id: SessionId, message: &Message) -> Option<Kind> {
        let client_id = self.router.sessions.get(&id)?.client_id.clone();
        let topic = Topic::parse(&message.topic);
        let operation = topic.as_ref().and_then(|topic| match &topic.channel {
            Channel::Request(operation) => Some(operation),
            _ => None,
        });
        let (on, job) = match operation {
            None => (On::Publish, None),
            Some(Operation::GetPendingJobExecutions) => (On::Get, None),
            Some(Operation::StartNextPendingJobExecution) => (On::StartNext, None),
            Some(Operation::DescribeJobExecution(JobRef::Next)) => (On::Describe, None),
            Some(Operation::DescribeJobExecution(JobRef::Id(job))) => (On::Describe, Some(job)),
            Some(Operation::UpdateJobExecution(job)) => (On::Update, Some(job)),
        };
        let status = if on == On::Update { status_asked(&message.payload) } else { None };
        self.strike(&Occasion {
            thing: split_jobs_topic(&message.topic).map(|(thing, _)| thing),
            job: job.map(JobId::as_str),
            status,
            topic: Some(&message.topic),
            has_puback: message.qos == Qos::AtLeastOnce,
            ..Occasion::new(on, Some(&client_id))
        })
    }

    /// Answers go to the connection that asked and to no other, whether it subscribed or not, once.
    pub(super) fn answer(
        &mut self,
        id: SessionId,
        topic: ByteString,
        payload: Vec<u8>,
        fault: Option<&Kind>,
    ) {
        // What a request without a name is refused on may be longer than a topic can be: nobody could ask for it.
        if !filter::is_valid_topic(&topic) {
            return;
        }
        let granted = self.router.sessions.get(&id).and_then(|session| session.granted(&topic));
        let at_least_once = self.state.choices().unsolicited_answer_is_qos_1;
        let qos = granted.unwrap_or(if at_least_once { Qos::AtLeastOnce } else { Qos::AtMostOnce });
        let message = Message { topic, payload: payload.into(), qos, ..Message::default() };
        self.router.deliver(self.now, id, Arc::new(message), qos, false, fault);
    }

    /// Publishes an event to everyone who subscribed to it; what goes wrong with it goes wrong for each of them alone.
    pub(super) fn publish_or_strike(&mut self, event: &Event, message: &Arc<Message>) {
        let (on, thing, next) = match event {
            _ if self.faults.is_empty() => return self.router.publish(message, None),
            Event::JobExecutionsChanged(thing, ..) => (On::Notify, thing, None),
            Event::NextJobExecutionChanged(thing, _, event) => {
                (On::NotifyNext, thing, event.execution.as_ref())
            }
            Event::Job(_) | Event::JobExecution(_) => return self.router.publish(message, None),
        };
        for (id, (qos, retain)) in self.router.receivers(message, None) {
            let Some(client_id) = self.router.sessions.get(&id).map(|session| session.client_id.clone())
            else {
                continue;
            };
            let fault = self.strike(&Occasion {
                thing: Some(thing.as_str()),
                job: next.map(|execution| execution.job_id.as_str()),
                status: next.and_then(|execution| execution.status.known()),
                topic: Some(&message.topic),
                ..Occasion::new(on.clone(), Some(&client_id))
            });
            self.router.deliver(self.now, id, message.clone(), qos, retain, fault.as_ref());
        }
    }
}

impl Router {
    /// Queues an answer or an event for one session, as what goes wrong with it leaves it.
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        session: SessionId,
        message: Arc<Message>,
        qos: Qos,
        retain: bool,
        fault: Option<&Kind>,
    ) {
        match fault {
            Some(Kind::DropAnswer | Kind::DropEvent) => {}
            Some(Kind::Duplicate) => {
                self.enqueue(session, message.clone(), qos, retain);
                self.enqueue(session, message, qos, retain);
            }
            Some(Kind::Delay(by)) => {
                self.send_later(now, now + *by, LateItem::Message { session, message, qos, retain });
            }
            Some(Kind::Corrupt) => {
                let payload = corrupted(&message.payload).into();
                let message = Message { payload, ..Message::clone(&message) };
                self.enqueue(session, Arc::new(message), qos, retain);
            }
            Some(kind) if let Some(refusal) = ending(kind) => self.end(session, refusal),
            _ => self.enqueue(session, message, qos, retain),
        }
    }

    /// Ends a session's present connection.
    fn end(&self, session: SessionId, refusal: Refusal) {
        let session = self.sessions.get(&session);
        if let Some(connection) = session.and_then(|session| session.connection.as_ref()) {
            connection.end(refusal);
        }
    }

    /// Acknowledges a SUBSCRIBE, as what goes wrong with it leaves that.
    pub(super) fn acknowledge_subscribe(
        &mut self,
        now: Instant,
        session: SessionId,
        packet: Outgoing,
        fault: Option<&Kind>,
    ) {
        match fault {
            Some(Kind::DropAnswer) => {}
            Some(Kind::Delay(by)) => {
                let connection = self.sessions.get(&session).and_then(|session| session.connection.clone());
                if let Some(connection) = connection {
                    self.send_later(now, now + *by, LateItem::Packet { session, connection, packet });
                }
            }
            Some(kind) if ending(kind).is_some() => {}
            _ => self.reply(session, packet),
        }
    }

    /// Sends something later; where too much waits, the first of it is sent early.
    pub(super) fn send_later(&mut self, now: Instant, due: Instant, item: LateItem) {
        self.late.put(due, item);
        self.send_late(now);
    }

    /// Sends what is due.
    pub(super) fn send_late(&mut self, now: Instant) {
        while let Some(item) = self.late.pop(now) {
            match item {
                LateItem::Message { session, message, qos, retain } => {
                    self.enqueue(session, message, qos, retain);
                }
                LateItem::Packet { session, connection, packet } => {
                    if self.session(session, &connection).is_some() {
                        self.reply(session, packet);
                        connection.wake.notify_one();
                    }
                }
            }
        }
    }
}
