//! A message from the server.

use bytes::Bytes;

use super::qos::Qos;

/// A message that the server delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The topic; bytes that are not UTF-8 are replaced.
    pub topic: String,
    /// The payload, unchecked.
    pub payload: Bytes,
    /// At which QoS it was delivered.
    pub qos: Qos,
    /// Whether the server had kept it for new subscriptions.
    pub retain: bool,
    /// From the local service: its place among all that this sends to such clients, over all their connections.
    pub sequence: Option<u64>,
}
