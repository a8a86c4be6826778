//! Sessions, subscriptions and retained messages: the broker without its sockets.
//!
//! Pure: time comes in as an argument, and what is to be sent waits in each session's [`Outbox`] until the
//! connection's task fetches it.
//!
//! [`Outbox`]: super::outbox::Outbox

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;

use super::late::Late;
use super::limits;
use super::outbox::Outbox;
use super::packet::{Connect, Message, Will};
use super::refusal::Refusal;
use super::retained::RetainedMessages;
use super::session::{ConnectionHandle, Permissions, Session, SessionId};
use super::subscriptions::Subscriptions;
use crate::service::policy::Action;
use crate::service::state::State;

/// All sessions of the broker.
#[derive(Debug, Default)]
pub(crate) struct Router {
    pub(super) sessions: HashMap<SessionId, Session>,
    by_client_id: HashMap<ByteString, SessionId>,
    pub(super) subscriptions: Subscriptions,
    pub(crate) retained: RetainedMessages,
    /// Sessions whose client is away, by what they next wait for.
    away: BTreeSet<(Instant, SessionId)>,
    next_session: u64,
    /// How many connections there have been.
    connections: u64,
    /// Whether a client has come, gone or subscribed since this was last asked.
    pub(super) clients_changed: bool,
    /// Rotates through the members of a shared subscription.
    pub(super) turn: usize,
    /// Size of all messages that wait.
    pub(super) queued_bytes: usize,
    /// The number of the last message that was queued for a client who asked for numbers.
    pub(super) sequence: u64,
    /// Raised with each change of the control plane, so that permissions are looked up again.
    epoch: u64,
    /// The number of the last change; what is queued now may tell of it.
    pub(super) last_change: u64,
    /// The number of the last change that is kept.
    pub(super) kept: u64,
    /// Sessions that have something to send which waits for a change, by the number of that.
    pub(super) held: BTreeSet<(u64, SessionId)>,
    /// What a fault delays.
    pub(super) late: Late,
    /// Lines for the log.
    pub(super) notes: Vec<String>,
}

impl Router {
    /// Lines for the log since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// How many sessions there are.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Size of all messages that wait.
    #[cfg(test)]
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// The control plane may have changed what clients may do.
    pub(crate) fn control_plane_changed(&mut self) {
        self.epoch += 1;
    }

    /// How often permissions had to be looked up again.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The session that a connection serves; `None` once another connection has it, or it has ended.
    pub(crate) fn session(
        &mut self,
        id: SessionId,
        connection: &Arc<ConnectionHandle>,
    ) -> Option<&mut Session> {
        let session = self.sessions.get_mut(&id)?;
        session.connection.as_ref().is_some_and(|own| Arc::ptr_eq(own, connection)).then_some(session)
    }

    /// Makes room for the session of `client_id` and for its will, if necessary by ending sessions of clients that
    /// are away, the next due first. These end when timeouts are handled next.
    ///
    /// Returns false if that is not enough; then no session ends.
    pub(crate) fn make_room(&mut self, now: Instant, client_id: &ByteString, will: Option<&Will>) -> bool {
        let own = self.by_client_id.get(client_id).copied();
        let mut excess = will.map_or(0, |will| {
            // The client's present will gives way to this one.
            let others = self.sessions.iter().filter(|(id, _)| Some(**id) != own);
            let wills = others.filter_map(|(_, session)| session.will.as_ref()).chain([will]);
            wills.map(|will| will.message.size()).sum::<usize>().saturating_sub(limits::WILL_BYTES)
        });
        let mut ending = Vec::new();
        for (due, id) in self.away.iter().filter(|(_, id)| Some(*id) != own) {
            if excess == 0 {
                break;
            }
            if let Some(will) = self.sessions.get(id).and_then(|session| session.will.as_ref()) {
                excess = excess.saturating_sub(will.message.size());
                ending.push((*due, *id));
            }
        }
        let is_full = own.is_none() && self.sessions.len() >= limits::SESSIONS;
        if is_full && ending.is_empty() {
            ending.extend(self.away.first());
        }
        if excess > 0 || (is_full && ending.is_empty()) {
            return false;
        }
        for (due, id) in ending {
            self.end_early(now, id, due);
        }
        true
    }

    /// Ends the session of a client that is away when timeouts are handled next.
    fn end_early(&mut self, now: Instant, id: SessionId, due: Instant) {
        self.unwatch(id, Some(due));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ends_at = Some(now);
            session.will_at = session.will.as_ref().map(|_| now);
            self.away.insert((now, id));
        }
    }

    /// Whether a client may do something; a refusal is noted.
    pub(crate) fn allow(&mut self, state: &State, id: SessionId, action: Action, name: &str) -> bool {
        let Self { sessions, notes, epoch, .. } = self;
        sessions
            .get_mut(&id)
            .is_some_and(|session| session.permissions.allow(state, *epoch, notes, action, name))
    }

    /// The session of a client that is connected, and its connection.
    pub(super) fn present(&self, client_id: &ByteString) -> Option<(SessionId, Arc<ConnectionHandle>)> {
        let id = *self.by_client_id.get(client_id)?;
        Some((id, self.sessions.get(&id)?.connection.clone()?))
    }

    /// Gives a client its session, a new one or the one that it left.
    pub(crate) fn attach(
        &mut self,
        now: Instant,
        state: &State,
        connect: &Connect,
        client_id: &ByteString,
        permissions: Permissions,
        connection: Arc<ConnectionHandle>,
    ) -> Attached {
        let known = self.by_client_id.get(client_id).copied();
        let will = known.and_then(|id| self.take_over(now, state, id, connect.clean_start));
        let resumed = self.by_client_id.get(client_id).copied();
        let id = resumed.unwrap_or_else(|| {
            self.next_session += 1;
            let id = SessionId(self.next_session);
            self.by_client_id.insert(client_id.clone(), id);
            id
        });
        let mut session = match self.sessions.remove(&id) {
            Some(session) => Session { permissions, version: connect.version, ..session },
            None => Session::new(client_id.clone(), connect.version, permissions),
        };
        self.connections += 1;
        self.clients_changed = true;
        (session.connection, session.connection_number) = (Some(connection), self.connections);
        session.expiry = connect.session_expiry.min(limits::SESSION_EXPIRY);
        session.will.clone_from(&connect.will);
        session.aliases.clear();
        session.is_numbered = false;
        session.outbox.attach(connect.receive_maximum);
        self.sessions.insert(id, session);
        Attached { session: id, present: resumed.is_some(), will }
    }

    /// Ends a session's present connection, if it has one, in favor of a new one.
    ///
    /// The session ends too if the new client asks for that or the old one did. Hands back the will that is to be
    /// published: MQTT does so where the connection was lost without delay, or the session ends.
    fn take_over(
        &mut self,
        now: Instant,
        state: &State,
        id: SessionId,
        clean_start: bool,
    ) -> Option<Message> {
        let session = self.sessions.get_mut(&id)?;
        let connection = session.connection.take();
        let ends = clean_start || (connection.is_some() && session.expiry == 0);
        let was_connected = connection.is_some();
        if let Some(connection) = connection {
            connection.end(Refusal::TakenOver);
        }
        let due = session.due();
        (session.ends_at, session.will_at) = (None, None);
        let will = session.will.take().filter(|will| ends || (was_connected && will.delay == 0));
        self.unwatch(id, due);
        let will = will.and_then(|will| self.allowed_will(now, state, id, will));
        if ends {
            self.remove(id);
        } else {
            self.outbox(id, Outbox::detach);
        }
        will
    }

    /// A connection is gone. Hands back the will, if it is to be published now.
    pub(crate) fn detach(
        &mut self,
        now: Instant,
        state: &State,
        id: SessionId,
        connection: &Arc<ConnectionHandle>,
        with_will: bool,
    ) -> Option<Message> {
        let session = self.session(id, connection)?;
        session.connection = None;
        if !with_will {
            session.will = None;
        }
        let delay = session.will.as_ref().map_or(0, |will| will.delay).min(session.expiry);
        let will_now = if delay == 0 { session.will.take() } else { None };
        session.will_at = session.will.as_ref().map(|_| now + seconds(delay));
        session.ends_at = (session.expiry > 0).then(|| now + seconds(session.expiry));
        let due = session.due();
        self.clients_changed = true;
        let will = will_now.and_then(|will| self.allowed_will(now, state, id, will));
        match due {
            Some(due) => {
                self.away.insert((due, id));
                self.outbox(id, Outbox::detach);
            }
            None => self.remove(id),
        }
        will
    }

    /// A will as the message that it becomes, if its client may still publish it.
    fn allowed_will(&mut self, now: Instant, state: &State, id: SessionId, will: Will) -> Option<Message> {
        let expires_at = will.expiry.map(|expiry| now + seconds(expiry.get()));
        self.allow(state, id, Action::Publish, &will.message.topic)
            .then_some(Message { expires_at, ..will.message })
    }

    /// Forgets a session and all that waits for it.
    fn remove(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        for (_, filter, _) in &session.subscriptions {
            self.subscriptions.remove(filter, id);
        }
        self.queued_bytes -= session.outbox.bytes();
        self.unwatch(id, session.due());
        self.by_client_id.remove(&session.client_id);
        // Room for many more than are left is given back.
        if self.sessions.len() < self.sessions.capacity() / 8 {
            self.sessions.shrink_to(self.sessions.len() * 2);
            self.by_client_id.shrink_to(self.by_client_id.len() * 2);
        }
    }

    fn unwatch(&mut self, id: SessionId, due: Option<Instant>) {
        if let Some(due) = due {
            self.away.remove(&(due, id));
        }
    }

    /// Lets `change` change what waits for a client, and keeps count of all that waits.
    pub(super) fn outbox<T>(&mut self, id: SessionId, change: impl FnOnce(&mut Outbox) -> T) -> Option<T> {
        let session = self.sessions.get_mut(&id)?;
        let before = session.outbox.bytes();
        let result = change(&mut session.outbox);
        self.queued_bytes = self.queued_bytes - before + session.outbox.bytes();
        Some(result)
    }

    /// When [`Router::handle_timeout`] has something to do.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.away.first().map(|(due, _)| *due).into_iter().chain(self.late.due()).min()
    }

    /// Sends what is late, and ends sessions whose time is over; hands back the wills that are to be published, with whose they are.
    pub(crate) fn handle_timeout(&mut self, now: Instant, state: &State) -> Vec<Message> {
        self.send_late(now);
        let mut wills = Vec::new();
        while let Some(&(due, id)) = self.away.first().filter(|(due, _)| *due <= now) {
            self.away.remove(&(due, id));
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            let will = session.will_at.take_if(|at| *at <= now).and_then(|_| session.will.take());
            let ended = session.ends_at.is_some_and(|at| at <= now);
            self.away.extend(session.due().map(|due| (due, id)));
            wills.extend(will.and_then(|will| self.allowed_will(now, state, id, will)));
            if ended {
                self.remove(id);
            }
        }
        wills
    }

    /// Ends all connections that a certificate opened.
    pub(crate) fn end_certificate(&mut self, certificate: &str) {
        for session in self.sessions.values().filter(|session| session.permissions.certificate == certificate)
        {
            if let Some(connection) = &session.connection {
                connection.end(Refusal::Administrative);
            }
        }
    }

    /// Forgets what clients left here: retained messages, and the sessions of those that are away. Those of the
    /// certificates that are `gone` end with their connections.
    pub(crate) fn reset(&mut self, gone: &[String]) {
        self.retained = RetainedMessages::default();
        self.late = Late::default();
        for (_, id) in self.away.clone() {
            self.remove(id);
        }
        for session in self.sessions.values_mut() {
            if gone.contains(&session.permissions.certificate) {
                (session.expiry, session.will) = (0, None);
            }
        }
        self.control_plane_changed();
    }

    /// Ends all connections.
    pub(crate) fn end_all(&mut self) {
        for connection in self.sessions.values().filter_map(|session| session.connection.as_ref()) {
            connection.end(Refusal::ShuttingDown);
        }
    }
}

/// What [`Router::attach`] did.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) session: SessionId,
    /// The client has its earlier session again.
    pub(crate) present: bool,
    /// The will of the connection that was taken over.
    pub(crate) will: Option<Message>,
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(any(test, fuzzing))]
mod audit;
mod clients;
#[cfg(test)]
mod tests;
