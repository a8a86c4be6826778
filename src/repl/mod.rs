//! The terminal session: reads a line, carries it out, and reads the next.
//!
//! The line editor owns the terminal while a line is being typed; everything that is printed then
//! goes through it and appears above that line, which stays whole.

mod complete;
mod helper;
mod history;

use std::io;
use std::time::Duration;

use rustyline::config::{ColorMode, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

use crate::command::{Command, Line};
use crate::dispatch::{Dispatcher, Failed, Outcome};
use crate::exit::ExitStatus;
use crate::jobs::model::JobExecutionStatus;
use crate::script::{Assembler, Read, raw_lines};
use crate::style::{Ink, Style};

use helper::LineHelper;
use history::HistoryFile;

/// A command that has no answer after so long says that it waits.
const LONG_WAIT: Duration = Duration::from_secs(1);

/// The service lists at most so many pending executions.
const MOST_LISTED: usize = 10;

/// Reads commands from the terminal until the user leaves; `banner` is printed before the first.
///
/// Must run on a runtime of several threads: this one waits for keys.
pub async fn run(dispatcher: &Dispatcher, banner: &str) -> ExitStatus {
    match Session::start(dispatcher) {
        Ok(mut session) => {
            dispatcher.printer().result(format!("{banner}\n"));
            // So that the first prompt tells what is pending. Should it fail, no prompt tells.
            let _ = dispatcher.client.get_pending_job_executions().await;
            session.read_commands().await;
            session.end().await;
            ExitStatus::Success
        }
        Err(error) => {
            dispatcher.printer().failure("error:", &format!("cannot use the terminal: {error}"));
            ExitStatus::Failure
        }
    }
}

struct Session<'a> {
    dispatcher: &'a Dispatcher,
    editor: Editor<LineHelper, FileHistory>,
    history: HistoryFile,
    interrupt: Signal,
    /// Keeps the end of the terminal from killing the program, which then leaves as by Ctrl-D.
    _hang_up: Signal,
}

enum Next {
    GoOn,
    Leave,
}

impl<'a> Session<'a> {
    fn start(dispatcher: &'a Dispatcher) -> Result<Self, ReadlineError> {
        let printer = dispatcher.printer();
        let style = printer.style();
        let config = Config::builder()
            .color_mode(if style.colour { ColorMode::Enabled } else { ColorMode::Disabled })
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .history_ignore_dups(true)?
            .max_history_size(2000)?
            .build();
        let past = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, past)?;
        editor.set_helper(Some(LineHelper::new(style, dispatcher.transcript.known().clone())));
        let history = HistoryFile::open(&mut editor, printer);
        // A dumb terminal has no editor that could print above its line.
        if let Ok(external) = editor.create_external_printer() {
            printer.attach_editor(external);
        }
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = signal(SignalKind::hangup())?;
        Ok(Self { dispatcher, editor, history, interrupt, _hang_up: hang_up })
    }

    async fn read_commands(&mut self) {
        loop {
            let prompt = self.prompt();
            let text = match block_in_place(|| self.editor.readline(&prompt)) {
                Ok(text) => text,
                Err(ReadlineError::Interrupted) if self.line_has_text() => continue,
                Err(ReadlineError::Interrupted | ReadlineError::Eof) => return,
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    self.fail(&Failed::new("UsageError", "the line is not UTF-8 text"));
                    continue;
                }
                Err(error) => {
                    self.dispatcher
                        .printer()
                        .failure("error:", &format!("cannot read the terminal: {error}"));
                    return;
                }
            };
            self.history.add(&mut self.editor, &text, self.dispatcher.printer());
            if matches!(self.carry_out(&text).await, Next::Leave) {
                return;
            }
        }
    }

    /// A pasted text may hold several commands.
    async fn carry_out(&mut self, text: &str) -> Next {
        let mut assembler = Assembler::default();
        let mut reads: Vec<Read> =
            raw_lines(text.as_bytes()).filter_map(|line| assembler.feed(0, line.ok()?)).collect();
        reads.extend(assembler.finish());
        for read in reads {
            match read.parsed {
                Err(error) => self.fail(&Failed::new("UsageError", error.to_string())),
                Ok(line) => match self.one(&line).await {
                    Some(Outcome::Quit) => return Next::Leave,
                    // Interrupted: what was pasted behind it is not carried out either.
                    None => return Next::GoOn,
                    Some(outcome) => self.show(&line, outcome),
                },
            }
            if self.dispatcher.printer().is_closed() {
                return Next::Leave;
            }
        }
        Next::GoOn
    }

    /// Carries a command out; none if Ctrl-C ended the wait for its answer.
    async fn one(&mut self, line: &Line) -> Option<Outcome> {
        // An earlier Ctrl-C was not meant for this command.
        while timeout(Duration::ZERO, self.interrupt.recv()).await.is_ok() {}
        let printer = self.dispatcher.printer();
        let outcome = self.dispatcher.run(line, None);
        tokio::pin!(outcome);
        let mut said = false;
        loop {
            tokio::select! {
                outcome = &mut outcome => return Some(outcome),
                _ = self.interrupt.recv() => {
                    printer.diagnostic("stopped waiting; the service may still carry it out");
                    return None;
                }
                () = sleep(LONG_WAIT), if !said => {
                    said = true;
                    printer.aside("waiting; Ctrl-C ends the wait");
                }
            }
        }
    }

    fn show(&self, line: &Line, outcome: Outcome) {
        let printer = self.dispatcher.printer();
        match outcome {
            Outcome::Passed if line.negated => printer.aside("as expected"),
            Outcome::Passed if matches!(line.command, Command::Expect(_)) => printer.aside("as expected"),
            Outcome::Passed | Outcome::Quit => {}
            Outcome::Refused(refusal) => {
                if let Some(hint) = refusal.hint {
                    printer.aside(&format!("hint: {hint}"));
                }
            }
            Outcome::Failed(failed) => self.fail(&failed),
        }
    }

    fn fail(&self, failed: &Failed) {
        self.dispatcher.show_failure("error:", None, failed);
    }

    /// Whether there was something on the line that Ctrl-C ended.
    fn line_has_text(&self) -> bool {
        self.editor.helper().is_some_and(LineHelper::line_has_text)
    }

    /// The thing and how much is pending: without and with colours.
    fn prompt(&self) -> (String, String) {
        let thing = self.dispatcher.thing.as_str();
        let pending = self.dispatcher.client.pending().map_or(0, |pending| {
            pending.jobs(JobExecutionStatus::InProgress).count()
                + pending.jobs(JobExecutionStatus::Queued).count()
        });
        let style = self.dispatcher.printer().style();
        (prompt(thing, pending, Style::default()), prompt(thing, pending, style))
    }

    async fn end(self) {
        let printer = self.dispatcher.printer().clone();
        // First the editor, so that nothing waits for it to print any more.
        drop(self.editor);
        printer.detach_editor();
        printer.flush().await;
    }
}

fn prompt(thing: &str, pending: usize, style: Style) -> String {
    let more = if pending >= MOST_LISTED { "+" } else { "" };
    let pending = match pending {
        0 => String::new(),
        count => style.paint(Ink::Faint, &format!(" ({count}{more} pending)")),
    };
    format!("{}{pending}> ", style.paint(Ink::Strong, thing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_tells_the_thing_and_what_is_pending() {
        let plain = |pending| prompt("MyThing", pending, Style::default());
        assert_eq!(plain(0), "MyThing> ");
        assert_eq!(plain(2), "MyThing (2 pending)> ");
        assert_eq!(plain(10), "MyThing (10+ pending)> ");
    }
}
