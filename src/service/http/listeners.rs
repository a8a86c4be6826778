//! Where connections come in: the HTTP port, and the HTTPS port if there is one.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use crate::service::tls::TlsPort;

/// The ports of the front.
pub(crate) struct Listeners {
    pub(crate) http: TcpListener,
    pub(crate) https: Option<(TcpListener, TlsPort)>,
}

/// A connection as it comes in.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) address: IpAddr,
    /// Through which it has to come first.
    pub(super) tls: Option<TlsPort>,
}

impl Listeners {
    /// The next connection, on whatever port; cancel safe.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let over_tls = async {
            match &self.https {
                Some((listener, tls)) => listener.accept().await.map(|client| (client, tls.clone())),
                None => pending().await,
            }
        };
        let accepted =
            |(stream, address): (TcpStream, SocketAddr), tls| Accepted { stream, address: address.ip(), tls };
        tokio::select! {
            client = self.http.accept() => Ok(accepted(client?, None)),
            client = over_tls => client.map(|(client, tls)| accepted(client, Some(tls))),
        }
    }
}
