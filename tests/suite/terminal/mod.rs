//! The terminal session, in a real pseudo-terminal: keys in, screen out.

mod closed;
mod context;
mod environment;
mod screen;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::support::http::http_server;
use crate::support::{Serve, pattern};
use screen::{Setup, Terminal, key, last_line};

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The arguments for AWS mode, with `service` in the part of AWS, and `more` of them.
fn aws_mode(service: &Serve, url: &str, more: &[&str]) -> Vec<String> {
    let [cert, key, ca] =
        ["cert.pem", "key.pem", "ca.pem"].map(|name| service.file(name).to_str().unwrap().to_owned());
    let port = service.mqtt.port().to_string();
    let args = ["--endpoint", "localhost", "--port", &port, "--region", "us-east-1", "--thing", "MyThing"];
    let files = ["--cert", &cert, "--key", &key, "--ca-file", &ca, "--control-endpoint-url", url];
    args.iter().chain(&files).chain(more).map(|&arg| arg.to_owned()).collect()
}

fn session(home: &TempDir) -> Terminal {
    Terminal::start(home.path(), &Setup::default())
}

#[test]
fn the_walkthrough_typed_by_hand() {
    let home = home();
    let mut terminal = session(&home);
    terminal.command("get-pending-job-executions");
    assert!(terminal.screen().contains("─── GetPendingJobExecutionsResponse ───"));
    terminal.command(r#"create-job Job1 {"ToDo":"Reboot"}"#);
    let screen = terminal.wait_for("both events", |screen| {
        screen.contains("─── NextJobExecutionChangedEvent ───") && last_line(screen) == "MyThing (1 pending)>"
    });
    let place = |title: &str| screen.find(&format!("─── {title} ───")).unwrap();
    assert!(place("CreateJobResponse") < place("JobExecutionsChangedEvent"));
    assert!(place("JobExecutionsChangedEvent") < place("NextJobExecutionChangedEvent"));
    terminal.command("start-next-pending-job-execution");
    terminal.command("update-job-execution Job1 SUCCEEDED");
    terminal.wait_for("the prompt without pending", |screen| last_line(screen) == "MyThing (0 pending)>");
    terminal.command("describe-job-execution Job1");
    let screen = terminal.screen();
    assert!(screen.contains("─── DescribeJobExecutionRejected ───"), "{screen}");
    assert!(screen.contains("hint: it is finished; describe-job-execution --control-plane"), "{screen}");
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn an_event_in_mid_line_leaves_the_typed_text_and_the_cursor_intact() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("describe-job-execution Ab\x1b[D");
    terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("describe-job-execution Ab"));
    let before = u16::try_from("MyThing (0 pending)> describe-job-execution A".len()).unwrap();
    terminal.wait_for_column(before);
    terminal.create_job("Job1");
    let screen = terminal.wait_for("the event above the line", |screen| {
        screen.contains("NextJobExecutionChangedEvent")
            && last_line(screen) == "MyThing (1 pending)> describe-job-execution Ab"
    });
    assert_eq!(screen.matches("describe-job-execution Ab").count(), 1, "{screen}");
    terminal.wait_for_column(before);
    terminal.press("X");
    terminal.wait_for("the key where the cursor was", |screen| {
        last_line(screen).ends_with("describe-job-execution AXb")
    });
}

#[test]
fn a_burst_of_events_is_shown_whole_and_in_order_above_the_line() {
    let home = home();
    let plain = Setup { args: &["--color", "never"], ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &plain);
    terminal.press("help");
    terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("help"));
    // Each notifies at least once; ten at most are listed, so the last one shows by its number only.
    for number in 0..200 {
        terminal.create_job(&format!("Burst{number}"));
    }
    terminal.press("\u{15}describe-job Burst199\r");
    terminal.wait_for_outputs("─── JobExecutionsChangedEvent ───", 200);
    terminal.wait_for_outputs("─── DescribeJobResponse ───", 1);
    terminal.wait_for("the prompt", |screen| last_line(screen) == "MyThing (10+ pending)>");
    let raw = terminal.raw();
    let blocks = raw.split("─── ").filter_map(|block| block.split_once(" ───\r\n{\r\n"));
    assert!(blocks.clone().count() >= 201);
    assert!(blocks.clone().all(|(_, body)| body.contains("\r\n}\r\n")), "a block is torn");
}

#[test]
fn commands_typed_into_a_burst_leave_later_events_above_the_line() {
    let home = home();
    let plain = Setup { args: &["--color", "never"], ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &plain);
    for number in 0..60 {
        terminal.create_job(&format!("Burst{number}"));
        terminal.press("describe-job Burst0\r");
        terminal.wait_for_outputs("─── DescribeJobResponse ───", number + 1);
    }
    terminal.wait_for_outputs("─── JobExecutionsChangedEvent ───", 60);
    terminal.press("half typed");
    terminal.wait_for("the typed text", |screen| last_line(screen) == "MyThing (10+ pending)> half typed");
    terminal.create_job("Last");
    terminal.wait_for_outputs("─── JobExecutionsChangedEvent ───", 61);
    terminal.wait_for("the line below the event", |screen| {
        screen.matches("half typed").count() == 1 && last_line(screen) == "MyThing (10+ pending)> half typed"
    });
    assert!(!terminal.raw().contains("> ───"), "an event was printed into the line");
}

#[test]
fn ctrl_c_clears_a_line_and_leaves_only_when_meant() {
    let home = home();
    let mut terminal = session(&home);
    let warned = |times: usize| {
        move |screen: &str| {
            screen.matches("Ctrl-C once more leaves").count() == times
                && last_line(screen) == "MyThing (0 pending)>"
        }
    };
    terminal.press("delete-job Job1");
    terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("delete-job Job1"));
    terminal.press(key::CTRL_C);
    terminal.wait_for("an empty prompt", |screen| last_line(screen) == "MyThing (0 pending)>");
    terminal.press(key::CTRL_C);
    terminal.wait_for("the warning", warned(1));
    terminal.command("trace off");
    terminal.press(key::CTRL_C);
    terminal.wait_for("the warning again", warned(2));
    terminal.press(key::CTRL_C);
    assert_eq!(terminal.exit_code(), 0);
    assert!(!terminal.raw().contains("DeleteJob"));
}

#[test]
fn ctrl_d_leaves_and_so_do_signals() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press(key::CTRL_D);
    assert_eq!(terminal.exit_code(), 0);
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        let mut terminal = session(&home);
        terminal.press("half a comm");
        terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("half a comm"));
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), 0);
        let raw = terminal.raw();
        assert!(raw.rfind("\x1b[?2004l") > raw.rfind("\x1b[?2004h"), "bracketed paste was left on: {raw:?}");
    }
}

#[test]
fn ctrl_c_ends_a_wait_and_not_the_program() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("expect JobExecutionsChangedEvent --within 1h\r");
    terminal.wait_for("the word that it waits", |screen| screen.contains("waiting; Ctrl-C ends the wait"));
    terminal.press(key::CTRL_C);
    terminal.wait_for("the prompt", |screen| {
        screen.contains("stopped waiting") && last_line(screen) == "MyThing (0 pending)>"
    });
    terminal.command("trace off");
    terminal.press("expect JobExecutionsChangedEvent --within 1h\r");
    terminal.wait_for("the second wait", |screen| screen.matches("waiting; Ctrl-C").count() == 2);
    terminal.create_job("Job1");
    terminal.wait_for("the end of the wait", |screen| {
        screen.contains("as expected") && last_line(screen) == "MyThing (1 pending)>"
    });
}

#[test]
fn what_is_typed_while_a_command_waits_stands_at_the_next_prompt() {
    let home = home();
    let mut terminal = session(&home);
    terminal.press("expect JobExecutionsChangedEvent --within 1h\r");
    terminal.wait_for("the word that it waits", |screen| screen.contains("waiting; Ctrl-C ends the wait"));
    terminal.press("describe-job Job1");
    terminal.create_job("Job1");
    terminal
        .wait_for("the typed text", |screen| last_line(screen) == "MyThing (1 pending)> describe-job Job1");
    assert_eq!(terminal.screen().matches("describe-job").count(), 1, "{}", terminal.screen());
    terminal.press("\rquit\r");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.raw().contains("─── DescribeJobResponse ───"));
}

#[test]
fn the_terminal_is_left_as_it_was_found() {
    let home = home();
    for leave in ["quit\r", key::CTRL_D] {
        let mut terminal = session(&home);
        terminal.press(leave);
        assert_eq!(terminal.exit_code(), 0);
        assert!(terminal.echoes());
    }
    let mut terminal = session(&home);
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.echoes());
}

#[test]
fn an_option_for_scripts_is_refused_where_a_person_types() {
    let home = home();
    let mut terminal = Terminal::launch(home.path(), &Setup { args: &["--bail"], ..Setup::default() });
    assert_eq!(terminal.exit_code(), 2);
    let error = "error: --bail is for a script: name one with -f FILE or -c COMMAND, or pipe it in";
    assert!(terminal.screen().contains(error), "{}", terminal.screen());
}

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
        ("upd", "update-job-execution"),
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
    assert_eq!(terminal.color_of("<jobId>"), gray);
    terminal.press("Job1 {\"a\": 1}\r");
    terminal.wait_for("the answer", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.press("create-job J");
    terminal.wait_for("the line of the history", |screen| {
        last_line(screen).ends_with("create-job Job1 {\"a\": 1}")
    });
    assert_eq!(terminal.color_of("ob1 {"), gray);
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
    terminal.wait_for("the typed text", |screen| last_line(screen).ends_with("craete-job"));
    assert_eq!(terminal.color_of("craete-job"), red);
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
    assert!(screen.contains(r"\u001b[2J\u009b31m\u202e"), "{screen}");
    assert!(!terminal.raw().contains("\x1b[2J"));
}

#[test]
fn help_stands_in_the_samples_groups() {
    let home = home();
    // All of it is to be seen at once.
    let mut terminal = Terminal::start(home.path(), &Setup { rows: 80, ..Setup::default() });
    terminal.command("help");
    let screen = terminal.screen();
    for part in ["Control Plane", "Data Plane", "Miscellaneous", "create-job <jobId> <jobDocument-as-JSON>"] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
    terminal.command("help update-job-execution");
    assert!(terminal.screen().contains("--expected-version <n>"));
}

#[test]
fn the_trace_shows_what_goes_and_comes_and_no_secret() {
    let (home, service) = (home(), Serve::start());
    let args = aws_mode(&service, &service.url(), &["--trace", "--color", "never"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let secrets = [
        ("AWS_ACCESS_KEY_ID", "AKIDTELLTALE"),
        ("AWS_SECRET_ACCESS_KEY", "SECRETTELLTALE"),
        ("AWS_SESSION_TOKEN", "TOKENTELLTALE"),
    ];
    let mut terminal =
        Terminal::start(home.path(), &Setup { columns: 250, args: &args, env: &secrets, ..Setup::default() });
    terminal.command("create-job Job1 {}");
    terminal.command("describe-job-execution Job1");
    terminal.command("trace off");
    terminal.command("get-job-document Job1");
    terminal.command("trace on");
    terminal.command("get-pending-job-executions");
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
    let raw = terminal.raw();
    for line in [
        "-> GET http://[..]/things/MyThing",
        "-> PUT http://[..]/jobs/Job1 {\"document\":\"{}\",[..]}",
        "<- 200, request id [..]-[..]-[..], after [..] ms {[..],\"jobId\":\"Job1\"}",
        "<- $aws/things/MyThing/jobs/notify {\"timestamp\":[..],\"jobs\":{\"QUEUED\":[{\"jobId\":\"Job1\",[..]}]}}",
        "<- $aws/things/MyThing/jobs/notify-next {\"timestamp\":[..],\"execution\":{\"jobId\":\"Job1\",[..]}}",
        "-> $aws/things/MyThing/jobs/Job1/get {\"clientToken\":\"[..]\"}",
        "<- $aws/things/MyThing/jobs/Job1/get/accepted {\"clientToken\":\"[..]\",[..]}",
        "DescribeJobExecution was answered after [..] ms",
        "-> $aws/things/MyThing/jobs/get {\"clientToken\":\"[..]\"}",
    ] {
        assert!(raw.lines().any(|shown| pattern::matches(line, shown)), "no {line} in {raw}");
    }
    assert!(!raw.contains("/jobs/Job1/job-document"), "traced while it was off: {raw}");
    for secret in ["TELLTALE", "Signature", "PRIVATE KEY"] {
        assert!(!raw.contains(secret), "{secret} in {raw}");
    }
}

#[test]
fn a_refusal_carries_a_hint() {
    let home = home();
    let mut terminal = session(&home);
    for job in ["Job1", "Job2"] {
        terminal.command(&format!("create-job {job} {{}}"));
    }
    terminal.command("start-next-pending-job-execution");
    for (command, hint) in [
        (
            "update-job-execution Job1 IN_PROGRESS --expected-version 7",
            "it is at version 2: --expected-version 2",
        ),
        ("update-job-execution Job1 CANCELED", "a device cannot cancel; the operator does: cancel-job"),
        (
            "delete-job Job1",
            "not terminal yet: MyThing is IN_PROGRESS; delete-job Job1 --force deletes all the same",
        ),
        ("describe-job-execution Nope", "get-pending-job-executions lists what is pending for this thing"),
        ("create-job Job2 {}", "delete-job frees the id; describe-job shows the job that has it"),
        ("describe-job Nope", "list-jobs shows which jobs there are"),
    ] {
        terminal.command(command);
        let screen = terminal.screen();
        let below = screen.rsplit_once(&format!("> {command}")).expect("the command").1.replace('\n', "");
        assert!(below.contains(&format!("hint: {hint}")), "{screen}");
    }
}

#[test]
fn ctrl_c_leaves_a_dumb_terminal() {
    let home = home();
    let dumb = Setup { env: &[("TERM", "dumb")], ..Setup::default() };
    let mut terminal = Terminal::launch(home.path(), &dumb);
    terminal.wait_for("the prompt", |screen| last_line(screen).ends_with("MyThing (0 pending)>"));
    terminal.press(key::CTRL_C);
    assert_eq!(terminal.exit_code(), 0);
    assert!(!terminal.raw().contains('\u{1b}'), "{:?}", terminal.raw());
}

#[test]
fn quit_quits_and_a_connection_that_is_lost_for_good_is_told_at_once() {
    let (home, service) = (home(), Serve::start());
    let args = aws_mode(&service, &service.url(), &["--client-id", "test-same"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let aws = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let mut terminal = Terminal::start(home.path(), &Setup { args: &args, env: &aws, ..Setup::default() });
    service.client().args(["--client-id", "test-same", "-c", "quit"]).run();
    terminal.wait_for("the end of the connection", |screen| screen.contains("connection lost for good: "));
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(terminal.raw().matches("connection lost for good").count(), 1);
}

/// As IAM words it.
#[test]
fn a_denied_access_shows_the_statement_to_add() {
    let (home, service) = (home(), Serve::start());
    let control_plane = http_server(|_| {
        let message = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: iot:DescribeJob on \
                       resource: arn:aws:iot:us-east-1:123456789012:job/Job1 because no identity-based policy allows it";
        let body = serde_json::json!({ "message": message }).to_string();
        (403, "x-amzn-ErrorType: AccessDeniedException:\r\n".to_owned(), body)
    });
    let args = aws_mode(&service, &format!("http://{control_plane}"), &["--color", "never"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let aws = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    let setup = Setup { columns: 250, args: &args, env: &aws, ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &setup);
    terminal.command("describe-job Job1");
    let statement = r#"{"Effect":"Allow","Action":"iot:DescribeJob","Resource":"arn:aws:iot:us-east-1:123456789012:job/Job1"}"#;
    let screen = terminal.screen();
    assert!(screen.contains(&format!("hint: add to the IAM policy: {statement}")), "{screen}");
}

#[test]
fn a_reset_asks_first() {
    let home = home();
    let mut terminal = session(&home);
    terminal.command("create-job Job1 {}");
    terminal.wait_for("the job", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.press("reset\r");
    terminal.wait_for("the question", |screen| last_line(screen).ends_with("go on? [y/N]"));
    terminal.press("\r");
    terminal.wait_for("nothing", |screen| {
        screen.contains("nothing was reset") && last_line(screen) == "MyThing (1 pending)>"
    });
    terminal.press("reset\r");
    terminal.wait_for("the question", |screen| last_line(screen).ends_with("go on? [y/N]"));
    terminal.press("y\r");
    terminal.wait_for("an empty list", |screen| {
        screen.contains("NextJobExecutionChangedEvent") && last_line(screen) == "MyThing (0 pending)>"
    });
}
