//! TCP and TLS: from a name to an encrypted stream, each step with an error of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::address::address;
use super::error::Error;
use crate::wire::system_error::in_words;

/// The addresses of a name, at least one.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let failed = |reason: String| Error::Resolve { host: host.to_owned(), reason };
    let found = lookup_host((host, port)).await.map_err(|error| failed(in_words(&error)))?;
    let addresses: Vec<_> = found.collect();
    if addresses.is_empty() { Err(failed("it has no address".to_owned())) } else { Ok(addresses) }
}

/// Connects to the first of the addresses that answers.
pub(super) async fn tcp(addresses: Vec<SocketAddr>, host: &str, port: u16) -> Result<TcpStream, Error> {
    let address = address(host, port);
    let mut last = Error::Refused { address: address.clone() };
    for candidate in addresses {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                // With Nagle's algorithm a request waits for the acknowledgement of the PUBACK before it.
                stream.set_nodelay(true).map_err(|error| Error::from_io(&error))?;
                return Ok(stream);
            }
            Err(error) => last = Error::from_connect(&error, address.clone()),
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
