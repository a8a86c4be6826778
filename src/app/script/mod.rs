//! Scripts: commands from a file, from standard input or from `-c`, one after the other to the end.

mod junit;
mod report_file;

use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::app::cli::ScriptOptions;
use crate::app::command::{Command, Entry, Line, entries};
use crate::app::dispatch::{CommandOutcome, Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::app::script::junit::Report;
use crate::app::signals::ShutdownSignals;
use crate::app::transcript::Fault;
use crate::wire::system_error::in_words;

pub(crate) use report_file::ReportFile;

/// How long the end of a script on AWS waits for events of its last commands.
const MAX_QUIET_WAIT: Duration = Duration::from_secs(3);

/// No more events are expected once none has arrived for this long.
const QUIET: Duration = Duration::from_secs(1);

/// How long a signal may arrive after the end of a pipe: Ctrl-C also ends the program that feeds the pipe, and
/// its end may be noticed first.
const LATE_SIGNAL: Duration = Duration::from_millis(5);

/// Where commands come from.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    kind: SourceKind,
}

#[derive(Debug)]
enum SourceKind {
    Commands(Vec<String>),
    File(File),
    Stdin,
}

impl Source {
    /// Commands given one by one.
    #[must_use]
    pub(crate) fn commands(commands: Vec<String>) -> Self {
        Self { name: "-c".to_owned(), kind: SourceKind::Commands(commands) }
    }

    /// The lines of a file.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { name: path.display().to_string(), kind: SourceKind::File(file) })
    }

    /// The lines of standard input.
    #[must_use]
    pub(crate) fn stdin() -> Self {
        Self { name: "stdin".to_owned(), kind: SourceKind::Stdin }
    }

    /// Reads ahead on its own thread, since reading may block forever.
    fn start(self) -> mpsc::Receiver<io::Result<Entry>> {
        let (sender, receiver) = mpsc::channel(16);
        thread::spawn(move || match self.kind {
            SourceKind::Commands(commands) => read_commands(commands, &sender),
            SourceKind::File(file) => read_lines(BufReader::new(file), &sender),
            SourceKind::Stdin => read_lines(io::stdin().lock(), &sender),
        });
        receiver
    }
}

/// Runs a script to its end, or until a failure or a signal stops it; the report is written in any case.
pub(crate) async fn run(
    dispatcher: &Dispatcher,
    source: Source,
    options: &ScriptOptions,
    report_file: Option<ReportFile>,
) -> ExitStatus {
    let mut script = Script {
        dispatcher,
        name: source.name.clone(),
        options,
        report: report_file.as_ref().map(|_| Report::new(&source.name)),
        failed: false,
        events_may_follow: false,
        current: None,
    };
    let mut signals = match ShutdownSignals::watch() {
        Ok(signals) => signals,
        Err(error) => {
            dispatcher.printer().diagnostic(&format!("cannot watch for Ctrl-C: {}", in_words(&error)));
            return ExitStatus::Failure;
        }
    };
    let mut status = tokio::select! {
        biased;
        () = signals.next() => script.interrupted(),
        status = script.run_all(source) => status,
    };
    if let (Some(file), Some(report)) = (report_file, &script.report) {
        let path = file.path().display().to_string();
        let written = tokio::select! {
            written = report.write(file) => written,
            // Who should read it from a pipe may never do.
            () = signals.next() => {
                status = ExitStatus::Interrupted;
                Ok(())
            }
        };
        if let Err(error) = written {
            dispatcher.printer().diagnostic(&format!("cannot write {path}: {}", in_words(&error)));
            if status == ExitStatus::Success {
                status = ExitStatus::Failure;
            }
        }
    }
    match status {
        ExitStatus::Interrupted => dispatcher.printer().flush_briefly().await,
        _ => dispatcher.printer().flush().await,
    }
    status
}

struct Script<'a> {
    dispatcher: &'a Dispatcher,
    name: String,
    options: &'a ScriptOptions,
    /// Only where one is wanted: it grows with the script.
    report: Option<Report>,
    failed: bool,
    /// Whether a command has run whose events may still be on their way.
    events_may_follow: bool,
    /// The command that is being carried out, and since when.
    current: Option<(usize, String, Instant)>,
}

impl Script<'_> {
    async fn run_all(&mut self, source: Source) -> ExitStatus {
        let is_piped = matches!(source.kind, SourceKind::Stdin);
        let mut entries = source.start();
        while let Some(entry) = entries.recv().await {
            if self.dispatcher.printer().is_closed() {
                return ExitStatus::Failure;
            }
            let next = match entry {
                Ok(entry) => self.run_entry(entry).await,
                Err(error) => {
                    let why = format!("cannot be read: {}", in_words(&error));
                    self.fail(None, "", Instant::now(), &Failure::new("Unreadable", why));
                    ControlFlow::Break(())
                }
            };
            self.dispatcher.printer().flush().await;
            if next.is_break() {
                break;
            }
        }
        if is_piped {
            sleep(LATE_SIGNAL).await;
        }
        self.finish().await;
        let closed = self.dispatcher.printer().is_closed();
        if self.failed || closed { ExitStatus::Failure } else { ExitStatus::Success }
    }

    async fn run_entry(&mut self, entry: Entry) -> ControlFlow<()> {
        let Entry { line: number, text, parsed } = entry;
        let text = text.trim().to_owned();
        if self.options.echo {
            self.dispatcher.echo(&text);
        }
        let start = Instant::now();
        self.current = Some((number, text.clone(), start));
        let outcome = match parsed {
            Err(error) => CommandOutcome::Failed(self.dispatcher.usage_failure(&error)),
            Ok(line) => {
                let outcome = self.dispatcher.run(&line, Some(number)).await;
                self.note_events(&line, &outcome);
                outcome
            }
        };
        self.current = None;
        let origin = self.origin(Some(number));
        match self.with_faults(outcome) {
            CommandOutcome::Passed => {
                if let Some(report) = &mut self.report {
                    report.passed(number, &text, start.elapsed());
                }
                return ControlFlow::Continue(());
            }
            CommandOutcome::Quit => return ControlFlow::Break(()),
            CommandOutcome::Refused(refusal) => {
                self.dispatcher.printer().failure(&origin, &refusal.text);
                self.report_failure(Some(number), &text, start, &Failure::new("Rejected", refusal.text));
            }
            CommandOutcome::Unexpected(failure) => {
                self.dispatcher.show_details(&origin, &failure);
                self.report_failure(Some(number), &text, start, &failure);
            }
            CommandOutcome::Failed(failure) => self.fail(Some(number), &text, start, &failure),
        }
        self.failed = true;
        if self.options.bail { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Faults fail the command during which they are noticed. After `quit`, [`Script::finish`] counts them.
    fn with_faults(&self, outcome: CommandOutcome) -> CommandOutcome {
        if outcome == CommandOutcome::Quit {
            return outcome;
        }
        let faults = self.dispatcher.transcript.take_faults();
        match outcome {
            // The command's own failure comes first.
            CommandOutcome::Failed(mut failure) | CommandOutcome::Unexpected(mut failure)
                if !faults.is_empty() =>
            {
                let unreported = faults.into_iter().filter(|fault| !fault.reported);
                failure.details.extend(unreported.map(|fault| fault.text));
                CommandOutcome::Failed(failure)
            }
            outcome => failure_of(faults).map_or(outcome, CommandOutcome::Failed),
        }
    }

    fn fail(&mut self, line: Option<usize>, text: &str, start: Instant, failure: &Failure) {
        self.dispatcher.show_failure(&self.origin(line), line, failure);
        self.report_failure(line, text, start, failure);
        self.failed = true;
    }

    fn report_failure(&mut self, line: Option<usize>, text: &str, start: Instant, failure: &Failure) {
        let Some(report) = &mut self.report else { return };
        let words = [std::slice::from_ref(&failure.what), &failure.details].concat().join("\n");
        report.failed(line, text, start.elapsed(), failure.title, &words);
    }

    fn note_events(&mut self, line: &Line, outcome: &CommandOutcome) {
        self.events_may_follow = match line.command {
            Command::CreateJob { .. }
            | Command::DeleteJob { .. }
            | Command::CancelJob { .. }
            | Command::UpdateJobExecution(..) => true,
            // The expected event has arrived.
            Command::Expect(_) => self.events_may_follow && *outcome != CommandOutcome::Passed,
            _ => self.events_may_follow,
        };
    }

    /// Waits a moment for messages in flight, and reports faults since the last command.
    async fn finish(&mut self) {
        if self.events_may_follow && !self.dispatcher.client.is_local_service() {
            self.dispatcher.transcript.wait_until_quiet(QUIET, MAX_QUIET_WAIT).await;
        }
        // What has arrived is printed before the exit code is decided, however slow the reader is.
        let last = self.dispatcher.client.last_event();
        self.dispatcher.transcript.wait_until_printed(last).await;
        if let Some(faults) = failure_of(self.dispatcher.transcript.take_faults()) {
            self.fail(None, "", Instant::now(), &faults);
        }
        self.dispatcher.printer().flush().await;
    }

    fn interrupted(&mut self) -> ExitStatus {
        if let Some((number, text, start)) = self.current.take() {
            self.fail(Some(number), &text, start, &Failure::new("Interrupted", "interrupted"));
        }
        ExitStatus::Interrupted
    }

    /// `smoke.jobs:12:`, or without a line `smoke.jobs:`.
    fn origin(&self, line: Option<usize>) -> String {
        line.map_or_else(|| format!("{}:", self.name), |line| format!("{}:{line}:", self.name))
    }
}

/// Faults as one failure, with the title of the first.
fn failure_of(faults: Vec<Fault>) -> Option<Failure> {
    let mut faults = faults.into_iter();
    let Fault { title, text, .. } = faults.next()?;
    Some(Failure { details: faults.map(|fault| fault.text).collect(), ..Failure::new(title, text) })
}

/// Where commands go. Sending fails once the script has stopped, which is no error here.
type Sender = mpsc::Sender<io::Result<Entry>>;

fn read_lines(input: impl io::BufRead, sender: &Sender) {
    for entry in entries(input) {
        let failed = entry.is_err();
        if sender.blocking_send(entry).is_err() || failed {
            return;
        }
    }
}

/// Each `-c` is complete in itself: JSON unfinished in one does not continue in the next.
fn read_commands(commands: Vec<String>, sender: &Sender) {
    for (index, command) in commands.into_iter().enumerate() {
        for entry in entries(command.as_bytes()) {
            let entry = entry.map(|entry| Entry { line: index + 1, ..entry });
            if sender.blocking_send(entry).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn texts(source: Source) -> Vec<(usize, String, bool)> {
        let mut entries = source.start();
        let mut texts = Vec::new();
        while let Some(entry) = entries.recv().await {
            let entry = entry.unwrap();
            texts.push((entry.line, entry.text, entry.parsed.is_ok()));
        }
        texts
    }

    #[tokio::test]
    async fn each_c_stands_by_itself() {
        let commands = ["create-job J {", "help", "clock\nquit"].map(str::to_owned).to_vec();
        assert_eq!(
            texts(Source::commands(commands)).await,
            [
                (1, "create-job J {".to_owned(), false),
                (2, "help".to_owned(), true),
                (3, "clock".to_owned(), true),
                (3, "quit".to_owned(), true),
            ]
        );
    }

    #[tokio::test]
    async fn a_file_is_read_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("smoke.jobs");
        std::fs::write(&path, "help\n# nothing\nquit").unwrap();
        let source = Source::file(&path).unwrap();
        assert_eq!(texts(source).await, [(1, "help".to_owned(), true), (3, "quit".to_owned(), true)]);
        assert!(Source::file(dir.path()).is_err());
    }
}
