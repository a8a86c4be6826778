//! Where the commands of a session come from, opened before anything is started.

use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::Path;

use tokio::runtime::Runtime;

use crate::app::cli::{Input, ScriptOptions};
use crate::app::exit::ExitStatus;
use crate::app::output::printer::Printer;
use crate::app::script::{Mistakes, ReportFile, Script, Source, report_not_run, report_unreadable};
use crate::app::standard_streams::check_input;
use crate::wire::system_error::in_words;

/// Why no command can be carried out, or not be reported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A script cannot be read.
    #[error("cannot read script {path}: {source}")]
    Script {
        /// Its path.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// An option for scripts, but no script.
    #[error("{option} is for a script: name one with -f FILE or -c COMMAND, or pipe it in")]
    NoScript {
        /// The option.
        option: &'static str,
    },
    /// The report of the script cannot be written.
    #[error("cannot write the report {path}: {source}")]
    Report {
        /// Its path.
        path: String,
        /// Why not.
        source: io::Error,
    },
}

/// Commands that are ready to be carried out, and where the report of scripts goes.
pub(crate) struct Opened {
    pub(crate) commands: Commands,
    pub(crate) report: Option<ReportFile>,
}

/// Where commands come from.
pub(crate) enum Commands {
    Terminal,
    Scripts(Vec<Script>),
}

impl Opened {
    /// Opens all that commands come from and where they are reported, so that nothing is started, and no thing
    /// created, for a script that cannot be read or has a mistake, or whose report could not be written.
    ///
    /// Breaks with the exit code where there is nothing to carry out: a mistake was found, or scripts were only
    /// to be checked.
    pub(crate) fn open(
        input: &Input,
        options: &ScriptOptions,
        runtime: &Runtime,
        printer: &Printer,
    ) -> Result<ControlFlow<ExitStatus, Self>, Error> {
        if is_terminal(input) {
            return match options.first_given() {
                Some(option) => Err(Error::NoScript { option }),
                None => Ok(ControlFlow::Continue(Self { commands: Commands::Terminal, report: None })),
            };
        }
        let report = options.junit.as_deref().map(|path| open_report(path, runtime)).transpose()?;
        let mut mistakes = Mistakes::default();
        let scripts = match load(input, options, &mut mistakes) {
            Ok(scripts) => scripts,
            Err((path, source)) => {
                if let Some(report) = report {
                    put_report(
                        runtime.block_on(report_unreadable(&path, &in_words(&source), report)),
                        printer,
                    );
                }
                return Err(Error::Script { path, source });
            }
        };
        if let Some(status) = find_mistakes(&scripts, &mistakes, options, printer) {
            if let Some(report) = report.filter(|_| !mistakes.is_empty()) {
                put_report(runtime.block_on(mistakes.report(report)), printer);
            }
            return Ok(ControlFlow::Break(status));
        }
        Ok(ControlFlow::Continue(Self { commands: Commands::Scripts(scripts), report }))
    }

    /// Reports, where a report is wanted, that nothing was carried out.
    pub(crate) fn report_not_run(self, why: &str, runtime: &Runtime, printer: &Printer) {
        if let Self { commands: Commands::Scripts(scripts), report: Some(report) } = self {
            put_report(runtime.block_on(report_not_run(&scripts, report, why)), printer);
        }
    }
}

fn is_terminal(input: &Input) -> bool {
    matches!(input, Input::Stdin) && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Loads all scripts; fails with the name of the one that cannot be read.
fn load(
    input: &Input,
    options: &ScriptOptions,
    mistakes: &mut Mistakes,
) -> Result<Vec<Script>, (String, io::Error)> {
    let mut load = |source: io::Result<Source>, name: String| {
        source.and_then(|source| Script::load(source, options, mistakes)).map_err(|error| (name, error))
    };
    match input {
        Input::Commands(commands) => Ok(vec![load(Ok(Source::commands(commands.clone())), "-c".to_owned())?]),
        Input::Files(paths) => {
            paths.iter().map(|path| load(Source::file(path), path.display().to_string())).collect()
        }
        Input::Stdin => Ok(vec![load(check_input().map(|()| Source::stdin()), "stdin".to_owned())?]),
    }
}

fn open_report(path: &Path, runtime: &Runtime) -> Result<ReportFile, Error> {
    let _runtime = runtime.enter();
    ReportFile::open(path).map_err(|source| Error::Report { path: path.display().to_string(), source })
}

/// How the program ends before anything is started: with what is wrong in scripts, or where they are only to be
/// checked.
fn find_mistakes(
    scripts: &[Script],
    mistakes: &Mistakes,
    options: &ScriptOptions,
    printer: &Printer,
) -> Option<ExitStatus> {
    mistakes.show(printer);
    if !mistakes.is_empty() {
        return Some(ExitStatus::Usage);
    }
    if let Some(only) =
        options.only.as_ref().filter(|only| !scripts.iter().any(|script| script.may_have_test(only)))
    {
        printer.failure("error:", &format!("no test is called {only}"));
        return Some(ExitStatus::Usage);
    }
    if !options.check {
        return None;
    }
    let commands: usize = scripts.iter().map(Script::len).sum();
    let plural = if commands == 1 { "" } else { "s" };
    printer.notice(&format!("{commands} command{plural} without a mistake"));
    Some(ExitStatus::Success)
}

/// Says if a report could not be written.
fn put_report(written: io::Result<()>, printer: &Printer) {
    if let Err(error) = written {
        printer.diagnostic(&format!("cannot write the report: {}", in_words(&error)));
    }
}
