//! The program when the network, the credentials or the process itself fail it: what is said, and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use ring::digest::{SHA256, digest};
use tokio::runtime::Runtime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::support::http::http_server;
use crate::support::mosquitto::Mosquitto;
use crate::support::proxy::Proxy;
use crate::support::{Process, Sandbox, Serve, connect, refusing};

/// The program behind a line that can be broken, in front of a service of its own.
struct Rig {
    process: Process,
    proxy: Proxy,
    _sandbox: Sandbox,
    _runtime: Runtime,
    serve: Serve,
}

impl Rig {
    fn start(arguments: &[&str]) -> Self {
        let serve = Serve::start();
        let (runtime, proxy) = line_to(serve.mqtt);
        let sandbox = serve.client_through(proxy.address.port()).args(arguments);
        let mut process = sandbox.spawn();
        process.send("get-pending-job-executions\n");
        process.stdout_until("\"queuedJobs\"");
        Self { process, proxy, _sandbox: sandbox, _runtime: runtime, serve }
    }

    fn quit(&mut self) -> ExitStatus {
        self.process.send("quit\n");
        self.process.finish().status
    }
}

/// A line that can be broken, for as long as the runtime lives.
fn line_to(server: SocketAddr) -> (Runtime, Proxy) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let proxy = runtime.block_on(Proxy::start(server));
    (runtime, proxy)
}

#[test]
fn a_broken_line_is_said_and_commands_go_on() {
    let mut rig = Rig::start(&["--json"]);
    rig.proxy.reset();
    let lost = rig.process.stderr_line();
    assert!(lost.starts_with("connection lost: "), "{lost}");
    let attempt = rig.process.stderr_line();
    assert!(attempt.starts_with("attempt 1 in "), "{attempt}");
    // Given while there is no connection, it waits for it.
    rig.process.send("describe-job-execution $next\n");
    rig.proxy.pass();
    rig.process.stderr_until("connection restored");
    assert_eq!(rig.process.stderr_line(), "nothing changed meanwhile");
    rig.process.stdout_until("DescribeJobExecutionResponse");
    assert_eq!(rig.quit().code(), Some(0));
}

#[test]
fn what_changed_meanwhile_is_said() {
    let mut rig = Rig::start(&[]);
    rig.proxy.reset();
    rig.process.stderr_until("connection lost: ");
    rig.process.send("create-job Job1 {}\n");
    rig.process.stdout_until("CreateJobResponse");
    rig.proxy.pass();
    rig.process.stderr_until("connection restored");
    assert_eq!(rig.process.stderr_line(), "meanwhile: Job1 is QUEUED now");
    assert_eq!(rig.quit().code(), Some(0));
}

/// Whoever hears the news first: the answer to a command that waited for the line tells it too.
#[test]
fn what_changed_meanwhile_is_said_although_a_command_hears_it_first() {
    let mut rig = Rig::start(&[]);
    rig.proxy.reset();
    rig.process.stderr_until("connection lost: ");
    rig.process.send("get-pending-job-executions\n");
    rig.serve.client().args(["-c", "create-job Job1 {}"]).run();
    rig.proxy.pass();
    rig.process.stderr_until("connection restored");
    assert_eq!(rig.process.stderr_line(), "meanwhile: Job1 is QUEUED now");
    rig.process.stdout_until("\"Job1\"");
    assert_eq!(rig.quit().code(), Some(0));
}

/// The list that tells what changed may come late, behind an event, or not before the line breaks again.
#[test]
fn a_line_that_breaks_again_and_again_is_said_at_once_and_what_changed_at_last() {
    let Some(mosquitto) = Mosquitto::start() else { return };
    let control_plane = Serve::start();
    let service = mosquitto.service();
    let (_runtime, proxy) = line_to(([127, 0, 0, 1], mosquitto.port).into());
    let sandbox = mosquitto.client_through(proxy.address.port(), &control_plane.url()).arg("--json");
    let mut process = sandbox.spawn();
    process.send("get-pending-job-executions\n");
    service.publish("get/accepted", service.request().list(&["Job1"]));
    process.stdout_until("GetPendingJobExecutionsResponse");
    for _ in 0..2 {
        proxy.reset();
        let lost = process.stderr_line();
        assert!(lost.starts_with("connection lost: "), "{lost}");
        proxy.pass();
        process.stderr_until("connection restored");
        // The list is asked for, and nobody answers.
        assert_eq!(service.request().topic, "get");
    }
    proxy.reset();
    process.stderr_until("connection lost: ");
    proxy.pass();
    process.stderr_until("connection restored");
    let request = service.request();
    service.publish("notify", r#"{"timestamp":1,"jobs":{}}"#);
    service.publish("get/accepted", request.list(&[]));
    assert_eq!(process.stderr_line(), "meanwhile: Job1 is no longer pending");
    assert_eq!(process.finish().status.code(), Some(0));
}

#[test]
fn a_command_that_finds_no_connection_in_time_fails_and_the_script_goes_on() {
    let mut rig = Rig::start(&["--timeout", "5s"]);
    rig.proxy.reset();
    rig.process.stderr_until("connection lost: ");
    rig.process.send("start-next-pending-job-execution\n");
    let failed = rig.process.stderr_until("StartNextPendingJobExecution");
    assert!(failed.contains("was not sent: no connection within 5 s ("), "{failed}");
    rig.proxy.pass();
    rig.process.stderr_until("connection restored");
    rig.process.send("get-pending-job-executions\n");
    rig.process.stdout_until("\"queuedJobs\"");
    assert_eq!(rig.quit().code(), Some(1));
}

#[test]
fn a_session_taken_over_ends_it_for_good() {
    let mut rig = Rig::start(&["--client-id", "test-same"]);
    let second = rig.serve.client().args(["--client-id", "test-same", "-c", "quit"]);
    second.run();
    let said = rig.process.stderr_line();
    assert_eq!(
        said,
        "connection lost for good: another client connected with the same client id test-same \
         and took the session over: give each its own --client-id"
    );
    rig.process.send("get-pending-job-executions\n");
    rig.process.stderr_until("stdin:2: GetPendingJobExecutions failed: another client connected");
    assert_eq!(rig.quit().code(), Some(1));
}

/// An hour would be spent in vain.
#[test]
fn an_expectation_ends_with_the_connection() {
    let mut rig = Rig::start(&["--client-id", "test-same", "--echo"]);
    rig.process.send("expect JobExecutionsChangedEvent --within 1h\n");
    rig.process.stdout_until("> expect");
    let second = rig.serve.client().args(["--client-id", "test-same", "-c", "quit"]);
    second.run();
    rig.process.stderr_until("stdin:2: awaited JobExecutionsChangedEvent");
    assert_eq!(rig.quit().code(), Some(1));
}

#[test]
fn a_script_whose_session_was_taken_over_ends_at_quit_and_has_failed() {
    let mut rig = Rig::start(&["--client-id", "test-same"]);
    let second = rig.serve.client().args(["--client-id", "test-same", "-c", "quit"]);
    second.run();
    rig.process.stderr_until("connection lost for good: ");
    rig.process.send("quit\nhelp\n");
    let finished = rig.process.finish();
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stderr.starts_with("stdin: connection lost for good: "), "{}", finished.stderr);
    assert!(!finished.stdout.contains("Control Plane"), "help was carried out behind quit");
}

#[test]
fn a_process_that_was_stopped_goes_on_where_it_was() {
    let mut rig = Rig::start(&[]);
    rig.process.signal(Signal::SIGSTOP);
    let operator = rig.serve.client().args(["-c", "create-job Job1 {}"]);
    operator.run();
    rig.process.signal(Signal::SIGCONT);
    rig.process.stdout_until("JobExecutionsChangedEvent");
    rig.process.send("get-pending-job-executions\n");
    rig.process.stdout_until("\"queuedJobs\"");
    assert_eq!(rig.quit().code(), Some(0));
}

#[test]
fn a_broker_that_restarts_is_found_again() {
    let Some(mut mosquitto) = Mosquitto::start() else { return };
    let control_plane = Serve::start();
    let (_runtime, proxy) = line_to(([127, 0, 0, 1], mosquitto.port).into());
    let sandbox = mosquitto.client_through(proxy.address.port(), &control_plane.url()).arg("--json");
    let mut process = sandbox.spawn();
    process.send("help quit\n");
    process.stdout_until("Help");
    // The line lets the program back when the test is there before it.
    proxy.reset();
    mosquitto.restart();
    let service = mosquitto.service();
    proxy.pass();
    assert!(process.stderr_line().starts_with("connection lost: "));
    process.stderr_until("connection restored");
    service.publish("get/accepted", service.request().list(&[]));
    process.stderr_until("nothing is pending");
    process.send("get-pending-job-executions\n");
    service.publish("get/accepted", service.request().list(&["Job1"]));
    process.stdout_until("GetPendingJobExecutionsResponse");
    service.publish("notify", r#"{"timestamp":1,"jobs":{}}"#);
    process.stdout_until("JobExecutionsChangedEvent");
    assert_eq!(process.finish().status.code(), Some(0));
}

/// An operator deactivates the certificate of a device that is connected, and thinks better of it.
#[test]
fn a_certificate_that_is_deactivated_while_connected_is_said_until_it_is_active_again() {
    let mut rig = Rig::start(&[]);
    let certificate = fs::read(rig.serve.file("cert.pem")).unwrap();
    let certificate = CertificateDer::from_pem_slice(&certificate).unwrap();
    let id = digest(&SHA256, &certificate);
    let id = id.as_ref().iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
    let http = rig.serve.http;
    let set = |status: &str| {
        let mut stream = connect(http);
        let request = format!(
            "PUT /certificates/{id}?newStatus={status} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/iot/aws4_request, Signature=b\r\n\
             content-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    };
    set("INACTIVE");
    assert!(rig.process.stderr_line().starts_with("connection lost: "));
    assert!(rig.process.stderr_line().starts_with("attempt 1 in "));
    let refused = rig.process.stderr_line();
    assert!(refused.contains("check that it is registered and ACTIVE"), "{refused}");
    assert!(refused.contains("; attempt 2 in "), "{refused}");
    set("ACTIVE");
    rig.process.stderr_until("connection restored");
    assert_eq!(rig.process.stderr_line(), "nothing changed meanwhile");
    assert_eq!(rig.quit().code(), Some(0));
}

/// Stopped for longer than one and a half keep-alives: meanwhile the broker has closed the session.
#[test]
fn a_process_that_was_stopped_for_too_long_connects_again_and_says_what_it_missed() {
    // The shortest that mosquitto can be told to ask for, in seconds.
    let Some(mut mosquitto) = Mosquitto::with("max_keepalive 10") else { return };
    let control_plane = Serve::start();
    let service = mosquitto.service();
    let sandbox = mosquitto.client(&control_plane.url()).args(["--json", "--client-id", "test-stopped"]);
    let mut process = sandbox.spawn();
    process.send("get-pending-job-executions\n");
    service.publish("get/accepted", service.request().list(&[]));
    process.stdout_until("GetPendingJobExecutionsResponse");

    process.signal(Signal::SIGSTOP);
    mosquitto.until("test-stopped has exceeded timeout");
    process.signal(Signal::SIGCONT);
    assert!(process.stderr_line().starts_with("connection lost: "));
    assert!(process.stderr_line().starts_with("attempt 1 in "));
    assert_eq!(process.stderr_line(), "connection restored");
    service.publish("get/accepted", service.request().list(&["Job1"]));
    assert_eq!(process.stderr_line(), "meanwhile: Job1 is QUEUED now");
    service.publish("notify", r#"{"timestamp":1,"jobs":{}}"#);
    process.stdout_until("JobExecutionsChangedEvent");
    assert_eq!(process.finish().status.code(), Some(0));
}

#[test]
fn without_credentials_the_data_plane_works_and_the_control_plane_says_what_is_missing() {
    let serve = Serve::start();
    let output = serve
        .client()
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["--json", "-c", "get-pending-job-executions", "-c", "create-job J {}"])
        .stderr_any()
        .status(1)
        .run();
    let missing = "no AWS credentials (none were found): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
                   AWS_SECRET_ACCESS_KEY, or sign in with aws sso login";
    assert!(output.stderr.contains(&format!("warning: {missing}")), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("-c:2: {missing}")), "{}", output.stderr);
    assert!(output.stdout.starts_with(r#"{"type":"response","title":"GetPendingJobExecutionsResponse""#));
}

#[test]
fn a_sign_in_that_has_run_out_is_said_with_what_to_do() {
    let serve = Serve::start();
    let output = serve
        .client()
        .file(
            "config",
            "[profile work]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n\
             [sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n",
        )
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_CONFIG_FILE", "config")
        .env("AWS_PROFILE", "work")
        .args(["-c", "create-job J {}"])
        .stderr_any()
        .status(1)
        .run();
    assert!(output.stderr.contains("-c:1: no AWS credentials ("), "{}", output.stderr);
    assert!(output.stderr.contains("SSO"), "{}", output.stderr);
    assert!(output.stderr.contains("sign in with aws sso login"), "{}", output.stderr);
}

#[test]
fn a_control_plane_out_of_reach_is_one_line_with_its_address() {
    let serve = Serve::start();
    let refusing = refusing();
    let address = refusing.local_addr().unwrap();
    let output = Sandbox::aws_mode(serve.mqtt.port(), &format!("http://{address}"), serve.dir())
        .args(["-c", "delete-job J"])
        .stderr_any()
        .status(1)
        .run();
    let said = format!(
        "-c:1: cannot reach the control plane at http://{address}: Connection refused: \
         check --region, --control-endpoint-url and the network"
    );
    assert!(output.stderr.lines().any(|line| line == said), "{}", output.stderr);
}

/// Here the control plane takes a connection and never answers, for longer than the test may last.
#[test]
fn a_broker_out_of_reach_is_said_without_waiting_for_the_control_plane() {
    let serve = Serve::start();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = refusing();
    let port = refusing.local_addr().unwrap().port();
    let control_plane = format!("http://{}", silent.local_addr().unwrap());
    Sandbox::aws_mode(port, &control_plane, serve.dir())
        .args(["--timeout", "1h", "-c", "help"])
        .status(3)
        .stdout("")
        .stderr(format!("error: localhost:{port} refused the connection: [..]"))
        .run();
}

#[test]
fn a_key_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let serve = Serve::start();
    let sandbox = serve.client();
    fs::set_permissions(sandbox.path("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let output = sandbox.args(["-c", "get-pending-job-executions"]).stderr_any().run();
    assert_eq!(output.stderr, "warning: key file key.pem: others can read it: chmod 600 key.pem\n");
}

/// A mistyped thing must not be left behind in the account.
#[test]
fn no_thing_is_created_before_the_connection_is_proven() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let files = Serve::start();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let control_plane = http_server({
        let asked = asked.clone();
        move |request| {
            asked.lock().unwrap().push(request.head.lines().next().unwrap().to_owned());
            let class = "x-amzn-ErrorType: ResourceNotFoundException\r\n".to_owned();
            (404, class, r#"{"message":"no such thing"}"#.to_owned())
        }
    });
    let port = silent.local_addr().unwrap().port();
    Sandbox::aws_mode_at("127.0.0.1", port, &format!("http://{control_plane}"), files.dir())
        .args(["--thing", "MyTing", "--timeout", "2s", "-c", "help"])
        .status(3)
        .stderr_any()
        .run();
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}
