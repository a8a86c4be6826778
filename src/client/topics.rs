//! Topics of the user's choice, on a connection of their own.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connection::{self, Change, Connection, Qos};
use super::events::{EventNumbers, EventSender, StreamEvent};
use super::feed::Feed;
use super::trace::{Trace, message_line};

/// A client that subscribes and publishes to any topic that the policy of its certificate allows.
///
/// Its subscriptions are made again on each link. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Topics {
    connection: Connection,
    numbers: EventNumbers,
    timeout: Duration,
    trace: Trace,
}

/// Why a request to the message broker came to nothing; `Display` is one line that says what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The server refused.
    #[error("{0}")]
    Refused(connection::Error),
    /// The connection did not come back in time, or the server did not answer.
    #[error("{operation}: no answer within {} s{}", after.as_secs_f32(), why(reason.as_ref()))]
    TimedOut {
        /// SUBSCRIBE, UNSUBSCRIBE or PUBLISH.
        operation: &'static str,
        /// How long it waited.
        after: Duration,
        /// Why there is no connection, if there is none.
        reason: Option<connection::Error>,
    },
    /// The message was sent, and the connection lost before it was acknowledged.
    #[error("PUBLISH: outcome unknown, the connection was lost before the server acknowledged it{}", why(reason.as_ref()))]
    OutcomeUnknown {
        /// What the server said at the end, or why there is no connection now.
        reason: Option<connection::Error>,
    },
    /// It cannot be sent.
    #[error("{0}")]
    NotSent(connection::Error),
}

fn why(reason: Option<&connection::Error>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

impl Topics {
    /// Connects; messages come on the stream that is handed back, and `changed` gets what happens to the connection
    /// later. It is called by the task that owns the socket: it must not block.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn connect(
        options: connection::Options,
        trace: Trace,
        changed: impl FnMut(Change) + Send + 'static,
    ) -> Result<(Self, mpsc::Receiver<StreamEvent>), connection::Error> {
        let numbers = EventNumbers::default();
        let (mut sender, messages) = EventSender::new(numbers.clone());
        let timeout = options.timeout;
        let deliver = {
            let trace = trace.clone();
            move |message: connection::ReceivedMessage| {
                trace.write(|| message_line("<-", &message.topic, &message.payload));
                let payload = message.payload.clone();
                sender.send(message, Ok(payload));
            }
        };
        let connection = Connection::connect(options, Vec::new(), deliver, changed).await?;
        Ok((Self { connection, numbers, timeout, trace }, messages))
    }

    /// Subscribes to a filter.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn subscribe(&self, filter: &str) -> Result<(), Error> {
        self.until_answered("SUBSCRIBE", || self.connection.subscribe(filter)).await
    }

    /// Ends the subscription to a filter; returns whether there was one.
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time.
    pub async fn unsubscribe(&self, filter: &str) -> Result<bool, Error> {
        self.until_answered("UNSUBSCRIBE", || self.connection.unsubscribe(filter)).await
    }

    /// Publishes a message; returns once the server has it. At QoS 0 that is known from a round trip behind it.
    ///
    /// # Errors
    /// When the server refuses, which at QoS 0 it does by ending the connection, or does not answer in time.
    pub async fn publish(&self, topic: &str, payload: Bytes, qos: Qos, retain: bool) -> Result<(), Error> {
        self.trace.write(|| message_line("->", topic, &payload));
        let publish = async {
            let sent = self.connection.publish(topic, payload, qos, retain).await.map_err(Error::NotSent)?;
            let taken = match qos {
                Qos::AtLeastOnce => sent.acknowledged().await,
                Qos::AtMostOnce => self.connection.barrier().await.map(drop),
            };
            taken.map_err(|error| match error {
                connection::Error::Lost | connection::Error::NotSent => self.lost(topic),
                refused => Error::Refused(refused),
            })
        };
        timeout(self.timeout, publish).await.unwrap_or_else(|_| Err(self.timed_out("PUBLISH")))
    }

    /// The connection, to know that all messages have come.
    #[must_use]
    pub fn feed(&self) -> Feed {
        Feed::new(self.connection.clone(), self.numbers.clone())
    }

    /// Returns once the connection is lost for good: no further message will come.
    pub async fn over(&self) {
        self.connection.over().await;
    }

    /// Says DISCONNECT and closes the connection, within a bounded time, for every clone.
    pub async fn disconnect(self) {
        self.connection.disconnect().await;
    }

    /// Asks, and asks again on the next link if one breaks: what is done twice is as if it had been done once.
    async fn until_answered<T, F: Future<Output = Result<T, connection::Error>>>(
        &self,
        operation: &'static str,
        ask: impl Fn() -> F,
    ) -> Result<T, Error> {
        let answered = async {
            loop {
                match ask().await {
                    Err(connection::Error::Lost | connection::Error::NotSent) => {}
                    answered => return answered.map_err(Error::Refused),
                }
            }
        };
        timeout(self.timeout, answered).await.unwrap_or_else(|_| Err(self.timed_out(operation)))
    }

    /// The connection was lost behind a message, perhaps because of it.
    fn lost(&self, topic: &str) -> Error {
        let reason = self.connection.down();
        match reason.as_ref().and_then(|reason| reason.as_refused_publish(topic)) {
            Some(refused) => Error::Refused(refused),
            None => Error::OutcomeUnknown { reason },
        }
    }

    fn timed_out(&self, operation: &'static str) -> Error {
        Error::TimedOut { operation, after: self.timeout, reason: self.connection.down() }
    }
}
