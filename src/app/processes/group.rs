//! A program with all that it has started: a process group.

use std::mem::MaybeUninit;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::{P_PID, WEXITED, WNOHANG, WNOWAIT, siginfo_t, waitid};
use nix::sys::signal::{Signal, killpg};
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

    /// Whether nothing is left of it, but for what has ended and nobody has waited for yet.
    pub(crate) fn is_empty(self) -> bool {
        killpg(self.0, None) == Err(Errno::ESRCH) || has_ended(self.0)
    }

    /// Waits until nothing is left of it.
    pub(crate) async fn emptied(self) {
        while !self.is_empty() {
            sleep(LOOK).await;
        }
    }

    /// Whether the process that leads it has ended, although nobody may have been told yet.
    pub(crate) fn leader_has_ended(self) -> bool {
        let mut found = MaybeUninit::<siginfo_t>::zeroed();
        // nix has no waitid for macOS.
        #[expect(unsafe_code, reason = "it takes any number, and fills in plain data of ours if anything")]
        unsafe {
            let looked = waitid(
                P_PID,
                self.0.as_raw().cast_unsigned(),
                found.as_mut_ptr(),
                WEXITED | WNOHANG | WNOWAIT,
            );
            looked != 0 || found.assume_init().si_signo != 0
        }
    }
}

/// Whether every process of a group has ended. In a container without an init process nobody waits for orphans.
#[cfg(target_os = "linux")]
fn has_ended(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let mut files = processes.flatten().map(|process| process.path().join("stat"));
    !files.any(|file| std::fs::read_to_string(file).is_ok_and(|stat| is_alive_in(&stat, group)))
}

/// The same: what can be asked about is alive, and macOS refuses to ask a group of which everything has ended.
#[cfg(not(target_os = "linux"))]
fn has_ended(group: Pid) -> bool {
    killpg(group, None) == Err(Errno::EPERM)
}

/// Whether a line of `/proc/PID/stat` is about a process of that group that has not ended.
#[cfg(target_os = "linux")]
fn is_alive_in(stat: &str, group: Pid) -> bool {
    // The name of the program stands in parentheses, and may have some itself.
    let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let state = fields.next();
    fields.nth(1).and_then(|group| group.parse().ok()) == Some(group.as_raw())
        && !matches!(state, Some("Z" | "X"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_told_from_what_is_alive() {
        let group = Pid::from_raw(42);
        let is_alive = |stat: &str| is_alive_in(stat, group);
        assert!(is_alive("43 (sleep) S 1 42 40 0 -1"));
        assert!(is_alive("43 (a) Z 1 7 (b) R 1 42 40 0 -1"), "a name with parentheses");
        assert!(!is_alive("43 (sleep) Z 1 42 40 0 -1"));
        assert!(!is_alive("42 (sleep) S 1 41 40 0 -1"));
        assert!(!is_alive(""));
    }
}
