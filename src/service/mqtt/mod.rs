//! The MQTT front of the local service: the sockets around the broker's core.
//!
//! | file | what it knows |
//! |---|---|
//! | `acceptor`, `tls`, `quick_ack` | the way in: how many clients, with which certificates, over which socket |
//! | `connection` | one client's bytes, in and out |
//! | `codec` | bytes to packets and back, for MQTT 3.1.1 and 5 |

mod acceptor;
mod codec;
mod connection;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod quick_ack;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use codec::LOCAL_SERVICE_PROPERTY;
pub(crate) use tls::server_config;

use self::acceptor::{Acceptor, Arrival};

use self::quick_ack::QuickAck;
use super::broker::limits::{self, Patience};
use super::broker::requests::Peer;
use super::shared::Shared;
use super::state::credentials::certificate::certificate_id;

/// Serves the MQTT port until `stop` says so, then tells every client.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let patience = Patience::DEFAULT;
    let mut acceptor = Acceptor::new(room_for_connections(), patience.arrival, shared.log());
    let front = Front { tls: tls.into(), shared: shared.clone(), patience, stop: stop.clone() };
    let converse = |stream, address, arrival| {
        let front = front.clone();
        async move {
            // How a client's connection ends concerns that client alone.
            let _ = front.converse(stream, address, arrival).await;
        }
    };
    tokio::select! {
        () = stopped(&mut stop) => {}
        () = acceptor.run(&listener, converse) => {}
    }
    drop(listener);
    shared.requests(|requests| requests.router.end_all());
    // What has not ended by then is aborted as the acceptor is dropped.
    let _ = timeout(patience.linger, acceptor.emptied()).await;
}

/// What all clients are served with.
#[derive(Clone)]
struct Front {
    tls: TlsAcceptor,
    shared: Arc<Shared>,
    patience: Patience,
    stop: watch::Receiver<bool>,
}

impl Front {
    /// One client, from its TCP connection on.
    async fn converse(mut self, stream: TcpStream, address: SocketAddr, arrival: Arrival) -> io::Result<()> {
        let handshake = timeout(self.patience.handshake, self.tls.accept(QuickAck::new(stream)?));
        let stream = tokio::select! {
            () = stopped(&mut self.stop) => return Ok(()),
            stream = handshake => stream??,
        };
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let Some(certificate) = certificates.first().map(|der| certificate_id(der)) else { return Ok(()) };
        let peer = Peer { certificate, address: address.ip() };
        connection::serve(stream, peer, arrival, self.shared, self.patience).await;
        Ok(())
    }
}

/// Waits until the service is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// How many connections are taken: each needs an open file, and the other parts of the program need some too.
fn room_for_connections() -> usize {
    let files = open_files().map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    files.saturating_sub(limits::OTHER_FILES).clamp(1, limits::CONNECTIONS)
}

/// How many files this process may have open, once it has asked for as many as it is allowed.
///
/// Shells often start programs with room for a thousand, and let them have more.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let wanted = hard.min((limits::CONNECTIONS + limits::OTHER_FILES) as u64).max(soft);
    Some(setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_or(soft, |()| wanted))
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::service::state::Settings;

    #[tokio::test]
    async fn a_handshake_that_does_not_come_to_its_end_is_given_up() {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings));
        let (certificate, key) = shared.authority().unwrap().server(Ipv4Addr::LOCALHOST.into(), &[]).unwrap();
        let tls = server_config(certificate, key, shared.clone()).unwrap();
        let patience = Patience { handshake: Duration::from_millis(30), ..Patience::DEFAULT };
        let (_keep, stop) = watch::channel(false);
        let front = Front { tls: tls.into(), shared, patience, stop };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Silence, and the beginning of a TLS hello.
        for start in [&b""[..], b"\x16\x03\x01\x02\0\x01"] {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            client.write_all(start).await.unwrap();
            let (stream, address) = listener.accept().await.unwrap();
            let served = front.clone().converse(stream, address, Arrival::default());
            let ended = timeout(Duration::from_secs(10), served).await.unwrap();
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(!matches!(client.read(&mut [0]).await, Ok(1..)));
        }
    }

    #[cfg(unix)]
    #[test]
    fn connections_leave_files_to_the_rest_of_the_program() {
        let files = usize::try_from(open_files().unwrap()).unwrap();
        let room = room_for_connections();
        assert!((1..=limits::CONNECTIONS).contains(&room));
        assert!(room == limits::CONNECTIONS || room + limits::OTHER_FILES == files, "{room} of {files}");
    }
}
