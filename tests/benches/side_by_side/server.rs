//! The servers: ours, a bare broker, and a local AWS of others.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use jobs_sandbox::client::identity::Identity;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::certificates::{Authority, Pem};
use crate::device::{Device, Exchange};

/// A server takes so long at most until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// The scope says which service of AWS is meant; nobody here verifies the signature.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iot/aws4_request, SignedHeaders=host, Signature=0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    JobsSandbox,
    Mosquitto,
    MiniStack,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::JobsSandbox, Self::Mosquitto, Self::MiniStack];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::JobsSandbox => "jobs-sandbox",
            Self::Mosquitto => "mosquitto",
            Self::MiniStack => "MiniStack",
        }
    }

    /// Where its program is, if it is installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Self::JobsSandbox => Some(env!("CARGO_BIN_EXE_jobs-sandbox").into()),
            Self::Mosquitto => installed("mosquitto"),
            Self::MiniStack => {
                let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ministack/bin/ministack");
                if own.is_file() { Some(own) } else { installed("ministack") }
            }
        }
    }
}

fn installed(name: &str) -> Option<PathBuf> {
    // Debian keeps servers in sbin, which is not on every user's path.
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// A server in a process of its own, which ends with this value.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// From its start until a device was connected.
    pub(crate) start: Duration,
    pub(crate) mqtt: u16,
    pub(crate) http: u16,
    pub(crate) tls: TlsConnector,
    pub(crate) dir: TempDir,
    process: Child,
}

impl Server {
    pub(crate) async fn start(kind: Kind, program: &Path) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let [mqtt, http] = free_ports()?;
        let mut command = command(kind, program, dir.path(), mqtt, http)?;
        let begun = Instant::now();
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        loop {
            let reached = reach(kind, dir.path(), mqtt, http).await;
            let start = begun.elapsed();
            match reached {
                Ok(tls) => return Ok(Self { kind, start, mqtt, http, tls, dir, process }),
                Err(error) if start > PATIENCE => {
                    return Err(error.context(format!("{} does not answer", kind.name())));
                }
                Err(_) => tokio::time::sleep(Duration::from_micros(200)).await,
            }
            if let Some(status) = process.try_wait()? {
                bail!("{} ended: {status}", kind.name());
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// What a device asks it.
    pub(crate) fn exchange(&self, device: usize) -> Exchange {
        exchange(self.kind, device)
    }

    /// Makes the things that the devices are.
    pub(crate) async fn create_things(&self, count: usize) -> anyhow::Result<()> {
        if self.kind == Kind::Mosquitto {
            return Ok(());
        }
        for number in 0..count {
            call(self.http, "POST", &format!("/things/{}", thing(number)), "{}").await?;
        }
        Ok(())
    }
}

fn thing(device: usize) -> String {
    format!("device-{device}")
}

/// A request about jobs, or where the server knows none, a message of the same length that comes back.
fn exchange(kind: Kind, device: usize) -> Exchange {
    let jobs = format!("$aws/things/{}/jobs/get", thing(device));
    match kind {
        Kind::Mosquitto => {
            let topic = format!("{jobs}/accepted").replace("$aws", "echo");
            let payload = r#"{"clientToken":"1","timestamp":1748952000,"inProgressJobs":[],"queuedJobs":[]}"#;
            Exchange { request: topic.clone(), payload: payload.into(), filter: topic.clone(), answer: topic }
        }
        Kind::JobsSandbox | Kind::MiniStack => Exchange {
            request: jobs.clone(),
            payload: r#"{"clientToken":"1"}"#.into(),
            filter: format!("{jobs}/+"),
            answer: format!("{jobs}/accepted"),
        },
    }
}

fn command(kind: Kind, program: &Path, dir: &Path, mqtt: u16, http: u16) -> anyhow::Result<Command> {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", dir).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let (mqtt, http) = (mqtt.to_string(), http.to_string());
    match kind {
        Kind::JobsSandbox => {
            command.args(["serve", "--dir", "service", "--mqtt-port", &mqtt, "--http-port", &http]);
        }
        Kind::Mosquitto => {
            write_mosquitto_files(dir, &mqtt)?;
            command.args(["-c", "mosquitto.conf"]);
        }
        Kind::MiniStack => {
            command.envs([("IOT_MTLS_PORT", &*mqtt), ("GATEWAY_PORT", &*http), ("LOG_LEVEL", "ERROR")]);
        }
    }
    Ok(command)
}

fn write_mosquitto_files(dir: &Path, port: &str) -> io::Result<()> {
    let authority = Authority::new();
    let (server, device) = (authority.server(), authority.device());
    fs::create_dir(dir.join("service"))?;
    let write = |name: &str, text: &str| fs::write(dir.join(name), text);
    write("server.pem", &server.cert)?;
    write("server.key", &server.key)?;
    let Pem { cert, key } = device;
    write("service/cert.pem", &cert)?;
    write("service/key.pem", &key)?;
    write("service/ca.pem", &authority.pem())?;
    // Started as root it would become another user, who cannot read the key.
    let lines = [
        "user root",
        "log_dest none",
        "set_tcp_nodelay true",
        &format!("listener {port} 127.0.0.1"),
        "cafile service/ca.pem",
        "certfile server.pem",
        "keyfile server.key",
        "require_certificate true",
        "use_identity_as_username true",
    ];
    write("mosquitto.conf", &lines.join("\n"))
}

/// Connects a device; an error as long as the server is not ready.
async fn reach(kind: Kind, dir: &Path, mqtt: u16, http: u16) -> anyhow::Result<TlsConnector> {
    let config = match kind {
        Kind::JobsSandbox | Kind::Mosquitto => {
            let [ca, cert, key] =
                ["ca.pem", "cert.pem", "key.pem"].map(|name| dir.join("service").join(name));
            Identity::load(&cert, &key, Some(&ca))?.tls_config(mqtt)
        }
        // It lets in devices without a certificate.
        Kind::MiniStack => without_certificate(&call(http, "GET", "/_ministack/iot/ca.pem", "").await?)?,
    };
    let tls = TlsConnector::from(config);
    Device::connect(mqtt, &tls, exchange(kind, 0)).await?;
    Ok(tls)
}

fn without_certificate(ca: &str) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}

/// The body of an answer over HTTP.
async fn call(port: u16, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {AUTHORIZATION}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an HTTP answer without an end of its head")?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    Ok(body.to_owned())
}

/// Two ports that were free a moment ago: not every server can choose by itself.
fn free_ports() -> io::Result<[u16; 2]> {
    let [first, second] = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
    Ok([first.local_addr()?.port(), second.local_addr()?.port()])
}
