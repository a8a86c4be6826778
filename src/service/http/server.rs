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

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{sleep, timeout};

use super::api::Api;
use super::limits::{HEADER_BYTES, Limits};
use crate::service::hostname::Hostname;
use crate::service::shared::Shared;

/// A pause after the operating system refused a connection, for lack of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the HTTP port until `stopped` becomes true; requests under way then get a second to finish.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    hostnames: Vec<Hostname>,
    stopped: watch::Receiver<bool>,
) {
    serve_within(Limits::DEFAULT, listener, Api::new(shared, hostnames), stopped).await;
}

async fn serve_within(limits: Limits, listener: TcpListener, api: Api, mut stopped: watch::Receiver<bool>) {
    let shared = Arc::clone(&api.shared);
    let mut connections = Connections::new(limits, api, stopped.clone());
    loop {
        tokio::select! {
            () = until_stopped(&mut stopped) => break,
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
    api: Arc<Api>,
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
    fn new(limits: Limits, api: Api, stopped: watch::Receiver<bool>) -> Self {
        Self {
            limits,
            api: Arc::new(api),
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
            let (limits, api) = (self.limits, Arc::clone(&self.api));
            let (uses, last_use) = (Arc::clone(&self.uses), Arc::clone(&last_use));
            move |request: Request<Incoming>| {
                last_use.store(uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                let api = Arc::clone(&api);
                async move { Ok::<_, std::convert::Infallible>(api.answer(request, limits).await) }
            }
        };
        let task = self.tasks.spawn(serve_client(stream, self.limits, self.stopped.clone(), answer));
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
async fn serve_client<F>(
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
        () = until_stopped(&mut stopped) => connection.as_mut().graceful_shutdown(),
    }
    // How a connection ends matters to its client only.
    let _ = connection.await;
}

/// Waits until `stopped` becomes true, or nobody is left who could set it.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|&stopped| stopped).await;
}

#[cfg(test)]
mod tests;
