//! A script before its first effect: read to its end with what it includes, and checked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::annotation;
use super::junit::{Case, Output, Report};
use super::report_file::ReportFile;
use super::source::Source;
use super::step::{Location, Step};
use crate::app::cli::ScriptOptions;
use crate::app::command::{Command, Entry, Line, Names, ParseError, UsagesShown, parse_with};
use crate::app::device::NO_DEVICE;
use crate::app::dispatch::Failure;
use crate::app::output::printer::Printer;
use crate::wire::system_error::in_words;

/// How deep scripts include others.
const MAX_DEPTH: usize = 16;

/// How many commands a script has with all that it includes, each as often as it is included.
const MAX_INCLUDED: usize = 100_000;

/// A script that is ready to be carried out.
#[derive(Debug)]
pub(crate) struct Script {
    pub(super) name: Arc<str>,
    pub(super) commands: Commands,
}

#[derive(Debug)]
pub(super) enum Commands {
    /// All of them, read and checked.
    Read(Vec<Step>),
    /// As they come.
    Streamed(Source),
}

/// What is wrong with scripts that have been read, with the name of each script.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<(Arc<str>, Vec<Mistake>)>);

impl Script {
    /// Reads a script that is there already, or is only to be checked, and finds its mistakes.
    pub(crate) fn load(source: Source, options: &ScriptOptions, mistakes: &mut Mistakes) -> io::Result<Self> {
        let name = Arc::clone(source.name());
        if !options.check && !source.is_complete() {
            return Ok(Self { name, commands: Commands::Streamed(source) });
        }
        let (steps, mut found) = with_includes(&name, source.read()?);
        found.extend(check(&steps, &options.names, options));
        found.sort_by_key(|mistake| (mistake.place.file != name, mistake.place.line));
        if !found.is_empty() {
            mistakes.0.push((Arc::clone(&name), found));
        }
        Ok(Self { name, commands: Commands::Read(steps) })
    }

    /// Whether it has a test of this name, as far as that is known.
    pub(crate) fn may_have_test(&self, name: &str) -> bool {
        match &self.commands {
            Commands::Read(steps) => has_test(steps, name),
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
        for mistake in self.0.iter().flat_map(|(_, mistakes)| mistakes) {
            mistake.failure(&usages_shown).show(printer, &mistake.place.origin(), mistake.place.line);
            annotation::show(printer, &mistake.place, &mistake.error.to_string());
        }
    }

    /// Reports them, each as a test case that failed.
    pub(crate) async fn report(&self, file: ReportFile) -> io::Result<()> {
        let usages_shown = UsagesShown::default();
        let mut report = Report::default();
        for (script, mistakes) in &self.0 {
            report.begin(script);
            for mistake in mistakes {
                let case = Case::command(mistake.place.clone(), &mistake.text);
                report.failed(&case, Duration::ZERO, &[mistake.failure(&usages_shown)], &Output::default());
            }
        }
        report.write(file).await
    }
}

/// What is wrong with a line.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) place: Location,
    pub(super) text: String,
    pub(super) error: MistakeKind,
}

impl Mistake {
    /// The mistake as a failure; the usage of a command is shown once.
    pub(super) fn failure(&self, usages_shown: &UsagesShown) -> Failure {
        match &self.error {
            MistakeKind::Parse(error) => Failure::of_usage(error, usages_shown),
            error @ (MistakeKind::Include(_) | MistakeKind::NoDevice) => {
                Failure::new("UsageError", error.to_string())
            }
        }
    }
}

/// Why a line cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum MistakeKind {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("include: {0}")]
    Include(String),
    #[error("{NO_DEVICE}")]
    NoDevice,
}

/// All commands of `entries` with those of the files that they include, and what is wrong with these.
pub(super) fn with_includes(file: &Arc<str>, entries: Vec<Entry>) -> (Vec<Step>, Vec<Mistake>) {
    let mut loader = Loader::default();
    let folder = Path::new(&**file).parent().map(Path::to_owned).unwrap_or_default();
    loader.add(file, &folder, entries);
    (loader.steps, loader.mistakes)
}

#[derive(Default)]
struct Loader {
    steps: Vec<Step>,
    mistakes: Vec<Mistake>,
    /// The files that are being included, from the outside in.
    open: Vec<PathBuf>,
}

impl Loader {
    fn add(&mut self, file: &Arc<str>, folder: &Path, entries: Vec<Entry>) {
        for entry in entries {
            let Ok(Line { command: Command::Include(path), .. }) = &entry.parsed else {
                self.steps.push(Step { file: Arc::clone(file), entry });
                continue;
            };
            let included = folder.join(path);
            if let Err(why) = self.include(&included) {
                self.refuse(file, &entry, &why);
            }
        }
    }

    fn include(&mut self, path: &Path) -> Result<(), String> {
        let shown = path.display();
        let failed = |error: io::Error| format!("cannot read {shown}: {}", in_words(&error));
        let real = path.canonicalize().map_err(failed)?;
        if self.open.contains(&real) {
            return Err(format!("{shown} includes itself"));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(format!("{shown} is included more than {MAX_DEPTH} files deep"));
        }
        let source = Source::file(path).map_err(failed)?;
        if !source.is_complete() {
            return Err(format!("{shown} is no file that can be read at once"));
        }
        let name = Arc::clone(source.name());
        let entries = source.read().map_err(failed)?;
        if self.steps.len() + entries.len() > MAX_INCLUDED {
            return Err(format!("with {shown} the script has more than {MAX_INCLUDED} commands"));
        }
        self.open.push(real);
        self.add(&name, path.parent().unwrap_or(Path::new("")), entries);
        self.open.pop();
        Ok(())
    }

    fn refuse(&mut self, file: &Arc<str>, entry: &Entry, why: &str) {
        self.mistakes.push(Mistake {
            place: Location { file: Arc::clone(file), line: Some(entry.line) },
            text: entry.text.trim().to_owned(),
            error: MistakeKind::Include(why.to_owned()),
        });
    }
}

/// What is wrong with the commands that will be carried out, if names stand for `names` at first.
///
/// A value that is known only when the script runs is not checked before.
pub(super) fn check(steps: &[Step], names: &Names, options: &ScriptOptions) -> Vec<Mistake> {
    let only = options.only.as_deref();
    let mut names = names.clone();
    let mut mistakes = Vec::new();
    let mut runs = true;
    for step in steps {
        let resolved = match &step.entry.parsed {
            Ok(line) if line.has_names => Some(parse_with(&step.entry.text, &names)),
            _ => None,
        };
        let line = match &resolved {
            Some(Ok(Some(line))) => Ok(line),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => step.entry.parsed.as_ref(),
        };
        if let Ok(Line { command: Command::Test(name), .. }) = line {
            runs = only.is_none_or(|only| only == name);
        }
        // A test that does not run still has to be a test.
        let failed = match line {
            Err(error) if runs || step.entry.parsed.is_err() => Some(error.clone().into()),
            Ok(line) if runs && options.device.is_none() && needs_device(&line.command) => {
                Some(MistakeKind::NoDevice)
            }
            Ok(line) if runs => note_names(&line.command, &mut names).map(MistakeKind::Parse),
            _ => None,
        };
        mistakes.extend(failed.map(|error| Mistake {
            place: step.place(),
            text: step.text().to_owned(),
            error,
        }));
    }
    mistakes
}

fn needs_device(command: &Command) -> bool {
    match command {
        Command::Device(_) => true,
        Command::Defer(deferred) => needs_device(&deferred.line.command),
        _ => false,
    }
}

/// Notes what a command sets.
fn note_names(command: &Command, names: &mut Names) -> Option<ParseError> {
    let (name, value) = match command {
        Command::Set { name, value } => (name, value.clone()),
        Command::Capture { name, .. } => (name, None),
        _ => return None,
    };
    names.set(name, value).err().map(ParseError::Value)
}

/// Whether there is a test of this name.
pub(super) fn has_test(steps: &[Step], wanted: &str) -> bool {
    steps.iter().any(
        |step| matches!(&step.entry.parsed, Ok(Line { command: Command::Test(name), .. }) if name == wanted),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cli::DeviceOptions;
    use crate::app::command::entries;

    fn read(text: &str) -> Vec<Entry> {
        entries(text.as_bytes()).map(Result::unwrap).collect()
    }

    fn options(program: Option<&str>) -> ScriptOptions {
        let device = |program: &str| DeviceOptions {
            program: program.into(),
            arguments: Vec::new(),
            within: Duration::ZERO,
            may_end: false,
        };
        ScriptOptions {
            bail: false,
            echo: false,
            junit: None,
            check: true,
            only: None,
            names: Names::new("12345678"),
            device: program.map(device),
        }
    }

    fn mistakes(text: &str) -> Vec<String> {
        mistakes_with(text, &options(None))
    }

    fn mistakes_with(text: &str, options: &ScriptOptions) -> Vec<String> {
        let (steps, mut mistakes) = with_includes(&"smoke.jobs".into(), read(text));
        mistakes.extend(check(&steps, &options.names, options));
        mistakes.iter().map(|mistake| format!("{} {}", mistake.place.origin(), mistake.error)).collect()
    }

    #[test]
    fn every_mistake_is_found_before_the_first_effect() {
        let found = mistakes(
            "create-job {{J}} {}\nset J a\ncreate-job {{J}} {}\ncapture V x\ndelete-job {{V}}\nset K a/b\n\
             delete-job {{K}}\nnope\ncreate-job {{RUN}} {\"a\": {{V}}}\ndefer delete-job {{W}}\n",
        );
        let lines: Vec<&str> = found.iter().map(|mistake| mistake.split(' ').next().unwrap()).collect();
        assert_eq!(lines, ["smoke.jobs:1:", "smoke.jobs:7:", "smoke.jobs:8:", "smoke.jobs:10:"], "{found:?}");
    }

    #[test]
    fn a_device_command_needs_a_device_program() {
        let script = "device restart\ndefer device stop\n";
        let found = mistakes(script);
        assert_eq!(found.len(), 2);
        assert!(found[1].starts_with("smoke.jobs:2: there is no device program"), "{found:?}");
        assert!(mistakes_with(script, &options(Some("./device"))).is_empty());
    }

    #[test]
    fn a_file_is_included_from_the_folder_of_the_one_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write("below/one.jobs", "help\ninclude two.jobs\n");
        write("below/two.jobs", "status\n");
        write("loop.jobs", "include loop.jobs\n");
        let main = write("main.jobs", "include below/one.jobs\ninclude loop.jobs\ninclude none.jobs\nquit\n");
        let file: Arc<str> = main.display().to_string().into();
        let (steps, mistakes) = with_includes(&file, read(&std::fs::read_to_string(&main).unwrap()));
        assert_eq!(steps.iter().map(Step::text).collect::<Vec<_>>(), ["help", "status", "quit"]);
        assert!(steps[1].file.ends_with("below/two.jobs"));
        let mistakes: Vec<String> = mistakes.iter().map(|mistake| mistake.error.to_string()).collect();
        assert!(mistakes[0].ends_with("loop.jobs includes itself"), "{mistakes:?}");
        assert!(mistakes[1].ends_with("none.jobs: No such file or directory"), "{mistakes:?}");
    }
}
