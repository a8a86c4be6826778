//! Carries out scripts, with their tests and what these defer.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use super::junit::{Case, Report};
use super::source::Source;
use super::step::{Location, Step};
use super::summary::Summary;
use super::{Commands, Script, annotate, load};
use crate::app::cli::ScriptOptions;
use crate::app::command::{Command, Deferred, Entry, Line, ParseError};
use crate::app::dispatch::{CommandOutcome, Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::app::transcript::Fault;

/// How long the end of a script on AWS waits for events of its last commands.
const MAX_QUIET_WAIT: Duration = Duration::from_secs(3);

/// No more events are expected once none has arrived for this long.
const QUIET: Duration = Duration::from_secs(1);

/// How long a signal may arrive after the end of a pipe: Ctrl-C also ends the program that feeds the pipe, and
/// its end may be noticed first.
const LATE_SIGNAL: Duration = Duration::from_millis(5);

/// How long all commands that a test has deferred may take together.
const MAX_CLEAN_UP: Duration = Duration::from_secs(30);

/// Carries out scripts one after the other.
pub(super) struct Runner<'a> {
    dispatcher: &'a Dispatcher,
    options: &'a ScriptOptions,
    summary: Summary,
    /// Only where one is wanted: it grows with the script.
    report: Option<Report>,
    /// The script that is being carried out.
    file: Arc<str>,
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
    pub(super) fn new(dispatcher: &'a Dispatcher, options: &'a ScriptOptions, reports: bool) -> Self {
        if reports {
            // From here on the output is kept.
            dispatcher.printer().take_recording();
        }
        Self {
            dispatcher,
            options,
            summary: Summary::default(),
            report: reports.then(Report::default),
            file: "".into(),
            events_may_follow: false,
            current: None,
            deferred: Vec::new(),
            test: None,
            skips: false,
            found_only: false,
        }
    }

    /// Carries out all scripts; each begins on a local service without jobs, if that is ours.
    pub(super) async fn run_all(&mut self, scripts: Vec<Script>) -> ExitStatus {
        let mut left = scripts.into_iter();
        let mut is_first = true;
        let mut was_told = false;
        while let Some(script) = left.next() {
            self.begin(&script);
            if !is_first {
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
            let stopped = self.run(script).await.is_break();
            self.clean_up().await;
            if stopped || self.dispatcher.printer().is_closed() {
                break;
            }
        }
        for script in left {
            self.begin(&script);
            self.skip_all(script);
        }
        let printer = self.dispatcher.printer();
        if let Some(only) = self.options.only.as_ref().filter(|_| !self.found_only) {
            printer.failure("error:", &format!("no test is called {only}"));
            return ExitStatus::Usage;
        }
        let failed = self.summary.has_failed() || printer.is_closed();
        if failed { ExitStatus::Failure } else { ExitStatus::Success }
    }

    /// Prints how it went, and returns the report.
    pub(super) fn end(self) -> Option<Report> {
        if let Some(line) = self.summary.line() {
            self.dispatcher.printer().diagnostic(&line);
        }
        self.report
    }

    fn begin(&mut self, script: &Script) {
        self.file = Arc::clone(&script.name);
        self.skips = false;
        *self.dispatcher.names() = self.options.names.clone();
        if let Some(report) = &mut self.report {
            report.begin(&script.name);
        }
    }

    async fn run(&mut self, script: Script) -> ControlFlow<()> {
        match script.commands {
            Commands::Read(steps) => self.run_steps(steps).await,
            Commands::Streamed(source) => self.run_streamed(source).await,
        }
    }

    async fn run_steps(&mut self, steps: Vec<Step>) -> ControlFlow<()> {
        let mut steps = steps.into_iter();
        while let Some(step) = steps.next() {
            let Some(flow) = self.run_step(step).await else { continue };
            steps.for_each(|step| self.skip(&step));
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
                    let why = format!("cannot be read: {error}");
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
        let (steps, mut mistakes) = load::with_includes(&self.file, vec![entry]);
        let names = self.dispatcher.names().clone();
        mistakes.extend(load::check(&steps, &names, None));
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
        let test = match &parsed {
            Ok(Line { command: Command::Test(name), .. }) => Some(name.clone()),
            _ => None,
        };
        if test.is_none() && self.skips {
            return None;
        }
        if self.options.echo {
            self.dispatcher.echo(text, place.line);
        }
        let flow = match (test, parsed) {
            (Some(name), _) => {
                self.end_test().await;
                let stops = self.options.bail && self.summary.has_failed();
                if !stops {
                    self.begin_test(Case { name, place });
                }
                stops.then_some(ControlFlow::Break(()))
            }
            (None, parsed) => self.run_command(place, text, parsed).await,
        };
        self.dispatcher.printer().flush().await;
        flow
    }

    fn begin_test(&mut self, case: Case) {
        self.skips = self.options.only.as_ref().is_some_and(|only| *only != case.name);
        self.found_only |= !self.skips;
        if self.skips {
            self.report.iter_mut().for_each(|report| report.skipped(&case));
            return;
        }
        self.dispatcher.transcript.begin(case.place.line, true);
        self.recorded();
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
                let list = self.test.as_mut().map_or(&mut self.deferred, |test| &mut test.deferred);
                list.push((place.clone(), *deferred));
                CommandOutcome::Passed
            }
            Ok(line) => {
                self.summary.count(matches!(line.command, Command::Expect(_)));
                let outcome = self.dispatcher.run(&line, place.line).await;
                self.note_events(&line, &outcome);
                outcome
            }
        };
        self.current = None;
        if outcome == CommandOutcome::Quit {
            return Some(ControlFlow::Continue(()));
        }
        let passed = self.conclude(&place, text, start, outcome);
        if passed {
            return None;
        }
        // A test that failed has nothing more to show.
        self.skips = self.test.is_some();
        self.options.bail.then_some(ControlFlow::Break(()))
    }

    /// Shows and reports how a command ended; returns whether it passed.
    fn conclude(&mut self, place: &Location, text: &str, start: Instant, outcome: CommandOutcome) -> bool {
        let printer = self.dispatcher.printer();
        match self.with_faults(outcome) {
            CommandOutcome::Passed | CommandOutcome::Quit => {
                if self.test.is_none() && self.report.is_some() {
                    let output = self.recorded();
                    let case = Case::command(place.clone(), text);
                    self.report.iter_mut().for_each(|report| report.passed(&case, start.elapsed(), &output));
                }
                return true;
            }
            CommandOutcome::Refused(refusal) => {
                printer.failure(&place.origin(), &refusal.text);
                self.note_failure(place, text, start, &Failure::new("Rejected", refusal.text));
            }
            CommandOutcome::Unexpected(failure) => {
                failure.show_details(printer, &place.origin());
                self.note_failure(place, text, start, &failure);
            }
            CommandOutcome::Failed(failure) => self.fail(place, text, start, &failure),
        }
        false
    }

    /// Faults fail the command during which they are noticed.
    fn with_faults(&self, outcome: CommandOutcome) -> CommandOutcome {
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

    fn fail(&mut self, place: &Location, text: &str, start: Instant, failure: &Failure) {
        failure.show(self.dispatcher.printer(), &place.origin(), place.line);
        self.note_failure(place, text, start, failure);
    }

    fn note_failure(&mut self, place: &Location, text: &str, start: Instant, failure: &Failure) {
        self.summary.failed(place);
        annotate(self.dispatcher.printer(), place, &failure.one_line());
        if let Some(test) = &mut self.test {
            test.failures.push(failure.clone());
        } else if self.report.is_some() {
            let output = self.recorded();
            let case = Case::command(place.clone(), text);
            let failures = std::slice::from_ref(failure);
            self.report
                .iter_mut()
                .for_each(|report| report.failed(&case, start.elapsed(), failures, &output));
        }
    }

    fn note_events(&mut self, line: &Line, outcome: &CommandOutcome) {
        self.events_may_follow = match line.command {
            // The expected event has arrived.
            Command::Expect(_) => self.events_may_follow && *outcome != CommandOutcome::Passed,
            _ => self.events_may_follow || line.command.changes(),
        };
    }

    /// Ends the current test, and the script: what they have deferred is carried out, and messages in flight are
    /// awaited a moment.
    pub(super) async fn clean_up(&mut self) {
        self.end_test().await;
        let deferred = std::mem::take(&mut self.deferred);
        self.carry_out(deferred).await;
        if self.events_may_follow && !self.dispatcher.client.is_local_service() {
            self.dispatcher.transcript.wait_until_quiet(QUIET, MAX_QUIET_WAIT).await;
        }
        // What has arrived is printed before the exit code is decided, however slow the reader is.
        let last = self.dispatcher.client.last_event();
        self.dispatcher.transcript.wait_until_printed(last).await;
        if let Some(faults) = failure_of(self.dispatcher.transcript.take_faults()) {
            self.fail(&self.whole(), "", Instant::now(), &faults);
        }
        self.dispatcher.printer().flush().await;
    }

    async fn end_test(&mut self) {
        let Some(test) = &mut self.test else { return };
        let deferred = std::mem::take(&mut test.deferred);
        self.carry_out(deferred).await;
        let Some(test) = self.test.take() else { return };
        let output = self.recorded();
        let Some(report) = &mut self.report else { return };
        if test.failures.is_empty() {
            report.passed(&test.case, test.began.elapsed(), &output);
        } else {
            report.failed(&test.case, test.began.elapsed(), &test.failures, &output);
        }
    }

    /// Carries out what was deferred, the last one first.
    async fn carry_out(&mut self, mut deferred: Vec<(Location, Deferred)>) {
        let deadline = tokio::time::Instant::now() + MAX_CLEAN_UP;
        while let Some((place, Deferred { text, line })) = deferred.pop() {
            let start = Instant::now();
            if self.options.echo {
                self.dispatcher.echo(&text, place.line);
            }
            self.summary.count(matches!(line.command, Command::Expect(_)));
            let outcome = timeout_at(deadline, self.dispatcher.run(&line, place.line)).await;
            let outcome = outcome.unwrap_or_else(|_| {
                let why = format!("what was deferred took longer than {} s", MAX_CLEAN_UP.as_secs());
                CommandOutcome::Failed(Failure::new("TimedOut", why))
            });
            self.note_events(&line, &outcome);
            self.conclude(&place, &text, start, outcome);
        }
    }

    pub(super) fn interrupted(&mut self) {
        if let Some((place, text, start)) = self.current.take() {
            self.fail(&place, &text, start, &Failure::new("Interrupted", "interrupted"));
        }
    }

    /// What has been printed since the last call, where there is a report.
    fn recorded(&self) -> String {
        if self.report.is_some() { self.dispatcher.printer().take_recording() } else { String::new() }
    }

    fn skip_all(&mut self, script: Script) {
        if let Commands::Read(steps) = script.commands {
            steps.iter().for_each(|step| self.skip(step));
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
            _ if self.skips || self.test.is_some() => {}
            _ => report.skipped(&Case::command(step.place(), step.text())),
        }
    }

    fn whole(&self) -> Location {
        Location { file: Arc::clone(&self.file), line: None }
    }
}

/// Faults as one failure, with the title of the first.
fn failure_of(faults: Vec<Fault>) -> Option<Failure> {
    let mut faults = faults.into_iter();
    let Fault { title, text, .. } = faults.next()?;
    Some(Failure { details: faults.map(|fault| fault.text).collect(), ..Failure::new(title, text) })
}
