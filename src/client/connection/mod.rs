//! The MQTT 5 connection over mutual TLS, which comes back by itself. The only module that knows rumqttc.
//!
//! A [`Connection`] is a handle; one task behind it owns the socket (`driver`: link after link; `link`:
//! one link over any stream; `dial`: TCP and TLS; `wire`, `packets` and `code`: bytes, packets and
//! what they mean). What arrives goes to a callback in the order of arrival, what happens to the connection to
//! another.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html>

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

mod code;
mod dial;
mod driver;
mod error;
mod link;
mod packets;
mod wire;

pub use code::Code;
pub use error::Error;
pub(crate) use error::why_not_trusted;

use driver::{Door, Driver, Status};
use link::Request;

/// The largest payload that AWS IoT takes, in bytes.
///
/// AWS: <https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits>
pub const MAX_PAYLOAD: usize = 128 * 1024;

/// The keep-alive for [`Options`]: short, so that a dead link shows.
pub const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The bytes of a PUBLISH around its topic and payload, at most.
const PUBLISH_OVERHEAD: usize = 1 + 4 + 2 + 2 + 1;

/// Where to connect, as whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// A DNS name or an IP address; also the name that the server must prove.
    pub host: String,
    /// 8883, or 443 with ALPN.
    pub port: u16,
    /// The MQTT client id.
    pub client_id: String,
    /// From [`crate::client::identity::Identity::tls_config`].
    pub tls: Arc<ClientConfig>,
    /// How long connecting may take, from the name's resolution to the SUBACK.
    pub timeout: Duration,
    /// How long until the server is asked whether it is still there; [`KEEP_ALIVE`] unless for a test.
    ///
    /// A link that died in silence is found within one and a half of these.
    pub keep_alive: Duration,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its topic; what was not UTF-8 in it is replaced.
    pub topic: String,
    /// Its payload, unchecked.
    pub payload: Bytes,
}

/// What happened to the connection; `Display` is the one line to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It broke; attempts to restore it follow.
    Lost {
        /// Why.
        reason: String,
    },
    /// Another attempt will be made.
    Retrying {
        /// From 1.
        attempt: u32,
        /// How long until then.
        after: Duration,
        /// Why the attempt before failed; none for the first.
        reason: Option<String>,
    },
    /// It is back, with every subscription.
    Restored,
    /// It will not come back.
    Final {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { reason } => write!(f, "connection lost: {reason}"),
            Self::Retrying { attempt, after, reason } => {
                if let Some(reason) = reason {
                    write!(f, "{reason}; ")?;
                }
                write!(f, "attempt {attempt} in {:.1} s", after.as_secs_f32())
            }
            Self::Restored => f.write_str("connection restored"),
            Self::Final { reason } => write!(f, "connection lost for good: {reason}"),
        }
    }
}

/// A handle to the connection. Clones share it; it ends with [`Self::disconnect`] or the last clone.
#[derive(Debug, Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    driver: Mutex<Option<JoinHandle<()>>>,
    /// The filter that a barrier subscribes to again.
    fence_filter: String,
    timeout: Duration,
    is_local_service: bool,
}

impl Connection {
    /// Connects once; returns after a SUBACK that granted every filter.
    ///
    /// `deliver` gets each message in the order of arrival, `changed` what happens to the connection
    /// later. Both are called by the task that owns the socket: they must not block.
    ///
    /// # Panics
    /// If `filters` is empty.
    pub async fn connect(
        options: Options,
        filters: Vec<String>,
        mut deliver: impl FnMut(Incoming) + Send + 'static,
        changed: impl FnMut(Change) + Send + 'static,
    ) -> Result<Self, Error> {
        let fence_filter = filters.first().expect("a connection has at least one filter").clone();
        let opened = driver::open(&options, &filters, &mut deliver).await?;
        let (status, status_seen) = watch::channel(Status::Up(opened.door.clone()));
        let (stop, stop_seen) = watch::channel(false);
        let timeout = options.timeout;
        let is_local_service = opened.is_local_service;
        let driver = Driver { options, filters, deliver, changed, status, stop: stop_seen };
        let driver = tokio::spawn(driver.run(opened));
        Ok(Self {
            shared: Arc::new(Shared {
                status: status_seen,
                stop,
                driver: Mutex::new(Some(driver)),
                fence_filter,
                timeout,
                is_local_service,
            }),
        })
    }

    /// Hands a message over to be published at QoS 1; waits for the connection while there is none.
    ///
    /// Returns once it is on its way; what becomes of it, [`Sent::failed`] tells.
    pub async fn publish(&self, topic: &str, payload: impl Into<Bytes>) -> Result<Sent, Error> {
        let payload = payload.into();
        if payload.len() > MAX_PAYLOAD {
            return Err(Error::TooLarge { size: payload.len(), limit: MAX_PAYLOAD });
        }
        let size = topic.len() + payload.len() + PUBLISH_OVERHEAD;
        loop {
            let door = self.door().await?;
            if size > door.max_packet_size {
                return Err(Error::TooLarge { size, limit: door.max_packet_size });
            }
            let (done, acknowledged) = oneshot::channel();
            let request = Request::Publish { topic: topic.to_owned(), payload: payload.clone(), done };
            if door.requests.send(request).await.is_ok() {
                return Ok(Sent { acknowledged, link: door.requests });
            }
        }
    }

    /// An ordered round trip: what the server sent before it answered has been delivered when this returns.
    pub async fn barrier(&self) -> Result<(), Error> {
        let round_trip = async {
            let door = self.door().await?;
            let (done, granted) = oneshot::channel();
            let filters = vec![self.shared.fence_filter.clone()];
            let request = Request::Subscribe { filters, done };
            door.requests.send(request).await.map_err(|_| Error::NotSent)?;
            granted.await.map_err(|_| Error::Lost)?
        };
        let after = self.shared.timeout;
        timeout(after, round_trip).await.map_err(|_| Error::Silent { after })?
    }

    /// Why there is no connection at the moment; none while there is one.
    #[must_use]
    pub fn down(&self) -> Option<Error> {
        match &*self.shared.status.borrow() {
            Status::Up(_) => None,
            Status::Down(error) | Status::Over(error) => Some(error.clone()),
        }
    }

    /// Returns once there will never be a connection again.
    pub async fn over(&self) {
        let mut status = self.shared.status.clone();
        // An error means that the driver is gone, which says the same.
        let _ = status.wait_for(|status| matches!(status, Status::Over(_))).await;
    }

    /// Whether the server said that it is the local Jobs service.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        self.shared.is_local_service
    }

    /// Says DISCONNECT and closes the connection, within a bounded time, for every clone.
    pub async fn disconnect(self) {
        self.shared.stop.send_replace(true);
        let driver = self.shared.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            // The driver ends by itself within a second; a panic of it has been reported already.
            let _ = driver.await;
        }
    }

    /// The way in, as soon as there is one.
    async fn door(&self) -> Result<Door, Error> {
        let mut status = self.shared.status.clone();
        let settled = status.wait_for(|status| !matches!(status, Status::Down(_))).await;
        match settled.as_deref() {
            Ok(Status::Up(door)) => Ok(door.clone()),
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

/// Host and port as they are written, an IPv6 address in brackets.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
