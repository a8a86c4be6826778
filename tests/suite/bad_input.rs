//! Scripts that no one should write, and pipes that close: always a clear line, never a panic.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::{Message, Output, Process, Sandbox};

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
    let errors = errors(every_byte);
    assert!(!errors.is_empty());
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

/// Ctrl-C, or a CI system that has waited long enough: the report is written, and nothing is left behind.
#[test]
fn a_signal_ends_a_script_with_130() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let sandbox = Sandbox::json().args(["--junit", "report.xml"]);
        let mut process = sandbox.spawn();
        process.send("get-pending-job-executions\n");
        Message::parse(&process.stdout_line());
        process.signal(signal);
        assert_eq!(process.wait().status.code(), Some(130), "{signal}");
        let left: Vec<_> =
            fs::read_dir(sandbox.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["report.xml"], "{signal}");
        let report = fs::read_to_string(sandbox.path("report.xml")).unwrap();
        assert!(report.contains("get-pending-job-executions"), "{report}");
    }
}
