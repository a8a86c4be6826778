//! The clock of a `serve` that a session is attached to: it moves as the session's own does.

use crate::support::{Process, Sandbox, Serve};

/// A job execution that times out after five minutes, then the clock.
const SCRIPT: [&str; 8] = [
    "-c",
    r#"create-job Job1 {"ToDo":"Reboot"} --timeout-minutes 5"#,
    "-c",
    "start-next-pending-job-execution",
    "-c",
    "clock next",
    "-c",
    "expect JobExecutionsChangedEvent jobs.IN_PROGRESS=absent",
];

/// What the clock said, which is one line of JSON.
#[track_caller]
fn clock(stdout: &str) -> serde_json::Value {
    let line =
        stdout.lines().find(|line| line.contains(r#""title":"Clock""#)).unwrap_or_else(|| panic!("{stdout}"));
    serde_json::from_str::<serde_json::Value>(line).unwrap()["body"].clone()
}

/// By its env file, with the key that it asks for there.
#[test]
fn attached_it_goes_to_the_next_timer_and_says_which() {
    let serve = Serve::with(&["--require-key"]);
    let mut command = serve.shell(env!("CARGO_BIN_EXE_jobs-sandbox"));
    let finished = Process::spawn(command.arg("--json").args(SCRIPT)).finish();
    assert!(finished.status.success(), "{}", finished.stderr);
    let timer = &clock(&finished.stdout)["timer"];
    assert_eq!(timer["does"], "times out a job execution");
    assert_eq!((&timer["jobId"], &timer["thingName"]), (&"Job1".into(), &"MyThing".into()));

    let mut command = serve.shell(env!("CARGO_BIN_EXE_jobs-sandbox"));
    let again = Process::spawn(command.arg("--json").args(["-c", "clock +10m"])).finish();
    assert!(again.status.success(), "{}", again.stderr);
    let moved = clock(&again.stdout)["timestamp"].as_f64().unwrap();
    assert!(moved >= clock(&finished.stdout)["timestamp"].as_f64().unwrap() + 600.0);
}

#[test]
fn in_local_mode_it_goes_to_the_next_timer_too() {
    let output = Sandbox::json().args(SCRIPT).run();
    assert_eq!(clock(&output.stdout)["timer"]["jobId"], "Job1");
}

#[test]
fn where_no_timer_runs_it_stays() {
    let refused = Sandbox::new().args(["-c", "clock next"]).stderr_any().status(1).run();
    assert!(refused.stderr.contains("no timer runs: nothing is due"), "{}", refused.stderr);
}

/// No request goes to a place that nobody named.
#[test]
fn where_the_http_port_is_not_known_that_is_said() {
    let serve = Serve::start();
    let sandbox = serve.client().without("--control-endpoint-url").env("AWS_EC2_METADATA_DISABLED", "true");
    let output =
        sandbox.env("HTTPS_PROXY", "http://127.0.0.1:9").args(["-c", "clock"]).stderr_any().status(1).run();
    assert!(output.stderr.contains("give --control-endpoint-url http://HOST:PORT"), "{}", output.stderr);
}
