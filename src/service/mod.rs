//! The local Jobs service: AWS IoT Jobs for one account, in this process.
//!
//! [`LocalService`] listens on two ports: MQTT over mutual TLS for devices, HTTP for the control plane and
//! the data plane over HTTPS. Both are thin fronts of one pure state machine.
//!
//! | module | what it is |
//! |---|---|
//! | [`state`] | the account: things, jobs, job executions, certificates, policies |
//! | [`data_plane`] | requests of devices over MQTT: a topic and a payload in, an answer and events out |
//! | [`policy`] | who may do what |
//! | [`broker`] | sessions, routing and delivery, without a socket |
//! | [`mqtt`] | the MQTT front |
//! | [`http`] | the HTTP front |
//! | [`shared`] | the one lock that gives everything its order, and the timer |
//! | [`certificates`], `files`, `clock`, [`time`] | what a running service needs besides |
//! | `one_line`, `log` | how refusals quote what was sent, and how many lines reach the log |
//! | [`choices`] | what AWS does not say |

pub mod broker;
pub mod certificates;
pub mod choices;
mod clock;
pub mod data_plane;
mod files;
pub mod http;
mod log;
pub mod mqtt;
pub(crate) mod one_line;
pub mod policy;
pub mod shared;
pub mod state;
pub mod time;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

pub use self::log::Log;

use self::files::Files;
use self::shared::Shared;
use self::state::Settings;
use self::state::things::CreateThingRequest;
use crate::wire::model::ThingName;

/// How to start the service.
pub struct Options {
    /// The MQTT port; 0 means any free one.
    pub mqtt_port: u16,
    /// The HTTP port; 0 means any free one.
    pub http_port: u16,
    /// The address to listen on.
    pub listen: IpAddr,
    /// Where the certificates and the key go; a private temporary directory if there is none.
    pub dir: Option<PathBuf>,
    /// The account to play: twelve digits.
    pub account: String,
    /// The region to play.
    pub region: String,
    /// The things that exist from the start and that the device certificate may speak for.
    pub things: Vec<ThingName>,
    /// Where refusals and the like are told.
    pub log: Log,
}

/// Why the service cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A port is taken, or not ours to take.
    #[error("cannot listen on {address} for {front}: {error}; choose another port, or 0 for any free one")]
    Listen {
        /// MQTT or HTTP.
        front: &'static str,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] certificates::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The device's certificate or policy was refused.
    #[error("cannot register the device certificate")]
    Device(#[from] state::Rejected),
    /// A thing was refused.
    #[error("cannot create the thing: {0}")]
    Thing(state::Rejected),
}

/// A running service; dropped, it ends at once.
#[derive(Debug)]
pub struct LocalService {
    mqtt: SocketAddr,
    http: SocketAddr,
    files: Files,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    timers: AbortHandle,
}

impl LocalService {
    /// Starts the service; when this returns it can be connected to.
    #[expect(
        clippy::unused_async,
        reason = "it runs within a tokio runtime alone, as the await at its call shows"
    )]
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (mqtt_listener, mqtt) = listen("MQTT", options.listen, options.mqtt_port)?;
        let (http_listener, http) = listen("HTTP", options.listen, options.http_port)?;
        let settings = Settings { region: options.region.clone(), account: options.account.clone() };
        let shared = Arc::new(Shared::new(settings).logging_to(options.log.clone()));
        let authority = shared.authority()?;
        let device = authority.device()?;
        let (certificate, key) = authority.server(options.listen)?;
        let tls = mqtt::server_config(certificate, key, shared.clone())?;
        let files = Files::write(options.dir.as_deref(), &authority.pem(), &device)?;
        let device_pem = &device.certificate_pem;
        let policies = device_policies(&options);
        shared
            .requests(|requests| requests.state.install_device(requests.jobs_now, device_pem, &policies))?;
        for thing in &options.things {
            let request = CreateThingRequest::default();
            shared
                .handle(|state, now| state.create_thing(now, thing.as_str(), Uuid::new_v4(), &request))
                .map_err(StartError::Thing)?;
        }

        files.put_environment(&environment(&options, &files, mqtt, http))?;
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(mqtt::serve(mqtt_listener, tls, shared.clone(), stopped));
        tasks.spawn(http::serve(http_listener, shared.clone(), stop.subscribe()));
        let timers = shared.clone();
        let timers = tasks.spawn(async move { timers.run_timers().await });
        Ok(Self { mqtt, http, files, shared, stop, tasks, timers })
    }

    /// Where devices connect.
    #[must_use]
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.mqtt
    }

    /// Where the control plane and the data plane over HTTPS are.
    #[must_use]
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// The directory with the files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.files.dir
    }

    /// The certificate of the authority that clients must trust.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.files.path(files::CA)
    }

    /// The device's certificate.
    #[must_use]
    pub fn cert_file(&self) -> PathBuf {
        self.files.path(files::CERTIFICATE)
    }

    /// The device's private key.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.files.path(files::KEY)
    }

    /// Shell lines that make other programs use the service.
    #[must_use]
    pub fn env_file(&self) -> PathBuf {
        self.files.path(files::ENVIRONMENT)
    }

    /// The service itself, for whoever wants to look at it or move its clock.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Tells every client that the service stops, and stops it; takes a second at the most.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The timer's task runs for ever; the fronts end by themselves.
        self.timers.abort();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mqtt_port, http_port, listen, dir, account, region, things, log: _ } = self;
        f.debug_struct("Options")
            .field("mqtt_port", mqtt_port)
            .field("http_port", http_port)
            .field("listen", listen)
            .field("dir", dir)
            .field("account", account)
            .field("region", region)
            .field("things", things)
            .finish_non_exhaustive()
    }
}

/// A listener and its address.
fn listen(front: &'static str, ip: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::new(ip, port);
    let bind = || {
        let socket = if ip.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind().map_err(|error| StartError::Listen { front, address, error })
}

/// How many connections may wait to be accepted. Beyond, a client waits a second for its next try, so the
/// usual 128 would let a burst of one client's connections hold up all others.
const BACKLOG: u32 = 4096;

/// The policy that users are told to deploy is the one that the service's own device stands under.
const DEVICE_POLICY: &str = include_str!("../../policies/device-policy.json");

/// A name and a document for each thing.
fn device_policies(options: &Options) -> Vec<(String, String)> {
    let fill = |thing: &ThingName| {
        DEVICE_POLICY
            .replace("${region}", &options.region)
            .replace("${account}", &options.account)
            .replace("${thing}", thing.as_str())
    };
    let name =
        |number| if number == 0 { "jobs-sandbox".to_owned() } else { format!("jobs-sandbox-{}", number + 1) };
    options.things.iter().enumerate().map(|(number, thing)| (name(number), fill(thing))).collect()
}

/// What makes other programs use the service.
fn environment(
    options: &Options,
    files: &Files,
    mqtt: SocketAddr,
    http: SocketAddr,
) -> Vec<(&'static str, String)> {
    let path = |name| files.path(name).display().to_string();
    // A name rather than an address where there is one: not every TLS library takes addresses.
    let host = if mqtt.ip().is_loopback() || mqtt.ip().is_unspecified() {
        "localhost".to_owned()
    } else {
        mqtt.ip().to_string()
    };
    let http =
        if http.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, http.port())) } else { http };
    let mut variables = vec![
        ("JOBS_SANDBOX_ENDPOINT", host),
        ("JOBS_SANDBOX_PORT", mqtt.port().to_string()),
        ("JOBS_SANDBOX_CERT", path(files::CERTIFICATE)),
        ("JOBS_SANDBOX_KEY", path(files::KEY)),
        ("JOBS_SANDBOX_CA_FILE", path(files::CA)),
        ("JOBS_SANDBOX_REGION", options.region.clone()),
        ("AWS_ENDPOINT_URL", format!("http://{http}")),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_REGION", options.region.clone()),
        ("AWS_DEFAULT_REGION", options.region.clone()),
    ];
    if let Some(thing) = options.things.first() {
        variables.push(("JOBS_SANDBOX_THING", thing.to_string()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::policy::Document;
    use super::*;

    #[test]
    fn every_thing_has_a_policy_of_its_own_however_long_its_name() {
        let options = Options {
            mqtt_port: 0,
            http_port: 0,
            listen: Ipv4Addr::LOCALHOST.into(),
            dir: None,
            account: "123456789012".into(),
            region: "us-east-1".into(),
            things: vec!["A".parse().unwrap(), "b".repeat(128).parse().unwrap()],
            log: Arc::new(|_| ()),
        };
        let policies = device_policies(&options);
        let names: Vec<&str> = policies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["jobs-sandbox", "jobs-sandbox-2"]);
        for (_, text) in &policies {
            assert!(Document::parse_any_length(text).is_ok() && !text.contains("${"), "{text}");
        }
        assert!(Document::parse(&policies[1].1).is_err(), "AWS itself would not take it");
    }
}
