//! A session beside a device program.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::home;
use super::screen::{Setup, Terminal, last_line};

/// The device is a session of our own, which connects as pump.
const PUMP: &str = concat!(
    "echo $$ > id; echo begins; exec '",
    env!("CARGO_BIN_EXE_jobs-sandbox"),
    "' --client-id pump -c 'sleep 1h'"
);

#[test]
fn a_device_program_is_started_and_stopped_by_hand_and_ends_with_the_session() {
    for ends_by in [None, Some(Signal::SIGTERM)] {
        let home = home();
        let setup = Setup { args: &["--", "sh", "-c", PUMP], ..Setup::default() };
        let mut terminal = Terminal::start(home.path(), &setup);
        terminal.wait_for("its output", |screen| {
            screen.contains("device| begins") && last_line(screen) == "MyThing (0 pending)>"
        });
        terminal.command("device restart");
        assert!(terminal.screen().contains(r#""clientId": "pump""#), "{}", terminal.screen());
        terminal.command("device kill");
        terminal.command("device stop");
        assert!(terminal.screen().contains("the device program is not running"), "{}", terminal.screen());
        terminal.command("device start");
        match ends_by {
            None => terminal.press("quit\r"),
            Some(signal) => terminal.signal(signal),
        }
        assert_eq!(terminal.exit_code(), 0);
        let id = fs::read_to_string(home.path().join("id")).unwrap().trim().parse().unwrap();
        assert_eq!(signal::kill(Pid::from_raw(id), None), Err(Errno::ESRCH));
    }
}

#[test]
fn that_it_ends_by_itself_is_told_and_the_session_goes_on() {
    let home = home();
    let setup = Setup { args: &["--", "sh", "-c", "echo why; exit 3"], ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &setup);
    terminal.wait_for("its end", |screen| {
        let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        told.contains(
            "error: the device program ended by itself (--device-may-end allows that), with exit code 3",
        ) && last_line(screen) == "MyThing (0 pending)>"
    });
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
}
