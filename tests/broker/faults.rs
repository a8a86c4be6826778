//! Every kind of fault with every message that it goes with over MQTT, as the client on the wire sees it.

use std::io;
use std::sync::Arc;

use jobs_sandbox::wire::fault::{Fault, MESSAGES};
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v5::{self, Connect, Packet};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::LocalSet;
use tokio_rustls::rustls::ClientConfig;

use crate::client::{Client, device_tls, open, publish};
use crate::service::{Service, THING};

const KINDS: [&str; 20] = [
    "refuse=RequestThrottled",
    "refuse=InternalError",
    "refuse=NotAuthorized",
    "refuse=TopicFilterInvalid",
    "refuse=PayloadFormatInvalid",
    "drop-request",
    "drop-answer",
    "drop-event",
    "duplicate",
    "delay=5s",
    "corrupt",
    "disconnect",
    "disconnect=QuotaExceeded",
    "reset",
    "silence",
    "takeover",
    "no-connack",
    "refuse-connect=ServerBusy",
    "refuse-connect=NotAuthorized",
    "no-puback",
];

/// The service, and a client that may do anything.
struct Bench {
    service: Service,
    tls: Arc<ClientConfig>,
    client: Client,
}

fn connect(client_id: &str) -> Connect {
    Connect { clean_start: true, ..Connect::default().client_id(client_id) }
}

impl Bench {
    /// Everything anew, with a job that waits, and a client that subscribed to `filters`.
    async fn new(service: Service, filters: &[&str]) -> Self {
        service.sandbox("POST", "reset", "").await;
        service.create_job("J", "{}");
        let tls = service.open_tls();
        let (mut client, _) = Client::connect_as(&service.local, tls.clone(), connect("c")).await;
        for filter in filters {
            client.subscribe(&[&topic(filter)]).await;
        }
        Self { service, tls, client }
    }

    async fn add(&self, words: &str) {
        let body = json!({"fault": words}).to_string();
        assert_eq!(self.service.sandbox("POST", "faults", &body).await["fault"], words);
    }

    /// Makes a message of this kind go, and awaits nothing.
    async fn provoke(&mut self, on: &str) {
        let request = |rest: &str, body: &str| {
            let packet_id = None;
            Publish { packet_id, ..publish(&topic(rest), body, QoS::AtLeastOnce) }
        };
        let message = match on {
            "get" | "start-next" => request(on, "{}"),
            "describe" => request("J/get", "{}"),
            "update" => request("J/update", r#"{"status":"FAILED"}"#),
            "publish" => publish("t", "hello", QoS::AtLeastOnce),
            "notify" | "notify-next" => return self.end_job(),
            "subscribe" => return self.subscribe().await,
            "connect" => {
                // Its session stays here, for nobody.
                let again = Client::ask(&self.service.local, self.tls.clone(), connect("d")).await;
                self.client = again.unwrap();
                return;
            }
            other => panic!("{other}"),
        };
        let packet_id = Some(self.client.packet_id());
        self.client.send(Packet::Publish(Box::new(Publish { packet_id, ..message }))).await;
    }

    async fn subscribe(&mut self) {
        let options = v5::SubscriptionOptions { qos: QoS::AtLeastOnce, ..Default::default() };
        let topic_filters = vec![(topic("get/accepted").into(), options)];
        let packet_id = self.client.packet_id();
        let subscribe = v5::Subscribe { packet_id, id: None, user_properties: Vec::new(), topic_filters };
        self.client.send(Packet::Subscribe(subscribe)).await;
    }

    /// The operator makes one event of each kind go.
    fn end_job(&self) {
        let request = serde_json::from_value(json!({})).unwrap();
        self.service.local.write(|state, now| state.cancel_job(now, "J", false, request)).unwrap();
    }

    fn is_done(&self) -> bool {
        let described = self
            .service
            .local
            .read(|state, now| state.describe_job_execution_any_status(now, THING, "J", None));
        described.unwrap().execution.status.is_terminal()
    }

    /// What comes up to now, or to the end of the connection.
    async fn seen(&mut self, until_the_end: bool) -> Vec<String> {
        let barrier = if until_the_end { None } else { Some(self.client.send_barrier().await) };
        let mut seen = Vec::new();
        loop {
            let packet = match self.client.receive_or_end().await {
                Ok(Packet::UnsubscribeAck(ack)) if Some(ack.packet_id) == barrier => return seen,
                Ok(packet) => packet,
                Err(end) => {
                    seen.push(
                        if end == io::ErrorKind::ConnectionReset { "reset" } else { "closed" }.to_owned(),
                    );
                    return seen;
                }
            };
            seen.push(describe(&packet));
        }
    }
}

fn topic(rest: &str) -> String {
    format!("$aws/things/MyThing/jobs/{rest}")
}

fn describe(packet: &Packet) -> String {
    let coded =
        |name: &str, code: u8| if code < 0x80 { name.to_owned() } else { format!("{name} {code:#x}") };
    match packet {
        Packet::ConnectAck(ack) => coded("CONNACK", ack.reason_code.into()),
        Packet::PublishAck(ack) => coded("PUBACK", ack.reason_code.into()),
        Packet::SubscribeAck(ack) => coded("SUBACK", ack.status[0].into()),
        Packet::Disconnect(disconnect) => format!("DISCONNECT {:#x}", u8::from(disconnect.reason_code)),
        Packet::Publish(publish) => {
            let rest = publish.topic.rsplit_once("/jobs/").unwrap().1;
            match serde_json::from_slice::<Value>(&publish.payload) {
                Ok(body) if body["code"].is_string() => format!("{rest} {}", body["code"].as_str().unwrap()),
                Ok(_) => rest.to_owned(),
                Err(_) => format!("{rest} broken"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// What the client sees of a message, acknowledgement and answer, where nothing goes wrong.
fn usual(on: &str) -> (Option<&'static str>, Option<&'static str>) {
    match on {
        "get" => (Some("PUBACK"), Some("get/accepted")),
        "start-next" => (Some("PUBACK"), Some("start-next/accepted")),
        "describe" => (Some("PUBACK"), Some("J/get/accepted")),
        "update" => (Some("PUBACK"), Some("J/update/accepted")),
        "publish" => (Some("PUBACK"), None),
        "connect" => (Some("CONNACK"), None),
        "subscribe" => (Some("SUBACK"), None),
        "notify" => (None, Some("notify")),
        "notify-next" => (None, Some("notify-next")),
        other => panic!("{other}"),
    }
}

/// What the client sees where this goes wrong; of what comes late, what it sees before.
fn expected(kind: &str, on: &str) -> Vec<String> {
    let (acknowledgement, answer) = usual(on);
    let rejected =
        |code: &str| answer.map(|answer| format!("{} {code}", answer.replace("accepted", "rejected")));
    let of = |parts: &[Option<&str>]| parts.iter().flatten().map(|part| (*part).to_owned()).collect();
    // Where a connection ends, its CONNACK has come before.
    let ended = |how: &[&str]| {
        let connack = (on == "connect").then_some("CONNACK");
        connack.iter().chain(how).map(|part| (*part).to_owned()).collect::<Vec<_>>()
    };
    match kind {
        "refuse=RequestThrottled" => vec!["PUBACK".to_owned(), rejected("RequestThrottled").unwrap()],
        "refuse=InternalError" => vec!["PUBACK".to_owned(), rejected("InternalError").unwrap()],
        "refuse=NotAuthorized" => vec![format!("{} 0x87", acknowledgement.unwrap())],
        "refuse=TopicFilterInvalid" => vec![format!("{} 0x8f", acknowledgement.unwrap())],
        "refuse=PayloadFormatInvalid" => vec![format!("{} 0x99", acknowledgement.unwrap())],
        "drop-request" | "drop-answer" if on == "subscribe" => vec![],
        "drop-request" | "drop-answer" => of(&[acknowledgement]),
        "drop-event" | "no-puback" => of(&[answer]),
        "duplicate" => of(&[acknowledgement, answer, answer]),
        "delay=5s" if answer.is_some() => of(&[acknowledgement]),
        "delay=5s" | "no-connack" => vec![],
        "corrupt" => [of(&[acknowledgement]), vec![format!("{} broken", answer.unwrap())]].concat(),
        "disconnect" => ended(&["DISCONNECT 0x8b", "closed"]),
        "disconnect=QuotaExceeded" => ended(&["DISCONNECT 0x97", "closed"]),
        "takeover" => ended(&["DISCONNECT 0x8e", "closed"]),
        "reset" => ended(&["reset"]),
        "silence" => ended(&["closed"]),
        "refuse-connect=ServerBusy" => vec!["CONNACK 0x89".to_owned(), "closed".to_owned()],
        "refuse-connect=NotAuthorized" => vec!["CONNACK 0x87".to_owned(), "closed".to_owned()],
        other => panic!("{other}"),
    }
}

/// Lets a message suffer a fault, after so many others, and compares what its client sees.
async fn check(mut bench: Bench, kind: &str, on: &str, earlier: usize) -> Service {
    let words = format!("{kind} --on {on}");
    bench.add(&words).await;
    bench.provoke(on).await;
    let ends = ["disconnect", "reset", "silence", "takeover", "refuse-connect"];
    let ends = ends.iter().any(|end| kind.starts_with(end));
    let mut expected = expected(kind, on);
    if kind == "drop-event" {
        expected.clear();
    }
    let struck = bench.service.sandbox("GET", &format!("faults/struck?after={earlier}"), "").await;
    let struck = &struck["struck"][0];
    assert_eq!((&struck["words"], &struck["on"]), (&json!(words), &json!(on)), "{words}");
    match kind {
        // It says nothing, and not even goodbye when its client comes back on another connection.
        "silence" => {
            let id = if on == "connect" { "d" } else { "c" };
            if on == "connect" {
                assert_eq!(describe(&bench.client.receive().await.unwrap()), expected.remove(0));
            }
            let (mut again, _) =
                Client::connect_as(&bench.service.local, bench.tls.clone(), connect(id)).await;
            assert_eq!(bench.seen(true).await, expected, "{words}");
            assert!(again.pending().await.is_empty());
        }
        "no-connack" => {
            bench.client.close().await;
            assert_eq!(bench.seen(true).await, ["closed"], "{words}");
        }
        // What is asked later is answered before.
        "delay=5s" if on != "connect" => {
            assert_eq!(bench.seen(false).await, expected, "{words}");
            let late = describe(&bench.client.receive().await.unwrap());
            let (acknowledgement, answer) = usual(on);
            assert_eq!(Some(late.as_str()), answer.or(acknowledgement), "{words}");
        }
        "delay=5s" => assert_eq!(describe(&bench.client.receive().await.unwrap()), "CONNACK"),
        _ => assert_eq!(bench.seen(ends).await, expected, "{words}"),
    }
    let changes = on == "update";
    let is_lost = kind.starts_with("refuse") || kind == "drop-request";
    assert!(!changes || bench.is_done() != is_lost, "{words}");
    bench.service
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_does_to_each_message_what_it_says() {
    let mut service = Service::start().await;
    let (mut cases, late, mut delayed) = (0, LocalSet::new(), Vec::new());
    for kind in KINDS {
        for on in MESSAGES.into_iter().filter(|on| format!("{kind} --on {on}").parse::<Fault>().is_ok()) {
            let filters: &'static [&str] = match on {
                "notify" => &["notify"],
                "notify-next" => &["notify-next"],
                _ => &[],
            };
            if kind.starts_with("delay") {
                // On a service of its own, so that the others need not wait.
                let own = async move { Bench::new(Service::start().await, filters).await };
                delayed.push(late.spawn_local(async move { check(own.await, kind, on, 0).await }));
            } else {
                service = check(Bench::new(service, filters).await, kind, on, cases).await;
                cases += 1;
            }
        }
    }
    assert_eq!(cases + delayed.len(), 98);
    late.await;
    for checked in delayed {
        checked.await.unwrap();
    }
}

/// The thing that may go wrong with one client does not with another.
#[tokio::test]
async fn an_event_goes_wrong_for_one_of_its_clients() {
    let mut bench = Bench::new(Service::start().await, &["notify"]).await;
    let (mut other, _) = Client::connect_as(&bench.service.local, bench.tls.clone(), connect("other")).await;
    other.subscribe(&[&topic("notify")]).await;
    bench.add("drop-event --on notify --client-id o* --always").await;
    bench.end_job();
    assert_eq!(bench.seen(false).await, ["notify"]);
    assert!(other.pending().await.is_empty());
    let log = bench.service.log();
    let line = "fault 1 strikes, drop-event --on notify --client-id o* --always: notify of client other on \
                $aws/things/MyThing/jobs/notify";
    assert!(log.iter().any(|logged| logged == line), "{log:?}");
}

/// What has no acknowledgement cannot lose it.
#[tokio::test]
async fn a_missing_puback_is_a_matter_of_qos_1() {
    let mut bench = Bench::new(Service::start().await, &[]).await;
    bench.add("no-puback").await;
    bench.client.send(Packet::Publish(Box::new(publish(&topic("get"), "{}", QoS::AtMostOnce)))).await;
    assert_eq!(bench.seen(false).await, ["get/accepted"]);
    bench.provoke("get").await;
    assert_eq!(bench.seen(false).await, ["get/accepted"]);
    bench.provoke("get").await;
    assert_eq!(bench.seen(false).await, ["PUBACK", "get/accepted"]);
}

/// MQTT 3.1.1 has no DISCONNECT of the server, and other codes in its CONNACK.
#[tokio::test]
async fn mqtt_3_1_1_is_ended_without_a_word() {
    let bench = Bench::new(Service::start().await, &[]).await;
    let connect = b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1";
    for (words, answer) in [
        ("disconnect --on connect --client-id c1", &[0x20, 2, 0, 0][..]),
        ("refuse-connect=ServerUnavailable --client-id c1", &[0x20, 2, 0, 3]),
    ] {
        bench.add(words).await;
        let mut stream = open(&bench.service.local, device_tls(&bench.service.local)).await;
        stream.write_all(connect).await.unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, answer, "{words}");
    }
}
