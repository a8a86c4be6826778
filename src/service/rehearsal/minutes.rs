//! How a rollout comes along, minute by minute.

use serde::Serialize;

use crate::service::state::job_status::StatusCounts;
use crate::wire::model::JobExecutionStatus;

/// Where a rollout stands at the end of a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Minute {
    /// Which one it is, from 1, counted from the job's creation.
    pub minute: u64,
    /// How many things the job has reached.
    pub rolled_out: u64,
    /// How many of them it reached within this minute.
    pub rolled_out_within: u64,
    /// How many job executions are QUEUED; like all that follow, retries count too.
    pub queued: u64,
    /// IN_PROGRESS.
    pub in_progress: u64,
    /// SUCCEEDED.
    pub succeeded: u64,
    /// FAILED.
    pub failed: u64,
    /// REJECTED.
    pub rejected: u64,
    /// TIMED_OUT.
    pub timed_out: u64,
    /// CANCELED.
    pub canceled: u64,
}

impl Minute {
    /// How many job executions have failed, were rejected or timed out.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.failed + self.rejected + self.timed_out
    }
}

/// The minutes of a rollout; those in which nothing changes are left out.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    past: Vec<Minute>,
    rolled_out: u64,
    rolled_out_within: u64,
}

impl Minutes {
    /// The job reaches further things.
    pub(super) fn roll_out(&mut self, things: u64) {
        self.rolled_out += things;
        self.rolled_out_within += things;
    }

    /// The end of a minute.
    pub(super) fn end(&mut self, minute: u64, counts: &StatusCounts) {
        use JobExecutionStatus::{Canceled, Failed, InProgress, Queued, Rejected, Succeeded, TimedOut};
        let ended = Minute {
            minute,
            rolled_out: self.rolled_out,
            rolled_out_within: std::mem::take(&mut self.rolled_out_within),
            queued: counts.get(Queued),
            in_progress: counts.get(InProgress),
            succeeded: counts.get(Succeeded),
            failed: counts.get(Failed),
            rejected: counts.get(Rejected),
            timed_out: counts.get(TimedOut),
            canceled: counts.get(Canceled),
        };
        let before = self.past.last().copied().unwrap_or_default();
        if ended != (Minute { minute, rolled_out_within: 0, ..before }) {
            self.past.push(ended);
        }
    }

    pub(super) fn into_past(self) -> Vec<Minute> {
        self.past
    }
}
