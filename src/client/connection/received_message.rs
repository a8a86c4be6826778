//! A message from the server.

use bytes::Bytes;

/// A message that the server delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The topic; bytes that are not UTF-8 are replaced.
    pub topic: String,
    /// The payload, unchecked.
    pub payload: Bytes,
}
