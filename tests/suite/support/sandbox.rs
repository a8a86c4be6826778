//! One run of `jobs-sandbox`: what goes in, and what must come out.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use serde_json::Value;
use tempfile::TempDir;

use super::{Process, pattern};

/// A run of the real binary in a directory of its own, which is also its home.
///
/// The environment is empty but for `PATH`, `HOME` and `TMPDIR`: nothing of the developer's reaches the program.
/// Unless told otherwise the run must exit 0 and say no more on standard error than where its local service is.
#[must_use]
#[derive(Debug)]
pub(crate) struct Sandbox {
    home: TempDir,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    stdout: Option<String>,
    stderr: Expected,
    status: i32,
    /// What `ulimit` is told before the program starts.
    limit: Option<String>,
}

/// What standard error must be.
#[derive(Debug)]
enum Expected {
    /// No more than where the local service is.
    Quiet,
    Text(String),
    Any,
}

/// What a run printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The last line of a script that expected something or failed, which is not in `stderr`.
    pub(crate) summary: Option<String>,
}

/// A line that `--json` prints.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) r#type: String,
    pub(crate) title: String,
    pub(crate) line: Option<usize>,
    pub(crate) thing: Option<String>,
    pub(crate) topic: Option<String>,
    /// Of a message on a topic, as is `retain`.
    pub(crate) qos: Option<u8>,
    pub(crate) retain: Option<bool>,
    /// The body as it was printed, member order and number spelling included.
    pub(crate) body: Option<Box<serde_json::value::RawValue>>,
}

impl Sandbox {
    /// `jobs-sandbox` without arguments and with nothing on standard input.
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: Vec::new(),
            stdout: None,
            stderr: Expected::Quiet,
            status: 0,
            limit: None,
        }
    }

    /// `jobs-sandbox --json`, which [`Output::messages`] reads.
    pub(crate) fn json() -> Self {
        Self::new().arg("--json")
    }

    /// `jobs-sandbox` in AWS mode: a broker on localhost, a control plane, and copies of `cert.pem`, `key.pem` and
    /// `ca.pem` of `dir`.
    pub(crate) fn aws_mode(mqtt_port: u16, control_plane: &str, dir: &Path) -> Self {
        Self::aws_mode_at("localhost", mqtt_port, control_plane, dir)
    }

    /// The same with a broker of this name.
    pub(crate) fn aws_mode_at(endpoint: &str, mqtt_port: u16, control_plane: &str, dir: &Path) -> Self {
        let copy = |sandbox: Self, name| sandbox.file(name, fs::read(dir.join(name)).unwrap());
        let sandbox = Self::new()
            .args(["--endpoint", endpoint, "--port", &mqtt_port.to_string()])
            .args(["--region", "us-east-1", "--control-endpoint-url", control_plane])
            .args(["--cert", "cert.pem", "--key", "key.pem", "--ca-file", "ca.pem"])
            .env("JOBS_SANDBOX_THING", "MyThing")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        ["cert.pem", "key.pem", "ca.pem"].into_iter().fold(sandbox, copy)
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Takes an option and its value out again.
    pub(crate) fn without(mut self, option: &str) -> Self {
        let at = self.args.iter().position(|arg| arg == option).expect("the option was given");
        self.args.drain(at..at + 2);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// What comes on standard input; arguments and files may be used instead.
    pub(crate) fn script(mut self, script: impl AsRef<[u8]>) -> Self {
        script.as_ref().clone_into(&mut self.stdin);
        self
    }

    /// Puts a file into the directory that the program runs in, readable by its owner alone.
    pub(crate) fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        self
    }

    /// All of standard output, `[..]` standing for anything within a line.
    pub(crate) fn stdout(mut self, expected: impl Into<String>) -> Self {
        self.stdout = Some(expected.into());
        self
    }

    /// All of standard error, `[..]` standing for anything within a line.
    pub(crate) fn stderr(mut self, expected: impl Into<String>) -> Self {
        self.stderr = Expected::Text(expected.into());
        self
    }

    /// Standard error may say anything; the test looks at it itself, or at the messages of `--json`.
    pub(crate) fn stderr_any(mut self) -> Self {
        self.stderr = Expected::Any;
        self
    }

    /// The exit code; 0 unless given.
    pub(crate) fn status(mut self, expected: i32) -> Self {
        self.status = expected;
        self
    }

    /// How many files it may have open; as many as the test unless given.
    pub(crate) fn open_files(mut self, limit: u32) -> Self {
        self.limit = Some(format!("-n {limit}"));
        self
    }

    /// How many files it may have open before it asks for more.
    pub(crate) fn soft_open_files(mut self, limit: u32) -> Self {
        self.limit = Some(format!("-Sn {limit}"));
        self
    }

    /// How large a file may become, in blocks, which not every shell takes to be as long.
    pub(crate) fn file_blocks(mut self, limit: u32) -> Self {
        self.limit = Some(format!("-f {limit}"));
        self
    }

    /// The directory that the program runs in.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in that directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// Starts it and leaves the rest to the caller. The builder must outlive the process: it owns its directory.
    #[track_caller]
    pub(crate) fn spawn(&self) -> Process {
        Process::spawn(&mut self.command())
    }

    /// The same together with the process, for a test that starts several.
    #[track_caller]
    pub(crate) fn spawn_kept(self) -> (Self, Process) {
        let process = self.spawn();
        (self, process)
    }

    /// Runs it to its end and compares everything that was asked for.
    #[track_caller]
    pub(crate) fn run(&self) -> Output {
        let mut process = self.spawn();
        process.feed(self.stdin.clone());
        let finished = process.finish();
        let (stderr, summary) = split_summary(finished.stderr);
        let output = Output { status: finished.status, stdout: finished.stdout, stderr, summary };
        assert_eq!(
            output.status.code(),
            Some(self.status),
            "{}\nstdout:\n{}\nstderr:\n{}",
            output.status,
            output.stdout,
            output.stderr
        );
        assert!(!output.stderr.contains("(os error "), "no number of the system's:\n{}", output.stderr);
        if let Some(expected) = &self.stdout {
            pattern::assert_matches("stdout", expected, &output.stdout);
        }
        match &self.stderr {
            Expected::Quiet => assert_eq!(output.unexpected_stderr(), "", "standard error"),
            Expected::Text(expected) => pattern::assert_matches("stderr", expected, &output.stderr),
            Expected::Any => {}
        }
        output
    }

    /// The command line, for a test that wants other pipes than [`spawn`](Self::spawn)'s.
    pub(crate) fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_jobs-sandbox");
        let mut command = match &self.limit {
            None => Command::new(program),
            Some(limit) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", r#"ulimit $0 && exec "$@""#, limit, program]);
                shell
            }
        };
        command
            .args(&self.args)
            .current_dir(self.home())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("TMPDIR", self.home())
            .env("LANG", "C.UTF-8")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Output {
    /// The lines of `--json`; each must be an object of the documented shape.
    #[track_caller]
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.stdout.lines().map(Message::parse).collect()
    }

    /// Standard error without what a run on the local service always says: where it is. What that refuses
    /// counts.
    fn unexpected_stderr(&self) -> String {
        let expected = ["local service: MQTT ", "local service: for other programs: "];
        self.stderr.lines().filter(|line| !expected.iter().any(|begin| line.starts_with(begin))).collect()
    }
}

/// What was said on standard error, and the last line of a script that says how it went.
fn split_summary(mut stderr: String) -> (String, Option<String>) {
    let line = stderr.lines().last().unwrap_or_default();
    if !line.contains(" expectation") || !line.contains(" failed") {
        return (stderr, None);
    }
    let line = line.to_owned();
    stderr.truncate(stderr.len() - line.len() - 1);
    (stderr, Some(line))
}

impl Message {
    /// Reads one line of `--json`.
    #[track_caller]
    pub(crate) fn parse(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
    }

    /// The body, null where there was none.
    pub(crate) fn value(&self) -> Value {
        self.body.as_ref().map_or(Value::Null, |body| serde_json::from_str(body.get()).unwrap())
    }
}
