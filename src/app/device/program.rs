//! One process from its start to its end, and what it has started.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::AsyncRead;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::ended::Ended;
use super::error::Error;
use super::output::Output;
use crate::app::cli::DeviceOptions;
use crate::app::processes::end::in_words;
use crate::app::processes::group::Group;
use crate::app::processes::lines::LAST_WORDS;

/// How long it may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is asked to end, and made to if it does not.
    Terminate,
    /// As in a crash.
    Kill,
}

/// A process that was started; dropped, it is killed with all that it has started.
#[derive(Debug)]
pub(super) struct Program {
    group: Group,
    phase: Arc<watch::Sender<Phase>>,
}

/// Where it is between its start and its end.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// Whoever started it waits for it to be connected, and hears of its end.
    Starting,
    /// Its end is an incident.
    Running,
    Stopping,
    Ended(Ended),
}

impl Program {
    /// Starts it in a process group of its own and in that phase; `by_itself` is called where it ends although it was
    /// to run.
    pub(super) fn start(
        options: &DeviceOptions,
        environment: &[(&'static str, Option<String>)],
        output: Arc<Output>,
        phase: Phase,
        by_itself: impl FnOnce(&Ended) + Send + 'static,
    ) -> Result<Self, Error> {
        let mut command = Command::new(&options.program);
        command.args(&options.arguments).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let program = options.program.display().to_string();
        let not_started = |source| Error::NotStarted { program, source };
        let mut child = command.spawn().map_err(not_started)?;
        let group = Group::led_by(&child).expect("nobody has waited for it yet");
        output.begin();
        let mut reading = JoinSet::new();
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            reading.spawn(read(output.clone(), out));
            reading.spawn(read(output.clone(), err));
        }
        let phase = Arc::new(watch::Sender::new(phase));
        tokio::spawn(supervise(child, group, reading, output, phase.clone(), by_itself));
        Ok(Self { group, phase })
    }

    /// From here on its end is an incident; the error is that it has ended already.
    pub(super) fn expect_to_run(&self) -> Result<(), Ended> {
        let mut ended = None;
        self.phase.send_modify(|phase| match phase {
            Phase::Ended(how) => ended = Some(how.clone()),
            phase => *phase = Phase::Running,
        });
        ended.map_or(Ok(()), Err)
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Ended(_)) || self.group.leader_has_ended()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> Ended {
        let mut phase = self.phase.subscribe();
        loop {
            if let Phase::Ended(ended) = &*phase.borrow_and_update() {
                return ended.clone();
            }
            // It is changed at the end at the latest: we hold a sender.
            let _ = phase.changed().await;
        }
    }

    /// Stops it with all that it has started, and waits until nothing of it is left.
    pub(super) async fn stop(&self, how: Stop) -> Ended {
        self.phase.send_if_modified(|phase| {
            let runs = matches!(phase, Phase::Starting | Phase::Running) && !self.group.leader_has_ended();
            if runs {
                *phase = Phase::Stopping;
            }
            runs
        });
        let gone = async {
            let ended = self.ended().await;
            if ended.has_left {
                self.group.emptied().await;
            }
            ended
        };
        tokio::pin!(gone);
        if how == Stop::Terminate {
            self.signal(Signal::SIGTERM);
            if let Ok(ended) = timeout(GRACE, &mut gone).await {
                return ended;
            }
        }
        self.signal(Signal::SIGKILL);
        match timeout(GRACE, gone).await {
            Ok(ended) => ended,
            // Nobody has waited for what it had started, which is no longer there all the same.
            Err(_) => self.ended().await,
        }
    }

    fn signal(&self, signal: Signal) {
        // The number of a group of which nothing is left may be another one's.
        if !matches!(&*self.phase.borrow(), Phase::Ended(Ended { has_left: false, .. })) {
            self.group.signal(signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

async fn read(output: Arc<Output>, stream: impl AsyncRead + Unpin) {
    output.read(stream).await;
}

/// Waits for the end of a process, and tells of it.
async fn supervise(
    mut child: Child,
    group: Group,
    mut reading: JoinSet<()>,
    output: Arc<Output>,
    phase: Arc<watch::Sender<Phase>>,
    by_itself: impl FnOnce(&Ended),
) {
    let how = child.wait().await.map_or_else(|_| "in an unknown way".to_owned(), in_words);
    let has_left = !group.is_empty();
    let _ = timeout(LAST_WORDS, async { while reading.join_next().await.is_some() {} }).await;
    // What goes on is read further.
    reading.detach_all();
    let last_lines = output.last_lines();
    phase.send_modify(|phase| {
        let was_to_run = matches!(phase, Phase::Running);
        let ended = Ended { how, last_lines, by_itself: !matches!(phase, Phase::Stopping), has_left };
        if was_to_run {
            by_itself(&ended);
        }
        *phase = Phase::Ended(ended);
    });
}
