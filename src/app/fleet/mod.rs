//! `fleet`: a rollout is rehearsed, and shown.
//!
//! | file | what it is |
//! |---|---|
//! | `table` | the minutes, at most a screenful |
//! | `ending` | how it ended, in a few lines |
//! | `json` | the same as one JSON object a line |

mod ending;
mod json;
mod table;

use std::io::{self, IsTerminal as _, Write as _};

use crate::app::cli::{FleetOptions, FleetOutput};
use crate::app::dispatch::Failure;
use crate::app::exit::ExitStatus;
use crate::app::output::fold;
use crate::app::output::printer::Environment;
use crate::app::output::style::ColorChoice;
use crate::app::script::{ReportFile, report_one};
use crate::app::standard_streams;
use crate::service::rehearsal::{Rehearsal, rehearse};
use crate::service::state::job_status::JobStatus;
use crate::wire::system_error::in_words;

/// How wide the output is elsewhere than at a terminal.
const WIDTH: usize = 80;

/// No terminal makes a table wider than this.
const MAX_WIDTH: usize = 120;

/// Rehearses a rollout and prints it.
///
/// # Errors
/// One line where the job is refused, where a file or standard output cannot be written, and where the job does not
/// end as expected.
pub(crate) async fn run(options: &FleetOptions) -> Result<ExitStatus, (String, ExitStatus)> {
    let failed = |error: &io::Error, what: &str| {
        (format!("cannot write {what}: {}", in_words(error)), ExitStatus::Failure)
    };
    let report = options.junit.as_deref().map(|path| (path, path.display().to_string()));
    let report = report.map(|(path, name)| match ReportFile::open(path) {
        Ok(file) => Ok((file, name)),
        Err(error) => Err(failed(&error, &name)),
    });
    let report = report.transpose()?;
    let rehearsal = rehearse(&options.plan).map_err(|refused| (refused.to_string(), ExitStatus::Usage))?;
    let printed = rendered(&rehearsal, options);
    match standard_streams::output().write_all(printed.as_bytes()) {
        // That the reader has gone away is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(failed(&error, "to standard output"));
        }
        _ => {}
    }
    let missed = options.expect_status.and_then(|expected| missed(expected, &rehearsal, options));
    if let Some((file, name)) = report {
        let failure = missed.as_ref().map(|missed| Failure::new("ExpectationFailed", missed));
        let written = report_one("fleet", failure.as_ref(), printed, file).await;
        written.map_err(|error| failed(&error, &name))?;
    }
    missed.map_or(Ok(ExitStatus::Success), |missed| Err((missed, ExitStatus::Failure)))
}

fn rendered(rehearsal: &Rehearsal, options: &FleetOptions) -> String {
    let until = options.plan.until;
    if options.output == FleetOutput::Json {
        return json::render(rehearsal);
    }
    let terminal = io::stdout().is_terminal();
    let width = fold::columns().filter(|_| terminal).unwrap_or(WIDTH).min(MAX_WIDTH);
    let paragraph = ending::lines(rehearsal, until);
    let paragraph: String = paragraph.iter().map(|line| fold::fold(line, width, "", "  ") + "\n").collect();
    if terminal || options.output == FleetOutput::Table {
        format!(
            "{}\n{paragraph}",
            table::render(rehearsal, width, Environment::read(ColorChoice::Auto).theme(terminal).unicode)
        )
    } else {
        paragraph
    }
}

/// What is said if the job does not end as expected.
fn missed(expected: JobStatus, rehearsal: &Rehearsal, options: &FleetOptions) -> Option<String> {
    let how = ending::how(rehearsal, options.plan.until);
    (rehearsal.status != expected)
        .then(|| format!("{} was expected, but the job is {how}", expected.as_str()))
}
