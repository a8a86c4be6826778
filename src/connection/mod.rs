//! The MQTT 5 connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;

/// Where to connect, as whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// A DNS name or an IP address.
    pub host: String,
    /// 8883, or 443 with ALPN.
    pub port: u16,
    /// The MQTT client id.
    pub client_id: String,
    /// From [`crate::identity::Identity::tls_config`].
    pub tls: Arc<ClientConfig>,
    /// How long connecting may take.
    pub timeout: Duration,
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

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);
