//! The program on a broker that falls silent, refuses, hangs up or sends what no broker should.

use serde_json::{Value, json};

use crate::support::broker::{Broker, Connection, terms};
use crate::support::{Process, Sandbox, Serve};

struct Rig {
    process: Process,
    client: Connection,
    broker: Broker,
    _sandbox: Sandbox,
    _control_plane: Serve,
}

impl Rig {
    fn start(arguments: &[&str], properties: &[u8]) -> Self {
        let (control_plane, broker) = (Serve::start(), Broker::start());
        let sandbox = broker.client(&control_plane).args(arguments);
        let mut process = sandbox.spawn();
        let client = broker.accept_with(properties, terms::GRANTED);
        // Answered once the session has begun.
        process.send("help quit\n");
        process.stdout_until("quit");
        Self { process, client, broker, _sandbox: sandbox, _control_plane: control_plane }
    }

    /// The next line says that the connection was lost, and why; the one after it that there is an attempt.
    #[track_caller]
    fn lost(&mut self) -> String {
        let line = self.process.stderr_line();
        assert!(self.process.stderr_line().starts_with("attempt 1 in "));
        line.strip_prefix("connection lost: ").unwrap_or_else(|| panic!("{line}")).to_owned()
    }

    /// Takes a request for what is pending.
    #[track_caller]
    fn asked_what_is_pending(&mut self) -> Value {
        let (topic, request) = self.client.request();
        assert_eq!(topic, "get");
        request["clientToken"].clone()
    }

    /// Says that nothing is pending.
    fn nothing_is_pending(&mut self, token: &Value) {
        let answer = json!({"clientToken": token, "timestamp": 1, "inProgressJobs": [], "queuedJobs": []});
        self.client.publish("get/accepted", answer.to_string().as_bytes());
        self.client.flush();
    }

    /// Takes the client when it comes again, and answers what it asks then.
    #[track_caller]
    fn restored(&mut self) {
        self.client = self.broker.accept();
        self.process.stderr_until("connection restored");
        let token = self.asked_what_is_pending();
        self.nothing_is_pending(&token);
        // As the first list that it gets, or as one like the last.
        let told = self.process.stderr_line();
        assert!(["nothing is pending", "nothing changed meanwhile"].contains(&told.as_str()), "{told}");
    }
}

#[test]
fn a_broker_that_falls_silent_is_left_and_found_again() {
    let mut rig = Rig::start(&[], terms::KEEP_ALIVE_1);
    assert_eq!(rig.lost(), "no answer to a ping within 0.5 s: the link is dead");
    rig.restored();
    assert_eq!(rig.process.finish().status.code(), Some(0));
}

/// The server takes a request and is gone before it answers.
#[test]
fn a_change_whose_answer_is_lost_is_never_repeated_and_a_question_is() {
    let mut rig = Rig::start(&["--json"], terms::NONE);
    for (command, topic, find_out) in [
        ("update-job-execution J SUCCEEDED", "J/update", "describe-job-execution J"),
        ("start-next-pending-job-execution", "start-next", "get-pending-job-executions"),
    ] {
        rig.process.send(format!("{command}\n"));
        assert_eq!(rig.client.request().0, topic);
        rig.client.disconnect(0x8B, "");
        let failed = rig.process.stdout_until("OutcomeUnknown");
        assert!(failed.contains(&format!("to find out: {find_out}\"")), "{failed}");
        // What it asks first is what is pending, not the same again.
        rig.restored();
    }
    rig.process.send("get-pending-job-executions\n");
    let lost = rig.asked_what_is_pending();
    rig.client.disconnect(0x8B, "");
    rig.client = rig.broker.accept();
    // Once for what may have changed meanwhile, once for the command.
    for token in [rig.asked_what_is_pending(), rig.asked_what_is_pending()] {
        assert_ne!(token, lost);
        rig.nothing_is_pending(&token);
    }
    rig.process.stdout_until("GetPendingJobExecutionsResponse");
    assert_eq!(rig.process.finish().status.code(), Some(1));
}

/// A policy that was narrowed while there was no connection: never a session that hears nothing.
#[test]
fn subscriptions_that_are_refused_on_return_are_said_and_tried_again() {
    let mut rig = Rig::start(&[], terms::NONE);
    rig.client.disconnect(0x8B, "");
    assert_eq!(rig.lost(), "the server said DISCONNECT: 0x8B server shutting down");
    let _refused = rig.broker.accept_with(terms::NONE, terms::REFUSED);
    let line = rig.process.stderr_line();
    assert!(
        line.starts_with(
            "the server refused to subscribe to $aws/things/MyThing/jobs/notify, \
             $aws/things/MyThing/jobs/notify-next, "
        ),
        "{line}"
    );
    assert!(line.contains(": 0x87 not authorized: allow iot:Subscribe on "), "{line}");
    assert!(line.contains("; attempt 2 in "), "{line}");
    rig.restored();
    assert_eq!(rig.process.finish().status.code(), Some(0));
}

#[test]
fn what_is_larger_than_we_take_ends_the_link_alone() {
    let mut rig = Rig::start(&[], terms::NONE);
    rig.client.publish("notify", &vec![b' '; 200_000]);
    rig.client.flush();
    let reason = rig.lost();
    assert!(
        reason.starts_with("the server sent what is not MQTT 5: a packet of 200034 bytes, more than 150000"),
        "{reason}"
    );
    rig.restored();
    assert_eq!(rig.process.finish().status.code(), Some(0));
}

/// Everything that could drive a terminal or turn what it shows: C0, DEL, C1, line separators, directions.
const CONTROLS: &str =
    "\u{0}\u{7}\u{8}\u{1b}[2J\u{7f}\u{85}\u{9b}31m\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}";

#[test]
fn a_reason_is_shown_without_its_control_characters() {
    let mut rig = Rig::start(&[], terms::NONE);
    rig.client.disconnect(0x98, &CONTROLS[1..]);
    let reason = rig.lost();
    assert!(reason.starts_with("the server said DISCONNECT: 0x98 administrative action (\\u{7}"), "{reason}");
    assert_harmless(&reason);
    rig.restored();
}

#[test]
fn a_refusal_is_shown_without_its_control_characters() {
    let (control_plane, broker) = (Serve::start(), Broker::start());
    let sandbox = broker.client(&control_plane).args(["--client-id", "me", "-c", "quit"]);
    let mut process = sandbox.spawn();
    broker.refuse(0x87, &CONTROLS[1..]);
    let finished = process.finish();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(3), ""));
    let said = "error: the server refused client id me: 0x87 not authorized (\\u{7}";
    assert!(finished.stderr.starts_with(said) && finished.stderr.lines().count() == 1, "{}", finished.stderr);
    assert_harmless(&finished.stderr);
}

#[track_caller]
fn assert_harmless(text: &str) {
    let raw = text.chars().find(|character| {
        let turns = matches!(character, '\u{2028}' | '\u{2029}' | '\u{202e}' | '\u{2066}' | '\u{feff}');
        turns || (character.is_control() && *character != '\n')
    });
    assert_eq!(raw, None);
}

#[test]
fn hostile_events_are_shown_harmless_or_said_to_be_none() {
    for arguments in [&[][..], &["--json"], &["--trace"], &["--json", "--trace"]] {
        let mut rig = Rig::start(arguments, terms::NONE);
        let client = &mut rig.client;
        // JSON wants C0 escaped; the others come raw.
        let quoted = json!(CONTROLS);
        client.publish("notify", format!(r#"{{"timestamp":1,"jobs":{{}},{quoted}:{quoted}}}"#).as_bytes());
        client.publish("notify", br#"{"timestamp":2,"jobs":{},"jobs":3,"unknown":[1.50,{"x":null}]}"#);
        client.publish("notify", br#"{"timestamp":"soon","jobs":[7]}"#);
        let nested = format!(r#"{{"timestamp":3,"a":{}{}}}"#, "[".repeat(60_000), "]".repeat(60_000));
        client.publish("notify", nested.as_bytes());
        let large = format!(r#"{{"timestamp":4,"a":"{}"}}"#, "x".repeat(128 * 1024 - 22));
        assert_eq!(large.len(), 128 * 1024);
        client.publish("notify-next", large.as_bytes());
        for broken in [&b"\xff\xfe"[..], b"{", b"[]", b"", &b"[".repeat(120_000), CONTROLS.as_bytes()] {
            client.publish("notify", broken);
        }
        client.publish_and_wait("notify", br#"{"timestamp":5,"jobs":{}}"#);
        let finished = rig.process.finish();
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        assert_harmless(&finished.stdout);
        assert_harmless(&finished.stderr);
        let told = finished.stderr.matches("an event that cannot be read: ").count();
        assert_eq!(told, 6, "{}", finished.stderr);
        for timestamp in 1..=5 {
            let shown = [format!("\"timestamp\":{timestamp}"), format!("\"1970-01-01T00:00:0{timestamp}Z\"")];
            assert!(shown.iter().any(|shown| finished.stdout.contains(shown)), "{timestamp}");
        }
        assert!(finished.stdout.contains("\"soon\""));
    }
}

#[test]
fn events_of_another_thing_are_not_ours() {
    let mut rig = Rig::start(&["--json"], terms::NONE);
    for topic in ["../Other/jobs/notify", "notify/x", "x/notify", "notify-next/accepted", ""] {
        rig.client.publish(topic, br#"{"timestamp":1,"jobs":{}}"#);
    }
    rig.client.publish_to("$aws/things/Other/jobs/notify", br#"{"timestamp":1,"jobs":{}}"#);
    rig.client.publish_and_wait("notify", br#"{"timestamp":2,"jobs":{}}"#);
    let finished = rig.process.finish();
    assert_eq!(
        (finished.status.code(), finished.stdout.lines().count()),
        (Some(0), 1),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.contains(r#""timestamp":2"#));
}

/// AWS may add a status tomorrow.
#[test]
fn a_status_that_is_not_known_is_shown_with_a_warning() {
    let mut rig = Rig::start(&["--json"], terms::NONE);
    rig.process
        .send("describe-job-execution J\nexpect DescribeJobExecutionResponse execution.status=PAUSED\n");
    let (_, request) = rig.client.request();
    let answer = json!({
        "clientToken": request["clientToken"],
        "timestamp": 1,
        "execution": {
            "jobId": "J", "status": "PAUSED", "queuedAt": 1, "lastUpdatedAt": 1, "versionNumber": 1,
            "executionNumber": 1, "jobDocument": {"n": 1.50},
        },
    });
    rig.client.publish("J/get/accepted", answer.to_string().as_bytes());
    rig.client.flush();
    let shown = rig.process.stdout_line();
    assert!(shown.contains(&answer.to_string()), "{shown}");
    let warning =
        "warning: DescribeJobExecution: shown as it came, but not known to this program: the status PAUSED";
    assert_eq!(rig.process.stderr_line(), warning);
    rig.process.stdout_until("\"passed\":true");
    assert_eq!(rig.process.finish().status.code(), Some(0));
}
