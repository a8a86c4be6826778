//! Scripts that no one should write, and pipes that close: always a clear line, never a panic.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::{Finished, Message, Namespace, Output, Process, Sandbox, has_full_device, open_pipe};

/// The errors of a script that fails, each in one line.
#[track_caller]
fn errors(script: impl AsRef<[u8]>) -> Vec<(usize, String)> {
    let output = Sandbox::json().script(script).status(1).stderr_any().run();
    assert_clean(&output);
    let errors = output.messages().into_iter().filter(|message| message.r#type == "error");
    errors.map(|error| (error.line.unwrap(), error.value()["message"].as_str().unwrap().to_owned())).collect()
}

/// Nothing panicked, and nothing that could drive a terminal was printed.
#[track_caller]
fn assert_clean(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        assert!(!text.contains("panicked"), "{text}");
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    }
}

#[test]
fn an_unknown_command_is_named_with_its_line_and_the_script_goes_on() {
    let errors = errors("\nget-pending-jobs\nget-pending-job-executions extra\n");
    let [(2, unknown), (3, extra)] = &errors[..] else { panic!("{errors:?}") };
    assert!(
        unknown.contains("unknown command") && unknown.contains("get-pending-job-executions"),
        "{unknown}"
    );
    assert!(extra.contains("extra argument") && extra.contains("usage: "), "{extra}");
}

#[test]
fn bail_stops_at_the_first_error() {
    let output = Sandbox::json()
        .arg("--bail")
        .script("nonsense\nget-pending-job-executions\n")
        .status(1)
        .stderr_any()
        .run();
    assert_eq!(output.messages().len(), 1, "{}", output.stdout);
}

#[test]
fn a_script_that_ends_in_the_middle_of_a_document_names_the_line_it_began_on() {
    let errors = errors("get-pending-job-executions\ncreate-job Job1 {\"ToDo\":\n\n\"Reboot\"\n");
    let [(2, error)] = &errors[..] else { panic!("{errors:?}") };
    assert!(error.contains("not finished"), "{error}");
}

#[test]
fn a_document_may_span_lines() {
    let output =
        Sandbox::json().script("create-job Job1 {\"ToDo\":\n  \"Reboot\"\n}\nget-job-document Job1\n").run();
    let document = output.messages().pop().unwrap().value();
    assert_eq!(document["document"], "{\"ToDo\":\n  \"Reboot\"\n}");
}

#[test]
fn an_expect_with_a_broken_path_is_a_mistake_not_a_failure() {
    let errors = errors(
        "get-pending-job-executions\nexpect GetPendingJobExecutionsResponse inProgressJobs[=1\n! expect Nothing\n",
    );
    let [(2, path), (3, title)] = &errors[..] else { panic!("{errors:?}") };
    assert!(path.contains("inProgressJobs["), "{path}");
    assert!(title.contains("Nothing"), "{title}");
}

#[test]
fn binary_input_is_refused_line_by_line() {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    // The line feed among them makes two lines of it.
    let lines: Vec<usize> = errors(every_byte).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 2]);
}

#[test]
fn a_command_over_the_limit_is_refused_and_the_next_one_runs() {
    let mut script = b"create-job Job1 {\"".to_vec();
    script.resize(3 << 20, b'a');
    script.extend(b"\nget-pending-job-executions\n");
    let output = Sandbox::json().script(script).status(1).stderr_any().run();
    let titles: Vec<String> = output.messages().into_iter().map(|message| message.title).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(output.stdout.contains("1 MiB"), "{}", output.stdout);
    assert_eq!(titles[1], "GetPendingJobExecutionsResponse");
}

#[test]
fn empty_input_is_a_script_without_commands() {
    for script in ["", "\n", "# nothing", "\r\n\r\n"] {
        Sandbox::new().script(script).stdout("").run();
    }
}

/// `jobs-sandbox | head -n 1`
#[test]
fn a_closed_pipe_ends_the_run_quietly() {
    let sandbox = Sandbox::new().file("script", "get-pending-job-executions\n".repeat(1000));
    let program = sandbox.command();
    let mut piped = Command::new("bash");
    piped
        .args(["-c", r#""$0" -f script | head -n 1; exit "${PIPESTATUS[0]}""#])
        .arg(program.get_program())
        .current_dir(sandbox.home());
    let finished = Process::spawn(&mut piped).finish();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert_eq!(finished.stdout.lines().count(), 1);
    assert!(
        !finished.stderr.contains("error") && !finished.stderr.contains("panicked"),
        "{}",
        finished.stderr
    );
}

/// Ctrl-C, a CI system that has waited long enough, or a terminal that was closed: the report is written, and nothing
/// is left behind.
#[test]
fn a_signal_ends_a_script_with_130() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let sandbox = Sandbox::json().args(["--junit", "report.xml"]);
        let mut process = sandbox.spawn();
        process.send("get-pending-job-executions\n");
        Message::parse(&process.stdout_line());
        process.signal(signal);
        assert_ends_with_130(&sandbox, &mut process, signal);
    }
}

#[test]
fn a_signal_in_mid_command_ends_it_and_the_report_says_so() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let sandbox = Sandbox::new().args(["--echo", "--junit", "report.xml"]);
        let mut process = sandbox.spawn();
        process.send("get-pending-job-executions\nexpect JobExecutionsChangedEvent --within 1h\n");
        process.stdout_until("> expect");
        process.signal(signal);
        let report = assert_ends_with_130(&sandbox, &mut process, signal);
        assert!(report.contains(r#"<failure message="interrupted" type="Interrupted">"#), "{report}");
    }
}

/// Waits for the end; returns the report, which alone is left.
#[track_caller]
fn assert_ends_with_130(sandbox: &Sandbox, process: &mut Process, signal: Signal) -> String {
    assert_eq!(process.wait().status.code(), Some(130), "{signal}");
    let left: Vec<_> =
        fs::read_dir(sandbox.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["report.xml"], "{signal}");
    let report = fs::read_to_string(sandbox.path("report.xml")).unwrap();
    assert!(report.contains("get-pending-job-executions"), "{report}");
    report
}

/// Nothing is done whose report would be lost.
#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_done() {
    for (path, said) in [
        (".", "Is a directory"),
        ("nowhere/report.xml", "No such file or directory"),
        ("file/report.xml", "Not a directory"),
    ] {
        let sandbox = Sandbox::new().file("file", "").args(["--junit", path, "-c", "create-job J {}"]);
        sandbox.status(2).stdout("").stderr(format!("error: cannot write the report {path}: {said}\n")).run();
    }
    let Some(namespace) = Namespace::new() else { return };
    let sandbox = Sandbox::new().args(["--junit", "report.xml", "-c", "help"]);
    let read_only = "mkdir disk\nmount --bind . disk\nmount -o remount,bind,ro disk\ncd disk";
    let finished = Process::spawn(&mut namespace.command(read_only, &sandbox)).finish();
    let said = "error: cannot write the report report.xml: Read-only file system\n";
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(2), said));
}

#[test]
fn a_report_says_that_there_was_no_session() {
    let sandbox = Sandbox::new()
        .args(["--endpoint", "localhost", "--cert", "none.pem", "--key", "none.pem", "--thing", "T"])
        .args(["--junit", "report.xml", "-c", "help"])
        .status(2)
        .stderr_any();
    sandbox.run();
    let report = std::fs::read_to_string(sandbox.path("report.xml")).unwrap();
    assert!(report.contains(r#"<testcase name="-c" classname="-c""#), "{report}");
    assert!(
        report.contains(r#"<failure message="certificate file none.pem: there is no such file"#),
        "{report}"
    );
}

/// The commands have been carried out and shown; that the report is lost makes the run fail.
#[test]
fn a_report_for_which_the_disk_is_too_full_fails_the_run() {
    if !has_full_device() {
        return;
    }
    let full = Sandbox::new().args(["--junit", "/dev/full", "-c", "get-pending-job-executions"]).status(1);
    let output = full.stderr_any().run();
    let said = "\ncannot write /dev/full: No space left on device\n";
    assert_eq!(output.stderr.matches(said).count(), 1, "{}", output.stderr);
    assert!(output.stdout.contains("GetPendingJobExecutionsResponse"), "{}", output.stdout);
}

/// As with `> /dev/full`: what cannot be shown is not done in silence.
#[test]
fn output_for_which_the_disk_is_too_full_fails_the_run() {
    if !has_full_device() {
        return;
    }
    let sandbox =
        Sandbox::new().args(["-c", "get-pending-job-executions", "-c", "get-pending-job-executions"]);
    let mut program = Command::new("sh");
    let inner = sandbox.command();
    program.args(["-c", r#"exec "$0" "$@" > /dev/full"#]).arg(inner.get_program()).args(inner.get_args());
    let finished = Process::spawn(program.current_dir(sandbox.home())).finish();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("No space left on device\n").count(), 1, "{}", finished.stderr);
}

/// Runs `jobs-sandbox` with one of its standard streams as the shell's `redirection` says.
fn redirected(redirection: &str, arguments: &[&str]) -> Finished {
    let sandbox = Sandbox::new().args(arguments);
    let mut program = Command::new("sh");
    let inner = sandbox.command();
    program.args(["-c", &format!(r#"exec "$0" "$@" {redirection}"#)]);
    program.arg(inner.get_program()).args(inner.get_args());
    Process::spawn(program.current_dir(sandbox.home()).env("TMPDIR", sandbox.home())).finish()
}

#[test]
fn output_that_is_closed_fails_whatever_writes_to_it() {
    for arguments in [
        &["-c", "create-job J {}"][..],
        &["serve", "--mqtt-port", "0", "--http-port", "0"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let finished = redirected(">&-", arguments);
        assert_eq!(finished.status.code(), Some(1), "{arguments:?}: {}", finished.stderr);
        assert_eq!(finished.stderr.matches(": it is closed\n").count(), 1, "{}", finished.stderr);
        assert!(!finished.stderr.contains("the help"), "{}", finished.stderr);
    }
    assert_eq!(redirected(">/dev/null", &["-c", "create-job J {}"]).status.code(), Some(0));
}

#[test]
fn input_that_is_closed_is_no_empty_script() {
    let finished = redirected("<&-", &[]);
    assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
    assert_eq!(finished.stderr, "error: cannot read script stdin: it is closed\n");
    assert_eq!(redirected("<&-", &["-c", "help"]).status.code(), Some(0));
    assert_eq!(redirected("</dev/null", &[]).status.code(), Some(0));
}

#[test]
fn where_errors_cannot_be_shown_the_results_and_the_exit_code_tell() {
    let finished = redirected("2>&-", &["-c", "create-job J {}", "-c", "delete-job K"]);
    assert_eq!(finished.status.code(), Some(1));
    for title in ["CreateJobResponse", "DeleteJobRejected"] {
        assert!(finished.stdout.contains(title), "{}", finished.stdout);
    }
}

/// A pipe that nobody writes to, or a dead network mount.
#[test]
fn a_document_that_does_not_come_does_not_keep_ctrl_c_from_ending_the_script() {
    let sandbox = Sandbox::new().args(["-c", "create-job J file://doc"]);
    let pipe = sandbox.path("doc");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut process = sandbox.spawn();
    let _writer = open_pipe(&pipe);
    process.signal(Signal::SIGINT);
    assert_eq!(process.wait().status.code(), Some(130));
}
