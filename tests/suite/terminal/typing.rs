//! What helps while a line is being typed: completion, hints, colors, history, lines that go on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::screen::{key, last_line};
use super::{home, session};

#[test]
fn tab_completes_commands_jobs_statuses_options_and_files() {
    let home = home();
    fs::write(home.path().join("document.json"), "{}").unwrap();
    let mut terminal = session(&home);
    terminal.create_job("Warehouse42");
    terminal.wait_for("the event", |screen| {
        screen.contains("NextJobExecutionChangedEvent") && last_line(screen) == "MyThing (1 pending)>"
    });
    for (typed, line) in [
        ("update-job-", "update-job-execution"),
        ("W", "update-job-execution Warehouse42"),
        ("S", "update-job-execution Warehouse42 SUCCEEDED"),
        ("--inc", "update-job-execution Warehouse42 SUCCEEDED --include-job-"),
        ("d", "update-job-execution Warehouse42 SUCCEEDED --include-job-document"),
    ] {
        terminal.press(typed);
        terminal.press(key::TAB);
        terminal.wait_for(line, |screen| last_line(screen).contains(&format!("> {line}")));
    }
    terminal.press(key::CTRL_C);
    terminal.wait_for("an empty prompt", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.press("create-job J file://doc\t");
    terminal.wait_for("the file", |screen| last_line(screen).ends_with("create-job J file://document.json"));
}

#[test]
fn hints_show_in_gray_what_comes_next() {
    let home = home();
    let mut terminal = session(&home);
    let gray = vt100::Color::Idx(8);
    terminal.press("create-job ");
    terminal.wait_for("the hint", |screen| last_line(screen).ends_with("<jobId> <jobDocument-as-JSON>"));
    terminal.wait_for_color("<jobId>", gray);
    terminal.press("Job1 {\"a\": 1}\r");
    terminal.wait_for("the answer", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.press("create-job J");
    terminal.wait_for("the line of the history", |screen| {
        last_line(screen).ends_with("create-job Job1 {\"a\": 1}")
    });
    terminal.wait_for_color("ob1 {", gray);
    terminal.press(key::RIGHT);
    terminal.press(" --retries 1");
    terminal.wait_for("the hint taken over", |screen| {
        last_line(screen).ends_with("create-job Job1 {\"a\": 1} --retries 1")
    });
}

#[test]
fn a_misspelled_command_is_red_before_enter() {
    let home = home();
    let mut terminal = session(&home);
    let red = vt100::Color::Idx(1);
    terminal.press("craete-job ");
    terminal.wait_for_color("craete-job", red);
    terminal.press("\r");
    terminal.wait_for("the error, folded between words", |screen| {
        screen.contains("did you mean create-job? (help lists the\ncommands)")
    });
    terminal.press("create-job J {\"a\": 1, \"b\": \"c\"}");
    terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("\"c\"}"));
    assert_ne!(terminal.color_of("create-job J"), red);
    assert_ne!(terminal.color_of("\"a\""), vt100::Color::Default);
    assert_ne!(terminal.color_of("\"a\""), terminal.color_of("\"c\""));
}

#[test]
fn an_unfinished_document_goes_on_on_the_next_line() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("create-job Job1 {\r\"ToDo\": \"Reboot\"\r}\r");
    terminal.wait_for("the answer", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.command("get-job-document Job1");
    let screen = terminal.screen();
    assert!(screen.contains("─── GetJobDocumentResponse ───\n{\n  \"ToDo\": \"Reboot\"\n}\n"), "{screen}");
    assert_ne!(terminal.color_of("\"ToDo\""), terminal.color_of("\"Reboot\""));
    // What is remembered is what was typed, line breaks included.
    terminal.command(r#"expect GetJobDocumentResponse document="{\n\"ToDo\": \"Reboot\"\n}""#);
    assert!(terminal.screen().contains("as expected"), "{}", terminal.screen());
}

#[test]
fn a_pasted_script_is_carried_out_command_by_command() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("\x1b[200~create-job A {}\n# a comment\ncreate-job B {}\n\x1b[201~\r");
    terminal.wait_for("both", |screen| last_line(screen) == "MyThing (2 pending)>");
    assert_eq!(terminal.raw().matches("─── CreateJobResponse ───").count(), 2);
}

#[test]
fn history_is_private_shared_and_leaves_out_what_begins_with_a_space() {
    let home = home();
    let mut first = session(&home);
    let mut second = session(&home);
    first.command("describe-job First");
    second.command("describe-job Second");
    first.command(" describe-job Secret");
    first.command("describe-job Third");
    for mut terminal in [first, second] {
        terminal.press("quit\r");
        assert_eq!(terminal.exit_code(), 0);
    }
    let file = home.path().join(".local/state/jobs-sandbox/history");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    for line in ["First", "Second", "Third"] {
        assert!(kept.contains(&format!("describe-job {line}")), "{kept}");
    }
    assert!(!kept.contains("Secret"), "{kept}");
    let mut third = session(&home);
    third.press(key::UP);
    third.wait_for("the last line", |screen| last_line(screen).ends_with("quit"));
    third.press(key::CTRL_C);
    third.wait_for("an empty prompt", |screen| last_line(screen) == "MyThing (0 pending)>");
    third.press(key::CTRL_R);
    third.press("Second");
    third.wait_for("the line found", |screen| last_line(screen).ends_with("describe-job Second"));
}

#[test]
fn a_job_that_is_not_found_is_no_longer_offered() {
    let home = home();
    let mut terminal = session(&home);
    terminal.create_job("Gone");
    terminal.create_job("Golf");
    terminal.wait_for_outputs("─── JobExecutionsChangedEvent ───", 2);
    terminal.operator("DELETE", "/jobs/Gone?force=true", "");
    terminal.command("describe-job Gone");
    terminal.press("describe-job Go\t");
    terminal.wait_for("the only job", |screen| last_line(screen).ends_with("> describe-job Golf"));
}
