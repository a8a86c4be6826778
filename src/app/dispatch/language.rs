//! What the language of scripts has besides the operations of the service: names, text, waiting.

use std::sync::{MutexGuard, PoisonError};

use tokio::time::sleep;

use super::Dispatcher;
use super::outcome::{CommandOutcome, Failure};
use crate::app::command::{Command, Line, MemberPath, Names, ParseError, parse_with};
use crate::app::expect;
use crate::app::output::escape;
use crate::app::output::message::{Message, MessageKind};
use crate::app::transcript::Beginning;

impl Dispatcher {
    /// What a command means now that its names are known; `parsed` is what it meant before.
    pub(crate) fn resolve(&self, text: &str, parsed: Result<Line, ParseError>) -> Result<Line, ParseError> {
        match parsed {
            Ok(line) if line.has_names => Ok(parse_with(text, &self.names())?.unwrap_or(line)),
            parsed => parsed,
        }
    }

    /// A test begins on `line`: `expect` looks at nothing before it.
    pub(crate) fn begin_test(&self, line: Option<usize>) {
        self.transcript.begin(line, Beginning::Test);
        self.last_command.clear();
    }

    /// What names stand for.
    pub(crate) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a command that asks no service and changes nothing that `expect` looks at; `None` for another one.
    pub(super) async fn run_aside(&self, command: &Command, number: Option<usize>) -> Option<CommandOutcome> {
        let done = match command {
            Command::Set { name, value } => self.set(name, value.clone().unwrap_or_default()),
            Command::Capture { name, path } => self.capture(name, path),
            Command::Print(text) => {
                self.print(text, number);
                Ok(())
            }
            Command::Sleep(duration) => {
                sleep(*duration).await;
                Ok(())
            }
            command if command.is_for_scripts() => {
                Err(Failure::new("UsageError", "test, defer and include are for scripts: -f FILE runs one"))
            }
            _ => return None,
        };
        Some(done.map_or_else(CommandOutcome::Failed, |()| CommandOutcome::Passed))
    }

    fn set(&self, name: &str, value: String) -> Result<(), Failure> {
        self.names().set(name, Some(value)).map_err(|why| Failure::new("UsageError", why))
    }

    fn capture(&self, name: &str, path: &MemberPath) -> Result<(), Failure> {
        let failed = |why: String| Failure::new("NotCaptured", format!("cannot capture {name}: {why}"));
        let message = self
            .transcript
            .latest()
            .ok_or_else(|| failed("there is no answer yet, and nothing that an expect found".to_owned()))?;
        let value = expect::member(&message, path)
            .ok_or_else(|| failed(format!("there is no {path} in {}", escape::line(&message.title))))?;
        self.set(name, value)
    }

    fn print(&self, text: &str, number: Option<usize>) {
        let printer = self.printer();
        if printer.is_json() {
            let body = serde_json::Value::from(text).to_string();
            printer
                .message(&Message { line: number, ..Message::new(MessageKind::Print, "Print", Some(body)) });
        } else {
            text.split('\n').for_each(|line| printer.result(format!("{}\n", escape::line(line))));
        }
    }
}
