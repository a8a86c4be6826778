//! How to connect.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;

/// The keep alive for [`Options`]: short, so that a dead link is noticed soon.
pub const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Where to connect, and with which identity.
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
    /// How long the link may be idle before a PINGREQ is sent; [`KEEP_ALIVE`] except in tests.
    ///
    /// A link that died silently is noticed within one and a half times this.
    pub keep_alive: Duration,
}
