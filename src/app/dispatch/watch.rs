//! `watch-job`: looks at a job again and again until it is over.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::limiter::Plane;
use super::outcome::CommandError;
use super::picture::Picture;
use super::{CommandOutcome, Dispatcher, Failure, is_refusal};
use crate::app::output::message::{Message, MessageKind};
use crate::app::watch::{FailedExecution, Progress};
use crate::client::control_plane;
use crate::wire::model::{JobId, ThingName};

/// How long to wait between two looks at a job on AWS.
const ON_AWS: Duration = Duration::from_secs(5);

/// The same on the local service, which may be asked as often as one likes.
const LOCALLY: Duration = Duration::from_millis(100);

/// A look there takes at most this part of the time, so that a job of many things does not keep the service busy.
const SHARE: u32 = 10;

/// What the devices said of executions that failed, by thing and number: it does not change any more.
type Details = HashMap<(String, i64), String>;

impl Dispatcher {
    /// Shows how far the job is whenever that changes, until it is over. It passes if the job is completed.
    pub(super) async fn watch(
        &self,
        job: &JobId,
        within: Option<Duration>,
        number: Option<usize>,
    ) -> CommandOutcome {
        let watched = match within {
            None => self.watch_until_over(job, number).await,
            Some(within) => timeout(within, self.watch_until_over(job, number)).await.unwrap_or_else(|_| {
                let what = format!("{job} is not over within {}", humantime::format_duration(within));
                Err(Failure::new("JobNotOver", what).into())
            }),
        };
        self.connections.settle(None, None).await;
        match watched {
            Ok(last) if last.is_completed() => CommandOutcome::Passed,
            Ok(last) => {
                let what = format!("{job} is {}, not completed", last.status);
                CommandOutcome::Failed(Failure::new("JobNotCompleted", what))
            }
            Err(CommandError::Failed(failure)) => CommandOutcome::Failed(failure),
            Err(CommandError::Refused { message, refusal, .. }) => {
                self.transcript.answer(Message { line: number, ..*message });
                CommandOutcome::Refused(refusal)
            }
        }
    }

    async fn watch_until_over(&self, job: &JobId, number: Option<usize>) -> Result<Progress, CommandError> {
        let is_local = self.things.current().client.is_local_service();
        let how = if is_local { String::new() } else { format!("asks AWS every {} s", ON_AWS.as_secs()) };
        let mut picture = Picture::of(self.printer());
        if picture.is_none() && !how.is_empty() {
            self.printer().notice(&how);
        }
        let (began, mut before) = (Instant::now(), None);
        let (mut last, mut details) = (None, Details::new());
        loop {
            let asked = Instant::now();
            let progress = match self.look(job, &mut details).await {
                Err(error) if last.is_some() && is_refusal(&error, "ResourceNotFoundException") => {
                    return Err(Failure::new("JobDeleted", format!("{job} was deleted")).into());
                }
                progress => progress?,
            };
            let before = *before.get_or_insert_with(|| progress.done());
            if let Some(picture) = &mut picture {
                picture.show(&progress, (began.elapsed(), before), &how);
            } else if last.as_ref() != Some(&progress) {
                self.print_progress(&progress, number);
            }
            if progress.is_over() {
                return Ok(progress);
            }
            last = Some(progress);
            sleep(if is_local { LOCALLY.max(asked.elapsed() * SHARE) } else { ON_AWS }).await;
        }
    }

    fn print_progress(&self, progress: &Progress, number: Option<usize>) {
        let printer = self.printer();
        if printer.is_json() {
            let message = Message::new(MessageKind::Response, "WatchJob", Some(progress.to_json()));
            printer.message(&Message { line: number, ..message });
        } else {
            printer.result(progress.line() + "\n");
        }
    }

    /// Looks at the job, and once more if it changed meanwhile.
    async fn look(&self, job: &JobId, details: &mut Details) -> Result<Progress, control_plane::Error> {
        let mut progress = self.look_once(job).await?;
        if progress.is_torn {
            progress = self.look_once(job).await?;
            // A service that never agrees with itself is taken as it is.
            progress.is_torn = false;
        }
        for failure in &mut progress.failures {
            failure.details = self.details_of(job, failure, details).await;
        }
        Ok(progress)
    }

    async fn look_once(&self, job: &JobId) -> Result<Progress, control_plane::Error> {
        self.turn().await;
        let described = self.control_plane.describe_job(job).await?.body.unwrap_or_default();
        self.turn().await;
        let before = self.control_plane.answers();
        let listed = self.control_plane.list_job_executions_for_job(job).await;
        let pages = u32::try_from(self.control_plane.answers() - before).unwrap_or(u32::MAX);
        self.limiter.also_sent(Plane::Control, pages.saturating_sub(1));
        let listed = match listed {
            Err(control_plane::Error::TooManyPages { .. }) => None,
            listed => Some(listed?.body.unwrap_or_default()),
        };
        let progress = Progress::of(job.as_str(), &described, listed.as_deref());
        progress.ok_or_else(|| control_plane::Error::NotSent {
            operation: "ListJobExecutionsForJob",
            reason: "what the service answered last makes no sense".to_owned(),
        })
    }

    /// What the device said of an execution; none if that cannot be read.
    async fn details_of(
        &self,
        job: &JobId,
        failure: &FailedExecution,
        details: &mut Details,
    ) -> Option<String> {
        let key = (failure.thing.clone(), failure.number);
        if let Some(known) = details.get(&key) {
            return Some(known.clone());
        }
        let thing: ThingName = failure.thing.parse().ok()?;
        self.turn().await;
        let reply =
            self.control_plane.describe_job_execution(job, &thing, Some(failure.number)).await.ok()?;
        let body: Value = serde_json::from_str(&reply.body?).ok()?;
        let found = body["execution"]["statusDetails"]["detailsMap"].as_object()?;
        let found = Value::from(found.clone()).to_string();
        details.insert(key, found.clone());
        Some(found)
    }

    /// Waits until AWS may be asked once more.
    async fn turn(&self) {
        if !self.things.current().client.is_local_service() {
            self.limiter.turn(Plane::Control).await;
        }
    }
}
