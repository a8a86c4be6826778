//! What a handler prints: status details for the service, and lines for people.

use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncRead;

use super::details::{MARK, MAX_MARKED_LINE, Meaning, Tail, meaning, parse};
use crate::app::output::escape::excerpt;
use crate::app::output::printer::Printer;
use crate::app::processes::lines::{Line, Lines, MAX_LINE, read};
use crate::client::executor::{Control, MAX_STATUS_DETAILS, RESUMED, Stop};
use crate::wire::model::{JobId, StatusDetails};

/// Takes what the handler of a job execution prints.
#[derive(Debug)]
pub(super) struct Said {
    job: JobId,
    printer: Printer,
    control: Control,
    /// What the service has of status details, or will have.
    details: Mutex<StatusDetails>,
    stderr: Mutex<Tail>,
}

impl Said {
    /// Nothing yet; the service has these details.
    pub(super) fn new(job: JobId, details: StatusDetails, printer: Printer, control: Control) -> Self {
        Self { job, printer, control, details: Mutex::new(details), stderr: Mutex::default() }
    }

    pub(super) async fn read_stdout(self: Arc<Self>, stream: impl AsyncRead + Unpin) {
        let limit =
            |begin: &[u8]| if begin.starts_with(MARK.as_bytes()) { MAX_MARKED_LINE } else { MAX_LINE };
        let mut lines = Lines::within(limit);
        let take = |line: &Line| match line.text.strip_prefix(MARK) {
            Some(_) if line.is_cut => {
                self.refuse(&format!("their line is longer than {} KiB", MAX_MARKED_LINE / 1024));
            }
            Some(json) => self.report(json),
            None => self.show(&line.text),
        };
        read(stream, &self.printer, |chunk| lines.push(chunk, take)).await;
        lines.finish(take);
    }

    pub(super) async fn read_stderr(self: Arc<Self>, stream: impl AsyncRead + Unpin) {
        let mut lines = Lines::default();
        let take = |chunk: &[u8]| {
            locked(&self.stderr).push(chunk);
            lines.push(chunk, |line| self.show(&line.text));
        };
        read(stream, &self.printer, take).await;
        lines.finish(|line| self.show(&line.text));
    }

    /// What its end means after all that.
    pub(super) fn meaning(&self, ended: ExitStatus, stopped: Option<Stop>) -> Meaning {
        meaning(ended, stopped, locked(&self.stderr).text(), &locked(&self.details))
    }

    /// Says what the service is not told for want of room.
    pub(super) fn tell_left_out(&self, left_out: &[(&'static str, String)]) {
        if left_out.is_empty() {
            return;
        }
        let pairs: Vec<_> = left_out.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (job, pairs) = (&self.job, excerpt(&pairs.join(", "), MAX_LINE));
        self.printer.diagnostic(&format!(
            "warning: {job}: not sent, as there may be {MAX_STATUS_DETAILS} status details and the handler has reported \
             its own: {pairs}"
        ));
    }

    fn show(&self, line: &str) {
        self.printer.diagnostic(&format!("{}| {line}", self.job));
    }

    fn report(&self, json: &str) {
        let mut details = locked(&self.details);
        match parse(json, &details) {
            Ok(reported) => {
                let mark = details.remove(RESUMED).map(|count| (RESUMED.to_owned(), count));
                details.clone_from(&reported);
                details.extend(mark);
                self.control.report(reported);
            }
            Err(why) => self.refuse(&why),
        }
    }

    fn refuse(&self, why: &str) {
        self.printer.diagnostic(&format!("{}: these status details are not sent: {why}", self.job));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
