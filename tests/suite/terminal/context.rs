//! What an answer belongs to: which command, which line, which time, which server.

use std::io::{Read as _, Write as _};

use serde_json::Value;

use super::screen::{Setup, Terminal, last_line};
use super::{aws_mode, home, session};
use crate::support::{Sandbox, Serve, connect, pattern};

#[test]
fn a_pasted_block_shows_each_command_and_names_the_line_of_an_error() {
    let home = home();
    let plain = Setup { args: &["--color", "never"], ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &plain);
    terminal
        .press("\x1b[200~create-job A {}\n# a comment\nexpect CreateJobResponse jobId=B\nnope\n\x1b[201~\r");
    terminal.wait_for_outputs("line 4: unknown command", 1);
    let raw = terminal.raw();
    let place = |text: &str| raw.find(text).unwrap_or_else(|| panic!("no {text} in {raw}"));
    let shown = [
        "\n> create-job A {}",
        "─── CreateJobResponse",
        "\n> expect Create",
        "line 3:",
        "\n> nope",
        "line 4:",
    ];
    let places: Vec<usize> = shown.iter().map(|text| place(text)).collect();
    assert!(places.is_sorted(), "{places:?} in {raw}");
    // The prompt after the block must not be taken for the one after the next command.
    terminal.wait_for("the next prompt", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.command("nope");
    assert!(terminal.screen().contains("error: unknown command"), "{}", terminal.screen());
}

#[test]
fn an_unfinished_document_says_that_it_goes_on() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("create-job Job1 {\r");
    terminal.wait_for("the hint", |screen| screen.contains("the JSON goes on here; Ctrl-C discards it"));
    terminal.press("}");
    terminal.wait_for("the text in its place", |screen| !screen.contains("the JSON goes on"));
}

#[test]
fn status_tells_the_server_and_who_one_is_there() {
    let status = |sandbox: Sandbox| -> Value {
        let output = sandbox.args(["--json", "--client-id", "test-me", "-c", "status"]).run();
        let [status] = &output.messages()[..] else { panic!("{}", output.stdout) };
        assert_eq!((status.r#type.as_str(), status.title.as_str()), ("response", "Status"));
        status.value()
    };
    let serve = Serve::start();
    let there = status(serve.client());
    for (member, value) in [
        ("mode", "local service of another process"),
        ("endpoint", &format!("localhost:{}", serve.mqtt.port())),
        ("thing", "MyThing"),
        ("region", "us-east-1"),
        ("account", "123456789012"),
        ("clientId", "test-me"),
    ] {
        assert_eq!(there[member], value, "{member}");
    }
    assert!(there["roundTripMillis"].is_number(), "{there}");
    assert_eq!(status(Sandbox::new())["mode"], "local");
}

fn advance_clock(service: &Serve, by: &str) {
    let body = format!("{{\"advance\":\"{by}\"}}");
    let head = format!("POST /_sandbox/clock HTTP/1.1\r\nhost: {}\r\nconnection: close", service.http);
    let mut stream = connect(service.http);
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// On a service whose clock is not this machine's.
#[test]
fn times_are_as_long_ago_as_when_the_message_was_sent() {
    let (home, service) = (home(), Serve::start());
    let args = aws_mode(&service, &service.url(), &["--color", "never"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let env = &[("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let mut terminal = Terminal::start(home.path(), &Setup { args: &args, env, ..Setup::default() });
    advance_clock(&service, "3h");
    terminal.command("create-job Job1 {}");
    terminal.wait_for_outputs("─── NextJobExecutionChangedEvent ───", 1);
    let raw = terminal.raw();
    assert!(raw.contains("(now)") && !raw.contains("(in "), "{raw}");
    // The control plane does not say when it answered; somebody else has moved the clock meanwhile.
    advance_clock(&service, "2h");
    terminal.command("describe-job Job1");
    let raw = terminal.raw();
    assert!(raw.contains("(2 h ago)") && !raw.contains("(in "), "{raw}");
}

#[test]
fn the_trace_shows_the_bodies_of_calls() {
    let output =
        Sandbox::new().script("trace on\ncreate-job Job1 {\"ToDo\":\"Reboot\"}\n").stderr_any().run();
    for line in [
        "-> PUT http://[..]/jobs/Job1 {[..]\"document\":\"{\\\"ToDo\\\":\\\"Reboot\\\"}\"[..]}",
        "<- 200, request id [..], after [..] ms {[..]\"jobId\":\"Job1\"[..]}",
    ] {
        let is_there = output.stderr.lines().any(|shown| pattern::matches(line, shown));
        assert!(is_there, "no {line} in {}", output.stderr);
    }
}

#[test]
fn next_is_for_describe_alone() {
    let output = Sandbox::new().script("update-job-execution $next SUCCEEDED\n").status(1).stderr_any().run();
    let told = "update-job-execution: $next is for describe-job-execution, which shows the id to use here; ";
    assert!(output.stderr.contains(told), "{}", output.stderr);
}
