//! Clients that misbehave, and the others who must not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{Codec, Connect, Packet, SubscriptionOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::codec::Encoder;

use crate::client::{self, Client, PATIENCE, publish};
use crate::service::{Service, THING};
use crate::skip::{may_open, skip};

fn jobs(rest: &str) -> String {
    format!("$aws/things/{THING}/jobs/{rest}")
}

fn connect(client_id: &str) -> Connect {
    Connect { clean_start: true, ..Connect::default() }.client_id(client_id.to_owned())
}

/// Another client's round trip, which must succeed whatever happens around it.
async fn still_serves(service: &Service) {
    let mut client = Client::connect(&service.local, "bystander").await;
    assert_eq!(client.publish(&jobs("get"), "").await, 0);
    assert_eq!(&*client.message().await.topic, jobs("get/accepted"));
}

#[tokio::test]
async fn connections_that_never_speak_do_not_keep_others_out() {
    if !may_open(1500) {
        return;
    }
    let service = Service::start().await;
    let address = service.local.mqtt_addr();
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Half a TLS hello, and a whole handshake without a CONNECT.
    for stream in silent.iter_mut().take(50) {
        stream.write_all(b"\x16\x03\x01\x02\0\x01").await.unwrap();
    }
    let tls = client::device_tls(&service.local);
    for _ in 0..20 {
        let _ = client::open(&service.local, tls.clone()).await;
    }
    still_serves(&service).await;
}

#[tokio::test]
async fn what_is_not_tls_is_closed() {
    let service = Service::start().await;
    for nonsense in
        [&b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c1"[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 4096]]
    {
        let mut stream = TcpStream::connect(service.local.mqtt_addr()).await.unwrap();
        // The service may hang up before it has read everything.
        let _ = stream.write_all(nonsense).await;
        let closed = timeout(PATIENCE, async { while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {} });
        closed.await.expect("the connection is closed");
    }
    still_serves(&service).await;
}

/// As a device with a wrong certificate does that tries again at once.
#[tokio::test]
async fn a_client_that_is_refused_over_and_over_does_not_flood_the_log() {
    let service = Service::start().await;
    let stranger = service.local.issue_certificate().unwrap();
    let (certificate, key) = (stranger.certificate_pem.as_bytes(), stranger.private_key_pem.as_bytes());
    let tls = client::tls(&service.local.ca_file(), certificate, key);
    let begun = Instant::now();
    for _ in 0..300 {
        let mut stream = client::open(&service.local, tls.clone()).await;
        let refused = timeout(PATIENCE, stream.read(&mut [0])).await.expect("an end");
        assert!(refused.is_err());
    }
    let lines = service.log().len();
    let most = 101 + begun.elapsed().as_secs() * 2;
    assert!(lines >= 100 && lines as u64 <= most, "{lines} lines");
    still_serves(&service).await;
}

#[tokio::test]
async fn a_flood_of_requests_does_not_starve_the_others() {
    let service = Service::start().await;
    let mut flood = JoinSet::new();
    for number in 0..4 {
        let mut client = Client::connect(&service.local, &format!("flood-{number}")).await;
        flood.spawn(async move {
            let packet = Packet::Publish(Box::new(publish(&jobs("get"), "", QoS::AtMostOnce)));
            loop {
                client.send(packet.clone()).await;
            }
        });
    }
    for _ in 0..5 {
        still_serves(&service).await;
    }
    assert_eq!(flood.len(), 4);
    flood.abort_all();
}

/// Each message goes to five hundred, who do not read.
#[tokio::test]
async fn a_flood_to_a_crowd_does_not_starve_the_others() {
    if !may_open(2000) {
        return;
    }
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut crowd = Vec::new();
    for number in 0..500 {
        let (mut deaf, _) =
            Client::connect_as(&service.local, tls.clone(), connect(&format!("deaf-{number}"))).await;
        let options = SubscriptionOptions { qos: QoS::AtMostOnce, ..SubscriptionOptions::default() };
        assert_eq!(deaf.subscribe_with(&["t"], options).await, [0]);
        crowd.push(deaf);
    }
    let (mut sender, _) = Client::connect_as(&service.local, tls.clone(), connect("sender")).await;
    let mut once = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        assert_eq!(sender.publish("t", "").await, 0);
        once.push(begun.elapsed());
    }
    let flood = tokio::spawn(async move {
        let packet = Packet::Publish(Box::new(publish("t", "", QoS::AtMostOnce)));
        loop {
            sender.send(packet.clone()).await;
        }
    });
    let mut served = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        still_serves(&service).await;
        served.push(begun.elapsed());
    }
    assert!(!flood.is_finished());
    flood.abort();
    once.sort();
    served.sort();
    println!(
        "a message to the crowd: {:?}, a client from TLS to its answer meanwhile: {:?}",
        once[2], served[2]
    );
    // It takes some six round trips; each waits for a message or two, and not for all that have come. On a machine that
    // has got busy meanwhile it may take ten times as long.
    assert!(served[2] < once[2] * 400, "{once:?} {served:?}");
}

/// Each with a client id of its own, and a session that outlives it.
#[tokio::test]
async fn a_flood_of_connects_does_not_starve_the_others() {
    let service = Arc::new(Service::start().await);
    let mut bystander = Client::connect(&service.local, "test-1").await;
    let tls = service.open_tls();
    let connected = Arc::new(AtomicUsize::new(0));
    let mut flood = JoinSet::new();
    for number in 0..4 {
        let (service, tls, connected) = (service.clone(), tls.clone(), connected.clone());
        flood.spawn(async move {
            for turn in 0.. {
                let connect = Connect { session_expiry_interval_secs: 3600, ..Connect::default() };
                let connect = connect.client_id(format!("flood-{number}-{turn}"));
                let (_, ack) = Client::connect_as(&service.local, tls.clone(), connect).await;
                assert_eq!(u8::from(ack.reason_code), 0);
                connected.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut rounds = 0;
    while connected.load(Ordering::Relaxed) < 200 || rounds < 5 {
        assert_eq!(bystander.publish(&jobs("get"), "").await, 0);
        assert_eq!(&*bystander.message().await.topic, jobs("get/accepted"));
        still_serves(&service).await;
        rounds += 1;
    }
    assert_eq!(flood.len(), 4);
    flood.abort_all();
}

#[tokio::test]
async fn a_subscriber_that_never_reads_is_dropped_and_the_others_hear_everything() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let subscribed = async |name| {
        let (mut client, _) = Client::connect_as(&service.local, tls.clone(), connect(name)).await;
        assert_eq!(client.subscribe(&["t"]).await, [1]);
        client
    };
    let (deaf, mut listener) = (subscribed("deaf").await, subscribed("listener").await);
    let (mut sender, _) = Client::connect_as(&service.local, tls.clone(), connect("sender")).await;
    let payload = "x".repeat(128 * 1024);
    let told = "client deaf: disconnected, it does not read what is sent to it";
    // Sixteen megabytes wait for a client at the most, and what the system keeps for it does besides.
    let mut sent = 0;
    while service.log().is_empty() {
        assert_eq!(sender.publish("t", &payload).await, 0);
        assert_eq!(listener.message().await.payload.len(), payload.len());
        sent += 1;
        assert!(sent < 1000, "nothing bounds what waits");
    }
    assert_eq!(service.log(), [told]);
    drop(deaf);
    still_serves(&service).await;
}

/// It asks and asks and never reads: the service stops reading from it, and keeps nothing for it.
#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_held_back() {
    let service = Service::start().await;
    let tls = service.open_tls();
    let mut greedy = client::open(&service.local, tls).await;
    greedy.write_all(b"\x10\x12\0\x04MQTT\x05\x02\0\x3c\0\0\x05greed").await.unwrap();
    let request = jobs("get");
    let mut packet =
        vec![0x30, u8::try_from(request.len() + 3).unwrap(), 0, u8::try_from(request.len()).unwrap()];
    packet.extend_from_slice(request.as_bytes());
    packet.push(0);
    let block = packet.repeat(500);
    // Sooner or later the pipes are full both ways: a write then waits.
    let mut written = 0;
    while let Ok(sent) = timeout(Duration::from_secs(1), greedy.write_all(&block)).await {
        sent.unwrap();
        written += block.len();
        assert!(written < 256 * 1024 * 1024, "nobody holds it back");
    }
    still_serves(&service).await;
}

#[tokio::test]
async fn a_thousand_clients_hear_one_event() {
    if !may_open(3000) {
        return;
    }
    let service = Service::start().await;
    let tls = client::device_tls(&service.local);
    let mut clients = Vec::new();
    for number in 0..1000 {
        let connected = Client::connect_as(&service.local, tls.clone(), connect(&format!("c{number}")));
        let (mut client, _) = connected.await;
        assert_eq!(client.subscribe(&[&jobs("notify")]).await, [1]);
        clients.push(client);
    }
    service.create_job("Job1", "{}");
    for client in &mut clients {
        assert_eq!(&*client.message().await.topic, jobs("notify"));
    }
    still_serves(&service).await;
}

#[tokio::test]
async fn the_same_client_id_again_and_again_leaves_one_session() {
    let service = Service::start().await;
    let tls = client::device_tls(&service.local);
    let mut connecting = JoinSet::new();
    for _ in 0..50 {
        let stream = client::open(&service.local, tls.clone()).await;
        connecting.spawn(async move {
            let mut stream = stream;
            let _ = stream.write_all(b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c1").await;
            let mut bytes = Vec::new();
            // All but the last are told that another took over.
            timeout(PATIENCE, stream.read_to_end(&mut bytes))
                .await
                .is_ok_and(|_| bytes.ends_with(b"\xe0\x02\x8e\0"))
        });
    }
    let mut taken_over = 0;
    while let Some(ended) = connecting.join_next().await {
        taken_over += u32::from(ended.unwrap());
        if taken_over == 49 {
            break;
        }
    }
    assert_eq!(taken_over, 49);
    still_serves(&service).await;
}

/// The time from sending `bytes`, one by one, to the next packet that comes.
async fn round_trip(client: &mut Client, bytes: &[&[u8]]) -> Duration {
    let begun = Instant::now();
    for bytes in bytes {
        client.send_bytes(bytes).await;
    }
    client.receive().await.unwrap();
    begun.elapsed()
}

/// The median of each, taken in turns, so that what else the machine does counts for all.
async fn medians<const N: usize>(mut times: impl AsyncFnMut() -> [Duration; N]) -> [Duration; N] {
    let mut rounds = Vec::new();
    for _ in 0..300 {
        rounds.push(times().await);
    }
    std::array::from_fn(|at| {
        let mut times: Vec<_> = rounds.iter().map(|round| round[at]).collect();
        times.sort();
        times[times.len() / 2]
    })
}

const PING: &[u8] = b"\xc0\0";

/// Compared with a round trip over the same TLS connection that the service answers without any work.
#[tokio::test]
async fn a_request_costs_little_more_than_a_ping() {
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    let mut request = BytesMut::new();
    let packet = Packet::Publish(Box::new(publish(&jobs("get"), "", QoS::AtMostOnce)));
    Codec::new(0, 0).encode(packet, &mut request).unwrap();
    let [ping, request] = medians(async || {
        [round_trip(&mut client, &[PING]).await, round_trip(&mut client, &[&request]).await]
    })
    .await;
    println!("median round trip: ping {ping:?}, GetPendingJobExecutions {request:?}");
    assert!(request < ping * 10, "ping {ping:?}, request {request:?}");
}

/// AWS's own SDKs leave Nagle's algorithm on: the second packet waits until the first is acknowledged, which
/// Linux would put off for some 40 ms, several hundred times as long as the round trip takes.
#[tokio::test]
async fn a_client_that_leaves_nagle_on_does_not_wait_for_acknowledgements() {
    if !cfg!(target_os = "linux") {
        return skip("only Linux can be told to acknowledge at once");
    }
    let service = Service::start().await;
    let mut client = Client::connect(&service.local, "test-1").await;
    let puback: &[u8] = b"\x40\x02\0\x09";
    let [at_once, with_nagle, in_two] = medians(async || {
        client.set_nagle(false);
        let at_once = round_trip(&mut client, &[puback, PING]).await;
        client.set_nagle(true);
        let with_nagle = round_trip(&mut client, &[puback, PING]).await;
        let begun = Instant::now();
        client.send_in_two(PING).await;
        client.receive().await.unwrap();
        [at_once, with_nagle, begun.elapsed()]
    })
    .await;
    println!(
        "median round trip of two packets: {at_once:?}, with Nagle {with_nagle:?}, of one in two parts: {in_two:?}"
    );
    assert!(with_nagle.max(in_two) < at_once * 50, "{at_once:?}, with Nagle {with_nagle:?}, {in_two:?}");
}
