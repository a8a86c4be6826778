//! What a handle asks of the link.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::error::Error;

/// What a handle asks of the link; `done` gets the result, or is dropped with the link.
#[derive(Debug)]
pub(super) enum Request {
    /// PUBLISH at QoS 1; done when its PUBACK came.
    Publish { topic: String, payload: Bytes, done: Done },
    /// SUBSCRIBE at QoS 1; done when its SUBACK came.
    Subscribe { filters: Vec<String>, done: Done },
}

impl Request {
    /// Answers a request that never left.
    pub(super) fn not_sent(self) {
        let (Self::Publish { done, .. } | Self::Subscribe { done, .. }) = self;
        // An error means that nobody waits for it any more.
        let _ = done.send(Err(Error::NotSent));
    }
}

/// Where the result of a request goes.
pub(super) type Done = oneshot::Sender<Result<(), Error>>;
