//! The line editor, on its own thread, since it may wait for a key forever.

use std::io;
use std::sync::mpsc;
use std::thread;

use nix::errno::Errno;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use rustyline::config::{ColorMode, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use tokio::signal::unix::Signal;
use tokio::sync::mpsc as async_mpsc;
use unicode_width::UnicodeWidthStr as _;

use super::helper::LineHelper;
use super::history::HistoryFile;
use super::prompt::Prompt;
use crate::app::command::Entry;
use crate::app::output::known_names::KnownNames;
use crate::app::output::printer::Printer;
use crate::app::output::style::Theme;
use crate::app::signals::drain;
use crate::wire::system_error::in_words;

/// The width of a terminal that does not tell it.
const DEFAULT_WIDTH: usize = 80;

/// Ends bracketed paste, which the editor switches on while it reads.
const PASTE_OFF: &str = "\x1b[?2004l\n";

/// The result of reading a line.
#[derive(Debug)]
pub(super) enum EditorEvent {
    /// The commands of a line: none if it is blank, several if text was pasted.
    Commands(Vec<Entry>),
    /// Ctrl-C with text on the line, which discards the text.
    Cleared,
    /// Ctrl-C on an empty line.
    Interrupted,
    /// Ctrl-D: the user leaves.
    Left,
    /// The terminal can no longer be read, and why.
    Broken(String),
}

/// A handle to the editor's thread.
#[derive(Debug)]
pub(super) struct EditorHandle {
    /// Each asks for a line: an answer to a question, or else commands.
    requests: Option<mpsc::Sender<Option<String>>>,
    events: async_mpsc::Receiver<EditorEvent>,
    /// Whether the editor is reading a line.
    reading: bool,
    /// `None` on a dumb terminal.
    modes: Option<Modes>,
}

/// The terminal's modes when the program started.
#[derive(Debug, Clone)]
struct Modes(Termios);

impl Modes {
    /// The current modes; `None` without a terminal.
    fn current() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(Self)
    }

    /// Turns echo off while no line is being read: text typed ahead would land in the middle of the output, and
    /// appears at the next prompt anyway.
    fn quiet(&self) {
        let mut quiet = self.0.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        // If this fails, typing ahead looks ugly, no more.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &quiet);
    }

    fn restore(&self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

impl EditorHandle {
    /// Starts the editor and lets `printer` print above its line.
    pub(super) fn start(
        printer: &Printer,
        known_names: &KnownNames,
        prompt: Prompt,
    ) -> Result<Self, ReadlineError> {
        let mut editor = LineEditor::new(printer, known_names, prompt)?;
        let modes = editor.modes.clone();
        let (requests, asked) = mpsc::channel();
        let (sender, events) = async_mpsc::channel(1);
        thread::spawn(move || {
            while let Ok(question) = asked.recv() {
                if sender.blocking_send(editor.read(question)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { requests: Some(requests), events, reading: false, modes })
    }

    /// Reads a line. If this future is dropped, the editor goes on reading.
    ///
    /// On a dumb terminal Ctrl-C is a signal; elsewhere the editor reads it as a key.
    pub(super) async fn read(&mut self, interrupt: &mut Signal) -> EditorEvent {
        self.request(None, interrupt).await
    }

    /// Reads the answer to a question, which stands in the prompt's place.
    pub(super) async fn ask(&mut self, question: String, interrupt: &mut Signal) -> EditorEvent {
        self.request(Some(question), interrupt).await
    }

    async fn request(&mut self, question: Option<String>, interrupt: &mut Signal) -> EditorEvent {
        let is_dumb = self.modes.is_none();
        if is_dumb {
            drain(interrupt).await;
        }
        let gone = || EditorEvent::Broken("the line editor ended".to_owned());
        let asked = self.requests.as_ref().is_some_and(|requests| requests.send(question).is_ok());
        if !asked {
            return gone();
        }
        self.reading = true;
        let event = tokio::select! {
            event = self.events.recv() => event.unwrap_or_else(gone),
            _ = interrupt.recv(), if is_dumb => return EditorEvent::Left,
        };
        self.reading = false;
        event
    }

    /// Ends the editor, or abandons it if it still waits for a key, and restores the terminal.
    pub(super) fn end(mut self, printer: &Printer) {
        self.requests = None;
        let Some(modes) = &self.modes else { return };
        modes.restore();
        if self.reading {
            printer.leave_editor();
            printer.result(PASTE_OFF);
        }
    }
}

/// The editor with its history and its printer.
struct LineEditor {
    editor: Editor<LineHelper, FileHistory>,
    history: HistoryFile,
    printer: Printer,
    known_names: KnownNames,
    prompt: Prompt,
    /// `None` on a dumb terminal, which only reads lines.
    modes: Option<Modes>,
}

impl LineEditor {
    fn new(printer: &Printer, known_names: &KnownNames, prompt: Prompt) -> Result<Self, ReadlineError> {
        let mut editor = editor(printer, known_names, &prompt)?;
        let history = HistoryFile::open(&mut editor, printer);
        let modes = attach(&mut editor, printer).then(Modes::current).flatten();
        if let Some(modes) = &modes {
            modes.quiet();
        }
        let (printer, known_names) = (printer.clone(), known_names.clone());
        Ok(Self { editor, history, printer, known_names, prompt, modes })
    }

    fn read(&mut self, question: Option<String>) -> EditorEvent {
        // The editor draws the prompt with the helper, which knows the colors and what is pending by then.
        let is_question = question.is_some();
        let prompt = question.unwrap_or_else(|| self.prompt.text(Theme::default()));
        if let Some(helper) = self.editor.helper_mut() {
            helper.set_question(is_question);
            helper.set_columns(self.printer.width().unwrap_or(DEFAULT_WIDTH), prompt.width());
        }
        self.printer.editing();
        // The editor returns to the modes that it finds here, on Ctrl-Z too.
        self.modes.iter().for_each(Modes::restore);
        let read = self.editor.readline(prompt.as_str());
        self.modes.iter().for_each(Modes::quiet);
        let had_text = self.editor.helper().is_some_and(LineHelper::line_has_text);
        let commands = match (&read, self.editor.helper()) {
            (Ok(text), Some(helper)) => helper.take_entries(text),
            _ => Vec::new(),
        };
        if !self.printer.edited() {
            self.replace_editor();
        }
        match read {
            Ok(text) => {
                self.history.add(&mut self.editor, &text, &self.printer);
                EditorEvent::Commands(commands)
            }
            Err(ReadlineError::Interrupted) if had_text => EditorEvent::Cleared,
            Err(ReadlineError::Interrupted) => EditorEvent::Interrupted,
            Err(ReadlineError::Eof) => EditorEvent::Left,
            Err(error) if is_closed(&error) => EditorEvent::Left,
            Err(error) => EditorEvent::Broken(in_words(&error)),
        }
    }

    /// Replaces an editor that holds text it has not shown.
    fn replace_editor(&mut self) {
        let Ok(mut editor) = editor(&self.printer, &self.known_names, &self.prompt) else { return };
        self.history.hand_over(&self.editor, &mut editor);
        self.editor = editor;
        attach(&mut self.editor, &self.printer);
    }
}

/// Whether the terminal's window was closed; SIGHUP may arrive before or after this.
fn is_closed(error: &ReadlineError) -> bool {
    match error {
        ReadlineError::Errno(errno) => *errno == Errno::EIO,
        ReadlineError::Io(error) => error.raw_os_error() == Some(Errno::EIO as i32),
        _ => false,
    }
}

/// Lets the printer print above the editor's line; false on a dumb terminal, which cannot.
fn attach(editor: &mut Editor<LineHelper, FileHistory>, printer: &Printer) -> bool {
    editor.create_external_printer().map(|external| printer.attach_editor(external)).is_ok()
}

fn editor(
    printer: &Printer,
    known_names: &KnownNames,
    prompt: &Prompt,
) -> Result<Editor<LineHelper, FileHistory>, ReadlineError> {
    // Where no colors are wanted the helper draws without; the editor would not let it draw the prompt.
    let config = Config::builder()
        .color_mode(ColorMode::Enabled)
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .history_ignore_dups(true)?
        .max_history_size(2000)?
        .build();
    let past = FileHistory::with_config(&config);
    let mut editor = Editor::with_history(config, past)?;
    let played = printer.played().clone();
    editor.set_helper(Some(LineHelper::new(printer.theme(), known_names.clone(), played, prompt.clone())));
    Ok(editor)
}
