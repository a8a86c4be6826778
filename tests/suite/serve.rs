//! `jobs-sandbox serve` as a process: its files, its ports, its end.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;

use crate::support::{Sandbox, Serve};

#[test]
fn a_signal_ends_it_cleanly() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut serve = Serve::start();
        serve.process.signal(signal);
        let finished = serve.process.finish();
        assert_eq!(finished.status.code(), Some(0), "{signal}: {}", finished.stderr);
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
    }
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
        let output = sandbox.status(1).stdout("").stderr("error: [..]").run();
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

#[test]
fn each_thing_that_is_named_exists() {
    let serve = Serve::with(&["--thing", "Pump", "--thing", "Valve"]);
    for thing in ["Pump", "Valve"] {
        serve.client().args(["--thing", thing, "-c", "get-pending-job-executions"]).run();
    }
}
