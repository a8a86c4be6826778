//! What `serve --dir` knows outlives it, and what it cannot keep it does not answer.

use std::fs;
use std::io::{self, Write as _};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Namespace, Process, Sandbox, Serve};

#[track_caller]
fn made(serve: &Serve, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = serve.call(method, path, &body.to_string());
    assert_eq!(status, 200, "{path}: {answer}");
    serde_json::from_str(&answer).unwrap_or_default()
}

/// What the HTTP port shows of all that was made.
fn everything(serve: &Serve) -> Vec<Value> {
    let paths =
        ["/things", "/thing-groups", "/jobs", "/jobs/Job1", "/jobs/Job2", "/certificates", "/policies"];
    let more = ["/job-templates", "/event-configurations", "/jobs/Job1/things", "/thing-groups/G/things"];
    paths.iter().chain(&more).map(|path| serve.get(path)).collect()
}

#[test]
fn all_that_it_knew_is_found_again_however_it_ended() {
    let serve = Serve::with(&["--thing", "MyThing"]);
    made(&serve, "POST", "/thing-groups/G", &json!({}));
    made(&serve, "POST", "/things/Pump", &json!({"attributePayload": {"attributes": {"a": "b"}}}));
    made(
        &serve,
        "PUT",
        "/thing-groups/addThingToThingGroup",
        &json!({"thingGroupName": "G", "thingName": "Pump"}),
    );
    made(&serve, "POST", "/keys-and-certificate?setAsActive=true", &json!({}));
    made(
        &serve,
        "PATCH",
        "/event-configurations",
        &json!({"eventConfigurations": {"JOB": {"Enabled": true}}}),
    );
    let group = made(&serve, "GET", "/thing-groups/G", &json!({}))["thingGroupArn"].clone();
    let job = json!({"targets": [group], "document": "{}", "targetSelection": "CONTINUOUS"});
    made(&serve, "PUT", "/jobs/Job2", &job);
    let script = [
        r#"create-job Job1 {"ToDo":"Reboot"} --timeout-minutes 30"#,
        "start-next-pending-job-execution",
        r#"update-job-execution Job1 IN_PROGRESS --status-details {"step":"1"}"#,
        "clock +10m",
    ];
    let script = script.iter().flat_map(|command| ["-c", command]);
    serve.client().args(script).stderr_any().run();
    let (before, clock) = (everything(&serve), serve.get("/_sandbox/clock")["now"].as_f64().unwrap());

    let mut serve = serve.killed();
    let said = serve.process.stderr_until("state.db");
    assert!(said.contains("local service: found 2 things, 2 jobs in "), "{said}");
    assert_eq!(everything(&serve), before);
    assert!(serve.get("/_sandbox/clock")["now"].as_f64().unwrap() >= clock);
    serve.client().args(["-c", "update-job-execution Job1 SUCCEEDED --expected-version 3"]).run();
    let before = everything(&serve);

    // Ended in order, there is one file without a log.
    let mut serve = serve.again(&["--thing", "Valve"]);
    assert_eq!(&everything(&serve)[1..5], &before[1..5]);
    let things = serve.get("/things").to_string();
    assert!(things.contains("Valve") && things.contains("Pump"), "{things}");
    // Nobody else's account.
    let dir = serve.dir().display().to_string();
    serve.process.signal(Signal::SIGTERM);
    serve.process.wait();
    let other = Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir", &dir]);
    let other = other.args(["--account", "111111111111"]).status(3).stdout("").stderr("error: [..]");
    let said = other.run().stderr;
    assert!(said.contains("state.db keeps the account 123456789012 in us-east-1: start with"), "{said}");
}

/// A session keeps the identity of its folder, and with `--keep` the rest too.
#[test]
fn a_session_keeps_what_it_is_told_to() {
    let session = |args: &[&str]| Sandbox::new().args(["--dir", "service"]).args(args).stderr_any();
    let kept = session(&["--keep", "-c", "list-jobs", "-c", r#"create-job Job1 {"a":1}"#]);
    let first = kept.run();
    assert!(!first.stderr.contains("found"), "{}", first.stderr);
    let again = kept.status(1).run();
    assert!(again.stderr.contains("found 1 thing, 1 job in "), "{}", again.stderr);
    assert!(again.stderr.contains("ResourceAlreadyExistsException"), "{}", again.stderr);
    let forgetful = session(&["-c", r#"create-job Job1 {"a":1}"#]);
    forgetful.run();
    forgetful.run();

    let several = Sandbox::new().args(["--dir", "service", "--keep", "-f", "a.jobs", "-f", "b.jobs"]);
    several
        .status(2)
        .stdout("")
        .stderr("error: each of several -f begins on an empty local service[..]")
        .run();
    for args in [&["--keep", "-c", "help"][..], &["serve", "--in-memory"]] {
        let refused = Sandbox::new().args(args).status(2).stdout("").stderr_any().run();
        assert!(refused.stderr.contains("--dir"), "{}", refused.stderr);
    }
}

#[test]
fn where_its_folder_is_gone_it_ends() {
    let mut serve = Serve::start();
    fs::remove_dir_all(serve.dir()).unwrap();
    let (status, answer) = serve.call("POST", "/things/T", "{}");
    assert_eq!(status, 500, "{answer}");
    assert!(answer.contains("state.db is gone"), "{answer}");
    let finished = serve.process.wait();
    assert_eq!(finished.status.code(), Some(3));
    let said = "state.db is gone: it was removed or replaced under way: nothing more is answered\n";
    assert!(finished.stderr.ends_with(said), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("state.db").count(), 1, "{}", finished.stderr);
}

#[test]
fn on_a_full_disk_it_ends_and_all_that_it_answered_is_found_again() {
    let Some(namespace) = Namespace::new() else { return };
    let sandbox =
        || Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir", "service"]);
    let full = sandbox();
    let setup = "mkdir service kept\nmount -t tmpfs -o size=400k,mode=700 none service\n\"$0\" \"$@\" || status=$?\n\
                 cp -p service/* service/.jobs-sandbox kept\nexit $status";
    let process = Process::spawn(&mut namespace.command(setup, &full));
    let mut serve = Serve::ready(process, full);
    let mut things = 0;
    let attributes = json!({"attributePayload": {"attributes": {"a": "x".repeat(800)}}}).to_string();
    let refused = loop {
        let (status, answer) = serve.call("POST", &format!("/things/T{things}"), &attributes);
        if status != 200 {
            break answer;
        }
        things += 1;
        assert!(things < 5000, "the disk is never full");
    };
    assert!(refused.contains("state.db: No space left on device"), "{refused}");
    let finished = serve.process.wait();
    assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("state.db: No space left on device: nothing more is answered"),
        "{}",
        finished.stderr
    );

    let serve = serve.in_folder("kept");
    let found = serve.get("/_sandbox/health")["counts"]["things"].as_u64().unwrap();
    // MyThing is there too. What was refused may be kept all the same.
    assert!(found == things + 1 || found == things + 2, "{found} of {things}");
}

/// As on a full disk, without a disk that is full: where a limit does not kill it, a write fails.
#[test]
fn where_no_file_may_grow_further_it_says_so_and_ends() {
    let mut serve = Serve::run(Sandbox::new().file_blocks(400), &[]);
    let large = json!({"attributePayload": {"attributes": {"a": "x".repeat(800)}}}).to_string();
    // It may end between two requests.
    let is_made = |thing| -> io::Result<bool> {
        let mut stream = TcpStream::connect(serve.http)?;
        let head = format!("POST /things/T{thing} HTTP/1.1\r\nhost: localhost\r\nconnection: close");
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{large}", large.len())?;
        Ok(io::read_to_string(stream)?.starts_with("HTTP/1.1 200 "))
    };
    assert!((0..1000).any(|thing| !is_made(thing).unwrap_or(false)), "the limit is not reached");
    let finished = serve.process.wait();
    assert_eq!(finished.status.code(), Some(3), "{}\n{}", finished.status, finished.stderr);
    let said = ": File too large: nothing more is answered\n";
    assert!(finished.stderr.ends_with(said), "{}", finished.stderr);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let Some(namespace) = Namespace::new() else { return };
    let sandbox = Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir", "service"]);
    let mut writable = sandbox.spawn();
    writable.stdout_until("ready");
    writable.signal(Signal::SIGTERM);
    writable.wait();
    let setup = "mount --bind service service\nmount -o remount,bind,ro service";
    let finished = Process::spawn(&mut namespace.command(setup, &sandbox)).finish();
    assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
    let said = "Read-only file system: name another folder with --dir";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
}
