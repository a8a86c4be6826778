//! The terminal session, in a real pseudo-terminal: keys in, screen out.

mod closed;
mod context;
mod device;
mod environment;
mod looks;
mod operator;
pub(crate) mod screen;
mod things;
mod typing;

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
