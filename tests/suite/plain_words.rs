//! What goes wrong around the program, told in a person's words.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;

use nix::sys::signal::Signal;

use crate::support::{Process, Sandbox, Serve, open_pipe};

/// A server that answers each client's first bytes with these.
fn answering(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]).and_then(|_| client.write_all(answer));
            let _ = client.shutdown(std::net::Shutdown::Write);
            // Until it has read it, too: a reset might overtake the answer.
            let _ = client.read_to_end(&mut Vec::new());
        }
    });
    address
}

#[test]
fn a_tls_alert_is_told_in_words() {
    let serve = Serve::start();
    for (alert, said) in [
        (
            &[21, 3, 3, 0, 2, 2, 70][..],
            "no TLS version or cipher in common: let the server speak TLS 1.2 or 1.3",
        ),
        (&[21, 3, 3, 0, 2, 2, 40], "agrees to none of what this program offers (handshake_failure): "),
        (&[21, 3, 3, 0, 2, 2, 0x99], "broke it off with the alert 153: look into the server's log"),
        (&[21, 3, 3, 0, 2, 2, 48], "the server refused the client certificate (unknown_ca): "),
    ] {
        let port = answering(alert).port();
        let sandbox = Sandbox::aws_mode(port, &serve.url(), serve.dir()).args(["-c", "quit"]).status(3);
        let output = sandbox.stderr_any().run();
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}

#[test]
fn plain_http_to_a_port_of_tls_is_told() {
    let serve = Serve::start();
    for answer in [&b""[..], &[21, 3, 3, 0, 2, 2, 70]] {
        let url = format!("http://{}", answering(answer));
        let sandbox = Sandbox::aws_mode(serve.mqtt.port(), &url, serve.dir()).args(["-c", "quit"]);
        let output = sandbox.stderr_any().run();
        assert!(output.stderr.contains("perhaps because that port wants https://"), "{}", output.stderr);
    }
}

#[test]
fn too_few_open_files_are_told_before_anything_is_done() {
    for limit in ["-n 12", "-n 20"] {
        let sandbox = Sandbox::new().args(["-c", "help"]);
        let command = sandbox.command();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!(r#"ulimit {limit} && exec "$0" "$@""#)]).arg(command.get_program());
        let output = shell.args(command.get_args()).env("TMPDIR", sandbox.home()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.starts_with("error: too few files may be open (") && said.contains("ulimit -n"),
            "{said}"
        );
        assert_eq!(std::fs::read_dir(sandbox.home()).unwrap().count(), 0, "nothing stays behind");
    }
}

#[test]
fn a_folder_that_cannot_be_had_is_told_with_what_to_do() {
    let sandbox = Sandbox::new().env("TMPDIR", "/nonexistent").args(["-c", "help"]).status(3);
    sandbox
        .stderr(
            "error: cannot start the local service: cannot write /nonexistent: No such file or directory: \
             name another folder with --dir\n",
        )
        .run();
}

#[test]
fn a_value_of_the_wrong_kind_is_told_with_one_of_the_right_kind() {
    for (arguments, said) in [
        (&["--listen", "localhost"][..], "write the address of an interface, such as 127.0.0.1"),
        (
            &[
                "--control-endpoint-url",
                "http://a:99999",
                "--endpoint",
                "h",
                "--cert",
                "c",
                "--key",
                "k",
                "--thing",
                "T",
            ],
            "has a port that is none",
        ),
    ] {
        let output = Sandbox::new().args(arguments).status(2).stderr_any().run();
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}

#[test]
fn a_proxy_that_is_no_url_is_named_without_its_value() {
    let serve = Serve::start();
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        Sandbox::aws_mode(serve.mqtt.port(), "", serve.dir())
            .without("--control-endpoint-url")
            .env(variable, "http://u:pw secret@127.0.0.1:9")
            .args(["-c", "quit"])
            .status(2)
            .stderr(format!("error: {variable} is not the URL of a proxy: [..]\n"))
            .run();
    }
}

#[test]
fn that_plain_http_goes_through_no_proxy_is_told() {
    let serve = Serve::start();
    let absent = crate::support::refusing();
    let url = format!("http://{}", absent.local_addr().unwrap());
    let sandbox =
        Sandbox::aws_mode(serve.mqtt.port(), &url, serve.dir()).env("HTTP_PROXY", "http://127.0.0.1:9");
    let output = sandbox.args(["-c", "quit"]).stderr_any().run();
    assert!(output.stderr.contains("(http:// goes through no proxy)"), "{}", output.stderr);
}

#[test]
fn a_report_goes_into_a_pipe_that_somebody_reads_from() {
    let sandbox = Sandbox::new().args(["--junit", "pipe", "-c", "help"]);
    let pipe = sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let output = sandbox.status(2).stderr_any().run();
    assert!(output.stderr.contains("nobody reads from that pipe"), "{}", output.stderr);

    let program = Sandbox::new().command();
    let mut bash = Command::new("bash");
    bash.args(["-c", r#""$0" -c help --junit >(cat > report.xml; echo read); wait"#])
        .arg(program.get_program());
    let dir = tempfile::tempdir().unwrap();
    let finished = Process::spawn(bash.current_dir(dir.path())).finish();
    assert!(finished.stdout.ends_with("read\n"), "{} {}", finished.stdout, finished.stderr);
    assert!(std::fs::read_to_string(dir.path().join("report.xml")).unwrap().ends_with("</testsuites>\n"));
}

/// Its reader has opened the pipe and reads no more than the beginning, and the report does not fit into it.
#[test]
fn a_report_that_nobody_takes_does_not_keep_a_signal_from_ending_the_run() {
    let sandbox = Sandbox::new().args(["--junit", "pipe"]);
    let pipe = sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        thread::spawn(move || std::fs::File::open(pipe).unwrap())
    };
    // So that the reader's open returns, and its reads wait, whether or not the program has opened the pipe.
    let _writer = open_pipe(&pipe);
    let mut reader = reader.join().unwrap();
    let mut process = sandbox.spawn();
    process.send("help\n".repeat(1000));
    process.send("quit\n");
    // The report is being written: its first byte has come, and the rest is more than a pipe holds.
    reader.read_exact(&mut [0]).unwrap();
    process.signal(Signal::SIGTERM);
    assert_eq!(process.wait().status.code(), Some(130));
}
