//! How commands, tests and scripts end: what is shown and reported, and what was deferred.

use std::iter;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::Runner;
use crate::app::command::{Command, Deferred};
use crate::app::device::Stop;
use crate::app::dispatch::{CommandOutcome, Failure};
use crate::app::script::annotation;
use crate::app::script::junit::{Case, Output};
use crate::app::script::step::Location;
use crate::app::transcript::Incident;

/// How long the end of a script on AWS waits for events of its last commands.
const MAX_QUIET_WAIT: Duration = Duration::from_secs(3);

/// No more events are expected once none has arrived for this long.
const QUIET: Duration = Duration::from_secs(1);

/// How long all commands that a test has deferred may take together.
const MAX_CLEAN_UP: Duration = Duration::from_secs(30);

impl Runner<'_> {
    /// Shows and reports how a command ended; returns whether it passed.
    pub(super) fn conclude(
        &mut self,
        place: &Location,
        text: &str,
        start: Instant,
        outcome: CommandOutcome,
    ) -> bool {
        let printer = self.dispatcher.printer();
        match self.with_incidents(outcome) {
            CommandOutcome::Passed | CommandOutcome::Quit => {
                if self.test.is_none() && self.report.is_some() {
                    let output = self.recorded(false);
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

    /// Incidents fail the command during which they are noticed.
    fn with_incidents(&self, outcome: CommandOutcome) -> CommandOutcome {
        let incidents = self.dispatcher.transcript.take_incidents();
        match outcome {
            // The command's own failure comes first.
            CommandOutcome::Failed(mut failure) | CommandOutcome::Unexpected(mut failure)
                if !incidents.is_empty() =>
            {
                let unreported = incidents.into_iter().filter(|incident| !incident.reported);
                failure.details.extend(unreported.flat_map(lines_of));
                CommandOutcome::Failed(failure)
            }
            outcome => failure_of(incidents).map_or(outcome, CommandOutcome::Failed),
        }
    }

    pub(super) fn fail(&mut self, place: &Location, text: &str, start: Instant, failure: &Failure) {
        failure.show(self.dispatcher.printer(), &place.origin(), place.line);
        self.note_failure(place, text, start, failure);
    }

    fn note_failure(&mut self, place: &Location, text: &str, start: Instant, failure: &Failure) {
        self.summary.failed(place);
        annotation::show(self.dispatcher.printer(), place, &failure.one_line());
        if let Some(test) = &mut self.test {
            test.failures.push(failure.clone());
        } else if self.report.is_some() {
            let output = self.recorded(true);
            let case = Case::command(place.clone(), text);
            let failures = std::slice::from_ref(failure);
            self.report
                .iter_mut()
                .for_each(|report| report.failed(&case, start.elapsed(), failures, &output));
        }
    }

    /// Ends the current test, and the script: what they have deferred is carried out, and messages in flight are
    /// awaited a moment.
    pub(in crate::app::script) async fn clean_up(&mut self) {
        self.end_test().await;
        self.carry_out_deferred().await;
        if self.events_may_follow && !self.dispatcher.things.current().client.is_local_service() {
            self.dispatcher.transcript.wait_until_quiet(QUIET, MAX_QUIET_WAIT).await;
        }
        self.dispatcher.end_device(Stop::Terminate).await;
        // What has arrived is printed before the exit code is decided, however slow the reader is.
        self.dispatcher.connections.settle_arrived().await;
        if let Some(incidents) = failure_of(self.dispatcher.transcript.take_incidents()) {
            self.fail(&self.whole(), "", Instant::now(), &incidents);
        }
        self.dispatcher.printer().flush().await;
    }

    pub(super) async fn end_test(&mut self) {
        if self.test.is_none() {
            return;
        }
        self.carry_out_deferred().await;
        let Some(test) = self.test.take() else { return };
        let output = self.recorded(!test.failures.is_empty());
        let Some(report) = &mut self.report else { return };
        if test.failures.is_empty() {
            report.passed(&test.case, test.began.elapsed(), &output);
        } else {
            report.failed(&test.case, test.began.elapsed(), &test.failures, &output);
        }
    }

    /// Carries out what the test has deferred, or the script outside of tests, the last one first.
    ///
    /// A signal that interrupts it leaves the rest to the next call.
    async fn carry_out_deferred(&mut self) {
        let deadline = tokio::time::Instant::now() + MAX_CLEAN_UP;
        while let Some((place, Deferred { text, line })) = self.deferred().pop() {
            let start = Instant::now();
            self.current = Some((place.clone(), text.clone(), start));
            if self.options.echo {
                self.dispatcher.echo(&text, place.line);
            }
            self.summary.count(matches!(line.command, Command::Expect(_)));
            let outcome = timeout_at(deadline, self.dispatcher.run(&line, place.line)).await;
            let outcome = outcome.unwrap_or_else(|_| {
                let why = format!("what was deferred took longer than {} s", MAX_CLEAN_UP.as_secs());
                CommandOutcome::Failed(Failure::new("TimedOut", why))
            });
            self.current = None;
            self.note_events(&line, &outcome);
            self.conclude(&place, &text, start, outcome);
        }
    }

    /// What has been printed since the last call, where there is a report; after a failure also what the service saw
    /// of the device program.
    pub(super) fn recorded(&self, failed: bool) -> Output {
        if self.report.is_none() {
            return Output::default();
        }
        let out = self.dispatcher.printer().take_recording();
        let Some(device) = &self.dispatcher.device else { return Output { out, ..Output::default() } };
        let mut output = Output { out, device: device.take_output() };
        if failed {
            output.device.push_str("\nwhat the local service saw of the device:\n");
            output.device.push_str(&device.trace().lines());
        }
        output
    }
}

/// Incidents as one failure, with the title of the first.
fn failure_of(incidents: Vec<Incident>) -> Option<Failure> {
    let mut incidents = incidents.into_iter();
    let Incident { title, text, mut details, .. } = incidents.next()?;
    details.extend(incidents.flat_map(lines_of));
    Some(Failure { details, ..Failure::new(title, text) })
}

fn lines_of(incident: Incident) -> impl Iterator<Item = String> {
    iter::once(incident.text).chain(incident.details)
}
