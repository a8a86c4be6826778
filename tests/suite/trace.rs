//! `serve --trace`: what clients send and what they are sent, told as it happens.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::Arc;

use nix::sys::signal::Signal;
use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::support::certificates::Authority;
use crate::support::{Sandbox, Serve, connect, pattern};

/// The lines of a trace in a file, without its first.
fn file(serve: &Serve, name: &str) -> Vec<String> {
    let path = serve.dir().parent().unwrap().join(name);
    fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Ends the service, so that all is written.
#[track_caller]
fn end(serve: &mut Serve) -> String {
    serve.process.signal(Signal::SIGTERM);
    let finished = serve.process.wait();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    finished.stderr
}

#[test]
fn each_packet_and_each_call_is_a_line() {
    let mut serve = Serve::with(&["--trace", "--thing", "MyThing"]);
    let client = serve.client().args(["--client-id", "Pump", "-c", r#"create-job Job1 {"a":1}"#]);
    client.args(["-c", "start-next-pending-job-execution"]).run();
    for expected in [
        "[..]Z Pump -> CONNECT MQTT 5 from 127.0.0.1, certificate [..]…, keep alive 30 s, clean start ([..] ms)",
        "[..]Z Pump <- CONNACK 0x00 success",
        "[..]Z Pump -> SUBSCRIBE ([..] ms) $aws/things/MyThing/jobs/notify QoS 1, [..]",
        "[..]Z Pump <- SUBACK 0x01 granted QoS 1, [..]",
        r#"[..]Z aws-sdk-rust/[..] -> CreateJob PUT /jobs/Job1 {[..]\"a\":1[..]}"#,
        r#"[..]Z aws-sdk-rust/[..] <- CreateJob 200 ([..] ms) {[..]"jobId":"Job1"}"#,
        r#"[..]Z Pump -> PUBLISH $aws/things/MyThing/jobs/start-next QoS 1, packet [..] ([..] ms) {"clientToken":[..]}"#,
        "[..]Z Pump <- PUBACK of [..] 0x00 success",
        r#"[..]Z Pump <- PUBLISH $aws/things/MyThing/jobs/start-next/accepted QoS 1, packet [..] {[..]"jobDocument":{"a":1}}}"#,
        "[..]Z Pump -> DISCONNECT 0x00 normal disconnection ([..] ms)",
        "[..]Z Pump -- closed: it disconnected",
    ] {
        while !pattern::matches(expected, &serve.process.stderr_line()) {}
    }
}

#[test]
fn json_is_one_object_a_line_in_a_file_for_its_owner_alone() {
    let mut serve = Serve::with(&["--trace=json", "--trace-file", "trace.json", "--thing", "MyThing"]);
    serve.client().args(["--client-id", "Pump", "-c", "get-pending-job-executions"]).run();
    serve.call("GET", "/jobs/Nope", "");
    assert_eq!(end(&mut serve), "", "standard error has no part of it");
    let path = serve.dir().parent().unwrap().join("trace.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let lines: Vec<Value> =
        file(&serve, "trace.json").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |members: &[(&str, &str)]| {
        let is_it = |line: &&Value| members.iter().all(|(name, value)| line[*name] == **value);
        lines.iter().find(is_it).unwrap_or_else(|| panic!("{members:?} in {lines:#?}"))
    };
    let published = find(&[("type", "received"), ("packet", "PUBLISH"), ("client", "Pump")]);
    assert_eq!(published["topic"], "$aws/things/MyThing/jobs/get");
    let payload: Value = serde_json::from_str(published["payload"].as_str().unwrap()).unwrap();
    assert!(payload["clientToken"].is_string() && published["milliseconds"].is_f64(), "{published}");
    find(&[("type", "sent"), ("packet", "PUBLISH"), ("topic", "$aws/things/MyThing/jobs/get/accepted")]);
    let call = find(&[("type", "call"), ("operation", "DescribeJob"), ("target", "/jobs/Nope")]);
    let answer = find(&[("type", "answer"), ("exception", "ResourceNotFoundException")]);
    assert_eq!((&answer["call"], &answer["status"]), (&call["call"], &404.into()));
}

#[test]
fn members_that_are_none_of_the_model_are_named() {
    let mut serve = Serve::with(&["--trace", "--trace-file", "trace"]);
    let (status, _) =
        serve.call("POST", "/things/Pump?dry-run=true", r#"{"attributes":{},"attributePayload":{"a b":1}}"#);
    assert_eq!(status, 200, "AWS ignores them");
    let _ = end(&mut serve);
    let expected = r#"[..] -- CreateThing ignores what AWS's model does not have: attributes, "attributePayload.a b", dry-run"#;
    let lines = file(&serve, "trace");
    assert!(lines.iter().any(|line| pattern::matches(expected, line)), "{lines:#?}");
    let mut serve = Serve::with(&["--trace=json", "--trace-file", "trace"]);
    serve.call("GET", "/jobs?size=1", "");
    let _ = end(&mut serve);
    let lines = file(&serve, "trace");
    let ignored = lines.iter().find(|line| line.contains(r#""type":"ignored""#)).unwrap();
    assert!(ignored.contains(r#""operation":"ListJobs","members":["size"]"#), "{ignored}");
}

#[test]
fn a_variable_switches_it_on_and_log_lines_are_part_of_it() {
    let sandbox = Sandbox::new().env("JOBS_SANDBOX_TRACE", "json");
    let mut serve = Serve::run(sandbox, &[]);
    serve.call("GET", "/jobs", "");
    let lines = end(&mut serve);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["log", "call", "answer"]);
    assert!(lines[0]["message"].as_str().unwrap().contains("any thing"), "{lines:?}");
}

#[test]
fn secrets_are_in_no_form_of_it() {
    for args in [&["--trace-file", "trace"][..], &["--trace=json", "--trace-file", "trace"]] {
        let mut serve = Serve::with(args);
        let (status, made) = serve.call("POST", "/keys-and-certificate", "");
        assert_eq!(status, 200, "{made}");
        let made: Value = serde_json::from_str(&made).unwrap();
        let key = made["keyPair"]["PrivateKey"].as_str().unwrap().lines().nth(1).unwrap();
        let mut stream = connect(serve.http);
        let request = "GET /jobs?maxResults=5&X-Amz-Credential=AKIDQUERY%2F20260101%2Fus-east-1%2Fiot%2Faws4_request&X-Amz-Signature=0ff1ce \
             HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-amz-security-token: TOKEN\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
        let request = "GET /jobs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=AKIDHEADER/20260101/us-east-1/iot/aws4_request, SignedHeaders=host, Signature=0ff1ce\r\n\r\n";
        let mut stream = connect(serve.http);
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
        end(&mut serve);
        let told = file(&serve, "trace").join("\n");
        assert!(told.contains("CreateKeysAndCertificate") && told.contains("/jobs?maxResults=5&…"), "{told}");
        for secret in [key, "AKIDQUERY", "AKIDHEADER", "0ff1ce", "TOKEN"] {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
    }
}

#[test]
fn why_there_is_no_tls_is_told_in_words() {
    let mut serve = Serve::with(&["--trace"]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(serve.file("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = connect(serve.mqtt);
    assert!(Stream::new(&mut tls, &mut stream).read_to_end(&mut Vec::new()).is_err());
    serve.process.stderr_until("127.0.0.1 -- no TLS: it shows no client certificate");

    let mut stream = connect(serve.mqtt);
    stream.write_all(b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1").unwrap();
    serve.process.stderr_until("127.0.0.1 -- no TLS: what it sends is not TLS");
    // Told without a trace too.
    serve.process.stderr_until("a client speaks no TLS on the MQTT port: let it connect with TLS, ");

    let stranger = Authority::new();
    let client =
        |serve: &Serve| serve.client().args(["-c", "get-pending-job-executions"]).status(3).stderr_any();
    client(&serve).file("ca.pem", stranger.pem()).run();
    serve.process.stderr_until("127.0.0.1 -- no TLS: it does not trust this service's authority");
    let device = stranger.device();
    client(&serve).file("cert.pem", device.cert).file("key.pem", device.key).run();
    serve.process.stderr_until("127.0.0.1 -- no TLS: its certificate is not registered");
}

#[test]
fn what_names_no_operation_is_told_as_it_came() {
    let mut serve = Serve::with(&["--trace"]);
    let (status, _) = serve.call("BREW", "/jobs", "{}");
    assert_eq!(status, 404);
    serve.process.stderr_until("127.0.0.1 -> BREW /jobs {}");
    serve.process.stderr_until("127.0.0.1 <- 404 UnknownOperationException (");
}

/// Its pipe is full soon, and what may wait behind it not much later.
#[test]
fn a_reader_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() {
    let sandbox = Sandbox::new().args(["serve", "--trace", "--mqtt-port", "0", "--http-port", "0"]);
    let mut command = sandbox.command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    while !ready.ends_with(b"\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        ready.push(byte[0]);
    }
    let ready = String::from_utf8(ready).unwrap();
    let http = ready.split(' ').find_map(|word| word.strip_prefix("http=")).unwrap();
    let body = "x".repeat(60_000);
    let calls = 150;
    for _ in 0..calls {
        let mut stream = connect(http.parse().unwrap());
        let length = body.len();
        let head = format!(
            "PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let (mut told, mut left_out) = (0, None);
    while left_out.is_none() {
        let mut line = String::new();
        assert!(std::io::BufRead::read_line(&mut stderr, &mut line).unwrap() > 0, "it ended");
        told += usize::from(line.contains(" CreateJob "));
        left_out = line
            .split_once(" records of the trace were left out here")
            .map(|(before, _)| before.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
    }
    assert_eq!(told + left_out.unwrap(), 2 * calls);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_file_that_is_not_a_trace_is_left_alone() {
    let sandbox = Sandbox::new().file("notes.txt", "mine");
    let sandbox =
        sandbox.args(["serve", "--mqtt-port", "0", "--http-port", "0", "--trace-file", "notes.txt"]);
    sandbox
        .status(3)
        .stdout("")
        .stderr("error: cannot write the trace: notes.txt is no trace of jobs-sandbox: choose another file\n")
        .run();
}
