//! The data plane: what a device says to AWS IoT Jobs and what it hears back.
//!
//! [`Client`] has one method for each operation. A request carries a fresh client token; `inbox` sorts what
//! arrives, and `in_flight` hands an answer to the request whose token it echoes.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::client::backoff::Retries;
use crate::client::connection::{self, Connection};
use crate::client::trace::Trace;

mod error;
mod in_flight;
mod inbox;
mod pending;
mod streams;

pub use error::Error;
pub use pending::{Difference, Pending};
pub use streams::{ConnectionChange, Dropped, EventError, StreamEvent};

use crate::wire::model::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, GetPendingJobExecutionsRequest,
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobId, JobRef, RejectedResponse,
    StartNextJobExecutionResponse, StartNextPendingJobExecutionRequest, ThingName, UpdateJobExecutionRequest,
    UpdateJobExecutionResponse,
};
use crate::wire::topics::{Channel, Operation, Topic, device_filters};
use in_flight::{Arrived, InFlight, Verdict};
use inbox::Inbox;
use pending::{LastHeard, Lesson};
use streams::{ChangeOutlet, Numbers, Outlet};

/// What arrives unasked.
#[derive(Debug)]
pub struct Streams {
    /// Events on `notify`.
    pub job_executions_changed: mpsc::Receiver<StreamEvent>,
    /// Events on `notify-next`.
    pub next_job_execution_changed: mpsc::Receiver<StreamEvent>,
    /// What happens to the connection.
    pub connection_changes: mpsc::Receiver<ConnectionChange>,
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

/// A client of the data plane for one thing. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {
    thing: ThingName,
    connection: Connection,
    in_flight: Arc<InFlight>,
    known: Arc<LastHeard>,
    numbers: Numbers,
    timeout: Duration,
    trace: Trace,
}

/// What to do where the answer to a request got lost.
enum IfLost {
    /// The request changes nothing: ask again.
    AskAgain,
    /// The request may have been carried out: say so, with the command that tells.
    Tell(String),
}

/// Why an attempt at a request brought nothing.
enum Failed {
    /// It did not leave.
    NotSent,
    /// The connection was lost behind it.
    Lost,
    /// For this reason, which another attempt would not mend unless it passes by itself.
    For(Error),
}

impl Client {
    /// Connects; returns once every answer and event topic of the thing is subscribed.
    ///
    /// The time-out of `options` is also how long each request waits for its answer.
    pub async fn connect(
        thing: ThingName,
        options: connection::Options,
        trace: Trace,
    ) -> Result<(Self, Streams), connection::Error> {
        let numbers = Numbers::default();
        let (in_flight, known) = (Arc::<InFlight>::default(), Arc::<LastHeard>::default());
        let (changed_outlet, job_executions_changed) = Outlet::new(numbers.clone());
        let (next_outlet, next_job_execution_changed) = Outlet::new(numbers.clone());
        let (mut changes, connection_changes) = ChangeOutlet::new();
        let mut inbox = Inbox {
            thing: thing.clone(),
            in_flight: in_flight.clone(),
            known: known.clone(),
            job_executions_changed: changed_outlet,
            next_job_execution_changed: next_outlet,
        };
        let timeout = options.timeout;
        let connection = Connection::connect(
            options,
            device_filters(&thing),
            {
                let trace = trace.clone();
                move |message| {
                    trace.tell(|| told("<-", &message.topic, &message.payload));
                    inbox.deliver(message);
                }
            },
            {
                let known = known.clone();
                move |change| changes.put(ConnectionChange { change, pending: known.get() })
            },
        )
        .await?;
        let client = Self { thing, connection, in_flight, known, numbers, timeout, trace };
        let streams = Streams { job_executions_changed, next_job_execution_changed, connection_changes };
        Ok((client, streams))
    }

    /// Lists what is QUEUED or IN_PROGRESS for the thing.
    pub async fn get_pending_job_executions(&self) -> Result<Answer<GetPendingJobExecutionsResponse>, Error> {
        self.request(&Operation::GetPendingJobExecutions, Lesson::List, &IfLost::AskAgain, |client_token| {
            GetPendingJobExecutionsRequest { client_token }
        })
        .await
    }

    /// Starts the next pending job execution, or returns the one that is in progress already.
    ///
    /// The client token of `request` is filled in.
    pub async fn start_next_pending_job_execution(
        &self,
        request: StartNextPendingJobExecutionRequest,
    ) -> Result<Answer<StartNextJobExecutionResponse>, Error> {
        let if_lost = IfLost::Tell("get-pending-job-executions".to_owned());
        self.request(&Operation::StartNextPendingJobExecution, Lesson::Start, &if_lost, |client_token| {
            StartNextPendingJobExecutionRequest { client_token, ..request.clone() }
        })
        .await
    }

    /// Reads a pending job execution. The client token of `request` is filled in.
    pub async fn describe_job_execution(
        &self,
        job: &JobRef,
        request: DescribeJobExecutionRequest,
    ) -> Result<Answer<DescribeJobExecutionResponse>, Error> {
        self.request(
            &Operation::DescribeJobExecution(job.clone()),
            Lesson::Nothing,
            &IfLost::AskAgain,
            |client_token| DescribeJobExecutionRequest { client_token, ..request.clone() },
        )
        .await
    }

    /// Reports the status of a job execution. The client token of `request` is filled in.
    pub async fn update_job_execution(
        &self,
        job: &JobId,
        request: UpdateJobExecutionRequest,
    ) -> Result<Answer<UpdateJobExecutionResponse>, Error> {
        let if_lost = IfLost::Tell(format!("describe-job-execution {job}"));
        let lesson = match request.status {
            JobExecutionStatus::InProgress => {
                Lesson::InProgress { job: job.clone(), execution_number: request.execution_number }
            }
            _ => Lesson::Nothing,
        };
        self.request(&Operation::UpdateJobExecution(job.clone()), lesson, &if_lost, |client_token| {
            UpdateJobExecutionRequest { client_token, ..request.clone() }
        })
        .await
    }

    /// An ordered round trip; returns the number of the last event that was delivered before it ended.
    pub async fn barrier(&self) -> Result<u64, Error> {
        let failed = |source| Error::NotAccepted { operation: "Subscribe", source };
        self.connection.barrier().await.map_err(failed)?;
        Ok(self.last_event())
    }

    /// Returns once the connection is lost for good: no further event will come.
    pub async fn over(&self) {
        self.connection.over().await;
    }

    /// The number of the last event delivered so far; 0 before the first.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.numbers.last()
    }

    /// What the service last told us to be pending; none before it told us anything.
    #[must_use]
    pub fn pending(&self) -> Option<Pending> {
        self.known.get()
    }

    /// Whether the server said that it is the local Jobs service, on which a barrier is exact.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        self.connection.is_local_service()
    }

    /// Says DISCONNECT and closes the connection, within a bounded time, for every clone.
    pub async fn disconnect(self) {
        self.connection.disconnect().await;
    }

    /// Waits for an answer and tells the trace how long that took.
    async fn timed(&self, operation: &str, answer: impl Future<Output = Arrived>) -> Arrived {
        let began = Instant::now();
        let arrived = answer.await;
        let millis = began.elapsed().as_secs_f64() * 1000.0;
        self.trace.tell(|| format!("{operation} was answered after {millis:.1} ms"));
        arrived
    }

    /// Sends a request and waits for its answer, all of it within the time-out.
    async fn request<Q: Serialize, R: DeserializeOwned>(
        &self,
        operation: &Operation,
        lesson: Lesson,
        if_lost: &IfLost,
        body: impl Fn(Option<String>) -> Q,
    ) -> Result<Answer<R>, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut retries = Retries::until(deadline);
        loop {
            let error = match self.attempt(operation, lesson.clone(), &body, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::NotSent) => continue,
                Err(Failed::Lost) => match if_lost {
                    IfLost::AskAgain => continue,
                    IfLost::Tell(find_out) => {
                        let (operation, find_out) = (operation.name(), find_out.clone());
                        return Err(Error::OutcomeUnknown { operation, find_out });
                    }
                },
                Err(Failed::For(error)) => error,
            };
            let again = matches!(if_lost, IfLost::AskAgain) && is_passing(&error);
            match retries.next().filter(|_| again) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    /// Sends a request once, under a client token of its own, and waits for what comes of it.
    async fn attempt<Q: Serialize, R: DeserializeOwned>(
        &self,
        operation: &Operation,
        lesson: Lesson,
        body: impl Fn(Option<String>) -> Q,
        deadline: Instant,
    ) -> Result<Answer<R>, Failed> {
        let topic = Topic::new(&self.thing, Channel::Request(operation.clone())).to_string();
        let (operation, after) = (operation.name(), self.timeout);
        let mut waiter = self.in_flight.register(&topic, lesson);
        let body = serde_json::to_vec(&body(Some(waiter.client_token.clone())))
            .expect("requests are maps of strings and numbers");
        self.trace.tell(|| told("->", &topic, &body));
        let sent = match timeout_at(deadline, self.connection.publish(&topic, body)).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(source)) => return Err(Failed::For(Error::NotAccepted { operation, source })),
            Err(_) => {
                let reason = self.connection.down().unwrap_or(connection::Error::NotSent);
                return Err(Failed::For(Error::NotConnected { operation, after, reason }));
            }
        };
        tokio::select! {
            biased;
            arrived = self.timed(operation, waiter.arrived()) => answer(operation, arrived).map_err(Failed::For),
            failure = sent.failed() => Err(match failure {
                connection::Error::NotSent => Failed::NotSent,
                connection::Error::Lost => Failed::Lost,
                source => Failed::For(Error::NotAccepted { operation, source }),
            }),
            () = sleep_until(deadline) => Err(Failed::For(Error::TimedOut { operation, topic, after })),
        }
    }
}

/// A message as the trace tells it; `arrow` points from or to the service.
fn told(arrow: &str, topic: &str, payload: &[u8]) -> String {
    format!("{arrow} {topic} {}", String::from_utf8_lossy(payload))
}

/// Whether the service only asks to be left alone for a moment.
fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Rejected { response, .. }
        if matches!(response.code.as_str(), "RequestThrottled" | "InternalError"))
}

/// What came, read.
fn answer<R: DeserializeOwned>(operation: &'static str, arrived: Arrived) -> Result<Answer<R>, Error> {
    let Arrived { topic, verdict } = arrived;
    match verdict {
        Verdict::Accepted(payload) => accepted(operation, topic, payload),
        Verdict::Rejected(payload) => Err(rejected(operation, topic, payload)),
        Verdict::Unreadable(reason) => Err(Error::Malformed { operation, topic, reason }),
    }
}

fn accepted<R: DeserializeOwned>(
    operation: &'static str,
    topic: String,
    payload: Bytes,
) -> Result<Answer<R>, Error> {
    match serde_json::from_slice(&payload) {
        Ok(response) => Ok(Answer { topic, payload, response }),
        Err(error) => Err(Error::Malformed { operation, topic, reason: error.to_string() }),
    }
}

fn rejected(operation: &'static str, topic: String, payload: Bytes) -> Error {
    match serde_json::from_slice::<RejectedResponse>(&payload) {
        Ok(response) => Error::Rejected { operation, topic, payload, response: Box::new(response) },
        Err(error) => Error::Malformed { operation, topic, reason: error.to_string() },
    }
}
