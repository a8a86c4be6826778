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
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: watch::Receiver<bool>) {
    serve_within(Limits::DEFAULT, listener, shared, stopped).await;
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = Connections::new(limits, Front::new(Arc::clone(&shared)), stopped.clone());
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
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::service::state::Settings;

    const HOUR: Duration = Duration::from_hours(1);

    /// Patient with everything, so that a test shortens what it is about.
    const PATIENT: Limits =
        Limits { connections: 8, body: 1000, headers_within: HOUR, body_within: HOUR, close_within: HOUR };

    struct Served {
        address: std::net::SocketAddr,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
    }

    async fn served(limits: Limits) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let settings = Settings { region: "us-east-1".to_owned(), account: "123456789012".to_owned() };
        let shared = Arc::new(Shared::new(settings));
        let task = tokio::spawn(serve_within(limits, listener, shared, stopped));
        Served { address, stop, task }
    }

    async fn deadline<T>(wait: impl Future<Output = T>) -> T {
        timeout(Duration::from_secs(20), wait).await.expect("it ends in time")
    }

    impl Served {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        /// What comes back for `request` on a new connection until the service closes it.
        async fn tell(&self, request: &[u8]) -> String {
            let mut stream = self.connect().await;
            stream.write_all(request).await.unwrap();
            rest(&mut stream).await
        }

        async fn stop(self) {
            self.stop.send_replace(true);
            deadline(self.task).await.unwrap();
        }
    }

    /// What comes until the end of the connection, in order or broken off.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        let _ = deadline(stream.read_to_end(&mut text)).await;
        String::from_utf8(text).unwrap()
    }

    /// Asks on a connection that stays open; false where it does not any more.
    async fn healthy(stream: &mut TcpStream) -> bool {
        let request = b"GET /_sandbox/health HTTP/1.1\r\nhost: localhost\r\n\r\n";
        if stream.write_all(request).await.is_err() {
            return false;
        }
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            match deadline(stream.read_buf(&mut answer)).await {
                Ok(1..) => {}
                _ => return false,
            }
        }
        answer.starts_with(b"HTTP/1.1 200 OK")
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_not_kept() {
        let service = served(PATIENT).await;
        let mut request =
            b"PUT /jobs/J HTTP/1.1\r\ncontent-length: 100000\r\nconnection: close\r\n\r\n".to_vec();
        request.resize(request.len() + 100_000, b' ');
        let answer = service.tell(&request).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("x-amzn-errortype: InvalidRequestException\r\n"), "{answer}");
        assert!(answer.ends_with(r#"{"message":"the body is larger than 1000 bytes"}"#), "{answer}");
        service.stop().await;
    }

    #[tokio::test]
    async fn a_slow_body_is_refused() {
        let service = served(Limits { body_within: Duration::from_millis(50), ..PATIENT }).await;
        let answer = service.tell(b"PUT /jobs/J HTTP/1.1\r\ncontent-length: 10\r\n\r\n{").await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("the body did not arrive in time"), "{answer}");
        service.stop().await;
    }

    #[tokio::test]
    async fn slow_headers_and_silence_end_the_connection() {
        let service = served(Limits { headers_within: Duration::from_millis(50), ..PATIENT }).await;
        for start in ["", "GET /jobs HTTP/1.1\r\nx: "] {
            let answer = service.tell(start.as_bytes()).await;
            assert!(!answer.contains("200 OK"), "{answer}");
        }
        let mut idle = service.connect().await;
        assert!(healthy(&mut idle).await);
        rest(&mut idle).await;
        service.stop().await;
    }

    #[tokio::test]
    async fn headers_beyond_measure_are_refused() {
        let service = served(PATIENT).await;
        let long = format!("GET /jobs HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(2 * HEADER_BYTES));
        let many = format!("GET /jobs HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
        for request in [long, many] {
            let answer = service.tell(request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
        }
        assert!(healthy(&mut service.connect().await).await);
        service.stop().await;
    }

    #[tokio::test]
    async fn what_is_not_http_concerns_its_sender_alone() {
        let service = served(PATIENT).await;
        let mut other = service.connect().await;
        assert!(healthy(&mut other).await);
        for request in [
            b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00".as_slice(),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"PUT /jobs/J HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            b"PUT /jobs/J HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            let mut stream = service.connect().await;
            stream.write_all(request).await.unwrap();
            stream.shutdown().await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(!answer.contains(" 200 "), "{answer}");
        }
        assert!(healthy(&mut other).await);
        service.stop().await;
    }

    #[tokio::test]
    async fn a_crowd_makes_room_for_whoever_comes() {
        let service = served(PATIENT).await;
        let mut used = service.connect().await;
        let mut quiet = Vec::new();
        for _ in 1..PATIENT.connections {
            quiet.push(service.connect().await);
        }
        assert!(healthy(&mut used).await, "the one that asked is now the least quiet");
        for _ in 0..PATIENT.connections * 3 {
            let mut late = service.connect().await;
            assert!(healthy(&mut late).await);
            assert!(healthy(&mut used).await);
            quiet.push(late);
        }
        assert!(!healthy(&mut quiet[0]).await, "the quietest was closed");
        service.stop().await;
    }

    #[tokio::test]
    async fn stopping_closes_what_is_idle_and_answers_what_is_under_way() {
        let service = served(PATIENT).await;
        let mut idle = service.connect().await;
        assert!(healthy(&mut idle).await);
        let mut busy = service.connect().await;
        let request = b"POST /_sandbox/clock HTTP/1.1\r\ncontent-length: 16\r\nexpect: 100-continue\r\n\r\n";
        busy.write_all(request).await.unwrap();
        let mut told = [0; 25];
        deadline(busy.read_exact(&mut told)).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n", "the request is being carried out");
        service.stop.send_replace(true);
        rest(&mut idle).await;
        busy.write_all(br#"{"advance":"1m"}"#).await.unwrap();
        let answer = rest(&mut busy).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        deadline(service.task).await.unwrap();
    }
}
