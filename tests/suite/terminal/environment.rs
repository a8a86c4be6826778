//! A session where the machine does not help: no place for its history, no home, an end in mid-command.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::home;
use super::screen::{Setup, Terminal, last_line};
use crate::support::Namespace;

/// Where the history is below the state directory.
const FILE: &str = "jobs-sandbox/history";

/// Says something, and takes commands before and after all the same.
#[track_caller]
fn says_once(home: &TempDir, state: &Path, under: &[String], said: &str) {
    let env = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let setup = Setup { env: &env, under, columns: 200, ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &setup);
    for command in ["get-pending-job-executions", "clock", "create-job Job1 {}"] {
        terminal.command(command);
    }
    let raw = terminal.raw();
    assert_eq!(raw.matches(said).count(), 1, "{said}: {raw}");
    assert_eq!(raw.matches("history is kept").count(), 1, "{raw}");
    // The session's own memory of lines is there.
    terminal.press("\x1b[A\x1b[A");
    terminal.wait_for("the line before the last", |screen| last_line(screen).ends_with("> clock"));
    terminal.press("\x03");
    terminal.wait_for("an empty prompt", |screen| last_line(screen).ends_with('>'));
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_history_that_is_no_file_is_said_in_a_line() {
    let home = home();
    let state = home.path().join("state");
    fs::write(&state, "").unwrap();
    says_once(&home, &state, &[], "no history is kept: ");
    fs::remove_file(&state).unwrap();

    fs::create_dir_all(state.join(FILE)).unwrap();
    says_once(&home, &state, &[], "history: it is not a file");
    fs::remove_dir(state.join(FILE)).unwrap();

    // Read to its end it would fill the memory.
    symlink("/dev/zero", state.join(FILE)).unwrap();
    says_once(&home, &state, &[], "history: it is not a file");
}

#[test]
fn a_read_only_disk_costs_the_history_alone() {
    let Some(namespace) = Namespace::new() else { return };
    let home = home();
    let state = home.path().join("state");
    fs::create_dir(&state).unwrap();
    let read_only = namespace.words("mount --bind state state\nmount -o remount,bind,ro state");
    says_once(&home, &state, &read_only, "Read-only file system");

    let file = state.join(FILE);
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, "#V2\ndescribe-job Old\n").unwrap();
    says_once(&home, &state, &read_only, "no more history is kept: ");
    assert_eq!(fs::read_to_string(&file).unwrap(), "#V2\ndescribe-job Old\n");
}

#[test]
fn a_full_disk_costs_the_history_alone() {
    let Some(namespace) = Namespace::new() else { return };
    let home = home();
    let state = home.path().join("state");
    fs::create_dir(&state).unwrap();
    let full = namespace.words(
        "mount -t tmpfs -o size=64k none state\ndd if=/dev/zero of=state/all bs=64k count=1 2>/dev/null",
    );
    says_once(&home, &state, &full, "No space left on device");
}

#[test]
fn without_a_home_nothing_is_kept_and_nothing_is_said() {
    let home = home();
    for unset in ["HOME", "XDG_STATE_HOME"] {
        let under = ["env", "-u", "HOME", "-u", unset].map(str::to_owned);
        let mut terminal = Terminal::start(home.path(), &Setup { under: &under, ..Setup::default() });
        terminal.command("get-pending-job-executions");
        terminal.press("quit\r");
        assert_eq!(terminal.exit_code(), 0);
        assert!(!terminal.raw().contains("history"), "{}", terminal.raw());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
    // Not even root can make a folder there.
    let nowhere = Setup { env: &[("HOME", "/dev/null/nowhere")], columns: 200, ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &nowhere);
    terminal.command("get-pending-job-executions");
    assert_eq!(terminal.raw().matches("no history is kept: /dev/null/nowhere/.local/state").count(), 1);
}

#[test]
fn a_signal_in_mid_command_ends_the_session_with_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let home = home();
        let temporary = [("TMPDIR", home.path().to_str().unwrap())];
        let mut terminal = Terminal::start(home.path(), &Setup { env: &temporary, ..Setup::default() });
        terminal.press("expect JobExecutionsChangedEvent --within 1h\r");
        terminal
            .wait_for("the word that it waits", |screen| screen.contains("waiting; Ctrl-C ends the wait"));
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), 0, "{signal}");
        let raw = terminal.raw();
        assert!(raw.rfind("\x1b[?2004l") > raw.rfind("\x1b[?2004h"), "bracketed paste was left on: {raw:?}");
        let left: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".local"], "{signal}");
    }
}
