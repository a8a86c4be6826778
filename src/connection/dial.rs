//! TCP and TLS: from a name to an encrypted stream, each step with an error of its own.

use std::io;
use std::sync::Arc;

use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::error::Error;

/// Resolves the name and connects to the first of its addresses that answers.
pub(super) async fn tcp(host: &str, port: u16) -> Result<TcpStream, Error> {
    let address = super::address(host, port);
    let resolve = |reason: String| Error::Resolve { host: host.to_owned(), reason };
    let candidates = lookup_host((host, port)).await.map_err(|error| resolve(error.to_string()))?;
    let mut last = resolve("it has no address".to_owned());
    for candidate in candidates {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                // With Nagle's algorithm a request waits for the acknowledgement of the PUBACK before it.
                stream.set_nodelay(true).map_err(|error| Error::from_io(&error))?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                last = Error::Refused { address: address.clone() };
            }
            Err(error) => {
                last = Error::Unreachable { address: address.clone(), reason: error.to_string() };
            }
        }
    }
    Err(last)
}

/// The TLS handshake, with the name of the server in it (SNI).
pub(super) async fn tls(
    tcp: TcpStream,
    host: &str,
    port: u16,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::Resolve {
        host: host.to_owned(),
        reason: "it is neither a DNS name nor an IP address".to_owned(),
    })?;
    TlsConnector::from(config)
        .connect(name, tcp)
        .await
        .map_err(|error| Error::from_handshake(&error, host, port))
}
