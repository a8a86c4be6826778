//! The MQTT port: TLS in front of each connection, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::acceptor::{Acceptor, Connecting};
use super::connection;
use super::quick_ack::QuickAck;
use crate::service::broker::limits::Timeouts;
use crate::service::broker::requests::Peer;
use crate::service::open_files::room_for_mqtt;
use crate::service::shared::Shared;
use crate::service::tls::{TlsPort, certificate_shown};
use crate::service::trace::ConnectionTrace;

/// Serves the MQTT port until `stop` becomes true, then disconnects every client.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: TlsPort,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let timeouts = Timeouts::DEFAULT;
    let mut acceptor = Acceptor::new(room_for_mqtt(), timeouts.grace, shared.log());
    let server = Server { tls, shared: shared.clone(), timeouts, stop: stop.clone() };
    let serve_client = |stream, address, connecting| {
        let server = server.clone();
        async move {
            // How a connection ends matters to its client only.
            let _ = server.serve_client(stream, address, connecting).await;
        }
    };
    tokio::select! {
        () = stopped(&mut stop) => {}
        () = acceptor.run(&listener, serve_client) => {}
    }
    drop(listener);
    shared.requests(|requests| requests.router.end_all());
    // What has not ended by then is aborted as the acceptor is dropped.
    let _ = timeout(timeouts.linger, acceptor.emptied()).await;
}

/// What serving a client takes.
#[derive(Clone)]
struct Server {
    tls: TlsPort,
    shared: Arc<Shared>,
    timeouts: Timeouts,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Serves one client, beginning with the TLS handshake.
    async fn serve_client(
        mut self,
        stream: TcpStream,
        address: SocketAddr,
        connecting: Connecting,
    ) -> io::Result<()> {
        let trace = ConnectionTrace::new(self.shared.trace().clone(), address.ip());
        let stream = tokio::select! {
            () = stopped(&mut self.stop) => return Ok(()),
            stream = self.tls.accept(QuickAck::new(stream)?, self.timeouts.handshake, &trace) => stream?,
        };
        let Some(certificate) = certificate_shown(&stream) else { return Ok(()) };
        let peer = Peer { certificate, address: address.ip() };
        connection::serve(stream, peer, connecting, self.shared, self.timeouts).await;
        Ok(())
    }
}

/// Waits until the service is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::version::{TLS12, TLS13};
    use tokio_rustls::rustls::{self, AlertDescription, ClientConfig, RootCertStore};

    use super::*;
    use crate::service::state::Settings;
    use crate::testing::DEADLINE;

    #[tokio::test]
    async fn a_handshake_that_does_not_come_to_its_end_is_given_up() {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings));
        let identity = shared.authority().unwrap().server(Ipv4Addr::LOCALHOST.into(), &[]).unwrap();
        let tls = TlsPort::mqtt(&identity, shared.clone()).unwrap();
        let timeouts = Timeouts { handshake: Duration::from_millis(30), ..Timeouts::DEFAULT };
        let (_keep, stop) = watch::channel(false);
        let server = Server { tls, shared, timeouts, stop };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Silence, and the beginning of a TLS hello.
        for start in [&b""[..], b"\x16\x03\x01\x02\0\x01"] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            client.write_all(start).await.unwrap();
            let (stream, address) = listener.accept().await.unwrap();
            let serving = server.clone().serve_client(stream, address, Connecting::default());
            let ended = timeout(DEADLINE, serving).await.unwrap();
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(!matches!(client.read(&mut [0]).await, Ok(1..)));
        }
    }

    #[tokio::test]
    async fn a_protocol_that_is_not_ours_is_refused_with_its_alert() {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings));
        let identity = shared.authority().unwrap().server(Ipv4Addr::LOCALHOST.into(), &[]).unwrap();
        let tls = TlsPort::mqtt(&identity, shared.clone()).unwrap();
        let (_keep, stop) = watch::channel(false);
        let server = Server { tls, shared, timeouts: Timeouts::DEFAULT, stop };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for version in [&TLS12, &TLS13] {
            // It trusts nobody: the alert comes before any certificate.
            let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            config.alpn_protocols = vec![b"h2".to_vec()];
            let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, address) = listener.accept().await.unwrap();
            let name = ServerName::from(Ipv4Addr::LOCALHOST);
            let (refused, _) = tokio::join!(
                TlsConnector::from(Arc::new(config)).connect(name, client),
                server.clone().serve_client(stream, address, Connecting::default()),
            );
            let alert = rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol).to_string();
            assert_eq!(refused.unwrap_err().to_string(), alert, "{version:?}");
        }
    }
}
