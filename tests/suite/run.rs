//! `jobs-sandbox run`, with shell scripts for handlers.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::mosquitto::Mosquitto;
use crate::support::skip::skip;
use crate::support::{DEADLINE, Finished, Process, Sandbox, Serve, pattern, process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jobs-sandbox");

/// A service, and a folder for handlers and what they write.
struct Device {
    serve: Serve,
    folder: TempDir,
}

impl Device {
    /// With a handler that is a shell script.
    fn with(handler: &str) -> Self {
        let device = Self { serve: Serve::start(), folder: tempfile::tempdir().unwrap() };
        fs::write(device.path("handler"), format!("#!/bin/sh\n{handler}")).unwrap();
        fs::set_permissions(device.path("handler"), Permissions::from_mode(0o755)).unwrap();
        device
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// `jobs-sandbox run` with the variables of the env file.
    fn run(&self, options: &[&str]) -> Process {
        let mut command = self.serve.shell(PROGRAM);
        command.arg("run").args(options).args(["--", "./handler"]);
        Process::spawn(command.env("TMPDIR", self.folder.path()).current_dir(self.folder.path()))
    }

    #[track_caller]
    fn run_once(&self, code: i32) -> Finished {
        let finished = self.run(&["--once"]).finish();
        assert_eq!(finished.status.code(), Some(code), "{}", finished.stderr);
        finished
    }

    #[track_caller]
    fn create_job(&self, job: &str, document: &str) {
        let target = "arn:aws:iot:us-east-1:123456789012:thing/MyThing";
        let body = json!({ "targets": [target], "document": document }).to_string();
        let (status, answer) = self.serve.call("PUT", &format!("/jobs/{job}"), &body);
        assert_eq!(status, 200, "{answer}");
    }

    #[track_caller]
    fn cancel_job(&self, job: &str) {
        let (status, answer) = self.serve.call("PUT", &format!("/jobs/{job}/cancel?force=true"), "{}");
        assert_eq!(status, 200, "{answer}");
    }

    /// Where a job execution stands: its status and details.
    fn stands(&self, job: &str) -> Value {
        let execution = &self.serve.get(&format!("/things/MyThing/jobs/{job}"))["execution"];
        json!([execution["status"], execution["statusDetails"]["detailsMap"]])
    }

    /// Waits until nothing is left of the process whose id a handler has written into a file.
    #[track_caller]
    fn is_gone(&self, name: &str) {
        let id = self.read(name);
        let deadline = Instant::now() + DEADLINE;
        while !process::is_gone(id.trim()) {
            assert!(Instant::now() < deadline, "{name} {id} lives on");
            sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn each_job_execution_has_a_process_whose_end_says_how_it_went() {
    let device = Device::with(
        r#"echo "$JOB_ID" >> order
case $JOB_ID in
Good)
    cat > stdin && cmp stdin "$JOB_DOCUMENT" && ls -l "$JOB_DOCUMENT" | cut -c 1-10
    echo '::status {"step":1}'; echo '::status {"step":2,"is":true}'
    echo "$JOB_THING $JOB_EXECUTION_NUMBER $JOB_VERSION $JOB_STATUS_DETAILS"
    printf '\033[2Jtwo\n' >&2 ;;
Unfit) exit 64 ;;
Bad) echo '::status {"a":null}'; printf 'it\nbroke\n' >&2; exit 3 ;;
Killed) kill -9 $$ ;;
Full)
    echo '::status {"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}'
    echo broke >&2; exit 3 ;;
Flood) printf '::status {"a":"'; head -c 3000000 /dev/zero | tr '\0' x; echo '"}'
    head -c 3000000 /dev/zero | tr '\0' x ;;
Reboot)
    echo '::status {"at":"reboot"}'; echo "has $JOB_STATUS_DETAILS"
    case $JOB_STATUS_DETAILS in *resumed*) ;; *) exit 75 ;; esac ;;
esac
"#,
    );
    let document = format!(r#"{{"a":"{}"}}"#, "é".repeat(16_000));
    let jobs = ["Good", "Unfit", "Bad", "Killed", "Full", "Flood", "Reboot", "Last"];
    for job in jobs {
        device.create_job(job, &document);
    }
    let stderr = device.run_once(75).stderr;
    let mut lines = stderr.lines();
    for expected in [
        "connected to localhost:[..] as test-[..], for the jobs of MyThing",
        "Good: begins, execution 1",
        "Good| -rw-------",
        "Good| MyThing 1 2 {}",
        "Good: SUCCEEDED",
        "Bad: these status details are not sent: a is no string, number or boolean",
        "warning: Full: not sent, [..]: exitCode=3, stderr=broke",
        "Flood: these status details are not sent: their line is longer than 64 KiB",
        "Flood| xxx[..]xxx… ([..] bytes more)",
        "Reboot| has {}",
        "Reboot: stays IN_PROGRESS, for the next start",
    ] {
        assert!(lines.any(|line| pattern::matches(expected, line)), "{expected}\n{stderr}");
    }
    assert!(stderr.contains("Good| \\u{1b}[2Jtwo\n"), "{stderr}");
    assert_eq!(device.read("stdin"), document);
    assert_eq!(device.stands("Reboot"), json!(["IN_PROGRESS", {"at": "reboot"}]));

    let stderr = device.run_once(0).stderr;
    assert!(stderr.contains(r#"Reboot| has {"at":"reboot","resumed":"1"}"#), "{stderr}");
    assert_eq!(
        device.read("order").split_whitespace().collect::<Vec<_>>(),
        [&jobs[..7], &jobs[6..]].concat()
    );
    for (job, stands) in [
        ("Good", json!(["SUCCEEDED", {"step": "2", "is": "true"}])),
        ("Unfit", json!(["REJECTED", {}])),
        ("Bad", json!(["FAILED", {"exitCode": "3", "stderr": "it broke"}])),
        ("Killed", json!(["FAILED", {"signal": "SIGKILL"}])),
        ("Flood", json!(["SUCCEEDED", {}])),
        ("Reboot", json!(["SUCCEEDED", {"at": "reboot", "resumed": "1"}])),
        ("Last", json!(["SUCCEEDED", {}])),
    ] {
        assert_eq!(device.stands(job), stands, "{job}");
    }
    let left = fs::read_dir(device.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let documents = left.filter(|name| name.to_string_lossy().starts_with("job-"));
    assert_eq!(documents.count(), 0, "the files of the documents are removed");
}

#[test]
fn a_handler_is_asked_to_stop_and_then_made_to() {
    let device = Device::with(
        r#"echo $$ > "$JOB_ID"
case $JOB_ID in
Orphan) exec sleep 3600 ;;
Deaf*) trap '' TERM; sleep 3600 & echo $! > "$JOB_ID"; echo begun; wait ;;
*) trap 'echo asked; exit 1' TERM; echo begun; sleep 3600 & wait ;;
esac
"#,
    );
    for job in ["Heeds", "Ends"] {
        device.create_job(job, "{}");
    }
    let mut run = device.run(&["--grace", "1m"]);
    run.stderr_until("Heeds| begun");
    device.cancel_job("Heeds");
    run.stderr_until("Heeds: SIGTERM to the handler, which has 1m");
    run.stderr_until("Heeds| asked");
    run.stderr_until("Heeds: stops, it was canceled");
    run.stderr_until("Ends| begun");
    run.signal(Signal::SIGTERM);
    run.stderr_until("Ends| asked");
    assert_eq!(run.wait().status.code(), Some(0));
    assert_eq!(device.stands("Ends")[0], "IN_PROGRESS");
    device.is_gone("Ends");

    device.cancel_job("Ends");
    device.create_job("Deaf", "{}");
    let mut run = device.run(&["--grace", "300ms"]);
    run.stderr_until("Deaf| begun");
    device.cancel_job("Deaf");
    run.stderr_until("Deaf: the handler has not ended within 300ms: SIGKILL");
    run.stderr_until("Deaf: stops, it was canceled");
    device.is_gone("Deaf");
    run.signal(Signal::SIGTERM);
    assert_eq!(run.wait().status.code(), Some(0));

    device.create_job("Deaf2", "{}");
    let mut run = device.run(&["--grace", "1m"]);
    run.stderr_until("Deaf2| begun");
    run.signal(Signal::SIGINT);
    run.stderr_until("Deaf2: SIGTERM to the handler");
    run.signal(Signal::SIGINT);
    assert_eq!(run.wait().status.code(), Some(130));
    device.is_gone("Deaf2");

    if !cfg!(target_os = "linux") {
        return skip("the handler goes on here when we are killed");
    }
    device.cancel_job("Deaf2");
    device.create_job("Orphan", "{}");
    let mut run = device.run(&[]);
    run.stderr_until("Orphan: begins");
    while device.read("Orphan").is_empty() {
        sleep(Duration::from_millis(5));
    }
    run.signal(Signal::SIGKILL);
    run.wait();
    device.is_gone("Orphan");
}

/// Who stops a service may signal all of its processes: then the handler may be gone before we hear of it.
#[test]
fn a_handler_that_the_same_signal_has_ended_has_not_failed() {
    let device = Device::with("echo $$ > id; echo begun; exec sleep 3600");
    device.create_job("J", "{}");
    let mut run = device.run(&[]);
    run.stderr_until("J| begun");
    let handler = Pid::from_raw(device.read("id").trim().parse().unwrap());
    run.signal(Signal::SIGSTOP);
    signal::kill(handler, Signal::SIGTERM).unwrap();
    device.is_gone("id");
    run.signal(Signal::SIGTERM);
    run.signal(Signal::SIGCONT);
    let finished = run.wait();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    assert_eq!(device.stands("J")[0], "IN_PROGRESS", "{}", finished.stderr);
}

/// The test is the service, and does not answer the update, which has reached it.
#[test]
fn it_asks_no_more_of_a_service_than_aws_describes() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let service = mosquitto.service();
    let port = mosquitto.port.to_string();
    let mut sandbox =
        Sandbox::new().args(["run", "--endpoint", "localhost", "--port", &port, "--thing", "MyThing"]);
    for (option, file) in [("--cert", "cert.pem"), ("--key", "key.pem"), ("--ca-file", "ca.pem")] {
        sandbox = sandbox.arg(option).arg(mosquitto.file(file));
    }
    let sandbox = sandbox.args(["--once", "--timeout", "5s", "--", "grep", "Reboot"]);
    let mut run = sandbox.spawn();
    let list = service.request();
    service.publish("get/accepted", list.list(&["J"]));
    let next = service.request();
    assert_eq!(next.topic, "start-next");
    let execution = json!({
        "jobId": "J", "status": "IN_PROGRESS", "queuedAt": 1, "startedAt": 1, "lastUpdatedAt": 1,
        "versionNumber": 2, "executionNumber": 1, "jobDocument": {"ToDo": "Reboot"},
    });
    let started = json!({"clientToken": next.token(), "timestamp": 1, "execution": execution});
    service.publish("start-next/accepted", started.to_string());
    let update = service.request();
    let asked =
        (&update.payload["status"], &update.payload["expectedVersion"], &update.payload["executionNumber"]);
    assert_eq!((&*update.topic, asked), ("J/update", (&json!("SUCCEEDED"), &json!(2), &json!(1))));
    let again = service.request();
    assert_eq!(again.payload["expectedVersion"], 2);
    let refused = json!({
        "clientToken": again.token(), "timestamp": 1, "code": "VersionMismatch", "message": "version 3",
        "executionState": {"status": "SUCCEEDED", "statusDetails": {}, "versionNumber": 3},
    });
    service.publish("J/update/rejected", refused.to_string());
    let finished = run.wait();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    assert!(finished.stderr.ends_with("\nJ: SUCCEEDED\n"), "{}", finished.stderr);
}

#[test]
fn what_it_cannot_do_without_is_told_before_it_connects() {
    let connection = ["--endpoint", "h", "--cert", "c", "--key", "k", "--thing", "T"];
    let asked =
        "run needs --endpoint, --cert, --key, --thing: give what is missing, or source the env file [..]";
    for (arguments, said) in [
        (vec!["run", "--", "sh"], asked),
        (vec!["run", "--once"], "run needs a program to carry out job executions: [..] run -- ./handler"),
        (vec!["run", "./handler"], "run starts what stands behind --: jobs-sandbox run -- './handler'"),
        (
            [&["run"], &connection[..], &["--", "./nowhere"]].concat(),
            "cannot execute the handler ./nowhere: No such file or directory",
        ),
        ([&["run"], &connection[..], &["--", "/"]].concat(), "cannot execute the handler /: is a directory"),
        (
            [&["run"], &connection[..6], &["--", "sh"]].concat(),
            "run needs --thing: give what is missing, [..]",
        ),
    ] {
        Sandbox::new().args(arguments).status(2).stdout("").stderr(format!("error: {said}")).run();
    }
}

/// Each time it is killed at a random moment; three times, or as often as `JOBS_SANDBOX_RUN_KILLS` says.
#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_is_done_twice_unsaid() {
    if !cfg!(target_os = "linux") {
        return skip("the handler goes on here when we are killed");
    }
    let kills: u64 = env::var("JOBS_SANDBOX_RUN_KILLS").map_or(3, |text| text.parse().unwrap());
    let seed = env::var("JOBS_SANDBOX_RUN_SEED")
        .map_or_else(|_| u64::from(std::process::id()), |text| text.parse().unwrap());
    println!("JOBS_SANDBOX_RUN_SEED={seed}");
    let device = Device::with("echo $$ > handler.pid; sleep 0.1; echo \"$JOB_ID\" >> done\n");
    let mut random = seed;
    for number in 0..kills {
        device.create_job(&format!("J{number}"), "{}");
        let mut run = device.run(&[]);
        // Knuth's constants; the high bits are the good ones.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        sleep(Duration::from_millis((random >> 33) % 600));
        run.signal(Signal::SIGKILL);
        run.wait();
        // It may have been killed before it had written that.
        if !device.read("handler.pid").is_empty() {
            device.is_gone("handler.pid");
        }
    }
    device.run_once(0);
    let done = device.read("done");
    for number in 0..kills {
        let job = format!("J{number}");
        let stands = device.stands(&job);
        assert_eq!(stands[0], "SUCCEEDED", "{job}");
        let times = done.lines().filter(|line| *line == job).count();
        let resumed: usize = stands[1]["resumed"].as_str().map_or(0, |count| count.parse().unwrap());
        assert!((1..=1 + resumed).contains(&times), "{job}: done {times} times, {stands}");
    }
}
