//! The terminal session: reads a line, carries it out, and reads the next.
//!
//! The line editor owns the terminal while a line is being typed; everything that is printed then
//! goes through it and appears above that line, which stays whole.
//!
//! | module | what it is |
//! |---|---|
//! | `editor` | the line editor, on a thread of its own |
//! | `helper`, `complete` | what it shows while a line is typed, and what Tab offers |
//! | `history` | the lines of earlier sessions |
//! | `prompt` | the thing, and how much is pending |

mod complete;
mod editor;
mod helper;
mod history;
mod prompt;

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::app::command::{Command, Entry, Line};
use crate::app::dispatch::{CommandOutcome, Dispatcher, Failure};
use crate::app::exit::ExitStatus;
use crate::app::signals::{ShutdownSignals, drain};
use crate::client::jobs::Pending;
use crate::wire::model::JobExecutionStatus;
use crate::wire::system_error::in_words;

use editor::{EditorEvent, EditorHandle};
use prompt::Prompt;

/// A command without an answer after this long prints that it is waiting.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// How long the first prompt of a thing waits to find out what is pending.
const FIRST_PROMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// Prints `banner`, and runs commands from the terminal until the user leaves, or a signal ends the session.
pub(crate) async fn run(dispatcher: &Dispatcher, banner: &str) -> ExitStatus {
    let printer = dispatcher.printer();
    let started =
        ShutdownSignals::watch_all_but_interrupt().map_err(|error| in_words(&error)).and_then(|signals| {
            let editor =
                EditorHandle::start(printer, dispatcher.transcript.known_names(), prompt(dispatcher));
            editor.map(|editor| (signals, editor)).map_err(|error| in_words(&error))
        });
    let (mut signals, mut editor) = match started {
        Ok(started) => started,
        Err(error) => {
            printer.failure("error:", &format!("cannot use the terminal: {error}"));
            return ExitStatus::Failure;
        }
    };
    printer.result(format!("{banner}\n"));
    let repl = Repl { dispatcher };
    let left = tokio::select! {
        () = signals.next() => None,
        never = repl.report_incidents() => never,
        status = repl.read_commands(&mut editor) => Some(status),
    };
    editor.end(printer);
    match left {
        Some(_) => printer.flush().await,
        None => printer.flush_briefly().await,
    }
    left.unwrap_or(ExitStatus::Success)
}

struct Repl<'a> {
    dispatcher: &'a Dispatcher,
}

impl Repl<'_> {
    async fn read_commands(&self, editor: &mut EditorHandle) -> ExitStatus {
        let mut interrupt = match signal(SignalKind::interrupt()) {
            Ok(interrupt) => interrupt,
            Err(error) => return self.give_up(&format!("cannot watch for Ctrl-C: {}", in_words(&error))),
        };
        if let Err((failure, status)) = self.dispatcher.start_device(false).await {
            self.fail(None, &failure);
            return status;
        }
        self.count_pending().await;
        // A Ctrl-C meant for a wait that has just ended must not end the local service and lose its jobs.
        let mut may_leave = false;
        loop {
            self.dispatcher.printer().flush().await;
            let event = editor.read(&mut interrupt).await;
            let was_warned = std::mem::replace(&mut may_leave, matches!(event, EditorEvent::Interrupted));
            let next = match event {
                EditorEvent::Commands(commands) => {
                    match self.carry_out(commands, editor, &mut interrupt).await {
                        Ok(next) => next,
                        Err(why) => return self.give_up(&format!("cannot read the terminal: {why}")),
                    }
                }
                EditorEvent::Cleared => ControlFlow::Continue(()),
                EditorEvent::Interrupted if !was_warned => {
                    self.dispatcher.printer().notice("Ctrl-C once more leaves, as do Ctrl-D and quit");
                    ControlFlow::Continue(())
                }
                EditorEvent::Interrupted | EditorEvent::Left => ControlFlow::Break(()),
                EditorEvent::Broken(why) => return self.give_up(&format!("cannot read the terminal: {why}")),
            };
            if next.is_break() || self.dispatcher.printer().is_closed() {
                return ExitStatus::Success;
            }
        }
    }

    /// So that the first prompt of a thing shows how much is pending. If this fails, it shows nothing.
    async fn count_pending(&self) {
        let thing = self.dispatcher.things.current();
        let _ = timeout(FIRST_PROMPT_TIMEOUT, thing.client.get_pending_job_executions()).await;
    }

    fn give_up(&self, why: &str) -> ExitStatus {
        self.fail(None, &Failure::new("NoTerminal", why));
        ExitStatus::Failure
    }

    /// Prints incidents as soon as they happen.
    async fn report_incidents(&self) -> ! {
        loop {
            let incidents = self.dispatcher.transcript.next_incidents().await;
            for incident in incidents.iter().filter(|incident| !incident.reported) {
                self.dispatcher.printer().failure("error:", &incident.text);
                incident
                    .details
                    .iter()
                    .for_each(|detail| self.dispatcher.printer().diagnostic(&format!("    {detail}")));
            }
        }
    }

    /// Carries out what was typed: one command, or several that were pasted, each shown before its answer. The error
    /// is why the terminal cannot be read.
    async fn carry_out(
        &self,
        mut commands: Vec<Entry>,
        editor: &mut EditorHandle,
        interrupt: &mut Signal,
    ) -> Result<ControlFlow<()>, String> {
        let is_pasted = commands.len() > 1;
        if asks_first(&commands) {
            if !self.confirms(RESET_QUESTION.to_owned(), editor, interrupt).await? {
                self.dispatcher.printer().notice("nothing was reset");
                return Ok(ControlFlow::Continue(()));
            }
            confirm(&mut commands);
        }
        for entry in commands {
            if is_pasted {
                self.dispatcher.echo(entry.text.trim(), Some(entry.line));
            }
            let number = is_pasted.then_some(entry.line);
            let mut line = match self.dispatcher.resolve(&entry.text, entry.parsed) {
                Ok(line) => line,
                Err(error) => {
                    self.fail(number, &self.dispatcher.usage_failure(&error));
                    continue;
                }
            };
            if let Some(question) = self.dispatcher.question(&line).await {
                if !self.confirms(question, editor, interrupt).await? {
                    self.dispatcher.printer().notice("nothing was done");
                    return Ok(ControlFlow::Continue(()));
                }
                line.command.confirm();
            }
            match self.run_line(&line, number, interrupt).await {
                Some(CommandOutcome::Quit) => return Ok(ControlFlow::Break(())),
                // Interrupted: the commands pasted after it are not run either.
                None => return Ok(ControlFlow::Continue(())),
                Some(outcome) => {
                    if matches!(line.command, Command::Thing(Some(_))) {
                        self.count_pending().await;
                    }
                    self.show(&line, number, outcome);
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether the user says yes; the error is why the terminal cannot be read.
    async fn confirms(
        &self,
        question: String,
        editor: &mut EditorHandle,
        interrupt: &mut Signal,
    ) -> Result<bool, String> {
        self.dispatcher.printer().flush().await;
        match editor.ask(question, interrupt).await {
            EditorEvent::Commands(answer) => Ok(is_yes(&answer)),
            EditorEvent::Broken(why) => Err(why),
            _ => Ok(false),
        }
    }

    /// Carries out a command; `None` if Ctrl-C ended the wait for its answer.
    async fn run_line(
        &self,
        line: &Line,
        number: Option<usize>,
        interrupt: &mut Signal,
    ) -> Option<CommandOutcome> {
        // An earlier Ctrl-C was not meant for this command.
        drain(interrupt).await;
        let printer = self.dispatcher.printer();
        let outcome = self.dispatcher.run(line, number);
        tokio::pin!(outcome);
        let long_wait = sleep(LONG_WAIT);
        tokio::pin!(long_wait);
        let mut notified = false;
        loop {
            tokio::select! {
                outcome = &mut outcome => return Some(outcome),
                _ = interrupt.recv() => {
                    printer.diagnostic(match line.command {
                        Command::Expect(_) | Command::Device(_) => "stopped waiting",
                        Command::WatchJob { .. } => "stopped watching; the job goes on",
                        _ if line.until.is_some() => "stopped waiting",
                        _ => "stopped waiting; the service may still carry it out",
                    });
                    return None;
                }
                () = &mut long_wait, if !notified && !matches!(line.command, Command::WatchJob { .. }) => {
                    notified = true;
                    printer.notice("waiting; Ctrl-C ends the wait");
                }
            }
        }
    }

    fn show(&self, line: &Line, number: Option<usize>, outcome: CommandOutcome) {
        let printer = self.dispatcher.printer();
        match outcome {
            CommandOutcome::Passed if line.negated || matches!(line.command, Command::Expect(_)) => {
                printer.notice("as expected");
            }
            CommandOutcome::Passed | CommandOutcome::Quit => {}
            CommandOutcome::Refused(refusal) => {
                if let Some(hint) = refusal.hint {
                    printer.notice(&format!("hint: {hint}"));
                }
            }
            CommandOutcome::Unexpected(failure) => failure.show_details(printer, &origin(number)),
            CommandOutcome::Failed(failure) => self.fail(number, &failure),
        }
    }

    fn fail(&self, number: Option<usize>, failure: &Failure) {
        failure.show(self.dispatcher.printer(), &origin(number), number);
    }
}

fn prompt(dispatcher: &Dispatcher) -> Prompt {
    let things = dispatcher.things.clone();
    Prompt::new(move || {
        let thing = things.current();
        let count = |pending: Pending| {
            let count = |status| pending.jobs(status).count();
            count(JobExecutionStatus::InProgress) + count(JobExecutionStatus::Queued)
        };
        (thing.name.to_string(), thing.client.pending().map(count))
    })
}

/// What is asked before a reset.
const RESET_QUESTION: &str =
    "reset: all jobs and all that was made since the first start will be gone; go on? [y/N] ";

/// Whether the user is asked before these are carried out: jobs would be gone.
fn asks_first(commands: &[Entry]) -> bool {
    let asks = Command::Reset { confirm: false };
    commands.iter().any(|entry| entry.parsed.as_ref().is_ok_and(|line| line.command == asks))
}

/// The user has said yes.
fn confirm(commands: &mut [Entry]) {
    for line in commands.iter_mut().filter_map(|entry| entry.parsed.as_mut().ok()) {
        if let Command::Reset { confirm } = &mut line.command {
            *confirm = true;
        }
    }
}

fn is_yes(answer: &[Entry]) -> bool {
    matches!(answer, [entry] if ["y", "yes"].contains(&entry.text.trim().to_ascii_lowercase().as_str()))
}

/// What an error begins with; `number` is the line of a pasted block.
fn origin(number: Option<usize>) -> String {
    number.map_or_else(|| "error:".to_owned(), |number| format!("line {number}:"))
}
