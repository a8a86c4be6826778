//! Carries out scripts, with their tests and what these defer.

mod ending;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::vec;

use tokio::time::sleep;

use crate::app::script::junit::{Case, Report};
use crate::app::script::load::{self, Commands, Script};
use crate::app::script::source::Source;
use crate::app::script::step::{Location, Step};
use crate::app::script::summary::Summary;

use crate::app::cli::ScriptOptions;
use crate::app::command::{Command, Deferred, Entry, Line, ParseError};
use crate::app::dispatch::{CommandOutcome, Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::wire::system_error::in_words;

/// How long a signal may arrive after the end of a pipe: Ctrl-C also ends the program that feeds the pipe, and
/// its end may be noticed first.
const LATE_SIGNAL: Duration = Duration::from_millis(5);

/// Carries out scripts one after the other.
pub(super) struct Runner<'a> {
    dispatcher: &'a Dispatcher,
    options: &'a ScriptOptions,
    summary: Summary,
    /// Only where one is wanted: it grows with the script.
    report: Option<Report>,
    /// The scripts that have not begun.
    scripts: vec::IntoIter<Script>,
    /// The script that is being carried out.
    file: Arc<str>,
    /// Those of its commands that have not begun, where they were read before the first one.
    steps: vec::IntoIter<Step>,
    /// Whether a command has run whose events may still be on their way.
    events_may_follow: bool,
    /// The command that is being carried out, and since when.
    current: Option<(Location, String, Instant)>,
    /// What the script has deferred before its first test.
    deferred: Vec<(Location, Deferred)>,
    test: Option<Test>,
    /// Whether lines are left out up to the next test.
    skips: bool,
    /// Whether the test that `--only` names has come.
    found_only: bool,
}

/// The test that is being carried out.
struct Test {
    case: Case,
    began: Instant,
    failures: Vec<Failure>,
    deferred: Vec<(Location, Deferred)>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        dispatcher: &'a Dispatcher,
        scripts: Vec<Script>,
        options: &'a ScriptOptions,
        reports: bool,
    ) -> Self {
        if reports {
            // From here on the output is kept.
            dispatcher.printer().take_recording();
        }
        Self {
            dispatcher,
            options,
            summary: Summary::default(),
            report: reports.then(Report::default),
            scripts: scripts.into_iter(),
            file: "".into(),
            steps: vec::IntoIter::default(),
            events_may_follow: false,
            current: None,
            deferred: Vec::new(),
            test: None,
            skips: false,
            found_only: false,
        }
    }

    /// Carries out all scripts; each begins on a local service without jobs, if that is ours.
    pub(super) async fn run_all(&mut self) -> ExitStatus {
        let mut is_first = true;
        let mut was_told = false;
        // Whether the device program cannot be started at all.
        let mut impossible = false;
        while let Some(script) = self.scripts.next() {
            let source = self.begin(script);
            if !is_first {
                self.dispatcher.begin_test(None);
                self.dispatcher.play_first_thing();
                if let Err(failure) = self.dispatcher.unsubscribe_all().await {
                    self.fail(&self.whole(), "", Instant::now(), &failure);
                }
                match self.dispatcher.start_anew().await {
                    Ok(true) => {}
                    Ok(false) if was_told => {}
                    Ok(false) => {
                        was_told = true;
                        self.dispatcher
                            .printer()
                            .notice("nothing is emptied between scripts: the service is not of this process");
                    }
                    Err(failure) => self.fail(&self.whole(), "", Instant::now(), &failure),
                }
            }
            is_first = false;
            self.current = Some((self.whole(), String::new(), Instant::now()));
            let started = self.dispatcher.start_device(true).await;
            self.current = None;
            let stopped = match started {
                Ok(()) => self.run(source).await.is_break(),
                Err((failure, status)) => {
                    self.fail(&self.whole(), "", Instant::now(), &failure);
                    self.skip_steps();
                    impossible |= status == ExitStatus::Usage;
                    impossible
                }
            };
            self.clean_up().await;
            if stopped || self.bails() || self.dispatcher.printer().is_closed() {
                break;
            }
        }
        let printer = self.dispatcher.printer();
        let failed = self.summary.has_failed() || printer.is_closed();
        if let Some(only) = self.options.only.as_ref().filter(|_| !self.found_only && !failed) {
            printer.failure("error:", &format!("the script ended before a test called {only}"));
            return ExitStatus::Usage;
        }
        if impossible {
            return ExitStatus::Usage;
        }
        if failed { ExitStatus::Failure } else { ExitStatus::Success }
    }

    /// Prints how it went, and returns the report.
    pub(super) fn end(self) -> Option<Report> {
        if let Some(line) = self.summary.line() {
            self.dispatcher.printer().diagnostic(&line);
        }
        self.report
    }

    /// Begins a script; hands back where its commands come from, if they were not read before the first one.
    fn begin(&mut self, script: Script) -> Option<Source> {
        self.file = script.name;
        self.skips = false;
        *self.dispatcher.names() = self.options.names.clone();
        self.forget_trace();
        if let Some(report) = &mut self.report {
            report.begin(&self.file);
        }
        let (steps, source) = match script.commands {
            Commands::Read(steps) => (steps, None),
            Commands::Streamed(source) => (Vec::new(), Some(source)),
        };
        self.steps = steps.into_iter();
        source
    }

    async fn run(&mut self, source: Option<Source>) -> ControlFlow<()> {
        match source {
            None => self.run_steps().await,
            Some(source) => self.run_streamed(source).await,
        }
    }

    async fn run_steps(&mut self) -> ControlFlow<()> {
        while let Some(step) = self.steps.next() {
            let Some(flow) = self.run_step(step).await else { continue };
            self.skips |= self.test.is_some();
            self.end_test().await;
            self.skip_steps();
            return flow;
        }
        ControlFlow::Continue(())
    }

    async fn run_streamed(&mut self, source: Source) -> ControlFlow<()> {
        let is_piped = source.is_stdin();
        let mut entries = source.start();
        let mut flow = None;
        while let Some(entry) = entries.recv().await {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let why = format!("cannot be read: {}", in_words(&error));
                    self.fail(&self.whole(), "", Instant::now(), &Failure::new("Unreadable", why));
                    break;
                }
            };
            flow = match &entry.parsed {
                Ok(Line { command: Command::Include(_), .. }) => self.run_included(entry).await,
                _ => self.run_step(Step { file: Arc::clone(&self.file), entry }).await,
            };
            if flow.is_some() {
                break;
            }
        }
        if is_piped {
            sleep(LATE_SIGNAL).await;
        }
        flow.unwrap_or(ControlFlow::Continue(()))
    }

    /// Carries out an included file if nothing is wrong with it.
    async fn run_included(&mut self, entry: Entry) -> Option<ControlFlow<()>> {
        if self.skips {
            return None;
        }
        let (steps, mut mistakes) = load::with_includes(&self.file, vec![entry]);
        let names = self.dispatcher.names().clone();
        // Its tests are left out one by one.
        let all = ScriptOptions { only: None, ..self.options.clone() };
        mistakes.extend(load::check(&steps, &names, &all));
        for mistake in &mistakes {
            let failure = mistake.failure(&self.dispatcher.usages_shown);
            self.fail(&mistake.place, &mistake.text, Instant::now(), &failure);
        }
        if !mistakes.is_empty() {
            return self.options.bail.then_some(ControlFlow::Break(()));
        }
        for step in steps {
            if let Some(flow) = self.run_step(step).await {
                return Some(flow);
            }
        }
        None
    }

    /// Carries out a command; returns how it goes on if not with the next one.
    async fn run_step(&mut self, step: Step) -> Option<ControlFlow<()>> {
        if self.dispatcher.printer().is_closed() {
            return Some(ControlFlow::Break(()));
        }
        let place = step.place();
        let Entry { text, parsed, .. } = step.entry;
        let text = text.trim();
        let parsed = self.dispatcher.resolve(text, parsed);
        let begins = match &parsed {
            Ok(Line { command: Command::Test(name), .. }) => Some(name.clone()),
            _ => None,
        };
        if begins.is_none() && self.skips {
            return None;
        }
        if self.options.echo {
            self.dispatcher.echo(text, place.line);
        }
        let flow = match (begins, parsed) {
            (Some(name), _) => {
                self.end_test().await;
                self.begin_test(Case { name, place });
                self.bails().then_some(ControlFlow::Break(()))
            }
            (None, parsed) => self.run_command(place, text, parsed).await,
        };
        self.dispatcher.printer().flush().await;
        flow
    }

    fn begin_test(&mut self, case: Case) {
        let is_other = self.options.only.as_ref().is_some_and(|only| *only != case.name);
        self.found_only |= !is_other;
        self.skips = is_other || self.bails();
        if self.skips {
            self.report.iter_mut().for_each(|report| report.skipped(&case));
            return;
        }
        self.dispatcher.begin_test(case.place.line);
        self.recorded(false);
        self.forget_trace();
        self.test = Some(Test { case, began: Instant::now(), failures: Vec::new(), deferred: Vec::new() });
    }

    async fn run_command(
        &mut self,
        place: Location,
        text: &str,
        parsed: Result<Line, ParseError>,
    ) -> Option<ControlFlow<()>> {
        let start = Instant::now();
        self.current = Some((place.clone(), text.to_owned(), start));
        let outcome = match parsed {
            Err(error) => CommandOutcome::Failed(self.dispatcher.usage_failure(&error)),
            Ok(Line { command: Command::Defer(deferred), .. }) => {
                self.deferred().push((place.clone(), *deferred));
                CommandOutcome::Passed
            }
            Ok(line) => {
                self.summary.count(matches!(line.command, Command::Expect(_)));
                let outcome = self.run_line(&line, &place).await;
                self.note_events(&line, &outcome);
                outcome
            }
        };
        self.current = None;
        if outcome == CommandOutcome::Quit {
            return Some(ControlFlow::Continue(()));
        }
        if self.conclude(&place, text, start, outcome) {
            return None;
        }
        // A test that failed has nothing more to show.
        self.skips = self.test.is_some();
        self.options.bail.then_some(ControlFlow::Break(()))
    }

    /// Carries out a command; one that waits for something does not wait for a device program that is gone.
    async fn run_line(&self, line: &Line, place: &Location) -> CommandOutcome {
        let waits = line.until.is_some()
            || matches!(line.command, Command::Expect(_) | Command::Sleep(_) | Command::WatchJob { .. });
        tokio::select! {
            biased;
            outcome = self.dispatcher.run(line, place.line) => outcome,
            // Which is an incident, and fails it.
            () = self.dispatcher.device_lost(), if waits => CommandOutcome::Passed,
        }
    }

    fn forget_trace(&self) {
        if let Some(device) = &self.dispatcher.device {
            device.trace().clear();
        }
    }

    fn note_events(&mut self, line: &Line, outcome: &CommandOutcome) {
        self.events_may_follow = match line.command {
            // The expected event has arrived.
            Command::Expect(_) => self.events_may_follow && *outcome != CommandOutcome::Passed,
            _ => self.events_may_follow || line.command.changes(),
        };
    }

    pub(super) fn interrupted(&mut self) {
        if let Some((place, text, start)) = self.current.take() {
            self.fail(&place, &text, start, &Failure::new("Interrupted", "interrupted"));
        }
    }

    /// Reports what was not carried out as skipped.
    pub(super) fn skip_rest(&mut self) {
        self.skip_steps();
        while let Some(script) = self.scripts.next() {
            self.begin(script);
            self.skip_steps();
        }
    }

    fn skip_steps(&mut self) {
        while let Some(step) = self.steps.next() {
            self.skip(&step);
        }
    }

    /// Reports a command that is not carried out: its test, or itself where it is in none.
    fn skip(&mut self, step: &Step) {
        let Some(report) = &mut self.report else { return };
        match &step.entry.parsed {
            Ok(Line { command: Command::Test(name), .. }) => {
                self.skips = true;
                report.skipped(&Case { name: name.clone(), place: step.place() });
            }
            _ if self.skips => {}
            _ => report.skipped(&Case::command(step.place(), step.text())),
        }
    }

    /// What the test has deferred, or the script outside of tests.
    fn deferred(&mut self) -> &mut Vec<(Location, Deferred)> {
        self.test.as_mut().map_or(&mut self.deferred, |test| &mut test.deferred)
    }

    /// Whether a failure ends it all.
    fn bails(&self) -> bool {
        self.options.bail && self.summary.has_failed()
    }

    fn whole(&self) -> Location {
        Location { file: Arc::clone(&self.file), line: None }
    }
}
