//! A program with all that it has started: a process group.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::sleep;

/// How often it is looked whether anything is left: no event tells.
const LOOK: Duration = Duration::from_millis(20);

/// A process group, which bears the number of the process that leads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group(Pid);

impl Group {
    /// The group that a child leads, if it has not been waited for.
    pub(crate) fn led_by(child: &Child) -> Option<Self> {
        child.id().and_then(|id| i32::try_from(id).ok()).map(|id| Self(Pid::from_raw(id)))
    }

    /// Sends a signal to all of it.
    pub(crate) fn signal(self, signal: Signal) {
        // What is gone needs none.
        let _ = killpg(self.0, signal);
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_empty(self) -> bool {
        killpg(self.0, None) == Err(Errno::ESRCH)
    }

    /// Waits until nothing is left of it.
    pub(crate) async fn emptied(self) {
        while !self.is_empty() {
            sleep(LOOK).await;
        }
    }

    /// Whether the process that leads it has ended, although nobody may have been told yet.
    pub(crate) fn leader_has_ended(self) -> bool {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(self.0), look) != Ok(WaitStatus::StillAlive)
    }
}
