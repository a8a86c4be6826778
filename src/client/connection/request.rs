//! What a handle asks of the link.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::error::Error;
use super::qos::Qos;

/// What a handle asks of the link; `done` gets the result, or is dropped with the link.
#[derive(Debug)]
pub(super) enum Request {
    /// PUBLISH; done when its PUBACK came, at QoS 0 when it is on its way.
    Publish { topic: String, payload: Bytes, qos: Qos, retain: bool, done: Done<()> },
    /// SUBSCRIBE at QoS 1; done when its SUBACK came.
    Subscribe { filters: Vec<String>, done: Done<()> },
    /// UNSUBSCRIBE; done when its UNSUBACK came.
    Unsubscribe { filter: String, done: Done<Unsubscribed> },
}

impl Request {
    /// Answers a request that never left.
    pub(super) fn not_sent(self) {
        // An error means that nobody waits for it any more.
        match self {
            Self::Publish { done, .. } | Self::Subscribe { done, .. } => drop(done.send(Err(Error::NotSent))),
            Self::Unsubscribe { done, .. } => drop(done.send(Err(Error::NotSent))),
        }
    }
}

/// Where the result of a request goes.
pub(super) type Done<T> = oneshot::Sender<Result<T, Error>>;

/// What an UNSUBACK says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsubscribed {
    /// Whether there was a subscription.
    pub(super) existed: bool,
    /// The number of the last message before it, from the local service.
    pub(super) sequence: Option<u64>,
}
