//! The handle to a connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::change::Change;
use super::driver::{self, Driver, LinkHandle, Status};
use super::error::Error;
use super::options::Options;
use super::qos::Qos;
use super::received_message::ReceivedMessage;
use super::request::{Done, Request, Unsubscribed};

/// The largest payload that AWS IoT takes, in bytes.
///
/// AWS: <https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits>
pub const MAX_PAYLOAD: usize = 128 * 1024;

/// The bytes of a PUBLISH around its topic and payload, at most.
const PUBLISH_OVERHEAD: usize = 1 + 4 + 2 + 2 + 1;

/// A handle to the connection. Clones share it; it ends with [`Self::disconnect`] or the last clone.
#[derive(Debug, Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    driver: Mutex<Option<JoinHandle<()>>>,
    /// What nobody subscribes to: a barrier unsubscribes it, which leaves everything as it is.
    barrier_filter: String,
    timeout: Duration,
    is_local_service: bool,
}

impl Connection {
    /// Connects once; returns after a SUBACK that granted every filter.
    ///
    /// `deliver` gets each message in the order of arrival, `changed` what happens to the connection
    /// later. Both are called by the task that owns the socket: they must not block.
    ///
    /// # Errors
    /// [`Error`] says why there is no connection: the address, TLS, the server's refusal, or a filter that it did
    /// not grant.
    pub async fn connect(
        options: Options,
        filters: Vec<String>,
        mut deliver: impl FnMut(ReceivedMessage) + Send + 'static,
        changed: impl FnMut(Change) + Send + 'static,
    ) -> Result<Self, Error> {
        let opened = driver::open(&options, &filters, &mut deliver).await?;
        let (status, status_seen) = watch::channel(Status::Up(opened.handle.clone()));
        let (stop, stop_seen) = watch::channel(false);
        let timeout = options.timeout;
        let is_local_service = opened.is_local_service();
        let driver = Driver { options, filters, deliver, changed, status, stop: stop_seen };
        let driver = tokio::spawn(driver.run(opened));
        Ok(Self {
            inner: Arc::new(Inner {
                status: status_seen,
                stop,
                driver: Mutex::new(Some(driver)),
                barrier_filter: format!("barrier/{}", Uuid::new_v4()),
                timeout,
                is_local_service,
            }),
        })
    }

    /// Hands a message over to be published; waits for the connection while there is none.
    ///
    /// Returns once it is on its way; [`Sent`] reports what becomes of it.
    ///
    /// # Errors
    /// When there is no connection within the timeout, or the message is larger than the server takes.
    pub async fn publish(
        &self,
        topic: &str,
        payload: impl Into<Bytes>,
        qos: Qos,
        retain: bool,
    ) -> Result<Sent, Error> {
        let payload = payload.into();
        if payload.len() > MAX_PAYLOAD {
            return Err(Error::TooLarge { size: payload.len(), limit: MAX_PAYLOAD });
        }
        let size = topic.len() + payload.len() + PUBLISH_OVERHEAD;
        loop {
            let link = self.link().await?;
            if size > link.max_packet_size {
                return Err(Error::TooLarge { size, limit: link.max_packet_size });
            }
            let (done, acknowledged) = oneshot::channel();
            let (topic, payload) = (topic.to_owned(), payload.clone());
            let request = Request::Publish { topic, payload, qos, retain, done };
            if link.requests.send(request).await.is_ok() {
                return Ok(Sent { acknowledged, link: link.requests });
            }
        }
    }

    /// Subscribes to a filter; waits for the connection while there is none. It is subscribed again on each later
    /// link.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost before it answered.
    pub async fn subscribe(&self, filter: &str) -> Result<(), Error> {
        let filters = vec![filter.to_owned()];
        self.ask(|done| Request::Subscribe { filters, done }).await
    }

    /// Ends the subscription to a filter; returns whether there was one. Waits for the connection while there is none.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost before it answered.
    pub async fn unsubscribe(&self, filter: &str) -> Result<bool, Error> {
        let filter = filter.to_owned();
        let Unsubscribed { existed, .. } = self.ask(|done| Request::Unsubscribe { filter, done }).await?;
        Ok(existed)
    }

    /// An ordered round trip: what the server sent before it answered has been delivered when this returns. From the
    /// local service comes the number of the last message before its answer, on whichever connection.
    ///
    /// # Errors
    /// When there is no connection within the timeout, or it is lost before the server answered.
    pub async fn barrier(&self) -> Result<Option<u64>, Error> {
        let filter = self.inner.barrier_filter.clone();
        let round_trip = self.ask(|done| Request::Unsubscribe { filter, done });
        let after = self.inner.timeout;
        let Unsubscribed { sequence, .. } =
            timeout(after, round_trip).await.map_err(|_| Error::Silent { after })??;
        Ok(sequence)
    }

    async fn ask<T>(&self, request: impl FnOnce(Done<T>) -> Request) -> Result<T, Error> {
        let link = self.link().await?;
        let (done, answered) = oneshot::channel();
        link.requests.send(request(done)).await.map_err(|_| Error::NotSent)?;
        answered.await.map_err(|_| Error::Lost)?
    }

    /// Why there is no connection at the moment, or `None` while there is one.
    #[must_use]
    pub fn down(&self) -> Option<Error> {
        match &*self.inner.status.borrow() {
            Status::Up(link) => link.requests.is_closed().then_some(Error::Lost),
            Status::Down(error) | Status::Over(error) => Some(error.clone()),
        }
    }

    /// Returns once there will never be a connection again.
    pub async fn over(&self) {
        let mut status = self.inner.status.clone();
        // An error means that the driver is gone, which amounts to the same.
        let _ = status.wait_for(|status| matches!(status, Status::Over(_))).await;
    }

    /// Whether the server is the local Jobs service.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        self.inner.is_local_service
    }

    /// Sends DISCONNECT and closes the connection, within a bounded time, for every clone.
    pub async fn disconnect(self) {
        self.inner.stop.send_replace(true);
        let driver = self.inner.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            // The driver ends within a second; if it panicked, that has been reported already.
            let _ = driver.await;
        }
    }

    /// The link, once there is one.
    async fn link(&self) -> Result<LinkHandle, Error> {
        let mut status = self.inner.status.clone();
        // The driver says that a link is down before it closes that; one that panicked says nothing any more.
        let is_settled = |status: &Status| match status {
            Status::Up(link) => !link.requests.is_closed(),
            Status::Down(_) => false,
            Status::Over(_) => true,
        };
        let settled = status.wait_for(is_settled).await;
        match settled.as_deref() {
            Ok(Status::Up(link)) => Ok(link.clone()),
            Ok(Status::Down(error) | Status::Over(error)) => Err(error.clone()),
            Err(_) => Err(Error::Lost),
        }
    }
}

/// A message on its way.
#[derive(Debug)]
#[must_use = "the server may refuse a message"]
pub struct Sent {
    acknowledged: oneshot::Receiver<Result<(), Error>>,
    link: mpsc::Sender<Request>,
}

impl Sent {
    /// Waits for the PUBACK; at QoS 0 there is none, and this returns at once.
    ///
    /// # Errors
    /// Refused by the server, or the link lost before.
    pub async fn acknowledged(self) -> Result<(), Error> {
        self.acknowledged.await.unwrap_or(Err(Error::Lost))
    }

    /// Returns when it failed: refused by the server, or the link lost before or after the PUBACK.
    ///
    /// Never returns while all is well.
    pub async fn failed(self) -> Error {
        match self.acknowledged.await {
            Ok(Ok(())) => {
                self.link.closed().await;
                Error::Lost
            }
            Ok(Err(error)) => error,
            Err(_) => Error::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection whose driver ended without a word, as one that panicked does.
    fn without_driver() -> Connection {
        let (requests, _) = mpsc::channel(1);
        let (_, status) = watch::channel(Status::Up(LinkHandle { requests, max_packet_size: usize::MAX }));
        let (stop, _) = watch::channel(false);
        let inner = Inner {
            status,
            stop,
            driver: Mutex::new(None),
            barrier_filter: "t".to_owned(),
            timeout: Duration::from_secs(1),
            is_local_service: false,
        };
        Connection { inner: Arc::new(inner) }
    }

    #[tokio::test]
    async fn without_a_driver_nothing_waits_for_a_link() {
        let connection = without_driver();
        assert_eq!(connection.down(), Some(Error::Lost));
        assert_eq!(connection.publish("t", "x", Qos::AtLeastOnce, false).await.unwrap_err(), Error::Lost);
        assert_eq!(connection.barrier().await.unwrap_err(), Error::Lost);
        connection.over().await;
        connection.disconnect().await;
    }
}
