//! The data plane: what a device says to AWS IoT Jobs and what it hears back.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::connection::{self, Change};

pub mod model;
pub mod topics;

use model::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, GetPendingJobExecutionsResponse, JobId,
    JobRef, RejectedResponse, StartNextJobExecutionResponse, StartNextPendingJobExecutionRequest, ThingName,
    UpdateJobExecutionRequest, UpdateJobExecutionResponse,
};

/// What arrives unasked.
#[derive(Debug)]
pub struct Streams {
    /// Events on `notify`.
    pub job_executions_changed: mpsc::Receiver<StreamEvent>,
    /// Events on `notify-next`.
    pub next_job_execution_changed: mpsc::Receiver<StreamEvent>,
    /// What happens to the connection.
    pub connection_changes: mpsc::Receiver<Change>,
}

/// One event, or the news that there was one.
#[derive(Debug)]
pub struct StreamEvent {
    /// Consecutive over both streams, from 1, in the order of arrival.
    pub number: u64,
    /// The topic that it came on.
    pub topic: String,
    /// The payload, checked to be a JSON object in UTF-8; or why there is none to show.
    pub payload: Result<Bytes, EventError>,
}

/// Why an event cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is not what the service sends.
    #[error("an event that is not a JSON object: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Events came faster than they were taken.
    #[error("{count} events were dropped: they came faster than they could be shown")]
    Dropped {
        /// How many.
        count: u64,
    },
}

/// An accepted answer.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The topic that it came on.
    pub topic: String,
    /// The payload as it came, UTF-8 JSON.
    pub payload: Bytes,
    /// The same, read.
    pub response: T,
}

/// Why a request has no accepted answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The service refused.
    #[error("{operation} rejected: {}: {}", response.code, response.message)]
    Rejected {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic that it came on.
        topic: String,
        /// The payload as it came, UTF-8 JSON.
        payload: Bytes,
        /// The same, read.
        response: Box<RejectedResponse>,
    },
    /// No answer in time.
    #[error("{operation}: no answer on {topic}/accepted or /rejected within {} s", after.as_secs_f32())]
    TimedOut {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic of the request.
        topic: String,
        /// How long it waited.
        after: Duration,
    },
    /// An answer to this very request that cannot be read.
    #[error("{operation}: the answer on {topic} cannot be read: {reason}")]
    Malformed {
        /// The API's name of the operation.
        operation: &'static str,
        /// The topic that it came on.
        topic: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The request was not sent, or is not allowed.
    #[error("{operation} was not sent: {source}")]
    NotSent {
        /// The API's name of the operation.
        operation: &'static str,
        /// Why.
        source: connection::Error,
    },
    /// The request was sent, and the connection lost before the answer.
    #[error(
        "{operation}: outcome unknown, the connection was lost before the answer; to find out: {find_out}"
    )]
    OutcomeUnknown {
        /// The API's name of the operation.
        operation: &'static str,
        /// The command that tells.
        find_out: String,
    },
}

/// A client of the data plane for one thing. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {}

#[allow(unused_variables, clippy::unused_async, missing_docs)]
impl Client {
    /// Connects; returns once every answer and event topic is subscribed.
    pub async fn connect(
        thing: ThingName,
        options: connection::Options,
    ) -> Result<(Self, Streams), connection::Error> {
        todo!()
    }
    pub async fn get_pending_job_executions(&self) -> Result<Answer<GetPendingJobExecutionsResponse>, Error> {
        todo!()
    }
    pub async fn start_next_pending_job_execution(
        &self,
        request: StartNextPendingJobExecutionRequest,
    ) -> Result<Answer<StartNextJobExecutionResponse>, Error> {
        todo!()
    }
    pub async fn describe_job_execution(
        &self,
        job: &JobRef,
        request: DescribeJobExecutionRequest,
    ) -> Result<Answer<DescribeJobExecutionResponse>, Error> {
        todo!()
    }
    pub async fn update_job_execution(
        &self,
        job: &JobId,
        request: UpdateJobExecutionRequest,
    ) -> Result<Answer<UpdateJobExecutionResponse>, Error> {
        todo!()
    }
    /// An ordered round trip; returns the number of the last event that was delivered before it ended.
    pub async fn fence(&self) -> Result<u64, Error> {
        todo!()
    }
    /// The number of the last event delivered so far; 0 before the first.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        todo!()
    }
    /// Whether the server said that it is the local Jobs service, on which a fence is exact.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        todo!()
    }
    /// Says DISCONNECT and closes the connection, within a bounded time.
    pub async fn disconnect(self) {
        todo!()
    }
}
