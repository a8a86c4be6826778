//! How to start the local service.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use super::device_policy::DevicePolicies;
use super::hostname::Hostname;
use super::log::Log;
use super::rates::Limits;
use super::state::rollout::RolloutRate;
use super::trace::Trace;
use crate::wire::fault::Fault;
use crate::wire::model::ThingName;

/// How to start the service.
///
/// The default is any free port on the loopback interface, a private temporary directory, the account
/// `123456789012` in `us-east-1`, one thing called `MyThing`, and no log.
#[derive(Clone)]
pub struct Options {
    /// The MQTT port; 0 means any free one.
    pub mqtt_port: u16,
    /// The HTTP port; 0 means any free one.
    pub http_port: u16,
    /// The port for devices that use the data plane over HTTPS with their certificates; 0 means any free one.
    pub https_port: Option<u16>,
    /// The address to listen on.
    pub listen: IpAddr,
    /// Where the certificates and their keys are made once and found again; a private temporary directory if there
    /// is none.
    pub dir: Option<PathBuf>,
    /// The folder in which `BUCKET/KEY` is the S3 object that job documents may lead to; without one there is no S3.
    pub files: Option<PathBuf>,
    /// Whether the folder keeps all that the service knows, for the next start to find again, and not its identity
    /// alone; takes [`dir`](Self::dir).
    #[cfg(feature = "store")]
    pub keep: bool,
    /// Whether others are made in place of the certificates and keys that are found there.
    pub new_certificates: bool,
    /// The account to play: twelve digits.
    pub account: String,
    /// The region to play.
    pub region: String,
    /// Names by which clients may reach the service, besides `localhost` and addresses; they stand in the server
    /// certificate, and the first is where the env file leads.
    pub hostnames: Vec<Hostname>,
    /// Whether each HTTP request must name a random access key id, which stands in the env file, for its owner alone
    /// to read.
    pub require_key: bool,
    /// The things that exist from the start.
    pub things: Vec<ThingName>,
    /// What the device certificate may do.
    pub device_policies: DevicePolicies,
    /// Which request rates clients are kept to.
    pub limits: Limits,
    /// How fast jobs reach their things whose rollout is not configured.
    pub rollout_rate: RolloutRate,
    /// What goes wrong from the start, and again after a reset.
    pub faults: Vec<Fault>,
    /// Where refusals and the like are told.
    pub log: Log,
    /// Who sees what clients send and what they are sent.
    pub trace: Trace,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mqtt_port: 0,
            http_port: 0,
            https_port: None,
            listen: Ipv4Addr::LOCALHOST.into(),
            dir: None,
            files: None,
            #[cfg(feature = "store")]
            keep: false,
            new_certificates: false,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            hostnames: Vec::new(),
            require_key: false,
            things: vec!["MyThing".parse().expect("a thing name may be one word")],
            device_policies: DevicePolicies::default(),
            limits: Limits::default(),
            rollout_rate: RolloutRate::default(),
            faults: Vec::new(),
            log: Arc::new(|_| ()),
            trace: Trace::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mqtt_port,
            http_port,
            https_port,
            listen,
            dir,
            files,
            #[cfg(feature = "store")]
            keep,
            new_certificates,
            account,
            region,
            hostnames,
            require_key,
            things,
            device_policies,
            limits,
            rollout_rate,
            faults,
            log: _,
            trace,
        } = self;
        let mut options = f.debug_struct("Options");
        #[cfg(feature = "store")]
        options.field("keep", keep);
        options
            .field("mqtt_port", mqtt_port)
            .field("http_port", http_port)
            .field("https_port", https_port)
            .field("listen", listen)
            .field("dir", dir)
            .field("files", files)
            .field("new_certificates", new_certificates)
            .field("account", account)
            .field("region", region)
            .field("hostnames", hostnames)
            .field("require_key", require_key)
            .field("things", things)
            .field("device_policies", device_policies)
            .field("limits", limits)
            .field("rollout_rate", rollout_rate)
            .field("faults", faults)
            .field("trace", trace)
            .finish_non_exhaustive()
    }
}
