//! The data plane: the requests of a device to AWS IoT Jobs, the answers and the events.
//!
//! | file | what it is |
//! |---|---|
//! | `client` | the client: one method for each operation, retries and timeouts |
//! | `inbox` | what arrives, sorted: answers to their requests, events to their streams |
//! | `in_flight` | the requests that wait for an answer, by client token |
//! | `answer`, `error` | an answer, and why there is none |
//! | `streams` | the streams of the two kinds of events, and of the changes of the connection |
//! | `pending` | which job executions are known to be pending |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

mod answer;
mod client;
mod error;
mod in_flight;
mod inbox;
mod pending;
mod streams;

pub use crate::client::events::{Dropped, EventError, StreamEvent};
pub use answer::Answer;
pub use client::Client;
pub use error::Error;
pub use pending::{Difference, Pending};
pub use streams::{ConnectionChange, Streams};
