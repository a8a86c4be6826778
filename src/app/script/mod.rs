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
use std::time::Duration;

use crate::app::cli::ScriptOptions;
use crate::app::device::Stop;
use crate::app::dispatch::{Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::app::output::printer::Printer;
use crate::app::signals::ShutdownSignals;
use crate::wire::system_error::in_words;

use junit::{Case, Output, Report};
use runner::Runner;
use step::Location;

pub(crate) use load::{Mistakes, Script};
pub(crate) use report_file::ReportFile;
pub(crate) use source::Source;

/// Reports that scripts were not run at all.
pub(crate) async fn report_not_run(scripts: &[Script], file: ReportFile, why: &str) -> io::Result<()> {
    let mut report = Report::default();
    let failure = Failure::new("NotConnected", why);
    for script in scripts {
        report.failed_whole(&script.name, &failure);
    }
    report.write(file).await
}

/// Reports that a script cannot be read.
pub(crate) async fn report_unreadable(script: &str, why: &str, file: ReportFile) -> io::Result<()> {
    let mut report = Report::default();
    report.failed_whole(script, &Failure::new("Unreadable", format!("cannot be read: {why}")));
    report.write(file).await
}

/// Reports what is no script and either holds or not.
pub(crate) async fn report_one(
    name: &str,
    failure: Option<&Failure>,
    printed: String,
    file: ReportFile,
) -> io::Result<()> {
    let mut report = Report::default();
    let output = Output { out: printed, ..Output::default() };
    let case = Case { name: name.to_owned(), place: Location { file: name.into(), line: None } };
    match failure {
        None => report.passed(&case, Duration::ZERO, &output),
        Some(failure) => report.failed(&case, Duration::ZERO, std::slice::from_ref(failure), &output),
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
            dispatcher.printer().diagnostic(&format!("cannot watch for Ctrl-C: {}", in_words(&error)));
            return ExitStatus::Failure;
        }
    };
    let mut runner = Runner::new(dispatcher, scripts, options, report_file.is_some());
    let ended = tokio::select! {
        biased;
        () = signals.next() => None,
        status = runner.run_all() => Some(status),
    };
    let mut status = ended.unwrap_or(ExitStatus::Interrupted);
    if ended.is_none() {
        runner.interrupted();
        // A second signal ends it at once.
        tokio::select! {
            () = signals.next() => dispatcher.end_device(Stop::Kill).await,
            () = runner.clean_up() => {}
        }
    }
    runner.skip_rest();
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
            printer.diagnostic(&format!("cannot write {path}: {}", in_words(&error)));
            if status == ExitStatus::Success { ExitStatus::Failure } else { status }
        }
    }
}
