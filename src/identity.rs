//! Who we are to the server and whom we trust: PEM files made into a TLS configuration.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;

/// Why the files will not do; one line that names the file and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// A certificate, its key, and the certificate authorities that we trust.
#[derive(Debug, Clone)]
pub struct Identity {}

#[allow(unused_variables, missing_docs)]
impl Identity {
    pub fn load(cert_file: &Path, key_file: &Path, ca_file: Option<&Path>) -> Result<Self, Error> {
        todo!()
    }
    /// Lines worth a warning, such as a key that others can read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        todo!()
    }
    /// The TLS configuration for `port`: 443 means ALPN `x-amzn-mqtt-ca`.
    #[must_use]
    pub fn tls_config(&self, port: u16) -> Arc<ClientConfig> {
        todo!()
    }
}
