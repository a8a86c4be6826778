//! One process for each job execution.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::details::not_started;
use super::said::Said;
use crate::app::output::escape::excerpt;
use crate::app::output::printer::Printer;
use crate::app::processes::group::Group;
use crate::app::processes::lines::LAST_WORDS;
use crate::app::processes::orphan::ends_with_us;
use crate::client::executor::{Control, Outcome, Verdict};
use crate::wire::model::{JobExecutionData, JobId, StatusDetails, ThingName};
use crate::wire::system_error::in_words;

/// How long it may take until we hear of a signal that has ended the handler already: who stops a service may signal
/// all of its processes.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// The program that carries out job executions.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
    pub(super) thing: ThingName,
    /// How long it may take to stop.
    pub(super) grace: Duration,
    pub(super) printer: Printer,
    pub(super) at_work: AtWork,
}

/// A program that was started for a job execution.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    group: Group,
    document: NamedTempFile,
    job: JobId,
    details: StatusDetails,
}

/// What is left of the handler at work if nobody waits for it any more. Clones are the same one's.
#[derive(Debug, Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<Option<(Group, PathBuf)>>>);

impl AtWork {
    /// Kills it with all that it has started.
    pub(super) fn kill(&self) {
        if let Some((group, document)) = self.set(None) {
            group.signal(Signal::SIGKILL);
            // What is gone need not be removed.
            let _ = fs::remove_file(document);
        }
    }

    fn set(&self, at_work: Option<(Group, PathBuf)>) -> Option<(Group, PathBuf)> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), at_work)
    }
}

impl Handler {
    /// Starts it for a job execution, in a process group of its own. It ends with the thread that calls this.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub(super) fn start(&self, execution: &JobExecutionData) -> Result<Running, String> {
        let document = document(execution)
            .map_err(|error| format!("cannot write the job document to a file: {}", in_words(&error)))?;
        let details = execution.status_details.clone().unwrap_or_default();
        let started = self
            .spawn(execution, &details, &document)
            .map_err(|error| format!("cannot start {}: {}", self.program.display(), in_words(&error)))?;
        let group = Group::led_by(&started).expect("nobody has waited for it yet");
        self.at_work.set(Some((group, document.path().to_owned())));
        Ok(Running { child: started, group, document, job: execution.job_id.clone(), details })
    }

    fn spawn(
        &self,
        execution: &JobExecutionData,
        details: &StatusDetails,
        document: &NamedTempFile,
    ) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).process_group(0);
        // From the file: however much there is, nobody waits until it is read.
        command.stdin(document.reopen()?).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env("JOB_DOCUMENT", document.path())
            .env("JOB_ID", execution.job_id.as_str())
            .env("JOB_THING", self.thing.as_str())
            .env("JOB_EXECUTION_NUMBER", execution.execution_number.to_string())
            .env("JOB_VERSION", execution.version_number.to_string())
            .env("JOB_STATUS_DETAILS", serde_json::to_string(details)?);
        ends_with_us(&mut command);
        command.spawn()
    }

    /// Waits for its end, or stops it, and says how it has done.
    pub(super) async fn carry_out(&self, started: Result<Running, String>, control: Control) -> Outcome {
        let Running { mut child, group, document, job, details } = match started {
            Ok(running) => running,
            Err(why) => {
                self.printer.diagnostic(&why);
                return not_started(excerpt(&why, 1000));
            }
        };
        let said = Arc::new(Said::new(job.clone(), details, self.printer.clone(), control.clone()));
        let mut reading = JoinSet::new();
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            reading.spawn(said.clone().read_stdout(stdout));
            reading.spawn(said.clone().read_stderr(stderr));
        }
        let mut stopped = None;
        let ended = tokio::select! {
            biased;
            ended = child.wait() => ended,
            why = control.stopped() => {
                stopped = Some(why);
                self.stop(&mut child, group, &job).await
            }
        };
        self.at_work.set(None);
        drop(document);
        let _ = timeout(LAST_WORDS, async { while reading.join_next().await.is_some() {} }).await;
        // What it has left behind may go on printing.
        reading.detach_all();
        let Ok(ended) = ended else { return Verdict::Failed.into() };
        let mut meaning = said.meaning(ended, stopped);
        if stopped.is_none() && meaning.outcome.verdict == Verdict::Failed {
            let stopped = timeout(SAME_SIGNAL, control.stopped()).await.ok();
            meaning = said.meaning(ended, stopped);
        }
        said.tell_left_out(&meaning.left_out);
        meaning.outcome
    }

    /// Asks it to end, and makes it after a while.
    async fn stop(&self, child: &mut Child, group: Group, job: &JobId) -> io::Result<ExitStatus> {
        let grace = humantime::format_duration(self.grace);
        self.printer.diagnostic(&format!("{job}: SIGTERM to the handler, which has {grace}"));
        group.signal(Signal::SIGTERM);
        let gone = async {
            let ended = child.wait().await;
            group.emptied().await;
            ended
        };
        if let Ok(ended) = timeout(self.grace, gone).await {
            return ended;
        }
        self.printer.diagnostic(&format!("{job}: the handler has not ended within {grace}: SIGKILL"));
        group.signal(Signal::SIGKILL);
        child.wait().await
    }
}

/// The job document in a file for our eyes alone, which goes with it.
fn document(execution: &JobExecutionData) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("job-").suffix(".json").tempfile()?;
    if let Some(document) = &execution.job_document {
        file.write_all(document.get().as_bytes())?;
    }
    Ok(file)
}
