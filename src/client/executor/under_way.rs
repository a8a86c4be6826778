//! One job execution while its handler runs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::handler::{Control, Desk, Outcome, Verdict};
use super::notice::{Gone, Notice};
use super::update::{Own, Updated};
use super::{Ended, Error, Executor, MAX_STATUS_DETAILS, RESUMED};
use crate::wire::model::{JobExecutionData, JobExecutionStatus, StatusDetails};

/// What the service is told of a job execution while its handler runs.
#[derive(Debug)]
struct Reports {
    own: Own,
    /// The last details of the handler that the service may not have yet.
    unsent: Option<StatusDetails>,
    /// When the next report may be sent.
    next: Instant,
    /// When the step timer must be renewed.
    renewal: Option<Instant>,
    /// Why it is not ours any more.
    gone: Option<Gone>,
}

impl Reports {
    /// When there is something to send.
    fn due(&self) -> Option<Instant> {
        let report = self.unsent.as_ref().map(|_| self.next);
        report.into_iter().chain(self.renewal).min().filter(|_| self.gone.is_none())
    }
}

impl Executor {
    /// Lets a handler carry out a job execution, and tells the service; returns how the executor ends, if it does.
    pub(super) async fn carry_out<H, F>(
        &mut self,
        mut execution: JobExecutionData,
        is_resumed: bool,
        handler: &mut H,
    ) -> Result<Option<Ended>, Error>
    where
        H: FnMut(JobExecutionData, Control) -> F,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (next, renewal) = (Instant::now(), self.renewal());
        let mut reports = Reports { own: (&execution).into(), unsent: None, next, renewal, gone: None };
        if is_resumed {
            if let Some(why) = self.resume(&mut reports.own).await? {
                self.leave(&reports.own, &Notice::Gone { job: execution.job_id, why });
                return Ok(None);
            }
            execution.version_number = reports.own.version;
            execution.status_details = Some(reports.own.details.clone());
        }
        (self.notice)(&Notice::begun(&execution, is_resumed));
        let (control, mut desk) = Desk::new(self.shutdown.clone());
        let mut running = JoinSet::new();
        running.spawn(handler(execution, control));
        let outcome = match self.attend(&mut running, &mut desk, &mut reports).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // Nobody will take its outcome; it ends in order all the same.
                desk.gone();
                running.join_next().await;
                return Err(error);
            }
        };
        reports.unsent = desk.take().or(reports.unsent);
        self.finish(reports, outcome).await
    }

    /// Tells the service what a handler reports, and the handler that it is to stop, until it has ended.
    async fn attend(
        &mut self,
        running: &mut JoinSet<Outcome>,
        desk: &mut Desk,
        reports: &mut Reports,
    ) -> Result<Outcome, Error> {
        loop {
            let due = reports.due();
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => {
                    return Ok(ended.unwrap_or_else(|_| Verdict::Failed.into()));
                }
                changed = self.changed(), if reports.gone.is_none() => {
                    changed?;
                    reports.gone = self.gone(&reports.own).await;
                }
                Ok(()) = desk.details.changed() => reports.unsent.clone_from(&desk.details.borrow()),
                () = sleep_until(due.unwrap_or(reports.next)), if due.is_some() => self.report(reports).await?,
            }
            if reports.gone.is_some() {
                desk.gone();
            }
        }
    }

    /// Sends the last details and the status that the outcome leads to.
    async fn finish(&mut self, mut reports: Reports, outcome: Outcome) -> Result<Option<Ended>, Error> {
        if reports.gone.is_none() {
            let own = &reports.own;
            let mut details =
                reports.unsent.take().map_or_else(|| own.details.clone(), |details| own.marked(details));
            details.extend(outcome.status_details);
            let is_news = details != reports.own.details;
            let status = outcome.verdict.status();
            if status.is_some() || is_news {
                let to = status.unwrap_or(JobExecutionStatus::InProgress);
                reports.gone = self.move_to(&mut reports.own, to, is_news.then_some(&details)).await?;
            }
        }
        let job = reports.own.job.clone();
        let (notice, ended) = match (reports.gone, outcome.verdict.status()) {
            (Some(why), _) => (Notice::Gone { job, why }, None),
            (None, Some(status)) => (Notice::Ended { job, status }, None),
            (None, None) => (Notice::Unfinished { job }, Some(Ended::Unfinished)),
        };
        self.leave(&reports.own, &notice);
        Ok(if self.shutdown.is_asked() { Some(Ended::Shutdown) } else { ended })
    }

    /// Tells the service that a job execution is begun again; returns why there is nothing to begin, if so.
    async fn resume(&mut self, own: &mut Own) -> Result<Option<Gone>, Error> {
        let count = own.details.get(RESUMED).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        let mut details = own.details.clone();
        details.remove(RESUMED);
        while details.len() >= MAX_STATUS_DETAILS {
            // Its handler can do without it; who looks whether anything was done twice cannot do without the mark.
            details.pop_last();
        }
        details.insert(RESUMED.to_owned(), count.saturating_add(1).to_string());
        self.move_to(own, JobExecutionStatus::InProgress, Some(&details)).await
    }

    /// A job execution is done with, one way or another.
    fn leave(&mut self, own: &Own, notice: &Notice) {
        self.cache.remove(&own.job, own.number);
        (self.notice)(notice);
    }

    /// Moves a job execution to a status, without details that the service would not have; returns why there is
    /// nothing to move, if so.
    async fn move_to(
        &mut self,
        own: &mut Own,
        status: JobExecutionStatus,
        details: Option<&StatusDetails>,
    ) -> Result<Option<Gone>, Error> {
        let mut updated = self.update(own, status, details).await?;
        if let (Updated::Refused(message), Some(_)) = (&updated, details) {
            (self.notice)(&Notice::DetailsRefused { job: own.job.clone(), message: message.clone() });
            updated = self.update(own, status, None).await?;
        }
        match updated {
            Updated::Done => Ok(None),
            Updated::Gone(why) => Ok(Some(why)),
            Updated::Refused(message) => Err(Error::Refused { job: own.job.clone(), status, message }),
        }
    }

    /// Sends what the handler reported last, or renews the step timer alone.
    async fn report(&mut self, reports: &mut Reports) -> Result<(), Error> {
        let details = reports.unsent.take().map(|details| reports.own.marked(details));
        let updated = self.update(&mut reports.own, JobExecutionStatus::InProgress, details.as_ref()).await?;
        match updated {
            Updated::Done => {}
            Updated::Gone(why) => reports.gone = Some(why),
            Updated::Refused(message) => {
                (self.notice)(&Notice::DetailsRefused { job: reports.own.job.clone(), message });
            }
        }
        reports.next = Instant::now() + self.options.report_every;
        reports.renewal = self.renewal();
        Ok(())
    }

    /// Why a job execution is not ours any more, if what the service says of it means that.
    async fn gone(&mut self, own: &Own) -> Option<Gone> {
        match self.cache.version(&own.job, own.number) {
            Some(version) if version <= own.version => return None,
            // The first ones of many that are pending are all that an event shows, so it is asked.
            _ => {}
        }
        match self.describe(own).await {
            Ok(now) if now.version_number == own.version => None,
            Ok(_) => Some(Gone::TakenOver),
            Err(Some(Gone::NotPending)) => Some(self.how_it_ended(own).await),
            Err(why) => why,
        }
    }

    /// When the step timer must be renewed, if there is one: in half its time.
    fn renewal(&self) -> Option<Instant> {
        let minutes = u64::from(self.options.step_timeout_in_minutes?);
        Some(Instant::now() + Duration::from_secs(minutes * 30))
    }
}
