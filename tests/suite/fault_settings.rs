//! Faults as they are set and told: at the prompt, over HTTP, by `serve`, in the page on them; and what AWS's SDKs make of
//! them.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use jobs_sandbox::wire::fault::{Fault, MESSAGES};
use serde_json::{Value, json};

use crate::support::mosquitto::Mosquitto;
use crate::support::peers::{run_javascript_on, run_python_on};
use crate::support::{Sandbox, Serve, connect};

const CREATE: &str = r#"create-job J {"ToDo":"Reboot"}"#;

/// What a device on HTTPS meets, byte by byte: the whole answer, or how the connection ended.
fn raw(serve: &Serve, service: &str, method: &str, path: &str) -> Result<String, ErrorKind> {
    let mut stream = ask(serve, service, method, path);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map(|_| answer).map_err(|error| error.kind())
}

fn ask(serve: &Serve, service: &str, method: &str, path: &str) -> TcpStream {
    let mut stream = connect(serve.http);
    let scope = format!("local/20260101/us-east-1/{service}/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {signature}\r\n");
    stream.write_all(format!("{head}connection: close\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes()).unwrap();
    stream
}

#[test]
fn over_http_each_plane_goes_wrong_in_its_own_form() {
    let serve = Serve::start();
    let add = |words: &str| {
        let (status, body) = serve.call("POST", "/_sandbox/faults", &json!({"fault": words}).to_string());
        assert_eq!(status, 200, "{body}");
    };
    let start_next = || raw(&serve, "iot-jobs-data", "PUT", "/things/MyThing/jobs/$next");
    let pending = || raw(&serve, "iot-jobs-data", "GET", "/things/MyThing/jobs");
    for (words, status, kind) in [
        ("refuse=ThrottlingException --on StartNextPendingJobExecution", 429, Some("ThrottlingException")),
        (
            "refuse=TerminalStateException --on StartNextPendingJobExecution",
            410,
            Some("TerminalStateException"),
        ),
        ("refuse=502 --on StartNextPendingJobExecution", 502, None),
    ] {
        add(words);
        let answer = start_next().unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        let header = answer.lines().find_map(|line| line.strip_prefix("x-amzn-errortype: "));
        assert_eq!(header, kind, "{words}");
    }
    add("refuse=ThrottlingException --on ListJobs");
    assert!(raw(&serve, "iot", "GET", "/jobs").unwrap().starts_with("HTTP/1.1 400 "));

    serve.client().args(["-c", CREATE]).run();
    let started = || {
        !serve.get("/things/MyThing/jobs")["executionSummaries"][0]["jobExecutionSummary"]["startedAt"]
            .is_null()
    };
    add("drop-request --on StartNextPendingJobExecution --thing MyThing");
    assert_eq!(start_next().unwrap(), "");
    assert!(!started());
    add("drop-answer --on StartNextPendingJobExecution --thing MyThing");
    assert_eq!(start_next().unwrap(), "");
    assert!(started());
    add("reset --on GetPendingJobExecutions");
    assert_eq!(pending().unwrap_err(), ErrorKind::ConnectionReset);
    add("corrupt --on GetPendingJobExecutions");
    let answer = pending().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 ") && serde_json::from_str::<Value>(body).is_err(), "{answer}");
    add("delay=300ms --on GetPendingJobExecutions");
    assert!(pending().unwrap().starts_with("HTTP/1.1 200 "));
    add("silence --on GetPendingJobExecutions");
    let mut silent = ask(&serve, "iot-jobs-data", "GET", "/things/MyThing/jobs");
    // Others are answered meanwhile; the connection ends when its client leaves it.
    serve.get("/_sandbox/faults/struck?after=9");
    silent.shutdown(Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert_eq!(serve.get("/_sandbox/faults/struck?after=100&wait=0")["struck"], json!([]));
}

/// At the prompt, locally and attached, in the same words.
#[test]
fn they_are_added_listed_and_taken_away() {
    let script = "fault add drop-event  --times 2 --on notify\nfault add --always refuse=InternalError --job J\n\
                  fault remove 1\nfault list\nfault clear\nfault add corrupt\nreset --confirm\nfault list\n! expect JobExecutionsChangedEvent\n";
    let serve = Serve::start();
    for session in [Sandbox::json(), serve.client().arg("--json")] {
        let output = session.script(script).run();
        let faults = output.messages().into_iter().filter(|message| message.title.starts_with("Fault"));
        let bodies: Vec<Value> = faults.map(|message| message.value()).collect();
        let first = json!({"number": 1, "fault": "drop-event --on notify --times 2", "struck": 0, "left": 2});
        let second = json!({"number": 2, "fault": "refuse=InternalError --job J --always", "struck": 0});
        let third = json!({"number": 3, "fault": "corrupt", "struck": 0, "left": 1});
        let none = json!({"faults": []});
        let expected =
            [first.clone(), second.clone(), first, json!({"faults": [second]}), none.clone(), third, none];
        assert_eq!(bodies, expected);
    }
    let refused = serve.client().args(["-c", "fault remove 7"]).stderr_any().status(1).run();
    assert!(
        refused.stderr.contains("there is no fault '7': fault list shows their numbers"),
        "{}",
        refused.stderr
    );
    let told = Sandbox::new().args(["-c", "fault add drop-event --on get"]).stderr_any().status(2).run();
    assert!(
        told.stderr.contains("drop-event goes with --on notify or notify-next, not with get"),
        "{}",
        told.stderr
    );
}

#[test]
fn those_of_serve_come_back_with_a_reset() {
    let serve = Serve::with(&[
        "--thing",
        "MyThing",
        "--fault",
        "corrupt --on get;drop-event",
        "--fault",
        "duplicate",
    ]);
    let numbered =
        |number: u64, fault: &str| json!({"number": number, "fault": fault, "struck": 0, "left": 1});
    let expected = json!({
        "faults": [numbered(1, "corrupt --on get"), numbered(2, "drop-event"), numbered(3, "duplicate")],
    });
    assert_eq!(serve.get("/_sandbox/faults"), expected);
    serve.client().args(["-c", "fault clear", "-c", "fault add drop-answer", "-c", "reset --confirm"]).run();
    assert_eq!(serve.get("/_sandbox/faults"), expected);

    let bad = Sandbox::new().args(["serve", "--fault", "drop-event --on get"]).stderr_any().status(2).run();
    assert!(
        bad.stderr.contains("drop-event goes with --on notify or notify-next, not with get"),
        "{}",
        bad.stderr
    );
    let many = vec!["corrupt"; 101].join(";");
    let too_many = Sandbox::new().args(["serve", "--dir", "/dev/null/none", "--fault", &many]).stderr_any();
    let said = too_many.status(2).run().stderr;
    assert!(said.contains("101 faults are given with --fault: there may be 100"), "{said}");
}

#[test]
fn what_they_struck_is_told_once_it_has_happened() {
    let serve =
        Serve::with(&["--thing", "MyThing", "--fault", "drop-event --on notify-next --job J --times 3"]);
    let mut waiting = ask(&serve, "iot", "GET", "/_sandbox/faults/struck");
    serve.client().args(["--client-id", "test-me", "-c", CREATE]).run();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let words = "drop-event --on notify-next --job J --times 3";
    assert_eq!(
        body,
        json!({"service": body["service"], "last": 1, "struck": [{
            "number": 1, "sequence": 1, "fault": 1, "words": words, "kind": "drop-event", "on": "notify-next",
            "clientId": "test-me", "thing": "MyThing", "job": "J", "topic": "$aws/things/MyThing/jobs/notify-next",
            "left": 2,
        }]})
    );
    for (method, path, body, said) in [
        ("GET", "/_sandbox/faults/struck?after=x", "", "'x' at 'after' is no whole number from 0 to "),
        ("GET", "/_sandbox/faults/struck?wait=61", "", "'61' at 'wait' is no whole number from 0 to 60"),
        (
            "POST",
            "/_sandbox/faults",
            "{}",
            r#"the body must be such as {\"fault\":\"drop-answer --on update\"}: it has no fault"#,
        ),
        (
            "POST",
            "/_sandbox/faults",
            r#"{"fault":"reset --on ListJob"}"#,
            "--on ListJob: the local service offers no operation of that name",
        ),
        ("DELETE", "/_sandbox/faults/x", "", "there is no fault 'x'"),
        ("PUT", "/_sandbox/faults", "", "no operation of AWS IoT answers PUT /_sandbox/faults"),
    ] {
        let (status, answer) = serve.call(method, path, body);
        assert!((400..500).contains(&status) && answer.contains(said), "{path}: {answer}");
    }
}

#[test]
fn on_another_service_they_are_refused() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let serve = Serve::start();
    let refused =
        mosquitto.client(&serve.url()).args(["-c", "fault add corrupt"]).stderr_any().status(1).run();
    let expected = "fault is for the local Jobs service alone, and this is another one";
    assert!(refused.stderr.contains(expected), "{}", refused.stderr);
}

/// Each kind with the messages that the page says, and with no others.
#[test]
fn the_page_on_faults_tells_what_goes_together() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/docs/faults.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.split("| Kind |").nth(1).unwrap().split("\n\n").next().unwrap().lines().skip(2);
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let kinds = cells[1].split('`').skip(1).step_by(2);
        for kind in kinds {
            for on in MESSAGES.into_iter().chain(["CreateJob"]) {
                let told = cells[3].contains(&format!("`{on}`"))
                    || (on == "CreateJob" && cells[3].contains("an operation"));
                let words = format!("{kind} --on {on}");
                assert_eq!(words.parse::<Fault>().is_ok(), told, "{words}");
                count += 1;
            }
        }
    }
    assert!(count >= 200, "{count}");
}

/// Their own connection is lost and found, their requests are told what became of them, and the next one is answered.
#[test]
fn the_device_sdks_of_aws_go_on_after_each_kind() {
    // Each fault has a thing of its own.
    let serve = Serve::with(&[]);
    run_python_on(&serve, "device_faults.py", "awsiot");
    run_javascript_on(&serve, "device_faults.js", "aws-iot-device-sdk-v2");
}
