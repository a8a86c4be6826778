//! How answers, help and events look at a terminal.

use super::screen::{Setup, Terminal, last_line};
use super::{home, session};

#[test]
fn tables_fit_the_terminal() {
    let home = home();
    for columns in [40, 80, 120] {
        let mut terminal = Terminal::start(home.path(), &Setup { columns, ..Setup::default() });
        terminal.create_job("Job1");
        terminal.wait_for("the event", |screen| {
            screen.contains("NextJobExecutionChangedEvent") && last_line(screen) == "MyThing (1 pending)>"
        });
        terminal.command("get-pending-job-executions --table");
        let screen = terminal.screen();
        let heading = screen.lines().position(|line| line.starts_with("status  ")).unwrap();
        let rows: Vec<&str> = screen.lines().skip(heading + 1).take(2).collect();
        // Nothing spills over into the next row.
        assert!(rows[0].starts_with("QUEUED  Job1") && rows[1].is_empty(), "{screen}");
        // Times in full where there is room, else how long ago.
        assert_eq!(rows[0].contains('Z'), columns == 120, "{screen}");
        terminal.command("list-jobs --table");
        assert!(terminal.screen().contains("IN_PROGRESS  Job1 "), "{}", terminal.screen());
    }
}

#[test]
fn an_event_of_many_jobs_shows_the_first_and_the_last() {
    let home = home();
    let mut terminal = session(&home);
    for number in 1..=6 {
        terminal.create_job(&format!("Job{number}"));
    }
    terminal.wait_for_outputs("─── JobExecutionsChangedEvent ───", 6);
    terminal.wait_for("the last event", |screen| {
        let event = screen.rsplit_once("─── JobExecutionsChangedEvent ───").map_or("", |(_, event)| event);
        event.contains("… 4 more") && event.contains("\"Job6\"") && !event.contains("\"Job5\"")
    });
    // What was asked for is whole.
    terminal.command("get-pending-job-executions");
    let screen = terminal.screen();
    assert!(screen.contains("\"Job5\"") && screen.contains("6 in all: 6 QUEUED"), "{screen}");
}

#[test]
fn a_person_is_told_that_nothing_is_pending() {
    let home = home();
    let mut terminal = session(&home);
    terminal.command("start-next-pending-job-execution");
    assert!(terminal.screen().contains("nothing is pending"), "{}", terminal.screen());
    terminal.command("create-job Job1 {}");
    terminal.command("start-next-pending-job-execution");
    assert_eq!(terminal.raw().matches("nothing is pending").count(), 1);
}

#[test]
fn help_in_json_has_no_colors() {
    let home = home();
    let args = ["--json", "--color", "always", "-c", "help quit"];
    let mut terminal = Terminal::launch(home.path(), &Setup { args: &args, ..Setup::default() });
    assert_eq!(terminal.exit_code(), 0);
    let raw = terminal.raw();
    assert!(raw.contains("\"title\":\"Help\"") && !raw.contains("u001b"), "{raw}");
}

#[test]
fn times_say_how_long_ago_and_move_with_the_clock() {
    let home = home();
    let mut terminal = session(&home);
    terminal.command("create-job Job1 {}");
    terminal.command("clock +3h");
    terminal.command("get-pending-job-executions");
    let screen = terminal.screen();
    assert!(screen.contains("(3 h ago)"), "{screen}");
}

#[test]
fn no_color_where_none_is_wanted() {
    let home = home();
    for (args, env) in
        [(&["--color", "never"][..], &[][..]), (&[], &[("NO_COLOR", "1")]), (&[], &[("TERM", "dumb")])]
    {
        let mut terminal = Terminal::launch(home.path(), &Setup { args, env, ..Setup::default() });
        terminal.wait_for("the prompt", |screen| last_line(screen).ends_with("MyThing (0 pending)>"));
        terminal.press("create-job Job1 {}\r");
        terminal.wait_for("the event", |screen| screen.contains("NextJobExecutionChangedEvent"));
        let raw = terminal.raw();
        let colors = raw.split("\x1b[").skip(1).filter(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(rest.len());
            rest[end..].starts_with('m')
        });
        assert_eq!(colors.count(), 0, "{raw:?}");
    }
}

#[test]
fn a_terminal_without_utf8_gets_ascii() {
    let home = home();
    let mut terminal = Terminal::start(home.path(), &Setup { env: &[("LANG", "C")], ..Setup::default() });
    terminal.command("create-job Job1 {\"a\": \"\u{e9}\"}");
    terminal.wait_for("the event", |screen| screen.contains("--- NextJobExecutionChangedEvent ---"));
    assert!(terminal.screen().contains("\"a\": \"\\u00e9\""), "{}", terminal.screen());
}

#[test]
fn what_a_document_holds_does_not_drive_the_terminal() {
    let home = home();
    let terminal = session(&home);
    terminal.operator(
        "PUT",
        "/jobs/Evil",
        r#"{"targets":["arn:aws:iot:us-east-1:123456789012:thing/MyThing"],"document":"{\"a\":\"\\u001b[2J\u009b31m\u202e\"}"}"#,
    );
    let screen = terminal.wait_for("the event", |screen| screen.contains("\"a\": "));
    assert!(screen.contains(r"\u001B[2J\u009b31m\u202e"), "{screen}");
    assert!(!terminal.raw().contains("\x1b[2J"));
}

#[test]
fn help_stands_in_the_samples_groups() {
    let home = home();
    // All of it is to be seen at once.
    let mut terminal = Terminal::start(home.path(), &Setup { rows: 100, ..Setup::default() });
    terminal.command("help");
    let screen = terminal.screen();
    for part in ["Control Plane: jobs (help jobs)", "Data Plane", "Miscellaneous", "create-job"] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
    terminal.command("help jobs");
    assert!(terminal.screen().contains("create a job that targets this thing"));
    terminal.command("help update-job-execution");
    assert!(terminal.screen().contains("--expected-version <n>"));
}
