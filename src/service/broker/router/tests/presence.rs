//! What back ends hear of clients.

use serde_json::{Value, json};

use super::*;

impl Bench {
    /// What a client hears, each message as its type, its client and what else matters.
    fn heard(&mut self, client: &Client) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Some(packet) = self.router.pop(self.now, &self.state, client.session, &client.connection) {
            let Outgoing::Publish(delivery) = packet else { continue };
            heard.push(serde_json::from_slice(&delivery.message.payload).unwrap());
            if let Some(packet_id) = delivery.packet_id {
                self.router.acknowledge(client.session, &client.connection, packet_id);
            }
        }
        heard
    }

    fn watcher(&mut self) -> Client {
        let watcher = self.connect(&connect("watcher", true, 0));
        self.subscribe(&watcher, "$aws/events/#");
        watcher
    }

    fn close(&mut self, client: &Client, end: End) {
        self.requests().closed(client.session, &client.connection, end);
    }

    fn packet(&mut self, client: &Client, packet: Incoming) {
        self.requests().packet(client.session, &client.connection, packet).unwrap();
    }
}

fn unsubscribe(filters: &[&str]) -> Incoming {
    let filters = filters.iter().map(|filter| (*filter).into()).collect();
    Incoming::Unsubscribe { packet_id: PacketId::FIRST, filters }
}

#[test]
fn a_connection_is_told_twice_with_the_same_version_and_session() {
    let mut bench = Bench::new();
    let watcher = bench.watcher();
    let certificate = bench.peer.certificate.clone();
    let client = bench.connect(&connect("c", true, 0));
    bench.close(&client, End::ByClient { with_will: true });
    let again = bench.connect(&connect("c", true, 0));
    bench.close(&again, End::Lost);
    let heard = bench.heard(&watcher);
    assert_eq!(
        heard[..2],
        [
            json!({
                "clientId": "c", "timestamp": 0, "eventType": "connected", "sessionIdentifier": "fresh",
                "principalIdentifier": certificate, "ipAddress": "127.0.0.1", "versionNumber": 1,
            }),
            json!({
                "clientId": "c", "timestamp": 0, "eventType": "disconnected", "sessionIdentifier": "fresh",
                "principalIdentifier": certificate, "clientInitiatedDisconnect": true,
                "disconnectReason": "CLIENT_INITIATED_DISCONNECT", "versionNumber": 1,
            }),
        ]
    );
    let of = |name: &str| heard.iter().map(|event| event[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("versionNumber"), [1, 1, 2, 2]);
    assert_eq!(of("clientInitiatedDisconnect")[3], false);
    assert_eq!(of("disconnectReason")[3], "CONNECTION_LOST");
}

#[test]
fn each_end_of_a_connection_has_its_reason() {
    for (end, reason) in [
        (End::ByClient { with_will: false }, "CLIENT_INITIATED_DISCONNECT"),
        (End::Lost, "CONNECTION_LOST"),
        (Refusal::KeepAlive.into(), "MQTT_KEEP_ALIVE_TIMEOUT"),
        (Refusal::Malformed.into(), "CLIENT_ERROR"),
        (Refusal::OutOfPlace.into(), "CLIENT_ERROR"),
        (Refusal::TooLarge.into(), "CLIENT_ERROR"),
        (Refusal::NotAuthorized.into(), "AUTH_ERROR"),
        (Refusal::Administrative.into(), "AUTH_ERROR"),
        (Refusal::SlowReader.into(), "THROTTLED"),
        (Refusal::ShuttingDown.into(), "SERVER_INITIATED_DISCONNECT"),
    ] {
        let mut bench = Bench::new();
        let watcher = bench.watcher();
        let client = bench.connect(&connect("c", true, 60));
        bench.close(&client, end);
        assert_eq!(bench.heard(&watcher)[1]["disconnectReason"], reason, "{end:?}");
    }
}

#[test]
fn what_the_service_ended_is_not_lost_whatever_the_socket_says_then() {
    let mut bench = Bench::new();
    let watcher = bench.watcher();
    let client = bench.connect(&connect("c", true, 0));
    bench.router.end_all();
    bench.close(&client, End::Lost);
    assert_eq!(bench.heard(&watcher)[1]["disconnectReason"], "SERVER_INITIATED_DISCONNECT");
}

#[test]
fn a_take_over_ends_the_older_connection_before_the_newer_one_begins() {
    let mut bench = Bench::new();
    let watcher = bench.watcher();
    let older = bench.connect(&connect("c", true, 60));
    let newer = bench.connect(&connect("c", false, 60));
    // The older one's task learns of it later.
    bench.close(&older, Refusal::TakenOver.into());
    bench.close(&newer, End::ByClient { with_will: false });
    let heard: Vec<Value> = bench
        .heard(&watcher)
        .iter()
        .map(|event| json!([event["eventType"], event["disconnectReason"], event["versionNumber"]]))
        .collect();
    assert_eq!(
        heard,
        [
            json!(["connected", null, 1]),
            json!(["disconnected", "DUPLICATE_CLIENTID", 1]),
            json!(["connected", null, 2]),
            json!(["disconnected", "CLIENT_INITIATED_DISCONNECT", 2]),
        ]
    );
}

#[test]
fn subscriptions_are_told_once_granted_and_once_ended() {
    let mut bench = Bench::new();
    let watcher = bench.watcher();
    let client = bench.connect(&connect("c", true, 0));
    bench.packet(&client, subscribe(&["a/b", "a/#/b", "$share/g/c/+"]));
    // What it has already; it may do so to learn what has arrived.
    bench.packet(&client, subscribe(&["a/b"]));
    bench.packet(&client, unsubscribe(&["a/b", "never"]));
    bench.packet(&client, unsubscribe(&["never"]));
    let heard = bench.heard(&watcher);
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert_eq!(
        heard[1],
        json!({
            "clientId": "c", "timestamp": 0, "eventType": "subscribed", "sessionIdentifier": "fresh",
            "principalIdentifier": bench.peer.certificate, "topics": ["a/b", "$share/g/c/+"],
        })
    );
    assert_eq!((&heard[2]["eventType"], &heard[2]["topics"]), (&json!("unsubscribed"), &json!(["a/b"])));
}

#[test]
fn a_client_hears_of_its_own_subscription_after_it_is_granted() {
    let mut bench = Bench::new();
    let client = bench.connect(&connect("c", true, 0));
    bench.packet(&client, subscribe(&["$aws/events/subscriptions/subscribed/c"]));
    let pop = || bench.router.pop(bench.now, &bench.state, client.session, &client.connection);
    let packets: Vec<Outgoing> = std::iter::from_fn(pop).collect();
    assert!(
        matches!(packets[..], [Outgoing::ConnectAck(_), Outgoing::SubscribeAck { .. }, Outgoing::Publish(_)]),
        "{packets:?}"
    );
}

#[test]
fn a_client_whose_id_no_topic_can_hold_is_not_told_of() {
    let mut bench = Bench::new();
    let watcher = bench.watcher();
    for id in ["a#", "+"] {
        let client = bench.connect(&connect(id, true, 0));
        bench.packet(&client, subscribe(&["a/b"]));
        bench.close(&client, End::Lost);
    }
    assert_eq!(bench.heard(&watcher), [Value::Null; 0]);
}
