//! Names that do not resolve: never, not for a while, or without an answer. The program has a resolver of its own,
//! with `/etc/hosts` and `/etc/resolv.conf` in the hands of the test.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::support::proxy::Proxy;
use crate::support::skip::skip;
use crate::support::{Namespace, Process, Sandbox, Serve};

const KNOWN: &str = "127.0.0.1 localhost\n";
/// Nobody listens at port 53 there, so that each question fails at once.
const NO_DNS: &str = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";

const SETUP: &str = "mount --bind hosts /etc/hosts
mount --bind resolv.conf /etc/resolv.conf
mount --bind nsswitch.conf /etc/nsswitch.conf";

/// Starts `sandbox` where names are what `hosts` says, or what the name server of `resolv_conf` does.
fn start(namespace: &Namespace, sandbox: Sandbox, hosts: &str, resolv_conf: &str) -> (Process, Sandbox) {
    let sandbox = sandbox
        .file("hosts", hosts)
        .file("resolv.conf", resolv_conf)
        .file("nsswitch.conf", "hosts: files dns\n");
    (Process::spawn(&mut namespace.command(SETUP, &sandbox)), sandbox)
}

/// Changes the file in place: the one that is mounted.
fn write(hosts: &Path, text: &str) {
    fs::write(hosts, text).unwrap();
}

fn aws_mode(serve: &Serve, endpoint: &str, port: u16) -> Sandbox {
    Sandbox::aws_mode_at(endpoint, port, &serve.url(), serve.dir())
}

#[test]
fn a_name_that_does_not_resolve_is_one_line() {
    let Some(namespace) = Namespace::new() else { return };
    let serve = Serve::start();
    let sandbox = aws_mode(&serve, "no-such-host.invalid", 8883).args(["-c", "quit"]);
    let (mut process, _sandbox) = start(&namespace, sandbox, KNOWN, NO_DNS);
    let finished = process.finish();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(3), ""));
    let said = finished.stderr;
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("error: cannot resolve no-such-host.invalid: "), "{said}");
    assert!(said.ends_with(": check the endpoint name and this machine's network\n"), "{said}");
}

/// A region that does not exist, or not yet for this network.
#[test]
fn a_wrong_region_is_a_control_plane_that_cannot_be_reached() {
    let Some(namespace) = Namespace::new() else { return };
    let serve = Serve::start();
    let sandbox = aws_mode(&serve, "localhost", serve.mqtt.port());
    let sandbox = sandbox.without("--control-endpoint-url").without("--region");
    let sandbox =
        sandbox.args(["--region", "eu-nowhere-9", "-c", "get-pending-job-executions", "-c", "list-jobs"]);
    let (mut process, _sandbox) = start(&namespace, sandbox, KNOWN, NO_DNS);
    let finished = process.finish();
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stdout.contains("GetPendingJobExecutionsResponse"), "{}", finished.stdout);
    let said: Vec<_> = finished.stderr.lines().collect();
    let reached =
        "cannot reach the control plane at https://iot.eu-nowhere-9.amazonaws.com: failed to lookup address";
    assert!(said.len() == 3 && said[..2].iter().all(|line| line.contains(reached)), "{said:?}");
    let to_do = ": check --region, --control-endpoint-url and the network";
    assert!(said[1].starts_with("-c:2: ") && said[1].ends_with(to_do), "{said:?}");
}

#[test]
fn while_names_do_not_resolve_each_attempt_is_said_and_the_connection_comes_back() {
    let Some(namespace) = Namespace::new() else { return };
    let serve = Serve::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let proxy = runtime.block_on(Proxy::start(serve.mqtt));
    let (mut process, sandbox) =
        start(&namespace, aws_mode(&serve, "localhost", proxy.address.port()), KNOWN, NO_DNS);
    process.send("get-pending-job-executions\n");
    process.stdout_until("\"queuedJobs\"");

    write(&sandbox.path("hosts"), "");
    proxy.reset();
    let lost = process.stderr_line();
    assert!(lost.starts_with("connection lost: "), "{lost}");
    proxy.pass();
    assert!(process.stderr_line().starts_with("attempt 1 in "));
    for attempt in [2, 3] {
        let line = process.stderr_line();
        assert!(line.starts_with("cannot resolve localhost: "), "{line}");
        assert!(line.contains(&format!("; attempt {attempt} in ")), "{line}");
    }
    // The control plane is named by its address.
    process.send("create-job Job1 {}\n");
    process.stdout_until("CreateJobResponse");
    write(&sandbox.path("hosts"), KNOWN);
    process.stderr_until("connection restored");
    assert_eq!(process.stderr_line(), "meanwhile: Job1 is QUEUED now");
    process.send("start-next-pending-job-execution\n");
    process.stdout_until("StartNextPendingJobExecutionResponse");
    let finished = process.finish();
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
    drop::<Runtime>(runtime);
}

/// The resolver would wait for half a minute; the program does not wait for it, neither to say so nor to end.
#[test]
fn a_name_server_that_says_nothing_is_given_no_longer_than_the_time_out() {
    let Some(namespace) = Namespace::new() else { return };
    let Ok(_silent) = UdpSocket::bind("127.53.53.53:53") else {
        return skip("we may not listen on port 53");
    };
    let serve = Serve::start();
    let sandbox = aws_mode(&serve, "silent.test", 8883).args(["--timeout", "1s", "-c", "quit"]);
    let silent = "nameserver 127.53.53.53\noptions timeout:30 attempts:1\n";
    let began = Instant::now();
    let (mut process, _sandbox) = start(&namespace, sandbox, KNOWN, silent);
    let finished = process.finish();
    assert_eq!(
        finished.stderr,
        "error: cannot resolve silent.test: no answer within 1 s: check this machine's network and DNS\n"
    );
    assert_eq!(finished.status.code(), Some(3));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
