//! The certificates and keys in the folder of a local service: made once, found again, never replaced in silence.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use ring::digest::{SHA256, digest};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::support::certificates::Authority;
use crate::support::{Sandbox, Serve, has_address};

const TOGETHER: [&str; 4] = ["ca.pem", "ca.key", "cert.pem", "key.pem"];

/// What the certificates and keys are.
fn identity(dir: &Path) -> [String; 4] {
    TOGETHER.map(|name| fs::read_to_string(dir.join(name)).unwrap())
}

/// Everything in a folder but the shell lines.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let files = entries.map(|path| (name(&path), fs::read(&path).unwrap()));
    files.filter(|(name, _)| name != "env").collect()
}

/// The authority as the service tells it, and the id of the one certificate that it knows.
fn ids(serve: &Serve) -> (String, String) {
    let (status, authority) = serve.call("GET", "/_sandbox/ca.pem", "");
    assert_eq!(status, 200, "{authority}");
    assert_eq!(authority, fs::read_to_string(serve.file("ca.pem")).unwrap());
    let listed = serve.get("/certificates");
    let [certificate] = &listed["certificates"].as_array().unwrap()[..] else { panic!("{listed}") };
    let id = certificate["certificateId"].as_str().unwrap();
    let der = CertificateDer::from_pem_file(serve.file("cert.pem")).unwrap();
    let fingerprint = digest(&SHA256, &der);
    let bytes: Vec<_> = fingerprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(id, bytes.concat());
    (authority, id.to_owned())
}

/// A folder that a session has made, and that nobody uses.
fn kept() -> Sandbox {
    let sandbox = Sandbox::new().args(["--dir", "service"]);
    sandbox.run();
    sandbox
}

#[test]
fn a_device_that_was_set_up_once_connects_to_every_later_start() {
    let serve = Serve::start();
    let device = serve.client();
    let first = identity(serve.dir());
    let mode = fs::metadata(serve.file("ca.key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let before = ids(&serve);
    let serve = serve.again(&["--hostname", "sandbox"]);
    assert_eq!(identity(serve.dir()), first);
    assert_eq!(ids(&serve), before);
    let port = serve.mqtt.port().to_string();
    let device = device.without("--port").without("--control-endpoint-url");
    let device = device.args(["--port", &port, "--control-endpoint-url", &serve.url()]);
    device.args(["-c", "get-pending-job-executions"]).run();
}

/// The names are those of this start, whatever the first one was told.
#[test]
fn the_server_certificate_names_what_this_start_was_told() {
    if !has_address("127.0.0.2") {
        return;
    }
    let serve = Serve::start().again(&["--listen", "127.0.0.2"]);
    let device = Sandbox::aws_mode_at("127.0.0.2", serve.mqtt.port(), &serve.url(), serve.dir());
    device.args(["-c", "get-pending-job-executions"]).run();
}

#[test]
fn sessions_find_it_too() {
    let sandbox = kept();
    let first = identity(&sandbox.path("service"));
    sandbox.run();
    assert_eq!(identity(&sandbox.path("service")), first);
}

#[test]
fn others_are_made_where_they_are_asked_for_and_that_is_said() {
    let sandbox = kept();
    let first = identity(&sandbox.path("service"));
    let sandbox = sandbox.args(["--new-certificates", "-c", "quit"]).stderr_any();
    let said = sandbox.run().stderr;
    assert!(said.contains("local service: new certificates in "), "{said}");
    let second = identity(&sandbox.path("service"));
    assert!(first.iter().zip(&second).all(|(first, second)| first != second));
    let refused = Sandbox::new().arg("--new-certificates").status(2).stderr_any().run().stderr;
    assert!(refused.contains("--dir"), "{refused}");
}

#[test]
fn what_does_not_go_together_is_named_and_left_as_it_is() {
    let other = kept();
    for name in TOGETHER {
        let others = fs::read(other.path("service").join(name)).unwrap();
        for damage in [None, Some(b"".to_vec()), Some(b"\xff\x00 junk".to_vec()), Some(others)] {
            let sandbox = kept();
            let path = sandbox.path("service").join(name);
            match &damage {
                Some(contents) => fs::write(&path, contents).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let before = contents(&sandbox.path("service"));
            let sandbox = sandbox.args(["-c", "quit"]).status(3).stdout("").stderr("error: [..]");
            let said = sandbox.run().stderr;
            // A certificate of another authority shows in what goes with it.
            let named = match (name, damage.is_some_and(|contents| contents.starts_with(b"-----"))) {
                ("ca.pem", true) => "ca.key",
                ("cert.pem", true) => "cert.pem",
                _ => name,
            };
            assert!(said.contains(named) && said.contains("--new-certificates"), "{name}: {said}");
            assert_eq!(contents(&sandbox.path("service")), before, "{name}");
        }
    }
}

/// Whoever puts a key of their own into our folder, perhaps its only copy, finds it there again.
#[test]
fn a_key_of_the_users_own_is_not_replaced_even_when_other_certificates_are_asked_for() {
    let device = Authority::new().device();
    let sandbox = kept();
    fs::write(sandbox.path("service/cert.pem"), &device.cert).unwrap();
    fs::write(sandbox.path("service/key.pem"), &device.key).unwrap();
    let before = contents(&sandbox.path("service"));
    let sandbox = sandbox.args(["-c", "quit"]).status(3).stdout("").stderr("error: [..]");
    assert!(sandbox.run().stderr.contains("/service/cert.pem "));
    let sandbox = sandbox.arg("--new-certificates");
    let said = sandbox.run().stderr;
    assert!(said.contains("/service/key.pem ") && said.contains("move that file away"), "{said}");
    assert_eq!(contents(&sandbox.path("service")), before);
    fs::rename(sandbox.path("service/key.pem"), sandbox.path("moved.pem")).unwrap();
    sandbox.status(0).stderr_any().run();
}

#[test]
fn a_link_or_a_pipe_is_no_certificate_of_ours() {
    for name in TOGETHER.into_iter().chain(["env"]) {
        let sandbox = kept();
        let path = sandbox.path("service").join(name);
        let elsewhere = sandbox.path("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let sandbox = sandbox.args(["-c", "quit"]).status(3).stdout("").stderr("error: [..]");
        let said = sandbox.run().stderr;
        assert!(said.contains(&format!("/service/{name} ")), "{said}");
        assert!(path.is_symlink());
        assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o640, "{name}");
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let said = sandbox.run().stderr;
        assert!(said.contains(&format!("/service/{name} ")), "{said}");
    }
}

#[test]
fn shell_lines_of_the_users_own_are_not_replaced() {
    let sandbox = kept();
    let env = sandbox.path("service/env");
    fs::write(&env, "export MINE=1\n").unwrap();
    let sandbox = sandbox.args(["-c", "quit"]).status(3).stdout("").stderr("error: [..]");
    assert!(sandbox.run().stderr.contains("/service/env was not written by jobs-sandbox"));
    assert_eq!(fs::read_to_string(&env).unwrap(), "export MINE=1\n");
}

/// Jobs and things that are kept are no use to devices whose certificates nobody knows any more.
#[test]
fn beside_kept_jobs_no_other_identity_is_made_unasked() {
    let mut serve = Serve::start();
    serve.process.signal(Signal::SIGTERM);
    serve.process.wait();
    for name in TOGETHER {
        fs::remove_file(serve.file(name)).unwrap();
    }
    let again =
        Sandbox::new().args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir"]).arg(serve.dir());
    let said = again.status(3).stdout("").stderr_any().run().stderr;
    assert!(said.contains("ca.pem") && said.contains("--new-certificates"), "{said}");
    assert!(TOGETHER.iter().all(|name| !serve.file(name).exists()));
}

/// A program that was killed when the new certificates were complete and not all of them in place.
#[test]
fn what_was_written_completely_counts() {
    let serve = Serve::start();
    let first = identity(serve.dir());
    fs::create_dir(serve.file(".certificates")).unwrap();
    for name in &TOGETHER[2..] {
        fs::rename(serve.file(name), serve.file(".certificates").join(name)).unwrap();
    }
    let serve = serve.again(&[]);
    assert_eq!(identity(serve.dir()), first);
    assert!(!serve.file(".certificates").exists());
}
