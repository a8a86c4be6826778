//! Why a request has no accepted answer.

use std::time::Duration;

use bytes::Bytes;

use crate::client::connection;
use crate::wire::model::RejectedResponse;

/// Why a request has no accepted answer; `Display` is one line that says what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The service refused.
    #[error("{operation} rejected: {}: {}", response.code, response.message)]
    Rejected {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic that it came on.
        topic: String,
        /// The payload as it came, UTF-8 JSON.
        payload: Bytes,
        /// The same, read.
        response: Box<RejectedResponse>,
    },
    /// No answer in time.
    #[error(
        "{operation}: no answer on {topic}/accepted or {topic}/rejected within {} s: {}",
        after.as_secs_f32(), what_to_do(last_refusal.as_deref())
    )]
    TimedOut {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic of the request.
        topic: String,
        /// How long it waited.
        after: Duration,
        /// Code and message of the last refusal, if it was refused and asked again.
        last_refusal: Option<String>,
    },
    /// An answer to this very request that cannot be read.
    #[error("{operation}: the answer on {topic} cannot be read: {reason}")]
    Malformed {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic that it came on.
        topic: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection did not come back in time.
    #[error("{operation} was not sent: no connection within {} s ({reason})", after.as_secs_f32())]
    NotConnected {
        /// The API's name of the operation.
        operation: &'static str,
        /// How long it waited.
        after: Duration,
        /// Why there is none.
        reason: connection::Error,
    },
    /// The request could not be sent, or the server would not have it.
    #[error("{operation} failed: {source}")]
    NotAccepted {
        /// The API's name of the operation.
        operation: &'static str,
        /// Why.
        source: connection::Error,
    },
    /// The request was sent, and the connection lost before the answer.
    #[error(
        "{operation}: outcome unknown, the connection was lost before the answer; to find out: {find_out}"
    )]
    OutcomeUnknown {
        /// The API's name of the operation.
        operation: &'static str,
        /// The command to find out with.
        find_out: String,
    },
}

fn what_to_do(last_refusal: Option<&str>) -> String {
    match last_refusal {
        Some(refusal) => format!("it was refused with {refusal}, and what was asked again is not answered"),
        None => "if none ever comes, allow iot:Receive there".to_owned(),
    }
}
