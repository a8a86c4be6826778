//! The window is closed: the kernel sends SIGHUP, and nothing can be read or written any more.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::home;
use crate::support::DEADLINE;

/// Runs the program in a terminal of its own until it has written `text`, and closes the terminal; returns its exit
/// code.
#[track_caller]
fn close(home: &Path, arguments: &[&str], text: &'static str) -> u32 {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_jobs-sandbox"));
    command.args(arguments);
    command.cwd(home);
    command.env_clear();
    for (name, value) in [("HOME", home), ("TMPDIR", home), ("TERM", Path::new("xterm"))] {
        command.env(name, value);
    }
    let mut child = pty.slave.spawn_command(command).unwrap();
    let mut killer = child.clone_killer();
    drop(pty.slave);

    let mut output = pty.master.try_clone_reader().unwrap();
    let (shown, is_shown) = channel();
    thread::spawn(move || {
        let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&seen).contains(text) {
            let read = output.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "it ended without {text}");
            seen.extend_from_slice(&bytes[..read]);
        }
        shown.send(output)
    });
    let (ended, has_ended) = channel();
    thread::spawn(move || ended.send(child.wait().unwrap()));
    let output = is_shown.recv_timeout(DEADLINE);
    let came = output.is_ok();
    // With these the last ends of ours that keep the terminal open are gone.
    drop((output, pty.master));
    let Ok(status) = has_ended.recv_timeout(DEADLINE) else {
        killer.kill().unwrap();
        panic!("it outlives its terminal");
    };
    assert!(came, "{text} was not shown");
    let left: Vec<_> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == ".local" || name == "report.xml"), "{left:?}");
    status.exit_code()
}

#[test]
fn a_session_ends_with_its_window() {
    // The editor reads a line.
    assert_eq!(close(home().path(), &[], "\x1b[?2004h"), 0);
}

#[test]
fn a_script_ends_with_its_window_and_reports() {
    let home = home();
    let arguments = ["--echo", "--junit", "report.xml", "-c", "expect JobExecutionsChangedEvent --within 1h"];
    assert_eq!(close(home.path(), &arguments, "> expect"), 130);
    let report = fs::read_to_string(home.path().join("report.xml")).unwrap();
    assert!(report.contains(r#"type="Interrupted""#), "{report}");
}

#[test]
fn a_service_ends_with_its_window() {
    assert_eq!(close(home().path(), &["serve", "--mqtt-port", "0", "--http-port", "0"], "ready "), 0);
}
