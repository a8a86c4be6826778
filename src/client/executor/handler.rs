//! What a handler gets beside the job execution, and what it gives.

use tokio::sync::watch;

use super::shutdown::Shutdown;
use crate::wire::model::{JobExecutionStatus, StatusDetails};

/// How a handler has done with a job execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Succeeded,
    /// It cannot be done.
    Failed,
    /// The device will not do it.
    Rejected,
    /// It goes on in the next executor, as after a reboot: it stays IN_PROGRESS, and nothing more is begun.
    Unfinished,
}

impl Verdict {
    /// The status that it leads to; none where the job execution stays as it is.
    #[must_use]
    pub fn status(self) -> Option<JobExecutionStatus> {
        match self {
            Self::Succeeded => Some(JobExecutionStatus::Succeeded),
            Self::Failed => Some(JobExecutionStatus::Failed),
            Self::Rejected => Some(JobExecutionStatus::Rejected),
            Self::Unfinished => None,
        }
    }
}

/// A verdict, and the status details that come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it has done.
    pub verdict: Verdict,
    /// Added to those that were reported last.
    pub status_details: StatusDetails,
}

impl From<Verdict> for Outcome {
    /// No further details.
    fn from(verdict: Verdict) -> Self {
        Self { verdict, status_details: StatusDetails::new() }
    }
}

/// Why a handler is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its job execution is not its own any more: canceled, deleted, timed out, or changed by somebody else. What it
    /// still says is not sent.
    Gone,
    /// The executor ends: what is left to do is resumed by the next one, if the verdict is [`Verdict::Unfinished`].
    Shutdown,
}

/// A handler's line to its executor. Clones are the same line.
#[derive(Debug, Clone)]
pub struct Control {
    details: watch::Sender<Option<StatusDetails>>,
    gone: watch::Receiver<bool>,
    shutdown: Shutdown,
}

impl Control {
    /// Reports status details, in place of all that were reported before. They are sent when it is time; of several in
    /// between, the last.
    pub fn report(&self, status_details: StatusDetails) {
        self.details.send_replace(Some(status_details));
    }

    /// Waits until the handler is to stop.
    pub async fn stopped(&self) -> Stop {
        let (mut gone, mut shutdown) = (self.gone.clone(), self.shutdown.clone());
        tokio::select! {
            biased;
            // The error is an executor that is gone itself: nobody waits for an outcome.
            _ = gone.wait_for(|gone| *gone) => Stop::Gone,
            () = shutdown.asked() => Stop::Shutdown,
        }
    }
}

/// The executor's end of that line.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) details: watch::Receiver<Option<StatusDetails>>,
    gone: watch::Sender<bool>,
}

impl Desk {
    /// Both ends.
    pub(super) fn new(shutdown: Shutdown) -> (Control, Self) {
        let (details, reported) = watch::channel(None);
        let (gone, is_gone) = watch::channel(false);
        (Control { details, gone: is_gone, shutdown }, Self { details: reported, gone })
    }

    /// Tells the handler that its job execution is gone.
    pub(super) fn gone(&self) {
        self.gone.send_replace(true);
    }

    /// What was reported last, if it was not taken before.
    pub(super) fn take(&mut self) -> Option<StatusDetails> {
        let last = self.details.borrow_and_update();
        last.has_changed().then(|| last.clone()).flatten()
    }
}
