//! Device programs that we did not write, against `serve`: AWS's device SDK for Python, paho-mqtt and the
//! mosquitto clients.

use std::env;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::peers::{run_python, run_python_for};
use crate::support::{Process, Serve, peers};

#[test]
fn jobs_client_v2_over_mqtt_5() {
    run_python("jobs_client_v2.py", "awsiot", &["5"]);
}

#[test]
fn jobs_client_v2_over_mqtt_3_1_1() {
    run_python("jobs_client_v2.py", "awsiot", &["3"]);
}

#[test]
fn the_older_jobs_client_over_mqtt_5() {
    run_python("jobs_client_v1.py", "awsiot", &["5"]);
}

#[test]
fn the_older_jobs_client_over_mqtt_3_1_1() {
    run_python("jobs_client_v1.py", "awsiot", &["3"]);
}

#[test]
fn paho_over_mqtt_5() {
    run_python("paho_client.py", "paho.mqtt.client", &["5"]);
}

#[test]
fn paho_over_mqtt_3_1_1() {
    run_python("paho_client.py", "paho.mqtt.client", &["3"]);
}

#[test]
fn a_back_end_over_mqtt_5() {
    run_python("back_end.py", "paho.mqtt.client", &["5"]);
}

#[test]
fn a_back_end_over_mqtt_3_1_1() {
    run_python("back_end.py", "paho.mqtt.client", &["3"]);
}

/// One of the mosquitto clients, connected to `serve` as its device.
fn mosquitto(serve: &Serve, program: &str, version: &str, arguments: &[&str]) -> Option<Process> {
    let mut command = Command::new(peers::program(program)?);
    command.args(["-V", version, "-q", "1", "-h", "localhost", "-p", &serve.mqtt.port().to_string()]);
    for (option, file) in [("--cafile", "ca.pem"), ("--cert", "cert.pem"), ("--key", "key.pem")] {
        command.arg(option).arg(serve.file(file));
    }
    Some(Process::spawn(command.args(arguments)))
}

fn mosquitto_clients(version: &str, session: &[&str]) {
    let serve = Serve::start();
    let topic = |rest: &str| format!("$aws/things/MyThing/jobs/{rest}");
    let line = |process: &mut Process| -> Value { serde_json::from_str(&process.stdout_line()).unwrap() };
    let subscriber = |further: &[&str]| {
        let next = topic("notify-next");
        mosquitto(&serve, "mosquitto_sub", version, &[session, &["-i", "sub", "-t", &next], further].concat())
    };

    // Its session keeps the first event for it; it is there when the second one comes.
    let Some(mut first) = subscriber(&["-E"]) else { return };
    assert!(first.finish().status.success());
    serve.client().args(["-c", r#"create-job Job1 {"ToDo":"Reboot"}"#]).run();
    let mut events = subscriber(&["-C", "2"]).unwrap();
    assert_eq!(line(&mut events)["execution"]["jobDocument"], json!({"ToDo": "Reboot"}));

    let update = r#"{"status":"SUCCEEDED"}"#;
    let mut publisher =
        mosquitto(&serve, "mosquitto_pub", version, &["-t", &topic("Job1/update"), "-m", update]).unwrap();
    assert!(publisher.finish().status.success());
    assert_eq!(line(&mut events).get("execution"), None);

    // It asks with MQTT 5's response topic and correlation data, which AWS IoT Jobs does not heed.
    if version == "5" {
        let (request, answer) = (topic("Job1/get"), topic("Job1/get/rejected"));
        let arguments = ["-t", &request, "-e", &answer, "-m", r#"{"clientToken":"rr"}"#];
        let refusal = line(&mut mosquitto(&serve, "mosquitto_rr", version, &arguments).unwrap());
        assert_eq!(refusal["code"], "TerminalStateReached");
        assert_eq!(refusal["clientToken"], "rr");
    }
}

/// Forty devices under mixed load: a few seconds, or as many as `JOBS_SANDBOX_SOAK_SECONDS` says.
#[test]
fn a_fleet_under_mixed_load_loses_nothing_and_doubles_nothing() {
    let seconds: u64 = env::var("JOBS_SANDBOX_SOAK_SECONDS").map_or(3, |text| text.parse().unwrap());
    run_python_for(Duration::from_secs(seconds), "fleet.py", "paho.mqtt.client", &[&seconds.to_string()]);
}

#[test]
fn mosquitto_clients_over_mqtt_5() {
    mosquitto_clients("5", &["-c", "-x", "3600"]);
}

#[test]
fn mosquitto_clients_over_mqtt_3_1_1() {
    mosquitto_clients("311", &["-c"]);
}
