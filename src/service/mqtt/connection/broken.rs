//! Connections that faults end, or leave in silence.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::{PacketStream, ServedSession};
use crate::service::broker::faults::ending;
use crate::service::broker::limits;
use crate::service::broker::packet::{ConnectAck, Outgoing};
use crate::service::broker::refusal::Refusal;
use crate::service::tls::Socket;
use crate::wire::fault::Kind;

impl<S: AsyncRead + AsyncWrite + Socket + Unpin> PacketStream<S> {
    /// Lets go wrong what is to go wrong with a CONNECT before it is handled. If the connection goes on, hands back
    /// why it ends right after the CONNACK, if it does.
    pub(super) async fn suffer(&mut self, fault: Option<Kind>) -> ControlFlow<(), Option<Refusal>> {
        match fault {
            Some(Kind::Delay(by)) => sleep(by).await,
            Some(Kind::NoConnack) => {
                self.ignore(sleep(Duration::from_secs((*limits::KEEP_ALIVE.end()).into()))).await;
                return ControlFlow::Break(());
            }
            Some(Kind::RefuseConnect(reason)) => {
                let ack = ConnectAck { reason: reason.value(), ..ConnectAck::default() };
                self.send(Outgoing::ConnectAck(Box::new(ack)));
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(fault.as_ref().and_then(ending))
    }

    /// Keeps a connection on which nothing more is heard or said: until its client leaves, comes back on another one,
    /// or would have had to send something.
    pub(super) async fn stay_silent(&mut self, served: &ServedSession, keep_alive_timeout: Duration) {
        // What came before is answered.
        let _ = timeout(self.timeouts.linger, self.write_out()).await;
        let ServedSession { shared, session, connection, .. } = served;
        let left = async {
            while shared.requests(|requests| requests.router.session(*session, connection).is_some()) {
                connection.wake.notified().await;
            }
        };
        self.ignore(async {
            // Both mean the same.
            let _ = timeout(keep_alive_timeout, left).await;
        })
        .await;
    }

    /// Reads what comes and heeds none of it, until the client leaves or it is over.
    async fn ignore(&mut self, over: impl Future<Output = ()>) {
        let mut over = pin!(over);
        loop {
            self.input.clear();
            tokio::select! {
                read = self.stream.read_buf(&mut self.input) => if !matches!(read, Ok(1..)) { return },
                () = &mut over => return,
            }
        }
    }

    /// Breaks the connection off, once what came before has been sent.
    pub(super) async fn break_off(mut self) {
        let _ = timeout(self.timeouts.linger, self.write_out()).await;
        self.stream.break_off();
    }
}
