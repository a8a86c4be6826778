//! `jobs-sandbox serve`, kept running for the length of a test.

use std::env;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{DEADLINE, Process, Sandbox, connect};

/// A local service in a process of its own, on free ports.
#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) process: Process,
    pub(crate) mqtt: SocketAddr,
    pub(crate) http: SocketAddr,
    dir: PathBuf,
    sandbox: Sandbox,
}

impl Serve {
    /// `jobs-sandbox serve` for one thing, `MyThing`.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&["--thing", "MyThing"])
    }

    /// `jobs-sandbox serve` with further arguments.
    #[track_caller]
    pub(crate) fn with(args: &[&str]) -> Self {
        Self::run(Sandbox::new(), args)
    }

    /// `jobs-sandbox serve` in surroundings of the test's choice.
    #[track_caller]
    pub(crate) fn run(sandbox: Sandbox, args: &[&str]) -> Self {
        let sandbox = sandbox.args(["serve", "--mqtt-port", "0", "--http-port", "0", "--dir", "service"]);
        let sandbox = sandbox.args(args);
        Self::ready(sandbox.spawn(), sandbox)
    }

    /// The same service, stopped and started again in the same folder, with further arguments.
    #[track_caller]
    pub(crate) fn again(mut self, args: &[&str]) -> Self {
        self.process.signal(Signal::SIGTERM);
        let finished = self.process.wait();
        assert!(finished.status.success(), "{}\n{}", finished.status, finished.stderr);
        Self::ready(Process::spawn(self.sandbox.command().args(args)), self.sandbox)
    }

    /// The same service, killed and started again in the same folder.
    #[track_caller]
    pub(crate) fn killed(mut self) -> Self {
        self.process.signal(Signal::SIGKILL);
        self.process.wait();
        Self::ready(self.sandbox.spawn(), self.sandbox)
    }

    /// Another service in a folder beside that of this one, which has ended.
    #[track_caller]
    pub(crate) fn in_folder(self, name: &str) -> Self {
        let sandbox = self.sandbox.without("--dir").args(["--dir", name]);
        Self::ready(sandbox.spawn(), sandbox)
    }

    /// A service that has been started as `sandbox` says, as soon as it is ready.
    #[track_caller]
    pub(crate) fn ready(mut process: Process, sandbox: Sandbox) -> Self {
        let ready = process.stdout_line();
        let field = |name: &str| {
            ready
                .split(' ')
                .find_map(|word| word.strip_prefix(name))
                .unwrap_or_else(|| panic!("{name} in {ready}"))
        };
        assert!(ready.starts_with("ready "), "{ready}");
        Self {
            mqtt: field("mqtt=").parse().unwrap(),
            http: field("http=").parse().unwrap(),
            dir: sandbox.home().join(field("dir=")),
            process,
            sandbox,
        }
    }

    /// One of the files it wrote: `ca.pem`, `ca.key`, `cert.pem`, `key.pem`, `env`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The directory of those files.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the control plane and the HTTPS data plane are.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// What a request without a signature is answered: the status and the body.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = connect(self.http);
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What is at a path of the HTTP port.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The same, as soon as it is as it should be.
    #[track_caller]
    pub(crate) fn get_until(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.get(path);
            if is_there(&value) {
                return value;
            }
            assert!(begun.elapsed() < DEADLINE, "{path}: {value}");
        }
    }

    /// A command line that starts with `program`, run by a shell that has read the `env` file: the way in which
    /// a user points a program at the local service.
    pub(crate) fn shell(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", r#". "$0" && exec "$@""#])
            .arg(self.file("env"))
            .arg(program)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.sandbox.home());
        command
    }

    /// `jobs-sandbox` connected to it in AWS mode.
    pub(crate) fn client(&self) -> Sandbox {
        self.client_through(self.mqtt.port())
    }

    /// The same over a line that ends at another port.
    pub(crate) fn client_through(&self, port: u16) -> Sandbox {
        Sandbox::aws_mode(port, &self.url(), self.dir())
    }
}
