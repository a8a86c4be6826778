//! The control plane: jobs and things over HTTPS. The only module that knows `aws_sdk_iot`.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-management-control-api.html>

use std::time::Duration;

use crate::jobs::model::{JobId, ThingName};

/// Where the control plane is and who we are to it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The AWS region; requests are signed for it.
    pub region: String,
    /// Another endpoint than AWS's own.
    pub endpoint_url: Option<String>,
    /// Where credentials come from.
    pub credentials: Credentials,
    /// How long one operation may take, its retries included.
    pub timeout: Duration,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// The default chain of every AWS tool: environment, profile, single sign-on, instance.
    DefaultChain,
    /// A fixed pair that means nothing, for the local service; nothing of the user's is read.
    Dummy,
}

/// An answer of the control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The body as it came, JSON; none where there was none.
    pub body: Option<String>,
    /// What AWS support asks for.
    pub request_id: Option<String>,
}

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
}

/// Why the control plane did not do what was asked; one line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The service refused.
    #[error("{operation} refused: {code}: {message} (request id {})", request_id.as_deref().unwrap_or("unknown"))]
    Rejected {
        /// The API's name of the operation.
        operation: &'static str,
        /// AWS's exception, such as `ResourceNotFoundException`.
        code: String,
        /// The service's own words.
        message: String,
        /// What AWS support asks for.
        request_id: Option<String>,
        /// The body as it came.
        body: Option<String>,
    },
    /// No credentials were found, or they could not be fetched.
    #[error("no AWS credentials: {reason}")]
    NoCredentials {
        /// What was tried.
        reason: String,
    },
    /// The endpoint did not answer at all.
    #[error("cannot reach the control plane: {reason}")]
    Unreachable {
        /// Why not.
        reason: String,
    },
    /// No answer in time.
    #[error("{operation}: no answer within {} s", after.as_secs_f32())]
    TimedOut {
        /// The API's name of the operation.
        operation: &'static str,
        /// How long it waited.
        after: Duration,
    },
    /// An answer that is not one.
    #[error("{operation}: the answer makes no sense: {reason}")]
    Malformed {
        /// The API's name of the operation.
        operation: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// A client of the control plane.
#[derive(Debug, Clone)]
pub struct ControlPlane {}

#[allow(unused_variables, clippy::unused_async, missing_docs)]
impl ControlPlane {
    pub async fn new(options: Options) -> Self {
        todo!()
    }
    /// Looks the thing up and creates it if, and only if, the service says that there is none.
    pub async fn create_thing_if_missing(&self, thing: &ThingName) -> Result<ThingLookup, Error> {
        todo!()
    }
    pub async fn create_job(&self, job: &JobId, request: CreateJob) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn delete_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn cancel_job(&self, job: &JobId, force: bool) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn describe_job(&self, job: &JobId) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn get_job_document(&self, job: &JobId) -> Result<Reply, Error> {
        todo!()
    }
    /// One page, or all of them joined under the wire's member names.
    pub async fn list_jobs(&self, status: Option<&str>) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn list_job_executions_for_job(&self, job: &JobId) -> Result<Reply, Error> {
        todo!()
    }
    pub async fn list_job_executions_for_thing(&self, thing: &ThingName) -> Result<Reply, Error> {
        todo!()
    }
    /// The control plane's view: every status, terminal ones included.
    pub async fn describe_job_execution(
        &self,
        job: &JobId,
        thing: &ThingName,
        execution_number: Option<i64>,
    ) -> Result<Reply, Error> {
        todo!()
    }
}
