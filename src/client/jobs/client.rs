//! The client of the data plane: one method for each operation.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::answer::{self, Answer};
use super::error::Error;
use super::in_flight::InFlight;
use super::inbox::Inbox;
use super::pending::{Pending, PendingTracker};
use super::streams::{ChangeSender, ConnectionChange, Streams};
use crate::client::backoff::Retries;
use crate::client::connection::{self, Connection, Qos};
use crate::client::events::{EventNumbers, EventSender};
use crate::client::feed::Feed;
use crate::client::trace::{Trace, message_line};
use crate::wire::model::{
    DescribeJobExecutionRequest, DescribeJobExecutionResponse, GetPendingJobExecutionsRequest,
    GetPendingJobExecutionsResponse, JobExecutionStatus, JobId, JobRef, StartNextJobExecutionResponse,
    StartNextPendingJobExecutionRequest, ThingName, UpdateJobExecutionRequest, UpdateJobExecutionResponse,
};
use crate::wire::topics::{Channel, Operation, Topic, device_filters};

/// A client of the data plane for one thing. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Client {
    thing: ThingName,
    connection: Connection,
    in_flight: Arc<InFlight>,
    pending: Arc<PendingTracker>,
    numbers: EventNumbers,
    timeout: Duration,
    trace: Trace,
}

/// What to do if the answer to a request is lost.
enum IfLost {
    /// The request changes nothing: send it again.
    Retry,
    /// The request may have been carried out: fail, and name the command to find out.
    Fail { find_out: String },
}

/// Why one attempt at a request failed.
enum AttemptError {
    /// The request was not sent.
    NotSent,
    /// The connection was lost after the request was sent.
    Lost,
    /// Another attempt helps only if the service is throttling.
    Other(Error),
}

impl Client {
    /// Connects; returns once every answer and event topic of the thing is subscribed.
    ///
    /// The timeout of `options` is also how long each request waits for its answer.
    ///
    /// # Errors
    /// Why there is no connection, or which topic the policy of the certificate does not allow.
    pub async fn connect(
        thing: ThingName,
        options: connection::Options,
        trace: Trace,
    ) -> Result<(Self, Streams), connection::Error> {
        let numbers = EventNumbers::default();
        let (in_flight, pending) = (Arc::<InFlight>::default(), Arc::<PendingTracker>::default());
        let (changed_sender, job_executions_changed) = EventSender::new(numbers.clone());
        let (next_sender, next_job_execution_changed) = EventSender::new(numbers.clone());
        let (mut changes, connection_changes) = ChangeSender::new();
        let mut inbox = Inbox {
            thing: thing.clone(),
            in_flight: in_flight.clone(),
            pending: pending.clone(),
            job_executions_changed: changed_sender,
            next_job_execution_changed: next_sender,
        };
        let timeout = options.timeout;
        let connection = Connection::connect(
            options,
            device_filters(&thing),
            {
                let trace = trace.clone();
                move |message| {
                    trace.write(|| message_line("<-", &message.topic, &message.payload));
                    inbox.deliver(message);
                }
            },
            {
                let pending = pending.clone();
                move |change| changes.send(ConnectionChange { change, pending: pending.get() })
            },
        )
        .await?;
        let client = Self { thing, connection, in_flight, pending, numbers, timeout, trace };
        let streams = Streams { job_executions_changed, next_job_execution_changed, connection_changes };
        Ok((client, streams))
    }

    /// Lists the job executions of the thing that are QUEUED or IN_PROGRESS.
    ///
    /// # Errors
    /// Whatever came instead of an accepted answer: a rejected one, none in time, or no connection.
    pub async fn get_pending_job_executions(&self) -> Result<Answer<GetPendingJobExecutionsResponse>, Error> {
        self.request(
            &Operation::GetPendingJobExecutions,
            &IfLost::Retry,
            |client_token| GetPendingJobExecutionsRequest { client_token },
            |pending, list| {
                if let Some(list) = list {
                    pending.note_list(list);
                }
            },
        )
        .await
    }

    /// Starts the next pending job execution, or returns the one that is in progress already.
    ///
    /// The client token of `request` is filled in.
    ///
    /// # Errors
    /// Whatever came instead of an accepted answer: a rejected one, none in time, or no connection.
    pub async fn start_next_pending_job_execution(
        &self,
        request: StartNextPendingJobExecutionRequest,
    ) -> Result<Answer<StartNextJobExecutionResponse>, Error> {
        self.request(
            &Operation::StartNextPendingJobExecution,
            &IfLost::Fail { find_out: "get-pending-job-executions".to_owned() },
            |client_token| StartNextPendingJobExecutionRequest { client_token, ..request.clone() },
            |pending, started| {
                if let Some(started) = started {
                    pending.note_started(started);
                }
            },
        )
        .await
    }

    /// Reads a pending job execution. The client token of `request` is filled in.
    ///
    /// # Errors
    /// Whatever came instead of an accepted answer: a rejected one, none in time, or no connection. A job
    /// execution in a terminal status is rejected with `TerminalStateReached`.
    pub async fn describe_job_execution(
        &self,
        job: &JobRef,
        request: DescribeJobExecutionRequest,
    ) -> Result<Answer<DescribeJobExecutionResponse>, Error> {
        self.request(
            &Operation::DescribeJobExecution(job.clone()),
            &IfLost::Retry,
            |client_token| DescribeJobExecutionRequest { client_token, ..request.clone() },
            |_, _| {},
        )
        .await
    }

    /// Reports the status of a job execution. The client token of `request` is filled in.
    ///
    /// # Errors
    /// Whatever came instead of an accepted answer: a rejected one, none in time, or no connection. Where the
    /// connection was lost meanwhile, [`Error::OutcomeUnknown`]: the update may have been carried out.
    pub async fn update_job_execution(
        &self,
        job: &JobId,
        request: UpdateJobExecutionRequest,
    ) -> Result<Answer<UpdateJobExecutionResponse>, Error> {
        let started = (request.status == JobExecutionStatus::InProgress)
            .then(|| (job.clone(), request.execution_number));
        self.request(
            &Operation::UpdateJobExecution(job.clone()),
            &IfLost::Fail { find_out: format!("describe-job-execution {job}") },
            |client_token| UpdateJobExecutionRequest { client_token, ..request.clone() },
            move |pending, _| {
                if let Some((job, execution_number)) = &started {
                    pending.note_in_progress(job, *execution_number);
                }
            },
        )
        .await
    }

    /// An ordered round trip; returns the number of the last event that was delivered before it ended.
    ///
    /// # Errors
    /// When there is no connection within the timeout, or it is lost before the server answered.
    pub async fn barrier(&self) -> Result<u64, Error> {
        let failed = |source| Error::NotAccepted { operation: "Subscribe", source };
        self.connection.barrier().await.map_err(failed)?;
        Ok(self.last_event())
    }

    /// The connection, to know that all events have come.
    #[must_use]
    pub fn feed(&self) -> Feed {
        Feed::new(self.connection.clone(), self.numbers.clone())
    }

    /// How long a request waits for its answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
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

    /// The pending job executions as the service last reported them, or `None` before the first report.
    #[must_use]
    pub fn pending(&self) -> Option<Pending> {
        self.pending.get()
    }

    /// Whether the server is the local Jobs service, on which a barrier is exact.
    #[must_use]
    pub fn is_local_service(&self) -> bool {
        self.connection.is_local_service()
    }

    /// Says DISCONNECT and closes the connection, within a bounded time, for every clone.
    pub async fn disconnect(self) {
        self.connection.disconnect().await;
    }

    /// Waits for an answer and traces how long it took.
    async fn timed<T>(&self, operation: &str, answer: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = answer.await;
        let millis = began.elapsed().as_secs_f64() * 1000.0;
        self.trace.write(|| format!("{operation} was answered after {millis:.1} ms"));
        answer
    }

    /// Sends a request and waits for its answer, all of it within the timeout.
    ///
    /// `note` notes what an accepted answer says about the pending job executions; it gets the response if that
    /// could be parsed. It is called before any later message is looked at.
    async fn request<Q: Serialize, R: DeserializeOwned + Send + 'static>(
        &self,
        operation: &Operation,
        if_lost: &IfLost,
        body: impl Fn(Option<String>) -> Q,
        note: impl Fn(&PendingTracker, Option<&R>) + Clone + Send + 'static,
    ) -> Result<Answer<R>, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut retries = Retries::until(deadline);
        let mut refusal = None;
        loop {
            let error = match self.attempt(operation, &body, note.clone(), deadline).await {
                Ok(answer) => return Ok(answer),
                Err(AttemptError::NotSent) => continue,
                Err(AttemptError::Lost) => match if_lost {
                    IfLost::Retry => continue,
                    IfLost::Fail { find_out } => {
                        let (operation, find_out) = (operation.name(), find_out.clone());
                        return Err(Error::OutcomeUnknown { operation, find_out });
                    }
                },
                Err(AttemptError::Other(Error::TimedOut { operation, topic, after, .. })) => {
                    return Err(Error::TimedOut { operation, topic, after, last_refusal: refusal });
                }
                Err(AttemptError::Other(error)) => error,
            };
            let again = matches!(if_lost, IfLost::Retry) && is_throttling(&error);
            match retries.next().filter(|_| again) {
                Some(wait) => {
                    if let Error::Rejected { response, .. } = error {
                        refusal = Some(format!("{}: {}", response.code, response.message));
                    }
                    sleep(wait).await;
                }
                None => return Err(error),
            }
        }
    }

    /// Sends a request once, under a client token of its own, and waits for its answer.
    async fn attempt<Q: Serialize, R: DeserializeOwned + Send + 'static>(
        &self,
        operation: &Operation,
        body: impl Fn(Option<String>) -> Q,
        note: impl Fn(&PendingTracker, Option<&R>) + Send + 'static,
        deadline: Instant,
    ) -> Result<Answer<R>, AttemptError> {
        let topic = Topic::new(&self.thing, Channel::Request(operation.clone())).to_string();
        let (operation, after) = (operation.name(), self.timeout);
        let pending = self.pending.clone();
        let mut waiter = self
            .in_flight
            .register(&topic, move |raw| answer::parse(operation, raw, |response| note(&pending, response)));
        let body = serde_json::to_vec(&body(Some(waiter.client_token.clone())))
            .expect("requests are maps of strings and numbers");
        self.trace.write(|| message_line("->", &topic, &body));
        let sent = match timeout_at(deadline, self.connection.publish(&topic, body, Qos::AtLeastOnce, false))
            .await
        {
            Ok(Ok(sent)) => sent,
            Ok(Err(source)) => return Err(AttemptError::Other(Error::NotAccepted { operation, source })),
            Err(_) => {
                let reason = self.connection.down().unwrap_or(connection::Error::NotSent);
                return Err(AttemptError::Other(Error::NotConnected { operation, after, reason }));
            }
        };
        tokio::select! {
            biased;
            answer = self.timed(operation, waiter.answer(deadline)) => answer.map_err(AttemptError::Other),
            failure = sent.failed() => Err(match failure {
                connection::Error::NotSent => AttemptError::NotSent,
                connection::Error::Lost => AttemptError::Lost,
                source => AttemptError::Other(Error::NotAccepted { operation, source }),
            }),
            () = sleep_until(deadline) => Err(AttemptError::Other(Error::TimedOut { operation, topic, after, last_refusal: None })),
        }
    }
}

/// Whether the service is throttling or in trouble, so that the same request may succeed a moment later.
fn is_throttling(error: &Error) -> bool {
    matches!(error, Error::Rejected { response, .. }
        if matches!(response.code.as_str(), "RequestThrottled" | "InternalError"))
}
