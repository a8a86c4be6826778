//! What comes on several connections is printed in the order in which the local service sent it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::{Message, Sandbox};

/// How many jobs one test creates.
const JOBS: usize = 150;

/// A subscription of the operator to all that the device hears of its jobs: each event comes on both connections, to the
/// device first.
const SUBSCRIBE: &str =
    "subscribe $aws/things/MyThing/jobs/notify\nsubscribe $aws/things/MyThing/jobs/notify-next\n";

/// Checks that behind each event of the device comes the same as a message; returns how many events there were.
#[track_caller]
fn pairs(messages: &[Message]) -> usize {
    let arrived: Vec<&Message> =
        messages.iter().filter(|message| ["event", "message"].contains(&message.r#type.as_str())).collect();
    assert!(arrived.len().is_multiple_of(2), "{}", arrived.len());
    for (number, pair) in arrived.chunks(2).enumerate() {
        let [event, message] = pair else { panic!("{pair:?}") };
        let kinds = (event.r#type.as_str(), message.r#type.as_str());
        assert_eq!(kinds, ("event", "message"), "pair {number}: {event:?} {message:?}");
        assert_eq!((&event.topic, event.value()), (&message.topic, message.value()["payload"].clone()));
    }
    arrived.len() / 2
}

#[test]
fn what_commands_cause_comes_before_the_next_command_in_one_order() {
    let mut script = SUBSCRIBE.to_owned();
    for job in 0..JOBS {
        let _ = write!(script, "create-job J{job} {{}}\nstart-next-pending-job-execution\n");
        let _ = writeln!(script, "update-job-execution J{job} SUCCEEDED");
    }
    let output = Sandbox::json().arg("--echo").script(script).run();
    let messages = output.messages();
    assert_eq!(pairs(&messages), 4 * JOBS);
    // Between two commands: their answer first, then all that they caused.
    let mut since = BTreeMap::new();
    for message in messages.iter().rev() {
        match message.r#type.as_str() {
            "command" => {
                let caused = since.remove("message").unwrap_or(0);
                let expected = match message.title.as_str() {
                    "create-job" | "update-job-execution" => 2,
                    _ => 0,
                };
                assert_eq!(caused, expected, "{message:?}");
                since.clear();
            }
            "response" => assert!(!since.contains_key("response"), "{message:?}"),
            _ => {}
        }
        *since.entry(message.r#type.as_str()).or_insert(0) += 1;
    }
}

/// What another client causes while the session waits.
#[test]
fn what_comes_between_commands_comes_in_one_order_too() {
    let session = Sandbox::json().args(["--dir", "service"]);
    let mut process = session.spawn();
    let line = process.stderr_until("local service: MQTT ");
    process.send(SUBSCRIBE);
    process.stdout_until("notify-next");
    let address =
        |after: &str| line.split(after).nth(1).unwrap().split([',', '\n']).next().unwrap().trim().to_owned();
    let port = address("MQTT ").rsplit_once(':').unwrap().1.parse().unwrap();
    let mut script = String::new();
    for job in 0..JOBS {
        let _ = writeln!(script, "create-job J{job} {{}}");
    }
    let other = Sandbox::aws_mode(port, &address("control plane "), &session.path("service")).script(script);
    other.run();
    // Before its answer nothing is awaited, and behind it everything is there.
    process.send("list-jobs\nquit\n");
    let finished = process.finish();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    let messages: Vec<Message> = finished.stdout.lines().map(Message::parse).collect();
    assert_eq!(pairs(&messages), JOBS + 1);
}
