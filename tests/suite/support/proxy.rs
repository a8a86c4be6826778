//! A line that breaks on demand: a TCP proxy between our program and its server.

use std::net::SocketAddr;
use std::time::Duration;

use jobs_sandbox::client::connection::Change;
use jobs_sandbox::client::jobs::ConnectionChange;
use socket2::SockRef;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::DEADLINE;

/// What the line does to the connections that go through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Hands everything on.
    Pass,
    /// Hands nothing on and says nothing, not even FIN; a connection that saw this never recovers.
    Freeze,
    /// Breaks every connection with RST, new ones too.
    Reset,
}

/// A proxy to one server; ends with the runtime of the test.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, seen) = watch::channel(Mode::Pass);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server, seen.clone()));
            }
        });
        Self { address, mode }
    }

    /// Everything goes through again; what was frozen stays so.
    pub(crate) fn pass(&self) {
        self.mode.send_replace(Mode::Pass);
    }

    /// The cable is pulled: no data, no FIN, no RST.
    pub(crate) fn freeze(&self) {
        self.mode.send_replace(Mode::Freeze);
    }

    /// Every connection is reset, and every new one until [`Self::pass`].
    pub(crate) fn reset(&self) {
        self.mode.send_replace(Mode::Reset);
    }
}

/// What happens next to a client's connection, each attempt to restore it left out.
pub(crate) async fn next_change(changes: &mut mpsc::Receiver<ConnectionChange>) -> Change {
    let next = async {
        loop {
            match changes.recv().await.expect("a change of the connection").change {
                Change::Retrying { .. } => {}
                change => return change,
            }
        }
    };
    timeout(DEADLINE, next).await.expect("a change of the connection in time")
}

async fn relay(mut client: TcpStream, server: SocketAddr, mut mode: watch::Receiver<Mode>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    tokio::select! {
        // One of the two hung up: so does the other.
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = mode.wait_for(|mode| *mode != Mode::Pass) => {}
    }
    // Frozen connections are kept open until they are reset, or to the end of the test.
    if mode.wait_for(|mode| *mode == Mode::Reset).await.is_err() {
        std::future::pending::<()>().await;
    }
}
