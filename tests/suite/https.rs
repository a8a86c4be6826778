//! The HTTPS port: the data plane with a device's certificate, and AWS's clients beside it.

use std::path::Path;

use crate::support::certificates::Authority;
use crate::support::{Process, Sandbox, Serve, peers};

#[test]
fn devices_use_the_data_plane_with_their_certificates() {
    let Some(python) = peers::python("ssl") else { return };
    let other = Authority::new().device();
    let sandbox = Sandbox::new().file("other.pem", other.cert).file("other.key", other.key);
    let files = ["other.pem", "other.key"].map(|name| sandbox.home().join(name));
    let mut serve = Serve::run(sandbox, &["--thing", "MyThing", "--https-port", "0", "--trace"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/https_device.py");
    let finished = Process::spawn(serve.shell(python).arg("-B").arg(script).args(files)).finish();
    assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
    for line in [
        "-- no TLS: what it sends is not TLS",
        "a client speaks no TLS on the HTTPS port: let it connect with https:// ",
        "-- no TLS: it offers protocols (ALPN), but not http/1.1",
        "iotjobsdata:GetPendingJobExecutions refused on arn:aws:iot:us-east-1:123456789012:thing/Other: no attached",
        "-- no TLS: its certificate is not registered",
        "-- no TLS: its certificate is not active",
        " is INACTIVE, not ACTIVE",
        "<- StartNextPendingJobExecution 200",
    ] {
        serve.process.stderr_until(line);
    }
}

/// Who does not ask for the port meets nothing of it.
#[test]
fn without_the_option_there_is_no_such_port() {
    let serve = Serve::with(&[]);
    let lines = std::fs::read_to_string(serve.file("env")).unwrap();
    assert!(!lines.contains("HTTPS"), "{lines}");
    let policies = serve.get("/policies");
    assert_eq!(policies["policies"].as_array().unwrap().len(), 1, "{policies}");
}

#[test]
fn a_session_has_the_port_too_and_only_on_the_local_service() {
    let session = Sandbox::new().args(["--https-port", "0", "-c", "quit"]).stderr_any().run();
    assert!(session.stderr.contains(", HTTPS 127.0.0.1:"), "{}", session.stderr);
    Sandbox::new()
        .args(["--https-port", "0", "--endpoint", "e", "--cert", "c", "--key", "k", "--thing", "T"])
        .status(2)
        .stderr("error: --https-port belongs to the local service, [..]")
        .run();
}
