//! `jobs-sandbox serve` as a process: its files, its ports, its end.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::{Process, Sandbox, Serve, connect, has_full_device};

#[test]
fn a_signal_ends_it_cleanly() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut serve = Serve::start();
        serve.process.signal(signal);
        let finished = serve.process.finish();
        assert_eq!(finished.status.code(), Some(0), "{signal}: {}", finished.stderr);
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
    }
}

/// Whoever waits for the ready line would wait for ever.
#[test]
fn a_ready_line_that_cannot_be_written_ends_it() {
    if !has_full_device() {
        return;
    }
    let sandbox = Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0"]);
    let inner = sandbox.command();
    let mut program = Command::new("sh");
    program.args(["-c", r#"exec "$0" "$@" > /dev/full"#]).arg(inner.get_program()).args(inner.get_args());
    let finished = Process::spawn(program.current_dir(sandbox.home())).finish();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("No space left on device\n").count(), 1, "{}", finished.stderr);
}

/// A terminal window that was closed, with the private folder in it.
#[test]
fn what_ends_with_its_terminal_leaves_nothing_behind() {
    let sandbox = Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0"]);
    let mut process = sandbox.spawn();
    assert!(process.stdout_line().starts_with("ready "));
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 1);
    process.signal(Signal::SIGHUP);
    assert_eq!(process.wait().status.code(), Some(0));
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 0);
}

#[test]
fn under_nohup_it_outlives_its_terminal() {
    let sandbox = Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0"]);
    let inner = sandbox.command();
    let mut nohup = Command::new("nohup");
    nohup.arg(inner.get_program()).args(inner.get_args()).current_dir(sandbox.home());
    let mut process = Process::spawn(&mut nohup);
    let ready = process.stdout_line();
    let http = ready.split(' ').find_map(|word| word.strip_prefix("http=")).unwrap();
    process.signal(Signal::SIGHUP);
    // A signal that ends it would have done so before it accepts this.
    let mut stream = connect(http.parse().unwrap());
    stream
        .write_all(b"GET /_sandbox/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    process.signal(Signal::SIGTERM);
    assert_eq!(process.wait().status.code(), Some(0));
}

#[test]
fn its_files_are_there_when_it_is_ready_and_the_key_is_its_owners_alone() {
    let serve = Serve::start();
    for name in ["ca.pem", "cert.pem", "key.pem", "env"] {
        let metadata = fs::metadata(serve.file(name)).unwrap();
        let others = metadata.permissions().mode() & 0o077;
        assert!(metadata.len() > 0 && (name != "key.pem" || others == 0), "{name}: {others:o}");
    }
}

#[test]
fn a_port_in_use_is_one_line() {
    let serve = Serve::start();
    for (option, port) in [("--mqtt-port", serve.mqtt.port()), ("--http-port", serve.http.port())] {
        let other = if option == "--mqtt-port" { "--http-port" } else { "--mqtt-port" };
        let sandbox = Sandbox::new().args(["serve", option, &port.to_string(), other, "0"]);
        let output = sandbox.status(3).stdout("").stderr("error: [..]").run();
        assert!(output.stderr.contains(&port.to_string()), "{}", output.stderr);
    }
}

#[test]
fn listening_elsewhere_than_on_loopback_warns() {
    let sandbox =
        Sandbox::new().args(["serve", "--listen", "0.0.0.0", "--mqtt-port", "0", "--http-port", "0"]);
    let mut process = sandbox.spawn();
    process.stderr_until("warning: listening on 0.0.0.0");
    assert!(process.stdout_line().starts_with("ready mqtt=0.0.0.0:"));
}

/// Again and again, since what is not waited for is only sometimes lost.
#[test]
fn a_warning_is_said_although_it_does_not_start() {
    let serve = Serve::start();
    let taken = serve.http.port().to_string();
    let sandbox =
        Sandbox::new().args(["serve", "--listen", "0.0.0.0", "--mqtt-port", "0", "--http-port", &taken]);
    for _ in 0..8 {
        let said = sandbox.spawn().finish().stderr;
        let [warning, error] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        assert!(warning.starts_with("warning: listening on 0.0.0.0"), "{said}");
        assert!(error.starts_with("error: cannot start the local service"), "{said}");
    }
}

#[test]
fn each_thing_that_is_named_exists() {
    let serve = Serve::with(&["--thing", "Pump", "--thing", "Valve"]);
    for thing in ["Pump", "Valve"] {
        serve.client().args(["--thing", thing, "-c", "get-pending-job-executions"]).run();
    }
}

#[test]
fn a_key_that_it_did_not_write_is_left_alone() {
    let sandbox = Sandbox::new().file("cert.pem", "mine").file("key.pem", "the only copy");
    let sandbox = sandbox.args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir", "."]);
    let sandbox = sandbox.status(3).stdout("").stderr("error: cannot start the local service: [..]");
    let said = sandbox.run().stderr;
    assert!(said.contains("cert.pem") && said.contains("choose another folder"), "{said}");
    assert_eq!(fs::read_to_string(sandbox.path("key.pem")).unwrap(), "the only copy");
    assert_eq!(fs::read_dir(sandbox.home()).unwrap().count(), 2, "nothing is added either");
}

/// Also one of a session, which has a service of its own.
#[test]
fn two_services_do_not_share_a_folder() {
    let serve = Serve::start();
    let key = fs::read_to_string(serve.file("key.pem")).unwrap();
    let dir = serve.dir().display().to_string();
    for args in [&["serve", "--mqtt-port", "0", "--http-port", "0"][..], &["-c", "list-jobs"]] {
        let sandbox = Sandbox::new().args(args).args(["--dir", &dir]).status(3).stdout("");
        let said = sandbox.stderr("error: [..]").run().stderr;
        assert!(said.contains("is in use by another local service"), "{said}");
    }
    assert_eq!(fs::read_to_string(serve.file("key.pem")).unwrap(), key);
}
