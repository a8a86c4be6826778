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

use crate::connection::backoff::Backoff;
use crate::connection::{self, Connection};
use crate::trace::Trace;

mod error;
mod in_flight;
mod inbox;
pub mod model;
mod pending;
mod streams;
pub mod topics;

pub use error::Error;
pub use pending::{Difference, Pending};
pub use streams::{ConnectionChange, Dropped, EventError, StreamEvent};

use in_flight::{Arrived, InFlight, Verdict};
use inbox::Inbox;
use model::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, GetPendingJobExecutionsRequest,
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobId, JobRef, RejectedResponse,
    StartNextJobExecutionResponse, StartNextPendingJobExecutionRequest, ThingName, UpdateJobExecutionRequest,
    UpdateJobExecutionResponse,
};
use pending::{Known, Lesson};
use streams::{ChangeOutlet, Numbers, Outlet};
use topics::{Channel, Operation, Topic, device_filters};

/// How often a read is asked again because the service was too busy for it.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

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
    known: Arc<Known>,
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
        let (in_flight, known) = (Arc::<InFlight>::default(), Arc::<Known>::default());
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
    pub async fn fence(&self) -> Result<u64, Error> {
        let failed = |source| Error::NotAccepted { operation: "Subscribe", source };
        self.connection.fence().await.map_err(failed)?;
        Ok(self.last_event())
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

    /// Whether the server said that it is the local Jobs service, on which a fence is exact.
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
        let name = operation.name();
        let topic = Topic::new(&self.thing, Channel::Request(operation.clone())).to_string();
        let deadline = Instant::now() + self.timeout;
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            let mut waiter = self.in_flight.register(&topic, lesson.clone());
            let body = serde_json::to_vec(&body(Some(waiter.client_token.clone())))
                .expect("requests are maps of strings and numbers");
            self.trace.tell(|| told("->", &topic, &body));
            let sent = match timeout_at(deadline, self.connection.publish(&topic, body)).await {
                Ok(Ok(sent)) => sent,
                Ok(Err(source)) => return Err(Error::NotAccepted { operation: name, source }),
                Err(_) => {
                    let reason = self.connection.down().unwrap_or(connection::Error::NotSent);
                    return Err(Error::NotConnected { operation: name, after: self.timeout, reason });
                }
            };
            tokio::select! {
                biased;
                Arrived { topic, verdict } = self.timed(name, waiter.arrived()) => match verdict {
                    Verdict::Accepted(payload) => return accepted(name, topic, payload),
                    Verdict::Unreadable(reason) => {
                        return Err(Error::Malformed { operation: name, topic, reason });
                    }
                    Verdict::Rejected(payload) => {
                        let error = rejected(name, topic, payload);
                        let (attempt, wait) = backoff.next();
                        let again = matches!(if_lost, IfLost::AskAgain) && is_passing(&error);
                        if !again || attempt > RETRIES || Instant::now() + wait >= deadline {
                            return Err(error);
                        }
                        sleep(wait).await;
                    }
                },
                failure = sent.failed() => match (failure, if_lost) {
                    (connection::Error::NotSent, _) | (connection::Error::Lost, IfLost::AskAgain) => {}
                    (connection::Error::Lost, IfLost::Tell(find_out)) => {
                        return Err(Error::OutcomeUnknown { operation: name, find_out: find_out.clone() });
                    }
                    (source, _) => return Err(Error::NotAccepted { operation: name, source }),
                },
                () = sleep_until(deadline) => {
                    return Err(Error::TimedOut { operation: name, topic, after: self.timeout });
                }
            }
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
