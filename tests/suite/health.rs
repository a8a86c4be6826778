//! What `serve` tells of itself, and `health`, which waits until it does.

use std::fs;

use crate::support::{Sandbox, Serve, refusing};

#[test]
fn it_tells_how_much_there_is_and_what_is_kept() {
    let serve = Serve::start();
    serve.client().args(["-c", "create-job Job1 {}"]).run();
    // The service sees the end of a client in its own time.
    let health = serve.get_until("/_sandbox/health", |health| health["clients"] == 0);
    assert_eq!((&health["status"], &health["version"]), (&"ok".into(), &env!("CARGO_PKG_VERSION").into()));
    let counts =
        serde_json::json!({"things": 1, "jobs": 1, "jobExecutions": 1, "certificates": 1, "policies": 1});
    assert_eq!(health["counts"], counts);
    assert_eq!(health["kept"], serde_json::json!(["certificates", "state"]));
}

#[test]
fn the_authority_can_be_fetched_and_its_key_cannot() {
    let serve = Serve::start();
    let ca = fs::read_to_string(serve.file("ca.pem")).unwrap();
    assert_eq!(serve.call("GET", "/_sandbox/ca.pem", ""), (200, ca));
    for path in ["/_sandbox/ca.key", "/_sandbox/key.pem", "/_sandbox/../ca.key"] {
        let (status, body) = serve.call("GET", path, "");
        assert!(status == 404 && !body.contains("PRIVATE KEY"), "{path}: {status} {body}");
    }
}

#[test]
fn health_ends_well_where_the_service_is_ready() {
    let serve = Serve::start();
    Sandbox::new().args(["health", &serve.url()]).stdout("").run();
    Sandbox::new().args(["health", &serve.url(), "--wait", "30s"]).stdout("").run();
}

/// As the health check of the image does, which has no key.
#[test]
fn where_a_key_is_required_who_has_none_is_told_that_it_is_ready_and_no_more() {
    let serve = Serve::with(&["--require-key"]);
    Sandbox::new().args(["health", &serve.url()]).stdout("").run();
    assert_eq!(serve.call("GET", "/_sandbox/health", ""), (200, r#"{"status":"ok"}"#.to_owned()));
    for (method, path) in [
        ("POST", "/_sandbox/health"),
        ("GET", "/_sandbox/clock"),
        ("GET", "/_sandbox/health/"),
        ("GET", "/jobs"),
    ] {
        let (status, body) = serve.call(method, path, "");
        assert!(status == 403 && body.contains("--require-key"), "{path}: {status} {body}");
    }
    let mut command = serve.shell(env!("CARGO_BIN_EXE_jobs-sandbox"));
    assert!(command.args(["health", &serve.url()]).status().unwrap().success());
}

#[test]
fn without_a_url_it_needs_a_port_that_can_be_asked() {
    for port in ["abc", "0", "65536", "1/@example.com:80"] {
        let health = Sandbox::new().arg("health").env("JOBS_SANDBOX_HTTP_PORT", port).status(2).stdout("");
        let said = format!(
            "error: JOBS_SANDBOX_HTTP_PORT must be a number from 1 to 65535, not {port:?}; or give health a URL\n"
        );
        health.stderr(said).run();
    }
}

#[test]
fn health_says_what_is_wrong() {
    let port = refusing();
    let url = format!("http://{}", port.local_addr().unwrap());
    let refused = Sandbox::new().args(["health", &url]).status(3).stdout("").stderr("error: [..]").run();
    assert!(refused.stderr.contains("no answer from a local service at 127.0.0.1:"), "{}", refused.stderr);
    for url in ["localhost", "https://localhost:9443", ""] {
        let refused = Sandbox::new().args(["health", url]).status(2).stdout("").stderr("error: [..]").run();
        assert!(refused.stderr.contains("such as http://localhost:9443"), "{}", refused.stderr);
    }
}
