//! A session: what the broker knows about one client id, connected or not.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU16;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytestring::ByteString;
use tokio::sync::Notify;

use super::filter::Filter;
use super::limits;
use super::outbox::Outbox;
use super::packet::{Qos, Version, Will};
use super::refusal::Refusal;
use crate::service::policy::{self, Action, Context, Document};
use crate::service::state::State;

/// Names a session within a running broker; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

/// What ties a session to the task that serves its connection.
#[derive(Debug, Default)]
pub(crate) struct ConnectionHandle {
    /// Something waits to be sent, or the connection must end.
    pub(crate) wake: Notify,
    ended: OnceLock<Refusal>,
}

impl ConnectionHandle {
    /// Makes the connection end; the first reason counts.
    pub(crate) fn end(&self, reason: Refusal) {
        // A second reason is of no interest.
        let _ = self.ended.set(reason);
        self.wake.notify_one();
    }

    /// Why the connection must end.
    pub(crate) fn ended(&self) -> Option<Refusal> {
        self.ended.get().copied()
    }
}

/// One client id.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client_id: ByteString,
    pub(crate) version: Version,
    pub(crate) permissions: Permissions,
    /// `None` while the client is away.
    pub(crate) connection: Option<Arc<ConnectionHandle>>,
    /// `sessionIdentifier` of the client's present connection, or of its last one.
    pub(crate) identifier: String,
    /// Which of all connections the client's last one is, counted from 1.
    pub(crate) connection_number: u64,
    pub(crate) outbox: Outbox,
    /// By the filter's text, in the order of their first SUBSCRIBE.
    pub(crate) subscriptions: Vec<(ByteString, Filter, Qos)>,
    /// Whether the client has asked that what it is sent on this connection be numbered.
    pub(crate) is_numbered: bool,
    /// What the client's topic aliases stand for on this connection.
    pub(crate) aliases: HashMap<NonZeroU16, ByteString>,
    /// Seconds that the session outlives its connection.
    pub(crate) expiry: u32,
    pub(crate) will: Option<Will>,
    /// When the session ends, while the client is away.
    pub(crate) ends_at: Option<Instant>,
    /// When the will is published, while the client is away.
    pub(crate) will_at: Option<Instant>,
}

impl Session {
    pub(crate) fn new(client_id: ByteString, version: Version, permissions: Permissions) -> Self {
        Self {
            client_id,
            version,
            permissions,
            connection: None,
            identifier: String::new(),
            connection_number: 0,
            outbox: Outbox::new(),
            subscriptions: Vec::new(),
            is_numbered: false,
            aliases: HashMap::new(),
            expiry: 0,
            will: None,
            ends_at: None,
            will_at: None,
        }
    }

    /// When something has to be done about it, while the client is away.
    pub(crate) fn due(&self) -> Option<Instant> {
        [self.ends_at, self.will_at].into_iter().flatten().min()
    }

    /// What life-cycle events call the number of its client's last connection.
    pub(super) fn version_number(&self) -> u64 {
        self.connection_number.saturating_sub(1)
    }

    /// The best QoS that it was granted for messages on `topic`.
    pub(crate) fn granted(&self, topic: &str) -> Option<Qos> {
        self.subscriptions
            .iter()
            .filter(|(_, filter, _)| filter.share.is_none() && filter.matches(topic))
            .map(|(_, _, qos)| *qos)
            .max()
    }
}

/// What a client may do: its policies and variables, looked up again after each change of the control plane.
#[derive(Debug)]
pub(crate) struct Permissions {
    /// The id of the certificate that the client showed.
    pub(crate) certificate: String,
    context: Context,
    documents: Vec<Arc<Document>>,
    epoch: u64,
    logged: HashSet<(Action, String)>,
}

impl Permissions {
    pub(crate) fn new(certificate: &str, context: Context, state: &State, epoch: u64) -> Self {
        let mut permissions = Self {
            certificate: certificate.to_owned(),
            context,
            documents: Vec::new(),
            epoch,
            logged: HashSet::new(),
        };
        permissions.look_up(state);
        permissions
    }

    fn look_up(&mut self, state: &State) {
        self.documents = state.policies_of_certificate(&self.certificate);
        self.context.certificate = state.names_of_certificate(&self.certificate);
        self.context.thing = state.thing_of_connection(&self.certificate, self.client_id());
    }

    fn client_id(&self) -> &str {
        self.context.client_id.as_deref().unwrap_or_default()
    }

    /// Whether the policies allow `action` on what `name` names; a refusal is noted in `notes`.
    pub(crate) fn allow(
        &mut self,
        state: &State,
        epoch: u64,
        notes: &mut Vec<String>,
        action: Action,
        name: &str,
    ) -> bool {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.look_up(state);
        }
        let arn = state.settings().arn(action.resource_type(), name);
        let documents = self.documents.iter().map(AsRef::as_ref);
        let decision = policy::evaluate(documents, action, &arn, &self.context);
        let Some(reason) = decision.refusal() else { return true };
        // A client that tries again and again is logged once.
        if self.logged.len() < limits::LOGGED_REFUSALS && self.logged.insert((action, arn.clone())) {
            let client = self.client_id().escape_debug();
            notes.push(format!("client {client}: {action} refused on {}: {reason}", arn.escape_debug()));
        }
        false
    }
}
