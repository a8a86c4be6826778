//! The examples of the library, run as their users run them.

use std::path::Path;
use std::process::Command;

use crate::support::{Process, Serve};

/// Where `cargo test` puts an example, beside the program.
fn example(name: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_jobs-sandbox")).with_file_name("examples").join(name);
    assert!(program.is_file(), "cargo test builds {}, and so does cargo build --examples", program.display());
    Command::new(program)
}

#[test]
fn a_device_carries_out_what_is_pending() {
    let serve = Serve::start();
    serve.client().args(["-c", r#"create-job Job1 {"ToDo":"Reboot"}"#, "-c", "create-job Job2 {}"]).run();
    let finished = Process::spawn(&mut serve.shell(example("device").get_program())).finish();
    assert!(finished.status.success(), "{}", finished.stderr);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines[..3], ["0 in progress, 2 queued", r#"Job1: {"ToDo":"Reboot"}"#, "Job2: {}"]);
    assert!(lines[3..].iter().all(|line| line.ends_with("/jobs/notify-next")), "{lines:?}");
    let job = serve.client().args(["--json", "-c", "describe-job Job2"]).run();
    assert!(job.stdout.contains(r#""status":"COMPLETED""#), "{}", job.stdout);
}

#[test]
fn an_executor_carries_out_what_is_pending_whatever_comes_in_between() {
    let serve = Serve::start();
    serve
        .client()
        .args([
            "-c",
            r#"create-job Job1 {"ToDo":"Reboot"}"#,
            "-c",
            "fault add reset --on update --status SUCCEEDED",
        ])
        .run();
    let finished = Process::spawn(&mut serve.shell(example("executor").get_program())).finish();
    assert!(finished.status.success(), "{}", finished.stderr);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines[..2], ["Job1: begins, execution 1", r#"Job1: {"ToDo":"Reboot"}"#]);
    assert!(lines.ends_with(&["Job1: SUCCEEDED", "NothingPending"]), "{lines:?}");
    let script = "describe-job-execution Job1 --control-plane
expect DescribeJobExecutionResponse execution.status=SUCCEEDED execution.statusDetails.detailsMap={\"percent\":\"100\"}";
    serve.client().script(script).run();
}

#[test]
fn a_rust_test_has_the_service_in_its_own_process() {
    let finished = Process::spawn(&mut example("local_service")).finish();
    assert!(finished.status.success(), "{}", finished.stderr);
    assert_eq!(
        finished.stdout.lines().next(),
        Some("created arn:aws:iot:us-east-1:123456789012:job/Job1"),
        "{}",
        finished.stdout
    );
}
