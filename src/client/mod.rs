//! The client of AWS IoT Jobs: both planes, on AWS or on the local service.
//!
//! ```no_run
//! use std::path::Path;
//! use std::time::Duration;
//!
//! use jobs_sandbox::client::connection::{KEEP_ALIVE, Options};
//! use jobs_sandbox::client::identity::Identity;
//! use jobs_sandbox::client::jobs::Client;
//! use jobs_sandbox::client::trace::Trace;
//! use jobs_sandbox::wire::model::{
//!     DescribeJobExecutionRequest, JobExecutionStatus, JobRef, StartNextPendingJobExecutionRequest,
//!     UpdateJobExecutionRequest,
//! };
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::load(Path::new("cert.pem"), Path::new("key.pem"), None)?;
//! let options = Options {
//!     host: "example-ats.iot.us-east-1.amazonaws.com".to_owned(),
//!     port: 8883,
//!     client_id: "test-device".to_owned(),
//!     tls: identity.tls_config(8883),
//!     timeout: Duration::from_secs(30),
//!     keep_alive: KEEP_ALIVE,
//! };
//! let (client, mut events) = Client::connect("MyThing".parse()?, options, Trace::off()).await?;
//!
//! let pending = client.get_pending_job_executions().await?.response;
//! println!("{} queued", pending.queued_jobs.len());
//! let next = client.describe_job_execution(&JobRef::Next, DescribeJobExecutionRequest::default()).await?;
//! println!("next: {:?}", next.response.execution);
//!
//! let request = StartNextPendingJobExecutionRequest::default();
//! if let Some(execution) = client.start_next_pending_job_execution(request).await?.response.execution {
//!     let done = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
//!     client.update_job_execution(&execution.job_id, done).await?;
//! }
//!
//! // The two streams of events: the pending list changed; another job execution is next.
//! tokio::select! {
//!     Some(event) = events.job_executions_changed.recv() => println!("{}", event.topic),
//!     Some(event) = events.next_job_execution_changed.recv() => println!("{}", event.topic),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`jobs`] | the data plane: requests paired with their answers by client token, and the event streams |
//! | [`control_plane`] | jobs and things over HTTPS; the only `aws_sdk_iot` |
//! | [`executor`] | a device's persistent executor of jobs |
//! | [`topics`] | any topic, on a connection of its own |
//! | [`events`], [`feed`] | what arrives without a request, and how to know that all of it has come |
//! | [`connection`] | MQTT 5 over mutual TLS, which restores itself; the only `rumqttc` |
//! | [`identity`] | certificate, key and CA files made into a TLS configuration |
//! | [`sandbox`] | the clock of the local service, and the way back to its first start |
//! | [`trace`] | a line for every message and call |
//! | `backoff` | how long to wait before the next attempt at anything |

pub(crate) mod backoff;
pub mod connection;
pub mod control_plane;
pub mod events;
pub mod executor;
pub mod feed;
pub mod identity;
pub mod jobs;
pub mod sandbox;
pub mod topics;
pub mod trace;
