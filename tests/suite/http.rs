//! The HTTP port of `serve` byte by byte: AWS's wire rules, and clients that do not keep to them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::skip::may_open;
use crate::support::{DEADLINE, Serve, connect};

/// An answer as it came.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The exception that AWS's clients see.
    fn refusal(&self) -> &str {
        assert!(self.json()["message"].is_string(), "{self:?}");
        self.header("x-amzn-errortype").unwrap_or_else(|| panic!("no refusal: {self:?}"))
    }
}

/// Sends bytes and reads until the service closes the connection; `None` where it answers nothing.
fn exchange(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = connect(address);
    // A service that has heard enough may close before all is sent.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// A request signed for `service`, or for none.
fn request(serve: &Serve, service: &str, method: &str, path: &str, body: &str) -> Answer {
    let signature = match service {
        "" => String::new(),
        service => format!(
            "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0000\r\n"
        ),
    };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {}\r\n{signature}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        serve.http,
        body.len()
    );
    exchange(serve.http, text.as_bytes()).unwrap_or_else(|| panic!("no answer to {method} {path}"))
}

fn control(serve: &Serve, method: &str, path: &str, body: &str) -> Answer {
    request(serve, "iot", method, path, body)
}

fn create_job(serve: &Serve, job: &str) -> Answer {
    let arn = "arn:aws:iot:us-east-1:123456789012:thing/MyThing";
    control(
        serve,
        "PUT",
        &format!("/jobs/{job}"),
        &json!({"targets": [arn], "document": "{\"a\":1}"}).to_string(),
    )
}

#[test]
fn answers_keep_to_the_wire_rules_of_aws() {
    let serve = Serve::start();
    let created = create_job(&serve, "Job1");
    assert_eq!(created.status, 200);
    let expected =
        r#"{"description":null,"jobArn":"arn:aws:iot:us-east-1:123456789012:job/Job1","jobId":"Job1"}"#;
    assert_eq!(created.body, expected);
    assert_eq!(created.header("content-length"), Some("90"));
    let deleted = control(&serve, "DELETE", "/jobs/Job1?force=true", "");
    assert_eq!((deleted.status, deleted.header("content-length")), (200, Some("0")));
    let unknown = control(&serve, "GET", "/jobs/Job1", "");
    assert_eq!((unknown.status, unknown.refusal()), (404, "ResourceNotFoundException"));
    assert_eq!(unknown.body, r#"{"message":"Job Job1 cannot be found."}"#);
    for answer in [&created, &deleted, &unknown] {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-amzn-requestid").map(str::len), Some(36));
        assert!(answer.header("date").is_some());
    }
    assert_ne!(created.header("x-amzn-requestid"), deleted.header("x-amzn-requestid"));
    let thing = control(&serve, "GET", "/things/MyThing", "");
    assert_eq!(thing.json()["version"], 1);
}

#[test]
fn the_signature_tells_the_planes_apart_on_one_port() {
    let serve = Serve::start();
    create_job(&serve, "Job1");
    let path = "/things/MyThing/jobs";
    assert!(control(&serve, "GET", path, "").json()["executionSummaries"].is_array());
    assert!(
        request(&serve, "", "GET", path, "").json()["executionSummaries"].is_array(),
        "unsigned is control"
    );
    assert!(request(&serve, "iot-jobs-data", "GET", path, "").json()["queuedJobs"].is_array());
    let presigned =
        "X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fiot-jobs-data%2Faws4_request&X-Amz-Signature=0";
    assert!(request(&serve, "", "GET", &format!("{path}?{presigned}"), "").json()["queuedJobs"].is_array());
    for next in ["$next", "%24next"] {
        let described = request(&serve, "iot-jobs-data", "GET", &format!("{path}/{next}"), "");
        assert_eq!(described.json()["execution"]["jobDocument"], r#"{"a":1}"#);
        let started = request(&serve, "iot-jobs-data", "PUT", &format!("{path}/{next}"), "{}");
        assert_eq!(started.json()["execution"]["status"], "IN_PROGRESS");
    }
    for service in ["s3", "iotdata", "sts", "x".repeat(5000).as_str()] {
        let refused = request(&serve, service, "GET", path, "");
        assert_eq!((refused.status, refused.refusal()), (403, "InvalidSignatureException"));
        assert!(refused.body.contains(&format!("'{}'", &service[..service.len().min(64)])), "{refused:?}");
    }
}

#[test]
fn every_operation_of_aws_is_answered_or_refused_by_name() {
    let serve = Serve::start();
    let listed = include_str!("../../src/service/http/operations.txt");
    let (mut offered, mut refused) = (0, 0);
    for line in listed.lines() {
        let [service, method, path, name] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let path = path.replace("{executionNumber}", "1").replace(['{', '}', '*'], "");
        let answer = request(&serve, service, method, &path, "{}");
        if answer.status == 501 {
            let message = format!("the local Jobs service does not offer {name} of the {service} API");
            assert_eq!(answer.json(), json!({ "message": message }));
            assert_eq!(answer.refusal(), "UnknownOperationException");
            refused += 1;
        } else {
            assert!(
                answer.status == 200 || answer.refusal() != "UnknownOperationException",
                "{name}: {answer:?}"
            );
            offered += 1;
        }
    }
    assert!(offered >= 60 && refused >= 100, "{offered} operations are offered, {refused} are not");
}

#[test]
fn the_clock_moves_and_what_falls_due_happens() {
    let serve = Serve::start();
    let now = |answer: Answer| answer.json()["now"].as_f64().unwrap_or_else(|| panic!("{answer:?}"));
    assert_eq!(request(&serve, "", "GET", "/_sandbox/health", "").json()["status"], "ok");
    let before = now(request(&serve, "", "GET", "/_sandbox/clock", ""));
    let after = now(request(&serve, "", "POST", "/_sandbox/clock", r#"{"advance":"10m"}"#));
    assert!(after >= before + 600.0, "{before} {after}");
    let target = "arn:aws:iot:us-east-1:123456789012:thing/MyThing";
    let timed =
        json!({"targets": [target], "document": "{}", "timeoutConfig": {"inProgressTimeoutInMinutes": 5}});
    assert_eq!(control(&serve, "PUT", "/jobs/Timed", &timed.to_string()).status, 200);
    request(&serve, "iot-jobs-data", "PUT", "/things/MyThing/jobs/$next", "{}");
    let status = || {
        let described = control(&serve, "GET", "/things/MyThing/jobs/Timed", "");
        described.json()["execution"]["status"].as_str().unwrap().to_owned()
    };
    request(&serve, "", "POST", "/_sandbox/clock", r#"{"advance":"4m 59s"}"#);
    assert_eq!(status(), "IN_PROGRESS");
    request(&serve, "", "POST", "/_sandbox/clock", r#"{"advance":"1m"}"#);
    assert_eq!(status(), "TIMED_OUT");
    for wrong in ["", "{}", r#"{"advance":"-1m"}"#, r#"{"advance":600}"#, r#"{"advance":"1000years"}"#] {
        assert_eq!(
            request(&serve, "", "POST", "/_sandbox/clock", wrong).refusal(),
            "InvalidRequestException"
        );
    }
    for (method, path) in [("PUT", "/_sandbox/clock"), ("GET", "/_sandbox/"), ("GET", "/_sandbox/../jobs")] {
        assert_eq!(request(&serve, "", method, path, "").refusal(), "UnknownOperationException");
    }
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    let serve = Serve::start();
    for path in
        ["/", "/jobs/", "//jobs", "/jobs//things", "/../etc/passwd", "/jobs/../jobs", "/%2Fjobs", "/JOBS"]
    {
        let refused = control(&serve, "GET", path, "");
        let expected = ["UnknownOperationException", "InvalidRequestException", "ResourceNotFoundException"];
        assert!(expected.contains(&refused.refusal()), "{path}: {refused:?}");
        assert!(refused.body.len() < 500, "{path}: {refused:?}");
    }
    for path in ["/jobs/%00", "/jobs/%ff%fe", "/jobs/a%0d%0ax-evil:%201", "/jobs/%E2%80%AEx", "/jobs/.."] {
        let refused = control(&serve, "GET", path, "");
        assert_eq!((refused.status, refused.refusal()), (400, "InvalidRequestException"), "{path}");
        assert_eq!(refused.header("x-evil"), None);
    }
    let long = control(&serve, "GET", &format!("/jobs/{}", "x".repeat(20_000)), "");
    assert_eq!(long.refusal(), "InvalidRequestException");
    assert!(long.body.len() < 5000, "a refusal does not repeat everything: {}", long.body.len());
    for path in
        ["jobs/J?force=maybe", "jobs/J?force", "jobs/J?force=true&force=", "things/T?expectedVersion=1e3"]
    {
        let refused = control(&serve, "DELETE", &format!("/{path}"), "");
        assert_eq!((refused.status, refused.refusal()), (400, "SerializationException"), "{path}");
    }
}

#[test]
fn bodies_that_make_no_sense_are_refused_in_one_line() {
    let serve = Serve::start();
    let deep = format!("{{\"document\":{}", "[".repeat(300_000));
    let cases: [(&str, &str); 8] = [
        ("{", "the body is not valid JSON: "),
        ("[]", "the body is not a JSON object"),
        ("\"x\"", "the body is not a JSON object"),
        (r#"{"targets":"MyThing"}"#, "Unexpected field type"),
        (r#"{"targets":[1]}"#, "NUMBER_VALUE cannot be converted to String"),
        (r#"{"document":{"a":1}}"#, "Start of structure or map found where not expected"),
        (
            r#"{"timeoutConfig":{"inProgressTimeoutInMinutes":"5"}}"#,
            "STRING_VALUE cannot be converted to Long",
        ),
        (&deep, "the body is not valid JSON: it is nested too deeply"),
    ];
    for (body, message) in cases {
        let refused = control(&serve, "PUT", "/jobs/Job1", body);
        assert_eq!((refused.status, refused.refusal()), (400, "SerializationException"));
        let said = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with(message), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
    let twice = r#"{"document":"{}","unknown":{"x":[1,2]},"targets":["arn:aws:iot:us-east-1:123456789012:thing/MyThing"],"description":null}"#;
    assert_eq!(control(&serve, "PUT", "/jobs/Job1", twice).status, 200, "unknown members are ignored");
    let large = format!("{{\"document\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let refused = control(&serve, "PUT", "/jobs/Job2", &large);
    assert_eq!((refused.status, refused.refusal()), (413, "InvalidRequestException"));
    let chunked = b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    assert_eq!(exchange(serve.http, chunked).unwrap().refusal(), "InvalidRequestException");
}

#[test]
fn five_thousand_silent_connections_keep_nobody_waiting() {
    // A thousand are for the tests beside this one.
    if !may_open(6000) {
        return;
    }
    let serve = Serve::start();
    let mut crowd = Vec::new();
    for number in 0..5000 {
        let mut stream = connect(serve.http);
        // Some say nothing, some stop within the headers, some within the body.
        let start: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /jobs HTTP/1.1\r\nhost: localhost\r\n",
            _ => b"PUT /jobs/J HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{",
        };
        let _ = stream.write_all(start);
        crowd.push(stream);
        // An answer also shows that all before it were accepted: the queue of the system is short.
        if number % 250 == 0 {
            assert_eq!(control(&serve, "GET", "/things/MyThing", "").status, 200, "after {number}");
        }
    }
    assert_eq!(create_job(&serve, "Job1").status, 200);
    // The service keeps a bounded number of them; the end of the others comes in its own time.
    let begun = Instant::now();
    while crowd.len() > 256 {
        assert!(begun.elapsed() < DEADLINE, "{} connections are open", crowd.len());
        crowd.retain_mut(|stream| {
            stream.set_nonblocking(true).unwrap();
            match stream.read(&mut [0; 64]) {
                Ok(count) => count > 0,
                Err(error) => error.kind() != ErrorKind::ConnectionReset,
            }
        });
    }
}

#[test]
fn clients_that_never_read_keep_nobody_waiting() {
    let serve = Serve::start();
    create_job(&serve, "Job1");
    let request = b"GET /jobs/Job1 HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(1000);
    let mut deaf: Vec<TcpStream> = (0..5).map(|_| connect(serve.http)).collect();
    for stream in &mut deaf {
        stream.set_nonblocking(true).unwrap();
        // What the system keeps for the client fills up the sooner.
        socket2::SockRef::from(&*stream).set_recv_buffer_size(4096).unwrap();
        // Until the service takes no more, however often it is given the time to.
        let mut refused = 0;
        for _ in 0..1000 {
            match stream.write(&request) {
                Ok(_) => refused = 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock && refused < 2 => refused += 1,
                Err(_) => break,
            }
            assert_eq!(control(&serve, "GET", "/things/MyThing", "").status, 200);
        }
        assert!(refused > 0, "the service takes requests without end");
    }
}
