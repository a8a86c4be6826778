//! The local Jobs service: AWS IoT Jobs for one account, in this process.
//!
//! [`LocalService`] listens on two ports: MQTT over mutual TLS for devices, HTTP for the control plane and
//! the data plane over HTTPS; where it is asked to, also on an HTTPS port for devices with their certificates. All are
//! thin fronts of one pure state machine, [`state::State`].
//!
//! ```
//! use std::time::Duration;
//!
//! use jobs_sandbox::service::{LocalService, Options};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = LocalService::start(Options::default()).await?;
//! // A device program connects here, with these files.
//! let endpoint = service.mqtt_addr();
//! let (ca, certificate, key) = (service.ca_file(), service.cert_file(), service.key_file());
//! // An AWS SDK finds the control plane here.
//! let endpoint_url = format!("http://{}", service.http_addr());
//! // Whatever is due within ten minutes happens now.
//! service.clock().advance(Duration::from_mins(10)).await;
//! service.stop().await;
//! # let _ = (endpoint, ca, certificate, key, endpoint_url);
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`state`] | the account: things, jobs, job executions, certificates, policies |
//! | `data_plane` | requests of devices over MQTT: a topic and a payload in, an answer and events out |
//! | `policy` | who may do what |
//! | `broker` | sessions, routing and delivery, without a socket |
//! | `mqtt` | the MQTT front |
//! | `http` | the HTTP front |
//! | `tls` | TLS in front of both |
//! | `shared` | the one lock that gives everything its order, and the timer |
//! | `local_service`, `options`, `hostname`, `start_error` | the service as it runs, how to start it, why it does not |
//! | `clients` | who is connected, for those who wait for it |
//! | `row` | what is kept of the account, as a store sees it |
//! | `first_state` | what it begins with, and goes back to when it is reset |
//! | `keeping`, `store` | what changes, on its way to the file that keeps it |
//! | `keeper`, `restored` | what a service finds again of what it knew |
//! | `certificates`, `identity`, `access_key`, `device_policy`, `files`, `folder`, `environment` | what clients need to connect |
//! | `s3`, `buckets` | links to S3 in job documents, and the files that they lead to |
//! | `operator` | the operator's own way to the message broker |
//! | `clock`, [`time`], `moment` | the time that jobs go by, and that messages do |
//! | `open_files`, `accept_errors` | how many connections there is room for, and what is logged where there is none |
//! | `memory` | what a crowd of clients used, given back |
//! | `one_line`, `json_words`, `java` | how refusals quote and explain what was sent |
//! | `log` | how many lines reach the log |
//! | [`trace`] | what clients send and what they are sent |
//! | `rates` | how often AWS lets clients ask, for those who want that here |
//! | `faults` | what goes wrong on demand |
//! | [`rehearsal`] | a rollout to a fleet that does not exist, in virtual time |
//! | `choices` | what AWS does not say |

mod accept_errors;
mod access_key;
pub(crate) mod broker;
mod buckets;
mod certificates;
mod choices;
mod clients;
mod clock;
pub(crate) mod data_plane;
mod device_policy;
mod environment;
mod faults;
mod files;
mod first_state;
mod folder;
mod hostname;
pub(crate) mod http;
mod identity;
mod java;
mod json_words;
#[cfg(feature = "store")]
mod keeper;
mod keeping;
mod local_service;
mod log;
mod memory;
mod moment;
pub(crate) mod mqtt;
pub(crate) mod one_line;
mod open_files;
mod operator;
mod options;
pub(crate) mod policy;
pub(crate) mod rates;
pub mod rehearsal;
mod restored;
mod row;
mod s3;
mod shared;
mod start_error;
pub mod state;
#[cfg(feature = "store")]
mod store;
pub mod time;
mod tls;
pub mod trace;

pub use certificates::{CertificateError, DeviceCertificate};
#[cfg(feature = "app")]
pub(crate) use certificates::{device_key, is_for_key, signing_request};
pub use clients::Clients;
#[cfg(feature = "app")]
pub(crate) use device_policy::{DEVICE_POLICY, Placeholders};
pub use device_policy::{DevicePolicies, PolicyDocument};
pub use environment::Environment;
#[cfg(feature = "app")]
pub(crate) use environment::shell_quoted;
#[cfg(feature = "app")]
pub(crate) use faults::{FAULTS, read_fault};
pub use hostname::{Hostname, HostnameError};
pub use keeping::NotKept;
pub use local_service::{JobsClock, LocalService, Traffic};
pub use log::Log;
pub use operator::Operator;
pub use options::Options;
pub use policy::Malformed as MalformedPolicy;
pub use rates::Limits;
pub use start_error::StartError;
#[cfg(feature = "store")]
pub use store::StoreError;
