//! The running service: its sockets, its files and its tasks.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::access_key::AccessKey;
use super::buckets::Buckets;
use super::certificates::{Authority, CertificateError, DeviceCertificate};
use super::clients::Clients;
use super::environment::{self, Addresses, Environment};
use super::files::{self, Files};
use super::first_state::FirstState;
use super::http::{self, Admission, Listeners};
use super::identity::Identity;
#[cfg(feature = "store")]
use super::keeper::Keeper;
use super::keeping::NotKept;
use super::mqtt;
use super::operator::Operator;
use super::options::Options;
use super::s3::Presigner;
use super::shared::Shared;
use super::start_error::StartError;
use super::state::{Outcome, Rejected, Settings, State};
use super::time::Timestamp;
use super::tls::TlsPort;

/// A running service; dropped, it ends at once.
#[derive(Debug)]
pub struct LocalService {
    addresses: Addresses,
    environment: Environment,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    timers: AbortHandle,
    /// Goes before the folder.
    #[cfg(feature = "store")]
    _keeper: Option<Keeper>,
    files: Files,
}

impl LocalService {
    /// Starts the service; when this returns it can be connected to.
    ///
    /// # Errors
    ///
    /// When a port is taken, when the files cannot be written or do not go together, or when a thing's name is
    /// refused.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (mqtt_listener, mqtt) = listen("MQTT", options.listen, options.mqtt_port)?;
        let (http_listener, http) = listen("HTTP", options.listen, options.http_port)?;
        let https = options.https_port.map(|port| listen("HTTPS", options.listen, port)).transpose()?;
        let addresses = Addresses { mqtt, http, https: https.as_ref().map(|(_, address)| *address) };
        let settings = Settings { region: options.region.clone(), account: options.account.clone() };
        let files = Files::open(options.dir.as_deref())?;
        let Identity { authority, device } = identity(&options, &files)?;
        let certificate = authority.server(options.listen, &options.hostnames)?;
        let policies = options.device_policies.documents(&settings, &options.things, https.is_some());
        let buckets = buckets(&options, &files, http, &authority)?;
        let first = FirstState {
            settings: settings.clone(),
            device: Some((device.certificate_pem, policies)),
            operator: OnceLock::new(),
            things: options.things.clone(),
            rollout_rate: options.rollout_rate,
            presigner: buckets.as_ref().map(|buckets| buckets.presigner.clone()),
            is_kept: options.dir.is_some(),
        };
        let shared = Shared::new(settings).logging_to(options.log.clone()).tracing_to(options.trace.clone());
        let shared =
            shared.signing_with(authority).limited_to(options.limits).suffering(options.faults.clone());
        let shared = shared.storing(buckets);
        #[cfg(feature = "store")]
        let (shared, keeper) = Keeper::begin(shared, first, options.keep.then_some(&files))?;
        #[cfg(not(feature = "store"))]
        let shared = Arc::new(shared.beginning_with(first)?);
        // What fell due while no process ran, and what the options say this time.
        shared.until_kept().await?;
        let tls = TlsPort::mqtt(&certificate, shared.clone())?;
        let over_tls = TlsPort::http(&certificate, shared.clone())?;
        let listeners =
            Listeners { http: http_listener, https: https.map(|(listener, _)| (listener, over_tls)) };
        let access_key = options.require_key.then(AccessKey::random);
        let environment = Environment::new(&options, &files, &addresses, access_key.as_ref());
        files.put_environment(&environment.script(), access_key.is_some())?;
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(mqtt::serve(mqtt_listener, tls, shared.clone(), stopped));
        let admission = Admission { hostnames: options.hostnames, access_key };
        tasks.spawn(http::serve(listeners, shared.clone(), admission, stop.subscribe()));
        let timers = shared.clone();
        let timers = tasks.spawn(async move { timers.run_timers().await });
        Ok(Self {
            addresses,
            environment,
            shared,
            stop,
            tasks,
            timers,
            #[cfg(feature = "store")]
            _keeper: keeper,
            files,
        })
    }

    /// Where devices connect.
    #[must_use]
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.addresses.mqtt
    }

    /// Where the control plane and the data plane over HTTPS are.
    #[must_use]
    pub fn http_addr(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Where devices find the data plane over HTTPS with their certificates, if there is a port for that.
    #[must_use]
    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.addresses.https
    }

    /// The directory with the files.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.files.dir()
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

    /// The clock that jobs go by.
    #[must_use]
    pub fn clock(&self) -> JobsClock {
        JobsClock(self.shared.clone())
    }

    /// What clients have done since the service started.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic(self.shared.clone())
    }

    /// Issues a certificate to the operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(self.shared.clone())
    }

    /// Tells the service that somebody is told of what faults strike, so that its log need not.
    pub fn struck_is_told(&self) -> impl Fn() + Send + Sync + use<> {
        let shared = self.shared.clone();
        move || shared.requests(|requests| requests.faults.tell())
    }

    /// Who is connected.
    #[must_use]
    pub fn clients(&self) -> Clients {
        Clients::new(self.shared.clone())
    }

    /// What the env file makes of the environment in which it is read.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Carries out an operation that only reads, as if it had come over HTTPS.
    ///
    /// # Errors
    ///
    /// What the operation refuses.
    pub fn read<T>(
        &self,
        operation: impl FnOnce(&State, Timestamp) -> Result<T, Rejected>,
    ) -> Result<T, Rejected> {
        self.shared.read(operation)
    }

    /// Carries out an operation that changes something, as if it had come over HTTPS.
    ///
    /// When this returns, the events that it caused are on their way to those who subscribed to them. Where the folder
    /// keeps everything, it is kept a moment later, before anybody hears of it over the network.
    ///
    /// # Errors
    ///
    /// What the operation refuses.
    pub fn write<T>(
        &self,
        operation: impl FnOnce(&mut State, Timestamp) -> Outcome<T>,
    ) -> Result<T, Rejected> {
        self.shared.write(operation)
    }

    /// Issues a certificate that the service's own authority signed and that nobody has registered yet.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made.
    pub fn issue_certificate(&self) -> Result<DeviceCertificate, CertificateError> {
        self.shared.authority()?.device()
    }

    /// Waits until what clients do can no longer be kept, and says why: by then nobody is answered any more. For ever
    /// where nothing is kept.
    pub async fn not_kept(&self) -> NotKept {
        self.shared.until_not_kept().await
    }

    /// Tells every client that the service stops, and stops it; takes a second at the most.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The timer's task runs for ever; the fronts end by themselves.
        self.timers.abort();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The clock that the jobs of a running service go by: the system's, and ahead of it as far as it was moved.
///
/// It drives timeouts, rollouts and schedules; TLS, sessions and keep-alives go by the system's own clock.
#[derive(Debug, Clone)]
pub struct JobsClock(Arc<Shared>);

impl JobsClock {
    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// Moves the clock forward and does what falls due on the way, each at its own time.
    ///
    /// Returns what the clock shows when all of it is done. Requests in between are handled at the time that the
    /// clock has come to; a second move waits for the first.
    pub async fn advance(&self, by: Duration) -> Timestamp {
        self.0.advance(by).await
    }
}

/// How much clients have done since a service started; a program that knows what it did itself sees whether
/// there were others.
#[derive(Debug, Clone)]
pub struct Traffic(Arc<Shared>);

impl Traffic {
    /// How many MQTT connections have been accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.traffic().0
    }

    /// How many HTTP calls have come in.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.traffic().1
    }
}

/// The identity of the service, which is a new one only where there is none or one is asked for.
fn identity(options: &Options, files: &Files) -> Result<Identity, StartError> {
    if !options.new_certificates {
        return Identity::find_or_make(files);
    }
    let identity = Identity::replace(files)?;
    let dir = files.dir().display();
    (options.log)(&format!(
        "new certificates in {dir}: ca.pem, cert.pem and key.pem go to every device again"
    ));
    Ok(identity)
}

/// What plays S3, if something is to: the URLs that lead there are good as long as the authority is the same.
fn buckets(
    options: &Options,
    files: &Files,
    http: SocketAddr,
    authority: &Authority,
) -> Result<Option<Buckets>, StartError> {
    let Some(folder) = &options.files else { return Ok(None) };
    let base = environment::http_url(options, http);
    let presigner = Presigner::of_service(base, &options.region, &authority.private_key_pem());
    Buckets::open(folder, files.dir(), Arc::new(presigner)).map(Some)
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
