//! Connections over real sockets: limits, timeouts, and crowds.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::service::buckets::Buckets;
use crate::service::s3::{Location, Presigner};
use crate::service::state::Settings;
use crate::service::tls::TlsPort;
use crate::testing::DEADLINE;

const HOUR: Duration = Duration::from_hours(1);

/// Patient with everything, so that a test shortens what it is about.
const PATIENT: Limits = Limits {
    connections: 8,
    body: 1000,
    handshake_within: HOUR,
    headers_within: HOUR,
    body_within: HOUR,
    close_within: HOUR,
};

struct Served {
    address: std::net::SocketAddr,
    /// The HTTPS port.
    over_tls: std::net::SocketAddr,
    stop: watch::Sender<bool>,
    /// The turn of slow operations.
    slow: Arc<tokio::sync::Semaphore>,
    task: JoinHandle<()>,
}

async fn served(limits: Limits) -> Served {
    let settings = Settings { region: "us-east-1".to_owned(), account: "123456789012".to_owned() };
    serving(limits, Shared::new(settings)).await
}

async fn serving(limits: Limits, shared: Shared) -> Served {
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, over_tls) = (http.local_addr().unwrap(), https.local_addr().unwrap());
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(shared);
    let certificate = shared.authority().unwrap().server(address.ip(), &[]).unwrap();
    let tls = TlsPort::http(&certificate, shared.clone()).unwrap();
    let api = Api::new(shared.clone(), Admission::default());
    let slow = Arc::clone(&api.slow);
    let served = serve_within(limits, Listeners { http, https: Some((https, tls)) }, api, stopped);
    let task = tokio::spawn(async move {
        tokio::select! {
            () = served => {}
            () = shared.run_timers() => {}
        }
    });
    Served { address, over_tls, stop, slow, task }
}

async fn deadline<T>(wait: impl Future<Output = T>) -> T {
    timeout(DEADLINE, wait).await.expect("it ends in time")
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
    let mut other = service.connect().await;
    assert!(healthy(&mut other).await);
    let mut request =
        b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\nconnection: close\r\n\r\n"
            .to_vec();
    request.resize(request.len() + 100_000, b' ');
    let answer = service.tell(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("x-amzn-errortype: InvalidRequestException\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"message":"the body is larger than 1000 bytes"}"#), "{answer}");
    assert!(healthy(&mut other).await);
    service.stop().await;
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let service = served(Limits { body_within: Duration::from_millis(50), ..PATIENT }).await;
    let mut other = service.connect().await;
    let mut slow = service.connect().await;
    slow.write_all(b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    assert!(healthy(&mut other).await);
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("the body did not arrive in time"), "{answer}");
    service.stop().await;
}

#[tokio::test]
async fn slow_headers_and_silence_end_the_connection() {
    let service = served(Limits { headers_within: Duration::from_millis(50), ..PATIENT }).await;
    for start in ["", "GET /jobs HTTP/1.1\r\nhost: localhost\r\nx: "] {
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
    let mut other = service.connect().await;
    assert!(healthy(&mut other).await);
    let long =
        format!("GET /jobs HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(2 * HEADER_BYTES));
    let many = format!("GET /jobs HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    for request in [long, many] {
        let answer = service.tell(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
    }
    assert!(healthy(&mut other).await);
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
        b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
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

/// Sends the head of a request and sees that its body is waited for.
async fn begin(stream: &mut TcpStream) {
    let request = b"POST /_sandbox/clock HTTP/1.1\r\nhost: localhost\r\ncontent-length: 16\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut told = [0; 25];
    deadline(stream.read_exact(&mut told)).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
}

async fn finish(stream: &mut TcpStream) -> String {
    stream.write_all(br#"{"advance":"1m"}"#).await.unwrap();
    rest(stream).await
}

const MAKE_A_KEY: &[u8] = b"POST /keys-and-certificate?setAsActive=true HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn silent_connections_go_before_one_with_a_request() {
    let service = served(PATIENT).await;
    let mut busy = service.connect().await;
    begin(&mut busy).await;
    let mut silent = Vec::new();
    for _ in 0..PATIENT.connections * 3 {
        let mut idle = service.connect().await;
        assert!(healthy(&mut idle).await);
        silent.extend([idle, service.connect().await]);
    }
    let answer = finish(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    service.stop().await;
}

#[tokio::test]
async fn a_request_that_is_being_carried_out_goes_last() {
    let service = served(PATIENT).await;
    // No key is made before this is given back.
    let turn = service.slow.acquire().await.unwrap();
    let mut busy = service.connect().await;
    busy.write_all(MAKE_A_KEY).await.unwrap();
    let mut sending = Vec::new();
    for _ in 1..PATIENT.connections {
        let mut stream = service.connect().await;
        begin(&mut stream).await;
        sending.push(stream);
    }
    assert!(healthy(&mut service.connect().await).await);
    assert_eq!(rest(&mut sending[0]).await, "", "the one that has been sending for longest made room");
    for stream in &mut sending[1..] {
        let answer = finish(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    drop(turn);
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    service.stop().await;
}

#[tokio::test]
async fn where_all_requests_are_being_carried_out_the_next_connection_is_refused() {
    let service = served(Limits { connections: 2, ..PATIENT }).await;
    let turn = service.slow.acquire().await.unwrap();
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut stream = service.connect().await;
        stream.write_all(MAKE_A_KEY).await.unwrap();
        busy.push(stream);
    }
    // One thread serves both services: once this is answered, those two requests have been taken up.
    let other = served(PATIENT).await;
    assert!(healthy(&mut other.connect().await).await);
    assert!(!healthy(&mut service.connect().await).await);
    drop(turn);
    for stream in &mut busy {
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    service.stop().await;
}

#[tokio::test]
async fn stopping_closes_what_is_idle_and_answers_what_is_under_way() {
    let service = served(PATIENT).await;
    let mut idle = service.connect().await;
    assert!(healthy(&mut idle).await);
    let mut busy = service.connect().await;
    let request = b"POST /_sandbox/clock HTTP/1.1\r\nhost: localhost\r\ncontent-length: 16\r\nexpect: 100-continue\r\n\r\n";
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

#[tokio::test]
async fn a_handshake_that_does_not_come_to_its_end_is_given_up_and_holds_nobody_up() {
    let service = served(Limits { handshake_within: Duration::from_millis(50), ..PATIENT }).await;
    let mut other = service.connect().await;
    // Silence, the beginning of a TLS hello, and what is not TLS.
    for start in [&b""[..], b"\x16\x03\x01\x02\0\x01", b"GET /jobs HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut stream = TcpStream::connect(service.over_tls).await.unwrap();
        stream.write_all(start).await.unwrap();
        assert!(healthy(&mut other).await);
        let mut told = Vec::new();
        let _ = deadline(stream.read_to_end(&mut told)).await;
        assert!(!told.starts_with(b"HTTP"), "{told:?}");
    }
    assert!(healthy(&mut other).await);
    service.stop().await;
}

/// Both ports share the room that there is, and whoever has not come through the handshake goes first.
#[tokio::test]
async fn a_crowd_in_its_handshakes_makes_room_for_whoever_comes_and_for_the_end() {
    let service = served(PATIENT).await;
    let mut busy = service.connect().await;
    begin(&mut busy).await;
    let mut crowd = Vec::new();
    for _ in 0..PATIENT.connections * 3 {
        crowd.push(TcpStream::connect(service.over_tls).await.unwrap());
    }
    for _ in 0..PATIENT.connections {
        assert!(healthy(&mut service.connect().await).await);
    }
    assert_eq!(deadline(crowd[0].read(&mut [0])).await.unwrap_or(0), 0, "the first was closed");
    let answer = finish(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    service.stop().await;
}

#[tokio::test]
async fn a_download_that_stands_still_gives_way_and_one_that_moves_is_served_to_its_end() {
    const LENGTH: usize = 32 * 1024 * 1024;
    let dir = tempfile::tempdir().unwrap();
    let bucket = dir.path().join("files/bucket");
    std::fs::create_dir_all(&bucket).unwrap();
    std::fs::write(bucket.join("key"), vec![b'x'; LENGTH]).unwrap();
    let presigner = Presigner::new("http://localhost".into(), "us-east-1", "KEY", "secret".into());
    let location = Location { bucket: "bucket".into(), key: "key".into() };
    let settings = Settings { region: "us-east-1".to_owned(), account: "123456789012".to_owned() };
    let shared = Shared::new(settings);
    let url = presigner.url(shared.now(), &location, 60);
    let request = format!("GET {} HTTP/1.1\r\nconnection: close\r\n\r\n", &url["http://localhost".len()..]);
    let buckets = Buckets::open(&dir.path().join("files"), Path::new("none"), presigner.into()).unwrap();
    let service = serving(Limits { connections: 2, ..PATIENT }, shared.storing(Some(buckets))).await;

    let mut idle = service.connect().await;
    assert!(healthy(&mut idle).await);
    let mut download = service.connect().await;
    download.write_all(request.as_bytes()).await.unwrap();
    let mut begun = [0; 4];
    deadline(download.read_exact(&mut begun)).await.unwrap();
    assert!(healthy(&mut idle).await);
    // The connection without a request goes first, although nothing was taken of the file since its last one.
    let mut second = service.connect().await;
    assert!(healthy(&mut second).await);
    assert!(!healthy(&mut idle).await);
    let length = deadline(tokio::io::copy(&mut download, &mut tokio::io::sink())).await.unwrap();
    assert!(length > u64::try_from(LENGTH).unwrap());

    let mut stalled = Vec::new();
    for _ in 0..3 {
        let mut download = service.connect().await;
        download.write_all(request.as_bytes()).await.unwrap();
        deadline(download.read_exact(&mut begun)).await.unwrap();
        stalled.push(download);
    }
    let mut third = service.connect().await;
    assert!(healthy(&mut third).await, "there is room for whoever asks");
    let mut broken_off = 0;
    for mut download in stalled {
        let mut file = Vec::new();
        let _ = deadline(download.read_to_end(&mut file)).await;
        broken_off += usize::from(file.len() < LENGTH);
    }
    assert_eq!(broken_off, 2, "one of them has a place beside the third connection");
    drop((second, third));
    service.stop().await;
}
