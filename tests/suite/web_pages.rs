//! A real browser at the HTTP port: whatever a page asks it to send, nothing of the service moves or is read.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::http::http_server;
use crate::support::peers::{installed, program};
use crate::support::{Serve, connect};

/// What a page of another origin tries, each a request that a browser sends without asking first.
const PAGE: &str = r#"<!doctype html><body><script>
const target = "TARGET", plain = { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" } };
const signed = "?X-Amz-Credential=x%2F20260101%2Fus-east-1%2Fiot-jobs-data%2Faws4_request";
Promise.allSettled([
  fetch(target + "/_sandbox/clock", { ...plain, body: '{"advance":"10m"}' }),
  fetch(target + "/keys-and-certificate", { ...plain, body: "" }),
  fetch(target + "/things/MyThing/jobs/Job1" + signed, { ...plain, body: '{"status":"REJECTED"}' }),
  fetch(target + "/things/MyThing/jobs/Job1" + signed).then(answer => answer.text()),
]).then(tried => document.body.textContent = "tried " + tried.map(one => one.status).join(" "));
</script>"#;

/// What the browser shows of a page once its scripts have run.
fn browse(browser: &Path, url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.arg("--host-resolver-rules=MAP *.example 127.0.0.1");
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.args(["--timeout=20000", "--dump-dom", url]);
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whichever of its names Chromium has here.
fn browser() -> Option<PathBuf> {
    installed("google-chrome")
        .or_else(|| installed("chromium"))
        .or_else(|| program("chromium-headless-shell"))
}

/// A request of a program, which names no page.
fn request(serve: &Serve, head: &str, body: &str) -> (String, String) {
    let mut stream = connect(serve.http);
    let length = body.len();
    let head = format!("{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

fn json(serve: &Serve, path: &str) -> Value {
    let (status, body) = request(serve, &format!("GET {path} HTTP/1.1\r\nhost: localhost"), "");
    assert_eq!(status, "200", "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let Some(browser) = browser() else { return };
    let serve = Serve::start();
    serve.client().args(["-c", r#"create-job Job1 {"secret":"document"}"#]).run();
    let before = json(&serve, "/_sandbox/clock")["now"].as_f64().unwrap();
    let target = serve.url();
    let page =
        http_server(move |_| (200, "content-type: text/html\r\n".into(), PAGE.replace("TARGET", &target)));
    // By the name and by the address: two origins, neither of them the service's.
    for origin in [format!("http://localhost:{}/", page.port()), format!("http://{page}/")] {
        let shown = browse(&browser, &origin);
        assert!(shown.contains("tried "), "the page did not come to its end: {shown}");
    }
    let after = json(&serve, "/_sandbox/clock")["now"].as_f64().unwrap();
    assert!(after - before < 300.0, "the clock was moved");
    assert_eq!(json(&serve, "/certificates")["certificates"].as_array().unwrap().len(), 1, "none was made");
    let execution = json(&serve, "/jobs/Job1/things");
    assert_eq!(execution["executionSummaries"][0]["jobExecutionSummary"]["status"], "QUEUED", "{execution}");
}

/// DNS rebinding: a page's own name leads to the service, which makes the two one origin.
#[test]
fn a_page_whose_name_is_led_here_reads_nothing() {
    let Some(browser) = browser() else { return };
    let serve = Serve::start();
    serve.client().args(["-c", r#"create-job Job1 {"secret":"document"}"#]).run();
    let port = serve.http.port();
    let shown = browse(&browser, &format!("http://rebound.example:{port}/jobs/Job1/job-document"));
    assert!(shown.contains("--hostname") && !shown.contains("secret"), "{shown}");
    // What a person types into the address bar is no page's doing.
    let shown = browse(&browser, &format!("http://localhost:{port}/_sandbox/health"));
    assert!(shown.contains("ok"), "{shown}");
}

#[test]
fn a_name_that_was_given_leads_in_and_stands_in_the_certificate() {
    let names = ["--hostname", "sandbox", "--hostname", ".compose.internal"];
    let serve = Serve::with(&names);
    let health = |host: &str| request(&serve, &format!("GET /_sandbox/health HTTP/1.1\r\nhost: {host}"), "");
    assert_eq!(health("sandbox:8080").0, "200");
    assert_eq!(health("a.compose.internal").0, "200");
    let (status, body) = health("elsewhere");
    assert_eq!(status, "403");
    assert!(body.contains("--hostname NAME"), "{body}");
    let env = std::fs::read_to_string(serve.file("env")).unwrap();
    // Here the name leads nowhere, and only programs of this host can connect.
    assert!(env.contains("export JOBS_SANDBOX_ENDPOINT=localhost\n"), "{env}");
    assert!(env.contains("localhost,127.0.0.1,sandbox,.compose.internal"), "{env}");
    let Some(openssl) = program("openssl") else { return };
    for (name, verified) in [("sandbox", true), ("a.compose.internal", true), ("elsewhere", false)] {
        let mut command = Command::new(&openssl);
        command.args(["s_client", "-brief", "-connect", &serve.mqtt.to_string(), "-verify_hostname", name]);
        command.arg("-CAfile").arg(serve.file("ca.pem")).arg("-verify_return_error");
        command.arg("-cert").arg(serve.file("cert.pem")).arg("-key").arg(serve.file("key.pem"));
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.contains("Verification: OK"), verified, "{name}: {said}");
    }
}
