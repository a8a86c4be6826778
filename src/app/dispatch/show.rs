//! How answers and help texts are shown.

use super::outcome::{Answered, CommandError};
use super::{CommandOutcome, Dispatcher, document};
use crate::app::command::{self, Command, CommandGroup};
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::style::{Style, Theme};
use crate::app::output::table::Table;
use crate::client::control_plane::Operation;

/// The width of help texts if stdout is not a terminal.
const DEFAULT_WIDTH: usize = 100;

impl Dispatcher {
    /// Shows what the service answered.
    pub(super) async fn conclude(
        &self,
        command: &Command,
        number: Option<usize>,
        answer: Result<Answered, CommandError>,
    ) -> CommandOutcome {
        let warn = |warning: Option<String>| {
            if let Some(warning) = warning {
                self.printer().diagnostic(&warning);
            }
        };
        match answer {
            Ok(Answered { message, note, warning }) => {
                warn(warning);
                self.follow_clock(&message).await;
                self.show(command, Message { line: number, ..message }, note);
                CommandOutcome::Passed
            }
            Err(CommandError::Refused { message, refusal, warning }) => {
                warn(warning);
                self.transcript.answer(Message { line: number, ..*message });
                CommandOutcome::Refused(refusal)
            }
            Err(CommandError::Failed(failure)) => CommandOutcome::Failed(failure),
        }
    }

    /// Prints an answer, as a table if it is to be one. At a terminal a document is shown as such, and a note
    /// or the summary of a long list follows.
    fn show(&self, command: &Command, message: Message, note: Option<&'static str>) {
        let printer = self.printer();
        let body = message.body.as_deref().filter(|_| !printer.is_json());
        let for_person = body.filter(|_| printer.is_terminal());
        let list = if command.as_table() { body } else { for_person.filter(|_| command.is_list()) };
        let table = list.and_then(Table::of_answer);
        let summary = || table.as_ref().and_then(Table::summary);
        let note = for_person.and_then(|_| note.map(str::to_owned).or_else(summary));
        let text = match command {
            Command::Call(call) if call.operation == Operation::GetJobDocument => {
                for_person.and_then(|body| document::shown(body, printer.layout()))
            }
            _ => table
                .filter(|_| command.as_table())
                .map(|table| table.render(printer.width(), printer.layout_of(&message))),
        };
        match text {
            Some(text) => self.transcript.answer_as(message, &text),
            None => self.transcript.answer(message),
        }
        if let Some(note) = note {
            printer.result(format!("{}\n", printer.theme().paint(Style::Faint, &note)));
        }
    }

    pub(super) fn help(&self, about: Option<&'static str>, number: Option<usize>) {
        let is_json = self.printer().is_json();
        let width = self.printer().width().filter(|_| !is_json).unwrap_or(DEFAULT_WIDTH);
        let theme = self.printer().theme();
        let theme = Theme { color: theme.color && !is_json, ..theme };
        let text = match about.map(|about| (about, command::table::find(about))) {
            None => command::help(theme, width),
            Some((_, Some(spec))) => command::help_on(spec, theme, width),
            Some((about, None)) => match CommandGroup::ALL.into_iter().find(|group| group.topic() == about) {
                Some(group) => command::help_on_group(group, theme, width),
                None => command::help_on_scripts(width),
            },
        };
        if is_json {
            let body = serde_json::Value::from(text).to_string();
            self.printer().message(&Message {
                line: number,
                ..Message::new(MessageKind::Response, "Help", Some(body))
            });
        } else {
            self.printer().result(text);
        }
    }
}
