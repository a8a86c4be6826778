//! The clients: ours, and AWS's device SDK behind a prompt like that of its Jobs sandbox sample.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::process;
use crate::server::Server;

/// An answer takes so long at most.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    JobsSandbox,
    AwsSdk,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::JobsSandbox, Self::AwsSdk];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::JobsSandbox => "jobs-sandbox",
            Self::AwsSdk => "AWS's SDK for Python",
        }
    }

    /// Where its program is, if it is installed.
    pub(crate) async fn program(self) -> Option<PathBuf> {
        match self {
            Self::JobsSandbox => Some(env!("CARGO_BIN_EXE_jobs-sandbox").into()),
            Self::AwsSdk => {
                let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin/python");
                let python = if own.is_file() { own } else { "python3".into() };
                let mut import = Command::new(&python);
                import.args(["-c", "import awsiot, boto3"]).stdin(Stdio::null()).stderr(Stdio::null());
                import.status().await.is_ok_and(|status| status.success()).then_some(python)
            }
        }
    }
}

/// What a client took.
#[derive(Debug)]
pub(crate) struct Session {
    /// From its start until the first answer.
    pub(crate) first: Duration,
    /// From a command to its answer, for each.
    pub(crate) commands: Vec<Duration>,
    /// In MB, at the end.
    pub(crate) memory: Option<f64>,
}

/// Lives of a job, from its creation to the end, on a server that both clients use.
pub(crate) async fn session(
    kind: Kind,
    program: &Path,
    server: &Server,
    name: &str,
    lives: usize,
) -> anyhow::Result<Session> {
    let begun = Instant::now();
    let mut client = Client::start(kind, program, server)?;
    client.ask("get-pending-job-executions", "GetPendingJobExecutionsResponse").await?;
    let first = begun.elapsed();
    let mut commands = Vec::new();
    for life in 0..lives {
        let job = format!("{name}-{life}");
        for (command, answer) in [
            (format!(r#"create-job {job} {{"ToDo":"Reboot"}}"#), "CreateJobResponse"),
            ("get-pending-job-executions".into(), "GetPendingJobExecutionsResponse"),
            ("start-next-pending-job-execution".into(), "StartNextPendingJobExecutionResponse"),
            (format!("describe-job-execution {job}"), "DescribeJobExecutionResponse"),
            (format!("update-job-execution {job} SUCCEEDED"), "UpdateJobExecutionResponse"),
        ] {
            let asked = Instant::now();
            client.ask(&command, answer).await?;
            commands.push(asked.elapsed());
        }
    }
    let memory = process::memory(client.process.id().context("it has ended")?);
    Ok(Session { first, commands, memory })
}

/// A client in a process of its own, which ends with this value.
struct Client {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(kind: Kind, program: &Path, server: &Server) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        match kind {
            Kind::JobsSandbox => command.arg("--json"),
            Kind::AwsSdk => {
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/prompt.py");
                command.arg("-B").arg(script)
            }
        };
        let file = |name: &str| server.dir.path().join("service").join(name);
        command
            .env_clear()
            .env("HOME", server.dir.path())
            .env("JOBS_SANDBOX_ENDPOINT", "localhost")
            .env("JOBS_SANDBOX_PORT", server.mqtt.to_string())
            .env("JOBS_SANDBOX_THING", "MyThing")
            .env("JOBS_SANDBOX_CERT", file("cert.pem"))
            .env("JOBS_SANDBOX_KEY", file("key.pem"))
            .env("JOBS_SANDBOX_CA_FILE", file("ca.pem"))
            .env("AWS_ENDPOINT_URL", format!("http://localhost:{}", server.http))
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let input = process.stdin.take().context("its input is a pipe")?;
        let output = BufReader::new(process.stdout.take().context("its output is a pipe")?).lines();
        Ok(Self { process, input, output })
    }

    /// Types a command, and waits for a line that holds the title of its answer.
    async fn ask(&mut self, command: &str, answer: &str) -> anyhow::Result<()> {
        self.input.write_all(format!("{command}\n").as_bytes()).await?;
        let read = async {
            while let Some(line) = self.output.next_line().await? {
                if line.contains(answer) {
                    return Ok(());
                }
            }
            anyhow::bail!("{command}: the client ended")
        };
        timeout(PATIENCE, read).await.with_context(|| format!("{command}: no {answer}"))?
    }
}
