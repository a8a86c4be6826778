//! Events held back while a command waits for its answer.

use std::time::Duration;

use tokio::task::AbortHandle;

use super::{Passed, Transcript};

impl Transcript {
    /// Holds events back while a command waits for its answer, for `at_most` if given.
    #[must_use]
    pub(crate) fn hold(&self, at_most: Option<Duration>) -> Hold {
        let mut state = self.state();
        state.hold += 1;
        state.held = true;
        let hold = state.hold;
        drop(state);
        let timer = at_most.map(|at_most| {
            let transcript = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(at_most).await;
                transcript.let_go(hold);
            })
            .abort_handle()
        });
        Hold { transcript: self.clone(), number: hold, timer }
    }

    fn let_go(&self, hold: u64) {
        let mut state = self.state();
        if state.hold == hold && state.held {
            state.held = false;
            self.print_ready(&mut state);
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// Until it is dropped somebody waits for events to be printed, so that nothing keeps them from being delivered.
    pub(super) fn settling(&self) -> Settling {
        self.state().settling += 1;
        self.shared.changed.notify_waiters();
        Settling(self.clone())
    }
}

/// Holds events back until it is released or dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    transcript: Transcript,
    number: u64,
    timer: Option<AbortHandle>,
}

impl Hold {
    /// Lets events be printed again, and waits as [`Transcript::settle`] does.
    pub(crate) async fn release(self, passed: &[Passed], sequence: Option<u64>) {
        let transcript = self.transcript.clone();
        let _settling = transcript.settling();
        drop(self);
        transcript.settle(passed, sequence).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        self.transcript.let_go(self.number);
    }
}

/// Somebody waits for events to be printed.
pub(super) struct Settling(Transcript);

impl Drop for Settling {
    fn drop(&mut self) {
        self.0.state().settling -= 1;
        self.0.shared.changed.notify_waiters();
    }
}
