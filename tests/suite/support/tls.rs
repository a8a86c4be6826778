//! A TLS server of the test's: it tells what each client offers, and hands the plain bytes on.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::Acceptor;

use super::DEADLINE;
use super::certificates::Pem;

/// The server; ends with this.
pub(crate) struct TlsServer {
    pub(crate) address: SocketAddr,
    hellos: Receiver<Hello>,
    _runtime: Runtime,
}

/// What a client said before anything was encrypted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The first line, where the client took the server for a proxy.
    pub(crate) connect: Option<String>,
    /// The name that it wants to speak to.
    pub(crate) server_name: Option<String>,
    /// The protocols that it offers (ALPN).
    pub(crate) alpn: Vec<String>,
}

/// How a server behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behavior {
    /// Who gets the plain bytes.
    pub(crate) behind: SocketAddr,
    /// Whether it is an HTTP proxy first, and the server that the client asks for then.
    pub(crate) is_proxy: bool,
    /// The one protocol that it speaks, if it insists on one.
    pub(crate) alpn: Option<&'static str>,
}

impl TlsServer {
    /// Serves on `listener` with this certificate.
    pub(crate) fn start(listener: TcpListener, certificate: &Pem, behavior: Behavior) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let address = listener.local_addr().unwrap();
        let config = config(certificate, behavior.alpn);
        let (sender, hellos) = channel();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, config.clone(), behavior, sender.clone()));
            }
        });
        Self { address, hellos, _runtime: runtime }
    }

    /// What the next client said.
    #[track_caller]
    pub(crate) fn hello(&self) -> Hello {
        self.hellos.recv_timeout(DEADLINE).expect("a TLS client")
    }

    /// How many clients have come since.
    pub(crate) fn others(&self) -> usize {
        self.hellos.try_iter().count()
    }
}

fn config(certificate: &Pem, alpn: Option<&str>) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_slice(certificate.cert.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A client that hangs up is no error.
async fn serve(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    behavior: Behavior,
    hellos: Sender<Hello>,
) -> Option<()> {
    let connect = if behavior.is_proxy { Some(accept_connect(&mut stream).await?) } else { None };
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await.ok()?;
    let hello = start.client_hello();
    let alpn = hello.alpn().into_iter().flatten().map(|name| String::from_utf8(name.to_vec()).unwrap());
    let hello =
        Hello { connect, server_name: hello.server_name().map(ToOwned::to_owned), alpn: alpn.collect() };
    hellos.send(hello).ok()?;
    let mut stream = start.into_stream(config).await.ok()?;
    let mut behind = TcpStream::connect(behavior.behind).await.ok()?;
    copy_bidirectional(&mut stream, &mut behind).await.ok()?;
    Some(())
}

/// Reads a CONNECT request, agrees, and returns its first line.
async fn accept_connect(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    String::from_utf8(head).unwrap().lines().next().map(ToOwned::to_owned)
}
