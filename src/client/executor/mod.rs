//! A persistent executor of jobs: what a device does with its pending job executions, one at a time.
//!
//! It opens both streams of events, caches what is pending, keeps that right by the events, and asks again wherever it
//! may have missed one. It polls nothing. An update names the version that it expects, so that one whose answer was
//! lost is settled by sending it once more, and what somebody else has changed meanwhile is noticed.
//!
//! ```no_run
//! use jobs_sandbox::client::executor::{Executor, Options, Outcome, Verdict};
//! # use jobs_sandbox::client::jobs::{Client, Streams};
//!
//! # async fn device(client: Client, streams: Streams) -> Result<(), Box<dyn std::error::Error>> {
//! let executor = Executor::new(client, streams, Options::default());
//! let ended = executor
//!     .telling(|notice| println!("{notice}"))
//!     .run(|execution, control| async move {
//!         println!("{}: {:?}", execution.job_id, execution.job_document);
//!         control.report([("progress".to_owned(), "half".to_owned())].into());
//!         Outcome::from(Verdict::Succeeded)
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `mod` | from one job execution to the next |
//! | `cache` | what is pending, by the lists and the events of the service |
//! | `under_way` | one job execution while its handler runs |
//! | `update` | updates whose answers may be lost |
//! | `handler`, `notice` | what a handler gets and gives; what there is to say meanwhile |
//! | `shutdown` | that it is to end |
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-devices.html>

mod cache;
mod handler;
mod notice;
mod shutdown;
mod under_way;
mod update;

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::backoff::Backoff;
use super::connection::Change;
use super::jobs::{Client, ConnectionChange, Error as RequestError, StreamEvent, Streams};
use crate::wire::model::{
    JobExecutionData, JobExecutionStatus, JobExecutionsChangedEvent, JobId, NextJobExecutionChangedEvent,
    StartNextPendingJobExecutionRequest,
};

use cache::Cache;
use shutdown::Shutdown;

pub use handler::{Control, Outcome, Stop, Verdict};
pub use notice::{Gone, Notice};

/// The status detail that counts how often a job execution was resumed by another executor.
///
/// The service has it before the handler begins again, so that whatever is done twice is known to be.
pub const RESUMED: &str = "resumed";

/// How many status details a job execution may have.
pub const MAX_STATUS_DETAILS: usize = 10;

/// How job executions are carried out.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ends once nothing is pending.
    pub once: bool,
    /// Minutes that a job execution may take between two reports, 1 to 10080; reports renew it, and the executor renews
    /// it by itself while the handler runs. The service ends it as TIMED_OUT otherwise. No limit unless given.
    pub step_timeout_in_minutes: Option<u32>,
    /// How often status details are sent at most; the last ones always are.
    pub report_every: Duration,
}

impl Default for Options {
    /// For ever, without a step timer, a report each ten seconds.
    fn default() -> Self {
        Self { once: false, step_timeout_in_minutes: None, report_every: Duration::from_secs(10) }
    }
}

/// How an executor has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is pending any more.
    NothingPending,
    /// A handler left its job execution IN_PROGRESS, to be resumed by the next executor.
    Unfinished,
    /// It was asked to end.
    Shutdown,
}

/// Why an executor cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection is lost for good.
    #[error("connection lost for good: {0}")]
    Connection(String),
    /// The service refuses what no device can do without.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The service does not let a job execution be moved.
    #[error("the service does not take {status} for {job}: {message}")]
    Refused {
        /// The job.
        job: JobId,
        /// The status.
        status: JobExecutionStatus,
        /// The service's words.
        message: String,
    },
}

/// Carries out whatever is pending for a thing.
pub struct Executor {
    client: Client,
    streams: Streams,
    options: Options,
    cache: Cache,
    /// Events may have gone by, so that it must be asked what is pending.
    missed: bool,
    shutdown: Shutdown,
    notice: Box<dyn FnMut(&Notice) + Send>,
}

impl Executor {
    /// An executor on this connection.
    #[must_use]
    pub fn new(client: Client, streams: Streams, options: Options) -> Self {
        let (cache, shutdown) = (Cache::default(), Shutdown::never());
        Self { client, streams, options, cache, missed: true, shutdown, notice: Box::new(|_| ()) }
    }

    /// The same, which says what happens.
    #[must_use]
    pub fn telling(self, notice: impl FnMut(&Notice) + Send + 'static) -> Self {
        Self { notice: Box::new(notice), ..self }
    }

    /// The same, which ends with this: nothing more is begun then, and a handler at work is told to stop.
    ///
    /// It must be called within a Tokio runtime.
    #[must_use]
    pub fn until(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { shutdown: Shutdown::with(shutdown), ..self }
    }

    /// Carries out job executions, one at a time: the one that is IN_PROGRESS already first, then as they are queued.
    ///
    /// `handler` is called for each; a panic in it is a failure.
    ///
    /// # Errors
    /// When the connection is lost for good, or the service refuses what cannot be done without.
    pub async fn run<H, F>(mut self, mut handler: H) -> Result<Ended, Error>
    where
        H: FnMut(JobExecutionData, Control) -> F,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let ended = self.run_all(&mut handler).await;
        self.client.disconnect().await;
        ended
    }

    async fn run_all<H, F>(&mut self, handler: &mut H) -> Result<Ended, Error>
    where
        H: FnMut(JobExecutionData, Control) -> F,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut shutdown = self.shutdown.clone();
        loop {
            let next = tokio::select! {
                biased;
                () = shutdown.asked() => return Ok(Ended::Shutdown),
                next = self.next() => next?,
            };
            let Some((execution, is_resumed)) = next else { return Ok(Ended::NothingPending) };
            if let Some(ended) = self.carry_out(execution, is_resumed, handler).await? {
                return Ok(ended);
            }
        }
    }

    /// The next job execution, started, and whether it had been before; none where nothing is pending any more and
    /// that is the end.
    async fn next(&mut self) -> Result<Option<(JobExecutionData, bool)>, Error> {
        let (mut waits, mut before) = (waits(), None);
        loop {
            self.hear_arrived().await?;
            self.list_if_missed().await?;
            if self.cache.is_empty() {
                if self.options.once {
                    return Ok(None);
                }
                self.changed().await?;
                continue;
            }
            // What is in progress after that may have been started by this very request.
            let before = before.get_or_insert_with(|| self.cache.clone());
            let step_timeout_in_minutes = self.step_timeout();
            let request =
                StartNextPendingJobExecutionRequest { step_timeout_in_minutes, ..Default::default() };
            // It may have started one although its answer is lost: that is asked, not guessed.
            self.missed = true;
            match self.client.start_next_pending_job_execution(request).await {
                Ok(answer) => {
                    self.missed = false;
                    let Some(execution) = answer.response.execution else {
                        // What the cache holds is over, and the event that says so is lost or on its way.
                        self.cache = Cache::default();
                        continue;
                    };
                    let is_resumed = before.is_in_progress(&execution.job_id, execution.execution_number);
                    self.cache.next(Some(&execution));
                    return Ok(Some((execution, is_resumed)));
                }
                Err(error) => self.wait_after(error, &mut waits).await?,
            }
        }
    }

    /// Asks what is pending, until there is an answer, if that is not known.
    async fn list_if_missed(&mut self) -> Result<(), Error> {
        let mut waits = waits();
        while self.missed {
            match self.client.get_pending_job_executions().await {
                Ok(answer) => {
                    self.cache = Cache::of(answer.response.in_progress_jobs, answer.response.queued_jobs);
                    self.missed = false;
                }
                Err(error) => self.wait_after(error, &mut waits).await?,
            }
        }
        Ok(())
    }

    /// Waits until the service has said what is pending. Nothing is lost where this is given up meanwhile.
    async fn changed(&mut self) -> Result<(), Error> {
        if !self.missed {
            self.missed = !self.heard().await?;
        }
        self.list_if_missed().await
    }

    /// Hears what has come meanwhile.
    async fn hear_arrived(&mut self) -> Result<(), Error> {
        while let Ok(heard) = timeout(Duration::ZERO, self.heard()).await {
            self.missed |= !heard?;
        }
        Ok(())
    }

    /// Waits for the next event; false where one may have gone by.
    async fn heard(&mut self) -> Result<bool, Error> {
        let Streams { job_executions_changed, next_job_execution_changed, connection_changes } =
            &mut self.streams;
        let cache = &mut self.cache;
        Ok(tokio::select! {
            Some(event) = job_executions_changed.recv() => {
                read(&event).map(|event: JobExecutionsChangedEvent| cache.changed(event.jobs)).is_some()
            }
            Some(event) = next_job_execution_changed.recv() => {
                read(&event).map(|event: NextJobExecutionChangedEvent| cache.next(event.execution.as_ref())).is_some()
            }
            Some(change) = connection_changes.recv() => match change.change {
                Change::Final { reason } => return Err(Error::Connection(reason)),
                Change::Restored => false,
                Change::Lost { .. } | Change::Retrying { .. } => true,
            },
            else => return Err(Error::Connection("it was closed".to_owned())),
        })
    }

    /// After a request that was not answered as it should be: waits before it is made again, if that may help.
    async fn wait_after(&mut self, error: RequestError, waits: &mut Backoff) -> Result<(), Error> {
        let is_refused =
            matches!(&error, RequestError::Rejected { response, .. } if !update::is_busy(&response.code));
        if is_refused || self.shutdown.is_asked() {
            return Err(error.into());
        }
        let after = waits.next().1;
        (self.notice)(&Notice::Again { why: error.to_string(), after });
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            biased;
            () = self.client.over() => Err(self.lost().await),
            // Once more, and no more often.
            () = shutdown.asked() => Ok(()),
            () = tokio::time::sleep(after) => Ok(()),
        }
    }

    /// Why the connection is lost for good.
    async fn lost(&mut self) -> Error {
        while let Some(ConnectionChange { change, .. }) = self.streams.connection_changes.recv().await {
            if let Change::Final { reason } = change {
                return Error::Connection(reason);
            }
        }
        Error::Connection("it was closed".to_owned())
    }

    fn step_timeout(&self) -> Option<i64> {
        self.options.step_timeout_in_minutes.map(Into::into)
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("options", &self.options)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// The waits between a request and the same one again.
fn waits() -> Backoff {
    Backoff::new(Duration::from_millis(200), Duration::from_secs(30))
}

/// An event, if it can be read.
fn read<T: DeserializeOwned>(event: &StreamEvent) -> Option<T> {
    serde_json::from_slice(event.payload.as_ref().ok()?).ok()
}
