//! Scripts: commands from files, from standard input or from `-c`, one after the other to the end.
//!
//! | module | what it is |
//! |---|---|
//! | [`runner`] | carries out one script after the other, with their tests and what these defer |
//! | [`load`] | a script before its first effect: what it includes, and what is wrong with it |
//! | [`source`], [`step`] | where commands come from; one of them and where it stands |
//! | [`junit`], [`report_file`], [`summary`], [`annotation`] | how it went, for CI systems and people |

mod annotation;
mod junit;
mod load;
mod report_file;
mod runner;
mod source;
mod step;
mod summary;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::app::cli::ScriptOptions;
use crate::app::command::UsagesShown;
use crate::app::dispatch::{Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::app::output::printer::Printer;
use crate::app::output::words;
use crate::app::signals::ShutdownSignals;

use junit::{Case, Report};
use load::Mistake;
use runner::Runner;
use step::{Location, Step};

pub(crate) use report_file::ReportFile;
pub(crate) use source::Source;

/// A script that is ready to be carried out.
#[derive(Debug)]
pub(crate) struct Script {
    name: Arc<str>,
    commands: Commands,
}

#[derive(Debug)]
enum Commands {
    /// All of them, read and checked.
    Read(Vec<Step>),
    /// As they come.
    Streamed(Source),
}

/// What is wrong with scripts that have been read.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Script {
    /// Reads a script that is there already, or is only to be checked, and finds its mistakes.
    pub(crate) fn load(source: Source, options: &ScriptOptions, mistakes: &mut Mistakes) -> io::Result<Self> {
        let name = Arc::clone(source.name());
        if !options.check && !source.is_complete() {
            return Ok(Self { name, commands: Commands::Streamed(source) });
        }
        let (steps, mut found) = load::with_includes(&name, source.read()?);
        found.extend(load::check(&steps, &options.names, options.only.as_deref()));
        found.sort_by_key(|mistake| (mistake.place.file != name, mistake.place.line));
        mistakes.0.extend(found);
        Ok(Self { name, commands: Commands::Read(steps) })
    }

    /// Whether it has a test of this name, as far as that is known.
    pub(crate) fn may_have_test(&self, name: &str) -> bool {
        match &self.commands {
            Commands::Read(steps) => load::has_test(steps, name),
            Commands::Streamed(_) => true,
        }
    }

    /// How many commands it has, as far as that is known.
    pub(crate) fn len(&self) -> usize {
        match &self.commands {
            Commands::Read(steps) => steps.len(),
            Commands::Streamed(_) => 0,
        }
    }
}

impl Mistakes {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints them all.
    pub(crate) fn show(&self, printer: &Printer) {
        let usages_shown = UsagesShown::default();
        for mistake in &self.0 {
            mistake.failure(&usages_shown).show(printer, &mistake.place.origin(), mistake.place.line);
            annotate(printer, &mistake.place, &mistake.error.to_string());
        }
    }

    /// Reports them, each as a test case that failed.
    pub(crate) async fn report(&self, file: ReportFile) -> io::Result<()> {
        let usages_shown = UsagesShown::default();
        let mut report = Report::default();
        for mistake in &self.0 {
            let case = Case::command(mistake.place.clone(), &mistake.text);
            report.failed(&case, Duration::ZERO, &[mistake.failure(&usages_shown)], "");
        }
        report.write(file).await
    }
}

/// Reports that scripts were not run at all.
pub(crate) async fn report_not_run(scripts: &[Script], file: ReportFile, why: &str) -> io::Result<()> {
    let mut report = Report::default();
    for script in scripts {
        report.begin(&script.name);
        let case = Case::command(Location { file: Arc::clone(&script.name), line: None }, "");
        report.failed(&case, Duration::ZERO, &[Failure::new("NotConnected", why)], "");
    }
    report.write(file).await
}

/// Runs scripts to their end, or until a failure or a signal stops them; the report is written in any case.
pub(crate) async fn run(
    dispatcher: &Dispatcher,
    scripts: Vec<Script>,
    options: &ScriptOptions,
    report_file: Option<ReportFile>,
) -> ExitStatus {
    let mut signals = match ShutdownSignals::watch() {
        Ok(signals) => signals,
        Err(error) => {
            dispatcher.printer().diagnostic(&format!("cannot watch for Ctrl-C: {error}"));
            return ExitStatus::Failure;
        }
    };
    let mut runner = Runner::new(dispatcher, options, report_file.is_some());
    let ended = tokio::select! {
        biased;
        () = signals.next() => None,
        status = runner.run_all(scripts) => Some(status),
    };
    let mut status = ended.unwrap_or(ExitStatus::Interrupted);
    if ended.is_none() {
        runner.interrupted();
        // A second signal ends it at once.
        tokio::select! {
            () = signals.next() => {}
            () = runner.clean_up() => {}
        }
    }
    let report = runner.end();
    if let Some((file, report)) = report_file.zip(report) {
        status = write_report(dispatcher.printer(), &report, file, &mut signals, status).await;
    }
    match status {
        ExitStatus::Interrupted => dispatcher.printer().flush_briefly().await,
        _ => dispatcher.printer().flush().await,
    }
    status
}

async fn write_report(
    printer: &Printer,
    report: &Report,
    file: ReportFile,
    signals: &mut ShutdownSignals,
    status: ExitStatus,
) -> ExitStatus {
    let path = file.path().display().to_string();
    let written = tokio::select! {
        written = report.write(file) => written,
        // Who should read it from a pipe may never do.
        () = signals.next() => return ExitStatus::Interrupted,
    };
    match written {
        Ok(()) => status,
        Err(error) => {
            printer.diagnostic(&words::of_errors(&format!("cannot write {path}: {error}")));
            if status == ExitStatus::Success { ExitStatus::Failure } else { status }
        }
    }
}

/// Shows a failure beside its line, where a workflow of GitHub Actions is run.
fn annotate(printer: &Printer, place: &Location, text: &str) {
    if annotation::is_wanted() {
        printer.diagnostic(&annotation::error(place, text));
    }
}
