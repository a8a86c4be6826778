//! The TLS of one port: how it is set up, and how a client gets through it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::{Error, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::handshake;
use super::verifier::Registered;
use crate::service::certificates::ServerCertificate;
use crate::service::log::OnceASecond;
use crate::service::shared::Shared;
use crate::service::state::credentials::certificate::certificate_id;
use crate::service::trace::{ConnectionTrace, Event};

/// What MQTT clients name in ALPN on port 443; elsewhere they name nothing.
const MQTT: &[&str] = &["x-amzn-mqtt-ca"];

/// What HTTP clients name, and devices with a certificate on AWS's port 443.
const HTTP: &[&str] = &["http/1.1", "x-amzn-http-ca"];

/// What is told, once a second, of clients that do not speak TLS.
const PLAIN_MQTT: &str = "a client speaks no TLS on the MQTT port: let it connect with TLS, trust ca.pem and show cert.pem with key.pem";
const PLAIN_HTTP: &str = "a client speaks no TLS on the HTTPS port: let it connect with https:// and trust ca.pem, or use the HTTP port";

/// The TLS of one port.
#[derive(Clone)]
pub(crate) struct TlsPort {
    acceptor: TlsAcceptor,
    /// The protocols that clients may name in ALPN, if they name any.
    protocols: &'static [&'static str],
    /// What to say of a client that does not speak TLS, and when it was last said.
    plain: &'static str,
    plain_lines: Arc<Mutex<OnceASecond>>,
    shared: Arc<Shared>,
}

impl TlsPort {
    /// For MQTT: each client shows a certificate.
    pub(crate) fn mqtt(certificate: &ServerCertificate, shared: Arc<Shared>) -> Result<Self, Error> {
        Self::new(certificate, shared, MQTT, PLAIN_MQTT, true)
    }

    /// For HTTP: a client shows a certificate, or signs its requests.
    pub(crate) fn http(certificate: &ServerCertificate, shared: Arc<Shared>) -> Result<Self, Error> {
        Self::new(certificate, shared, HTTP, PLAIN_HTTP, false)
    }

    fn new(
        (certificate, key): &ServerCertificate,
        shared: Arc<Shared>,
        protocols: &'static [&'static str],
        plain: &'static str,
        is_required: bool,
    ) -> Result<Self, Error> {
        let provider: Arc<CryptoProvider> = ring::default_provider().into();
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Registered { shared: shared.clone(), algorithms, is_required };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key.clone_key())?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = Arc::new(config).into();
        Ok(Self { acceptor, protocols, plain, plain_lines: Arc::default(), shared })
    }

    /// Shakes hands with a client that takes no longer than `within`; where that fails, the trace says why.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        within: Duration,
        trace: &ConnectionTrace,
    ) -> io::Result<TlsStream<S>> {
        let shaken = timeout(within, self.acceptor.accept(stream)).await.map_err(io::Error::from).flatten();
        let why = |error: &io::Error| handshake::why(error, self.protocols[0]);
        shaken.inspect_err(|error| {
            trace.put(|| Event::NoTls { why: why(error) });
            if handshake::is_no_tls(error) && self.may_tell_of_plain() {
                self.shared.note(self.plain);
            }
        })
    }

    /// Whoever has mistaken the port may try for ever.
    fn may_tell_of_plain(&self) -> bool {
        self.plain_lines.lock().unwrap_or_else(PoisonError::into_inner).admits(Instant::now())
    }
}

/// The id of the certificate that a client showed.
pub(crate) fn certificate_shown<S>(stream: &TlsStream<S>) -> Option<String> {
    let shown = stream.get_ref().1.peer_certificates()?;
    shown.first().map(|der| certificate_id(der))
}
