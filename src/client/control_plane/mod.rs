//! The control plane: jobs and things over HTTPS. The only module that knows `aws_sdk_iot`.
//!
//! Answers are handed on as the bytes that came, which an interceptor sees before the SDK reads them.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-management-control-api.html>

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_iot::client::customize::CustomizableOperation;
use aws_sdk_iot::config::Region;
use aws_sdk_iot::config::http::HttpResponse;
use aws_sdk_iot::config::retry::RetryConfig;
use aws_sdk_iot::config::timeout::TimeoutConfig;
use aws_sdk_iot::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_iot::types::{
    JobExecutionsRetryConfig, JobStatus, RetryCriteria, RetryableFailureType, TargetSelection,
    TimeoutConfig as JobTimeout,
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::client::backoff::Retries;
use crate::client::trace::Trace;
use crate::wire::model::{JobId, ThingName};

mod endpoint;
mod error;
mod event_configurations;
mod events;
mod exchange;
mod members;
mod options;
mod pages;
mod presigned_url_config;
mod proxies;
mod reply;
mod things;
mod transport;

pub use endpoint::Endpoint;
pub use error::Error;
pub use event_configurations::EventConfigurations;
pub use options::{CredentialsSource, Options};
pub use presigned_url_config::PresignedUrlConfig;
pub use proxies::{NoProxyUrl, check_proxies};
pub use reply::Reply;

use exchange::{Capture, Exchange};
use proxies::Proxies;
use transport::{NoFutileRetries, RetryTooManyRequests, http_client};

/// What AWS sends after it has created or canceled a job. It also sends a description, which other servers leave out
/// where there is none.
const CHANGED: &[&str] = &["jobArn", "jobId"];

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

/// What a new job is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateJob {
    /// The ARN of the thing that is to execute it.
    pub target_arn: String,
    /// The job document, JSON, sent byte for byte.
    pub document: String,
    /// Free text for the operator.
    pub description: Option<String>,
    /// Minutes that an execution may be in progress, 1 to 10080.
    pub timeout_minutes: Option<i64>,
    /// How often a failed or timed-out execution is tried again, 0 to 10.
    pub retries: Option<i32>,
    /// Who signs the links to S3 in the document.
    pub presigned_url_config: Option<PresignedUrlConfig>,
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

    /// Creates a SNAPSHOT job for one thing.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn create_job(&self, job: &JobId, request: CreateJob) -> Result<Reply, Error> {
        let timeout = request
            .timeout_minutes
            .map(|minutes| JobTimeout::builder().in_progress_timeout_in_minutes(minutes).build());
        let retries = request
            .retries
            .map(retry_config)
            .transpose()
            .map_err(|error| Error::NotSent { operation: "CreateJob", reason: error.to_string() })?;
        let create = self
            .client
            .create_job()
            .job_id(job.as_str())
            .targets(request.target_arn)
            .document(request.document)
            .target_selection(TargetSelection::Snapshot)
            .set_description(request.description)
            .set_timeout_config(timeout)
            .set_job_executions_retry_config(retries)
            .set_presigned_url_config(request.presigned_url_config.map(Into::into));
        self.change("CreateJob", job, CHANGED, |capture| once(create.clone().customize(), capture).send())
            .await
    }

    /// Deletes a job and its executions; `force` also where some are not terminal.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn delete_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        let delete = self.client.delete_job().job_id(job.as_str()).set_force(force.then_some(true));
        // The service answers with nothing.
        self.change("DeleteJob", job, &[], |capture| once(delete.clone().customize(), capture).send()).await
    }

    /// Cancels a job and its queued executions; `force` also those in progress.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn cancel_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        let cancel = self.client.cancel_job().job_id(job.as_str()).set_force(force.then_some(true));
        self.change("CancelJob", job, CHANGED, |capture| once(cancel.clone().customize(), capture).send())
            .await
    }

    /// Reads a job, without its document.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_job(&self, job: &JobId) -> Result<Reply, Error> {
        let describe = self.client.describe_job().job_id(job.as_str());
        let (_, exchange) =
            self.read("DescribeJob", |capture| describe.customize().interceptor(capture).send()).await?;
        let members = ["jobArn", "jobId", "status", "targets"];
        let checked = members::check_within(exchange.body.as_deref(), "job", &members, Some(job));
        complete("DescribeJob", exchange, checked).map(|exchange| Reply::new("DescribeJob", exchange))
    }

    /// Reads the document of a job.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn get_job_document(&self, job: &JobId) -> Result<Reply, Error> {
        let get = self.client.get_job_document().job_id(job.as_str());
        let (_, exchange) =
            self.read("GetJobDocument", |capture| get.customize().interceptor(capture).send()).await?;
        let checked = members::check(exchange.body.as_deref(), &["document"], None);
        complete("GetJobDocument", exchange, checked).map(|exchange| Reply::new("GetJobDocument", exchange))
    }

    /// Reads an execution of a job on a thing, also a terminal one; the newest unless it is told which.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_job_execution(
        &self,
        job: &JobId,
        thing: &ThingName,
        execution_number: Option<i64>,
    ) -> Result<Reply, Error> {
        let describe = self
            .client
            .describe_job_execution()
            .job_id(job.as_str())
            .thing_name(thing.as_str())
            .set_execution_number(execution_number);
        let (_, exchange) = self
            .read("DescribeJobExecution", |capture| describe.customize().interceptor(capture).send())
            .await?;
        let members = ["executionNumber", "jobId", "status", "thingArn", "versionNumber"];
        let checked = members::check_within(exchange.body.as_deref(), "execution", &members, Some(job));
        let operation = "DescribeJobExecution";
        complete(operation, exchange, checked).map(|exchange| Reply::new(operation, exchange))
    }

    /// Lists all jobs, or those with `status`; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_jobs(&self, status: Option<&str>) -> Result<Reply, Error> {
        let list = self.client.list_jobs().set_status(status.map(JobStatus::from));
        self.pages("ListJobs", "jobs", async |token| {
            let list = list.clone().set_next_token(token);
            let (page, exchange) =
                self.read("ListJobs", |capture| list.customize().interceptor(capture).send()).await?;
            Ok((page.next_token, exchange))
        })
        .await
    }

    /// Lists the executions of a job, terminal ones included; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_job_executions_for_job(&self, job: &JobId) -> Result<Reply, Error> {
        let list = self.client.list_job_executions_for_job().job_id(job.as_str());
        self.pages("ListJobExecutionsForJob", "executionSummaries", async |token| {
            let list = list.clone().set_next_token(token);
            let (page, exchange) = self
                .read("ListJobExecutionsForJob", |capture| list.customize().interceptor(capture).send())
                .await?;
            Ok((page.next_token, exchange))
        })
        .await
    }

    /// Lists the executions of a thing, terminal ones included; several pages come as one.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn list_job_executions_for_thing(&self, thing: &ThingName) -> Result<Reply, Error> {
        let list = self.client.list_job_executions_for_thing().thing_name(thing.as_str());
        self.pages("ListJobExecutionsForThing", "executionSummaries", async |token| {
            let list = list.clone().set_next_token(token);
            let (page, exchange) = self
                .read("ListJobExecutionsForThing", |capture| list.customize().interceptor(capture).send())
                .await?;
            Ok((page.next_token, exchange))
        })
        .await
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

    /// An operation that must not be carried out twice: retried only if the service did not look at it. If its
    /// answer is lost, or lacks one of `members`, the error says so.
    async fn change<O, E, F>(
        &self,
        operation: &'static str,
        job: &JobId,
        members: &[&str],
        call: impl Fn(Capture) -> F,
    ) -> Result<Reply, Error>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let deadline = Instant::now() + self.timeout;
        let mut retries = Retries::until(deadline);
        loop {
            let attempt = timeout_at(deadline, self.read(operation, &call)).await;
            let error = match attempt.unwrap_or_else(|_| Err(self.timed_out(operation))) {
                Ok((_, exchange)) if members.is_empty() => return Ok(Reply::new(operation, exchange)),
                Ok((_, exchange)) => match members::check(exchange.body.as_deref(), members, Some(job)) {
                    Ok(()) => return Ok(Reply::new(operation, exchange)),
                    Err(what) => malformed(operation, &exchange, format!("what came {what}")),
                },
                Err(error) => error,
            };
            match retries.next().filter(|_| error.is_throttling()) {
                Some(wait) => sleep(wait).await,
                None => return Err(error.of_a_change(format!("describe-job {job}"))),
            }
        }
    }

    /// Reads page after page and joins them.
    async fn pages(
        &self,
        operation: &'static str,
        list: &'static str,
        page: impl AsyncFn(Option<String>) -> Result<(Option<String>, Exchange), Error>,
    ) -> Result<Reply, Error> {
        let all = timeout_at(Instant::now() + self.timeout, pages::read(operation, list, page)).await;
        let (bodies, exchange) = all.unwrap_or_else(|_| Err(self.timed_out(operation)))?;
        let body = pages::join(bodies, list)
            .map_err(|_| malformed(operation, &exchange, format!("its {list} are no list")))?;
        Ok(Reply { operation, body, request_id: exchange.request_id })
    }

    fn timed_out(&self, operation: &'static str) -> Error {
        Error::TimedOut { operation, after: self.timeout }
    }
}

/// Disables retries by the SDK, which would also retry a request whose outcome is unknown.
fn once<T, E, B>(
    operation: CustomizableOperation<T, E, B>,
    capture: Capture,
) -> CustomizableOperation<T, E, B> {
    let once = aws_sdk_iot::Config::builder().retry_config(RetryConfig::disabled());
    operation.interceptor(capture).config_override(once)
}

fn retry_config(retries: i32) -> Result<JobExecutionsRetryConfig, BuildError> {
    let criteria = RetryCriteria::builder()
        .failure_type(RetryableFailureType::All)
        .number_of_retries(retries)
        .build()?;
    JobExecutionsRetryConfig::builder().criteria_list(criteria).build()
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
