//! Connections of the HTTP port: accepted, served within limits, and closed in order.
//!
//! Whatever a client does or leaves undone costs a bounded amount of memory and time, and never
//! keeps another client waiting.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{sleep, timeout};

use super::Front;
use super::error::Error;
use crate::service::hostname::Hostname;
use crate::service::shared::Shared;

/// How much a client may send and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Open connections; beyond, the one that has been quiet for longest makes room.
    connections: usize,
    /// Bytes of a body. The largest request that AWS allows, a job document of 32 KiB with every
    /// character escaped and a hundred targets, takes less than half of it.
    body: usize,
    /// How long the headers of a request may take, and how long a connection may stay idle.
    headers_within: Duration,
    /// How long a body may take.
    body_within: Duration,
    /// How long connections get to finish once the service stops.
    close_within: Duration,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        connections: 256,
        body: 1024 * 1024,
        headers_within: Duration::from_secs(30),
        body_within: Duration::from_secs(10),
        close_within: Duration::from_secs(1),
    };
}

/// Bytes of a request's line and headers together; AWS's own requests stay under four thousand.
const HEADER_BYTES: usize = 64 * 1024;

/// Bytes of an oversized body that are read and thrown away, so that its sender hears the refusal
/// instead of a broken connection.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// A pause after the operating system refused a connection, for lack of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the HTTP port until `stopped` shows true; requests under way then get a second to finish.
pub async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    hostnames: Vec<Hostname>,
    stopped: watch::Receiver<bool>,
) {
    serve_within(Limits::DEFAULT, listener, Front::new(shared, hostnames), stopped).await;
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    front: Front,
    mut stopped: watch::Receiver<bool>,
) {
    let shared = Arc::clone(&front.shared);
    let mut connections = Connections::new(limits, front, stopped.clone());
    loop {
        tokio::select! {
            () = told_to_stop(&mut stopped) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connections.open(stream),
                Err(error) => {
                    shared.note(&format!("cannot accept an HTTP connection: {error}"));
                    connections.make_room();
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = connections.tasks.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                connections.open.remove(&id);
            }
        }
    }
    drop(listener);
    connections.close().await;
}

/// All open connections; dropped, they end at once.
struct Connections {
    limits: Limits,
    front: Arc<Front>,
    tasks: JoinSet<()>,
    open: HashMap<Id, Connection>,
    /// Counts requests and new connections, to tell which connection was used last.
    uses: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
}

struct Connection {
    last_use: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Connections {
    fn new(limits: Limits, front: Front, stopped: watch::Receiver<bool>) -> Self {
        Self {
            limits,
            front: Arc::new(front),
            tasks: JoinSet::new(),
            open: HashMap::new(),
            uses: Arc::default(),
            stopped,
        }
    }

    fn open(&mut self, stream: TcpStream) {
        if self.open.len() >= self.limits.connections {
            self.make_room();
        }
        let last_use = Arc::new(AtomicU64::new(self.uses.fetch_add(1, Ordering::Relaxed)));
        let answer = {
            let (limits, front) = (self.limits, Arc::clone(&self.front));
            let (uses, last_use) = (Arc::clone(&self.uses), Arc::clone(&last_use));
            move |request: Request<Incoming>| {
                last_use.store(uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                let front = Arc::clone(&front);
                async move { Ok::<_, std::convert::Infallible>(front.answer(request, limits).await) }
            }
        };
        let task = self.tasks.spawn(converse(stream, self.limits, self.stopped.clone(), answer));
        self.open.insert(task.id(), Connection { last_use, task });
    }

    /// Ends the connection that has been quiet for longest.
    fn make_room(&mut self) {
        let quietest =
            self.open.iter().min_by_key(|(_, connection)| connection.last_use.load(Ordering::Relaxed));
        if let Some((&id, connection)) = quietest {
            connection.task.abort();
            self.open.remove(&id);
        }
    }

    async fn close(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        // What has not ended by then is aborted as the set is dropped.
        let _ = timeout(self.limits.close_within, ended).await;
    }
}

/// Serves one connection until its client, a limit or `stopped` ends it.
async fn converse<F>(
    stream: TcpStream,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Result<Response<http_body_util::Full<Bytes>>, std::convert::Infallible>>,
{
    // Without it an answer may wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers_within)
            .max_buf_size(HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service_fn(answer))
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        () = told_to_stop(&mut stopped) => connection.as_mut().graceful_shutdown(),
    }
    // How a client's connection ends concerns that client alone.
    let _ = connection.await;
}

/// Resolves once `stopped` shows true, or nobody is left who could say so.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|&stopped| stopped).await;
}

/// The whole body of a request, or why it is refused.
pub(super) async fn read_body<B: Body>(body: B, limits: Limits) -> Result<Vec<u8>, Error> {
    timeout(limits.body_within, read_all(body, limits.body)).await.map_err(|_| Error::too_slow())?
}

async fn read_all<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::invalid_request("the body of the request broke off"))?;
        // What is not data is a trailer.
        let Ok(mut data) = frame.into_data() else { continue };
        length += data.remaining();
        if length > limit {
            bytes = Vec::new();
        } else {
            bytes.put(&mut data);
        }
        if length > limit + DISCARDED_BYTES {
            break;
        }
    }
    if length > limit { Err(Error::too_large(limit)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests;
