//! Scripts: commands from a file, from standard input or from `-c`, one after the other to the end.

mod junit;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::app::cli::ScriptOptions;
use crate::app::command::{Command, Entry, Line, entries};
use crate::app::dispatch::{Dispatcher, Failed, Outcome};
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::app::script::junit::Report;
use crate::app::signals::Endings;
use crate::app::transcript::Fault;

/// At the end of a script, elsewhere than on the local service: events of its last commands may
/// still be on their way for so long,
const MAX_SETTLING: Duration = Duration::from_secs(3);
/// but not if nothing has come for so long.
const QUIET: Duration = Duration::from_secs(1);

/// Ctrl-C ends the program that feeds a pipe too, and the end of the pipe may be noticed first: the
/// signal, sent before, is given so long to be heard.
const LATE_SIGNAL: Duration = Duration::from_millis(5);

/// Where commands come from.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    input: Input,
}

#[derive(Debug)]
enum Input {
    Commands(Vec<String>),
    File(File),
    Stdin,
}

impl Source {
    /// Commands given one by one.
    #[must_use]
    pub(crate) fn commands(commands: Vec<String>) -> Self {
        Self { name: "-c".to_owned(), input: Input::Commands(commands) }
    }

    /// The lines of a file.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { name: path.display().to_string(), input: Input::File(file) })
    }

    /// The lines of standard input.
    #[must_use]
    pub(crate) fn stdin() -> Self {
        Self { name: "stdin".to_owned(), input: Input::Stdin }
    }

    /// Reads ahead on a thread of its own, since reading may block for ever.
    fn start(self) -> mpsc::Receiver<io::Result<Entry>> {
        let (sender, receiver) = mpsc::channel(16);
        thread::spawn(move || match self.input {
            Input::Commands(commands) => read_commands(commands, &sender),
            Input::File(file) => read_lines(BufReader::new(file), &sender),
            Input::Stdin => read_lines(io::stdin().lock(), &sender),
        });
        receiver
    }
}

/// Whether a report could be written to this file, which is there afterwards.
pub(crate) fn try_report(path: &Path) -> io::Result<()> {
    let is_new = !path.exists();
    File::options().append(true).create(true).open(path)?;
    // An empty report is none, should there be no session to report on.
    if is_new { fs::remove_file(path) } else { Ok(()) }
}

/// Runs a script to its end, or to what ends it earlier; the report is written in any case.
pub(crate) async fn run(dispatcher: &Dispatcher, source: Source, options: &ScriptOptions) -> ExitStatus {
    let mut script = Script {
        dispatcher,
        name: source.name.clone(),
        options,
        report: options.junit.as_ref().map(|_| Report::new(&source.name)),
        failed: false,
        unsettled: false,
        current: None,
    };
    let mut status = match Endings::watch() {
        Ok(mut endings) => {
            tokio::select! {
                biased;
                () = endings.next() => script.interrupted(),
                status = script.run_all(source) => status,
            }
        }
        Err(error) => {
            dispatcher.printer().diagnostic(&format!("cannot watch for Ctrl-C: {error}"));
            ExitStatus::Failure
        }
    };
    if let (Some(path), Some(report)) = (&options.junit, &script.report)
        && let Err(error) = report.write(path)
    {
        dispatcher.printer().diagnostic(&format!("cannot write {}: {error}", path.display()));
        if status == ExitStatus::Success {
            status = ExitStatus::Failure;
        }
    }
    match status {
        ExitStatus::Interrupted => dispatcher.printer().last_words().await,
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
    /// Whether something was done whose events may still be on their way.
    unsettled: bool,
    /// The command that is being carried out, and since when.
    current: Option<(usize, String, Instant)>,
}

enum Next {
    GoOn,
    Stop,
}

impl Script<'_> {
    async fn run_all(&mut self, source: Source) -> ExitStatus {
        let is_piped = matches!(source.input, Input::Stdin);
        let mut entries = source.start();
        while let Some(entry) = entries.recv().await {
            if self.dispatcher.printer().is_closed() {
                return ExitStatus::Failure;
            }
            let next = match entry {
                Ok(entry) => self.run_entry(entry).await,
                Err(error) => {
                    let why = format!("cannot be read: {error}");
                    self.fail(None, "", Instant::now(), &Failed::new("Unreadable", why));
                    Next::Stop
                }
            };
            self.dispatcher.printer().flush().await;
            if matches!(next, Next::Stop) {
                break;
            }
        }
        if is_piped {
            sleep(LATE_SIGNAL).await;
        }
        self.settle().await;
        let closed = self.dispatcher.printer().is_closed();
        if self.failed || closed { ExitStatus::Failure } else { ExitStatus::Success }
    }

    async fn run_entry(&mut self, entry: Entry) -> Next {
        let Entry { line: number, text, parsed } = entry;
        let text = text.trim().to_owned();
        self.echo(&text);
        let start = Instant::now();
        self.current = Some((number, text.clone(), start));
        let outcome = match parsed {
            Err(error) => Outcome::Failed(Failed::new("UsageError", error.to_string())),
            Ok(line) => {
                let outcome = self.dispatcher.run(&line, Some(number)).await;
                self.note_events(&line, &outcome);
                outcome
            }
        };
        self.current = None;
        let origin = self.origin(Some(number));
        match self.with_faults(outcome) {
            Outcome::Passed => {
                if let Some(report) = &mut self.report {
                    report.passed(number, &text, start.elapsed());
                }
                return Next::GoOn;
            }
            Outcome::Quit => return Next::Stop,
            Outcome::Refused(refusal) => {
                self.dispatcher.printer().failure(&origin, &refusal.text);
                self.report_failure(Some(number), &text, start, &Failed::new("Rejected", refusal.text));
            }
            Outcome::Unexpected(failed) => {
                self.dispatcher.show_words(&origin, &failed);
                self.report_failure(Some(number), &text, start, &failed);
            }
            Outcome::Failed(failed) => self.fail(Some(number), &text, start, &failed),
        }
        self.failed = true;
        if self.options.bail { Next::Stop } else { Next::GoOn }
    }

    /// What went wrong meanwhile fails the command at which it shows. After `quit` the end of the script
    /// counts it.
    fn with_faults(&self, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Quit {
            return outcome;
        }
        let faults = self.dispatcher.transcript.take_faults();
        match outcome {
            // What the command itself failed of comes first.
            Outcome::Failed(mut failed) | Outcome::Unexpected(mut failed) if !faults.is_empty() => {
                let untold = faults.into_iter().filter(|fault| !fault.told);
                failed.details.extend(untold.map(|fault| fault.text));
                Outcome::Failed(failed)
            }
            outcome => failure_of(faults).map_or(outcome, Outcome::Failed),
        }
    }

    fn fail(&mut self, line: Option<usize>, text: &str, start: Instant, failed: &Failed) {
        self.dispatcher.show_failure(&self.origin(line), line, failed);
        self.report_failure(line, text, start, failed);
        self.failed = true;
    }

    fn report_failure(&mut self, line: Option<usize>, text: &str, start: Instant, failed: &Failed) {
        let Some(report) = &mut self.report else { return };
        let words = [std::slice::from_ref(&failed.what), &failed.details].concat().join("\n");
        report.failed(line, text, start.elapsed(), failed.title, &words);
    }

    fn note_events(&mut self, line: &Line, outcome: &Outcome) {
        self.unsettled = match line.command {
            Command::CreateJob { .. }
            | Command::DeleteJob { .. }
            | Command::CancelJob { .. }
            | Command::UpdateJobExecution(..) => true,
            // What was awaited has come.
            Command::Expect(_) => self.unsettled && *outcome != Outcome::Passed,
            _ => self.unsettled,
        };
    }

    /// Gives messages in flight a moment, and counts what went wrong since the last command.
    async fn settle(&mut self) {
        if self.unsettled && !self.dispatcher.client.is_local_service() {
            self.dispatcher.transcript.settle(QUIET, MAX_SETTLING).await;
        }
        // What has come is shown, however long its reader takes, before anybody is told how it went.
        let last = self.dispatcher.client.last_event();
        self.dispatcher.transcript.caught_up(last).await;
        if let Some(faults) = failure_of(self.dispatcher.transcript.take_faults()) {
            self.fail(None, "", Instant::now(), &faults);
        }
        self.dispatcher.printer().flush().await;
    }

    fn interrupted(&mut self) -> ExitStatus {
        if let Some((number, text, start)) = self.current.take() {
            self.fail(Some(number), &text, start, &Failed::new("Interrupted", "interrupted"));
        }
        ExitStatus::Interrupted
    }

    fn echo(&self, text: &str) {
        if !self.options.echo {
            return;
        }
        let printer = self.dispatcher.printer();
        for line in text.lines() {
            // Stdout is JSON and nothing else, if it is JSON at all.
            if printer.is_json() {
                printer.diagnostic(&format!("> {line}"));
            } else {
                printer.result(format!("> {}\n", escape::line(line)));
            }
        }
    }

    /// `smoke.jobs:12:`, or without a line `smoke.jobs:`.
    fn origin(&self, line: Option<usize>) -> String {
        line.map_or_else(|| format!("{}:", self.name), |line| format!("{}:{line}:", self.name))
    }
}

/// Faults as one failure, called after the first.
fn failure_of(faults: Vec<Fault>) -> Option<Failed> {
    let mut faults = faults.into_iter();
    let Fault { title, text, .. } = faults.next()?;
    Some(Failed { details: faults.map(|fault| fault.text).collect(), ..Failed::new(title, text) })
}

/// An error means that nobody takes commands any more, which is no error of the reader's.
type Sender = mpsc::Sender<io::Result<Entry>>;

fn read_lines(input: impl io::BufRead, sender: &Sender) {
    for entry in entries(input) {
        let failed = entry.is_err();
        if sender.blocking_send(entry).is_err() || failed {
            return;
        }
    }
}

/// Each `-c` stands by itself: what is unfinished in one does not go on in the next.
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
