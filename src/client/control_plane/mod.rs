//! The control plane: jobs and things over HTTPS. The only module that knows `aws_sdk_iot`.
//!
//! Answers are handed on as the bytes that came, which an interceptor sees before the SDK reads them.
//!
//! | module | what it is |
//! |---|---|
//! | `request`, `call`, `reply` | an operation asked for, called through the SDK, and its answer |
//! | `jobs`, `things`, `events`, `event_configurations` | the same by name, for programs that use the client |
//! | `pages`, `members` | lists to their last page; what every answer has |
//! | `options`, `transport`, `proxies`, `endpoint` | how the control plane is reached, and where it is |
//! | `exchange` | what went over the wire |
//! | `error` | why something was not done |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-management-control-api.html>

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_iot::config::Region;
use aws_sdk_iot::config::http::HttpResponse;
use aws_sdk_iot::config::timeout::TimeoutConfig;
use aws_sdk_iot::error::{ProvideErrorMetadata, SdkError};

use crate::client::trace::Trace;

mod call;
mod endpoint;
mod error;
mod event_configurations;
mod events;
mod exchange;
mod jobs;
mod members;
mod options;
mod pages;
mod proxies;
mod reply;
mod request;
mod things;
mod transport;

pub use endpoint::Endpoint;
pub use error::Error;
pub use event_configurations::EventConfigurations;
pub use options::{CredentialsSource, Options};
pub use proxies::{NoProxyUrl, check_proxies};
pub use reply::Reply;
pub use request::{CreateJob, Operation, Request, camel_case};

use exchange::{Capture, Exchange};
use proxies::Proxies;
use transport::{NoFutileRetries, RetryTooManyRequests, http_client};

/// What came of looking for a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThingLookup {
    /// It was there.
    Existing {
        /// Its ARN.
        arn: String,
    },
    /// It was not, and has been created.
    Created {
        /// Its ARN.
        arn: String,
    },
}

/// A client of the control plane. Clones share its connections.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    client: aws_sdk_iot::Client,
    /// Whether requests can be signed for a region.
    has_region: bool,
    proxies: Proxies,
    timeout: Duration,
    trace: Trace,
    answers: Arc<AtomicU64>,
}

impl ControlPlane {
    /// Makes a client; nothing is sent, and no credentials are looked for before the first operation.
    pub async fn new(options: Options) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_timeout(options.timeout)
            .connect_timeout(options.timeout.min(Duration::from_secs(5)))
            .build();
        let region = options.region.map(Region::new);
        let proxies = Proxies::from_env(options.endpoint_url.as_deref());
        let http_client = http_client(options.endpoint_url.as_deref(), options.ca_bundle);
        let mut config = match options.credentials {
            CredentialsSource::Dummy => {
                let pair =
                    aws_sdk_iot::config::Credentials::new("local", "local", None, None, "local service");
                aws_sdk_iot::Config::builder()
                    .behavior_version(BehaviorVersion::v2026_01_12())
                    .region(region)
                    .credentials_provider(pair)
                    .http_client(http_client)
                    .timeout_config(timeouts)
            }
            CredentialsSource::DefaultChain => {
                let mut shared = aws_config::defaults(BehaviorVersion::v2026_01_12())
                    .http_client(http_client)
                    .timeout_config(timeouts);
                if let Some(region) = region {
                    shared = shared.region(region);
                }
                aws_sdk_iot::config::Builder::from(&shared.load().await)
            }
        };
        if let Some(url) = options.endpoint_url {
            config = config.endpoint_url(url);
        }
        let config = config.retry_classifier(NoFutileRetries).retry_classifier(RetryTooManyRequests).build();
        Self {
            has_region: config.region().is_some(),
            proxies,
            client: aws_sdk_iot::Client::from_conf(config),
            timeout: options.timeout,
            trace: options.trace,
            answers: Arc::default(),
        }
    }

    /// How many answers have come so far; a request that is tried again may have several.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::SeqCst)
    }

    /// An operation that may be retried at will; the SDK does so, with backoff.
    async fn read<O, E, F>(
        &self,
        operation: &'static str,
        call: impl FnOnce(Capture) -> F,
    ) -> Result<(O, Exchange), Error>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if !self.has_region {
            return Err(Error::NoRegion);
        }
        let capture = Capture::new(self.proxies.clone(), self.trace.clone(), self.answers.clone());
        let outcome = call(capture.clone()).await;
        let exchange = capture.take();
        match outcome {
            Ok(output) => Ok((output, exchange)),
            Err(error) => Err(Error::from_sdk(operation, &error, exchange, self.timeout)),
        }
    }
}

/// The exchange, if its answer has been checked and is complete.
fn complete(
    operation: &'static str,
    exchange: Exchange,
    checked: Result<(), String>,
) -> Result<Exchange, Error> {
    match checked {
        Ok(()) => Ok(exchange),
        Err(what) => Err(malformed(operation, &exchange, format!("it {what}"))),
    }
}

fn malformed(operation: &'static str, exchange: &Exchange, reason: String) -> Error {
    Error::Malformed { operation, endpoint: exchange.endpoint.clone().unwrap_or_default(), reason }
}

#[cfg(test)]
mod tests;
