//! Connections of the HTTP front: accepted, served within limits, and closed in order.
//!
//! Whatever a client does or leaves undone costs a bounded amount of memory and time, and never
//! keeps another client waiting.

use std::collections::HashMap;
use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{sleep, timeout};

use super::admission::Admission;
use super::api::Api;
use super::limits::{HEADER_BYTES, Limits};
use super::listeners::{Accepted, Listeners};
use super::peer::{Over, Peer};
use super::response_body::ResponseBody;
use super::struck::Broken;
use crate::service::accept_errors::{AcceptErrors, PAUSE};
use crate::service::open_files::room_for_http;
use crate::service::shared::Shared;
use crate::service::tls::{Socket, certificate_shown};
use crate::service::trace::ConnectionTrace;
use crate::wire::system_error::too_many_open_files;

/// How long a fault leaves a call without an answer.
const LONGEST_SILENCE: Duration = Duration::from_mins(10);

/// What comes of a request.
type Answered = Result<Response<ResponseBody>, Broken>;

/// Serves the ports until `stopped` becomes true; requests under way then get a second to finish.
pub(crate) async fn serve(
    listeners: Listeners,
    shared: Arc<Shared>,
    admission: Admission,
    stopped: watch::Receiver<bool>,
) {
    let connections = room_for_http(Limits::DEFAULT.connections);
    let limits = Limits { connections, ..Limits::DEFAULT };
    serve_within(limits, listeners, Api::new(shared, admission), stopped).await;
}

async fn serve_within(limits: Limits, listeners: Listeners, api: Api, mut stopped: watch::Receiver<bool>) {
    let mut errors = AcceptErrors::new("HTTP", api.shared.log());
    let mut connections = Connections::new(limits, api, stopped.clone());
    loop {
        tokio::select! {
            () = until_stopped(&mut stopped) => break,
            accepted = listeners.accept() => match accepted {
                Ok(accepted) => connections.open(accepted).await,
                Err(error) => {
                    errors.put(&error);
                    if !(too_many_open_files(&error) && connections.make_room().await) {
                        sleep(PAUSE).await;
                    }
                }
            },
            true = connections.next_ended() => {}
        }
    }
    drop(listeners);
    connections.close().await;
}

/// All open connections; dropped, they end at once.
struct Connections {
    limits: Limits,
    api: Arc<Api>,
    tasks: JoinSet<()>,
    open: HashMap<Id, Connection>,
    /// Counts changes of all connections, to tell which came first.
    changes: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
}

struct Connection {
    progress: Arc<Progress>,
    task: AbortHandle,
}

/// What a connection is doing, and since which change; where room is needed, the least goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Activity {
    stage: Stage,
    since: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// There is no request: none has come, or the last one is answered.
    Idle,
    /// The body of a request is on its way.
    Receiving,
    /// A file is on its way, since its last piece was taken.
    Sending,
    /// A request is being carried out.
    Answering,
}

/// The activity of one connection, told by the task that serves it.
struct Progress {
    activity: Mutex<Activity>,
    changes: Arc<AtomicU64>,
}

impl Progress {
    fn new(changes: Arc<AtomicU64>) -> Self {
        let since = changes.fetch_add(1, Ordering::Relaxed);
        Self { activity: Mutex::new(Activity { stage: Stage::Idle, since }), changes }
    }

    fn enter(&self, stage: Stage) {
        let since = self.changes.fetch_add(1, Ordering::Relaxed);
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner) = Activity { stage, since };
    }

    fn activity(&self) -> Activity {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    fn new(limits: Limits, api: Api, stopped: watch::Receiver<bool>) -> Self {
        Self {
            limits,
            api: Arc::new(api),
            tasks: JoinSet::new(),
            open: HashMap::new(),
            changes: Arc::default(),
            stopped,
        }
    }

    async fn open(&mut self, accepted: Accepted) {
        if self.tasks.len() >= self.limits.connections && !self.make_room().await {
            let open = self.open.len();
            let line =
                format!("an HTTP connection is refused: the requests of {open} others are being carried out");
            return self.api.shared.note(&line);
        }
        let progress = Arc::new(Progress::new(Arc::clone(&self.changes)));
        let answer = {
            let (limits, api, progress) = (self.limits, Arc::clone(&self.api), Arc::clone(&progress));
            move |request: Request<Incoming>| {
                let (api, progress) = (Arc::clone(&api), Arc::clone(&progress));
                async move {
                    progress.enter(Stage::Receiving);
                    let mut response = api.answer(request, limits, || progress.enter(Stage::Answering)).await;
                    if let Err(Broken::Silent) = response {
                        // It gives way to others.
                        progress.enter(Stage::Receiving);
                        sleep(LONGEST_SILENCE).await;
                    }
                    let sending = |is_sending| if is_sending { Stage::Sending } else { Stage::Idle };
                    match &mut response {
                        Ok(response) => {
                            response.body_mut().tell(move |is_sending| progress.enter(sending(is_sending)));
                        }
                        Err(_) => progress.enter(Stage::Idle),
                    }
                    response
                }
            }
        };
        let trace = ConnectionTrace::new(self.api.shared.trace().clone(), accepted.address);
        let client = serve_client(accepted, self.limits, trace, self.stopped.clone(), answer);
        let task = self.tasks.spawn(client);
        self.open.insert(task.id(), Connection { progress, task });
    }

    /// Ends the connection that has had no request for longest, or else the one whose request has been on its way
    /// for longest, or else the one whose file has not moved for longest; false if all requests are being carried out.
    async fn make_room(&mut self) -> bool {
        let activities = self.open.iter().map(|(id, connection)| (connection.progress.activity(), *id));
        let spare = activities.filter(|(activity, _)| activity.stage < Stage::Answering);
        let Some((_, id)) = spare.min_by_key(|(activity, _)| *activity) else { return false };
        if let Some(connection) = self.open.remove(&id) {
            connection.task.abort();
        }
        // With it goes its file.
        self.next_ended().await
    }

    /// Waits until the next connection has ended; false if there is none.
    async fn next_ended(&mut self) -> bool {
        let Some(ended) = self.tasks.join_next_with_id().await else { return false };
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.open.remove(&id);
        true
    }

    async fn close(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        // What has not ended by then is aborted as the set is dropped.
        let _ = timeout(self.limits.close_within, ended).await;
    }
}

/// Serves one connection, beginning with the TLS handshake if there is to be one.
async fn serve_client<F>(
    accepted: Accepted,
    limits: Limits,
    trace: ConnectionTrace,
    mut stopped: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Answered>,
{
    let Accepted { stream, address, tls } = accepted;
    // Without it an answer may wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve_stream(stream, Peer { address, over: Over::Tcp }, limits, stopped, answer).await;
    };
    let stream = tokio::select! {
        () = until_stopped(&mut stopped) => return,
        stream = tls.accept(stream, limits.handshake_within, &trace) => stream,
    };
    if let Ok(stream) = stream {
        let certificate = certificate_shown(&stream).map(Into::into);
        serve_stream(stream, Peer { address, over: Over::Tls { certificate } }, limits, stopped, answer)
            .await;
    }
}

/// Serves one connection until its client, a limit or `stopped` ends it.
async fn serve_stream<S, F>(
    stream: S,
    peer: Peer,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    S: AsyncRead + AsyncWrite + Socket + Unpin,
    F: Future<Output = Answered>,
{
    let answer = |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        answer(request)
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers_within)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    let mut ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = until_stopped(&mut stopped) => None,
    };
    if ended.is_none() {
        Pin::new(&mut connection).graceful_shutdown();
        ended = Some((&mut connection).await);
    }
    // How else a connection ends matters to its client only.
    if let Some(Err(error)) = ended
        && error.source().and_then(|source| source.downcast_ref()) == Some(&Broken::Reset)
    {
        connection.into_parts().io.into_inner().break_off();
    }
}

/// Waits until `stopped` becomes true, or nobody is left who could set it.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|&stopped| stopped).await;
}

#[cfg(test)]
mod tests;
