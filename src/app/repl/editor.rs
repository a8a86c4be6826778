//! The line editor, on a thread of its own: it may wait for a key for ever, and nothing else may.

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
use crate::app::output::known_jobs::KnownJobs;
use crate::app::output::printer::Printer;
use crate::app::signals::drain;

/// Ends bracketed paste, which the editor switches on while it reads.
const PASTE_OFF: &str = "\x1b[?2004l\n";

/// What came of asking for a line.
#[derive(Debug)]
pub(super) enum EditorEvent {
    /// A line, or several where JSON went on or text was pasted.
    Text(String),
    /// Ctrl-C with text on the line: never mind.
    Cleared,
    /// Ctrl-C on an empty line.
    Interrupted,
    /// Ctrl-D: the user leaves.
    Left,
    /// The terminal can no longer be read: why.
    Broken(String),
}

/// A prompt, without and with colors.
pub(super) type Prompt = (String, String);

/// A handle to the editor's thread.
#[derive(Debug)]
pub(super) struct EditorHandle {
    prompts: Option<mpsc::Sender<Prompt>>,
    events: async_mpsc::Receiver<EditorEvent>,
    /// Whether the editor has been asked and has not answered.
    reading: bool,
    /// None on a dumb terminal.
    modes: Option<Modes>,
}

/// The modes in which the terminal was found.
#[derive(Debug, Clone)]
struct Modes(Termios);

impl Modes {
    /// None without a terminal.
    fn found() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(Self)
    }

    /// No echo while no line is being read: what is typed ahead would stand in the middle of the output, and
    /// appears with the next prompt anyway.
    fn quiet(&self) {
        let mut quiet = self.0.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        // Should it not work, typing ahead is ugly and nothing else.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &quiet);
    }

    fn restore(&self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

impl EditorHandle {
    /// Starts the editor and lets `printer` print above its line.
    pub(super) fn start(printer: &Printer, known_jobs: &KnownJobs) -> Result<Self, ReadlineError> {
        let mut editor = LineEditor::new(printer, known_jobs)?;
        let modes = editor.modes.clone();
        let (prompts, requests) = mpsc::channel();
        let (sender, events) = async_mpsc::channel(1);
        thread::spawn(move || {
            while let Ok(prompt) = requests.recv() {
                if sender.blocking_send(editor.read(&prompt)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { prompts: Some(prompts), events, reading: false, modes })
    }

    /// Asks for a line. Dropped, it leaves the editor reading.
    ///
    /// A dumb terminal makes a signal of Ctrl-C; elsewhere the editor reads it as a key.
    pub(super) async fn read(&mut self, prompt: Prompt, interrupt: &mut Signal) -> EditorEvent {
        let is_dumb = self.modes.is_none();
        if is_dumb {
            drain(interrupt).await;
        }
        let gone = || EditorEvent::Broken("the line editor ended".to_owned());
        let asked = self.prompts.as_ref().is_some_and(|prompts| prompts.send(prompt).is_ok());
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

    /// Ends the editor, or leaves it behind if it still waits for a key, with the terminal as it was.
    pub(super) fn end(mut self, printer: &Printer) {
        self.prompts = None;
        let Some(modes) = &self.modes else { return };
        modes.restore();
        if self.reading {
            printer.leave_editor();
            printer.result(PASTE_OFF);
        }
    }
}

/// The editor with all that belongs to it.
struct LineEditor {
    editor: Editor<LineHelper, FileHistory>,
    history: HistoryFile,
    printer: Printer,
    known_jobs: KnownJobs,
    /// None on a dumb terminal, which reads lines and no more.
    modes: Option<Modes>,
}

impl LineEditor {
    fn new(printer: &Printer, known_jobs: &KnownJobs) -> Result<Self, ReadlineError> {
        let mut editor = editor(printer, known_jobs)?;
        let history = HistoryFile::open(&mut editor, printer);
        let modes = attach(&mut editor, printer).then(Modes::found).flatten();
        if let Some(modes) = &modes {
            modes.quiet();
        }
        Ok(Self { editor, history, printer: printer.clone(), known_jobs: known_jobs.clone(), modes })
    }

    fn read(&mut self, prompt: &Prompt) -> EditorEvent {
        if let (Some(helper), Some(width)) = (self.editor.helper_mut(), self.printer.width()) {
            helper.set_columns(width, prompt.0.width());
        }
        self.printer.editing();
        // The editor takes the modes that it finds for those to return to, with Ctrl-Z too.
        self.modes.iter().for_each(Modes::restore);
        let read = self.editor.readline(prompt);
        self.modes.iter().for_each(Modes::quiet);
        let had_text = self.editor.helper().is_some_and(LineHelper::line_has_text);
        if !self.printer.edited() {
            self.renew();
        }
        match read {
            Ok(text) => {
                self.history.add(&mut self.editor, &text, &self.printer);
                EditorEvent::Text(text)
            }
            Err(ReadlineError::Interrupted) if had_text => EditorEvent::Cleared,
            Err(ReadlineError::Interrupted) => EditorEvent::Interrupted,
            Err(ReadlineError::Eof) => EditorEvent::Left,
            Err(error) if is_closed(&error) => EditorEvent::Left,
            Err(error) => EditorEvent::Broken(error.to_string()),
        }
    }

    /// Drops an editor that holds text which it has not shown, and goes on with a new one.
    fn renew(&mut self) {
        let Ok(mut editor) = editor(&self.printer, &self.known_jobs) else { return };
        self.history.hand_over(&self.editor, &mut editor);
        self.editor = editor;
        attach(&mut self.editor, &self.printer);
    }
}

/// Whether the terminal's window was closed, of which SIGHUP tells too, sooner or later.
fn is_closed(error: &ReadlineError) -> bool {
    match error {
        ReadlineError::Errno(errno) => *errno == Errno::EIO,
        ReadlineError::Io(error) => error.raw_os_error() == Some(Errno::EIO as i32),
        _ => false,
    }
}

/// A dumb terminal has no editor that could print above its line: false, and everything is printed directly.
fn attach(editor: &mut Editor<LineHelper, FileHistory>, printer: &Printer) -> bool {
    editor.create_external_printer().map(|external| printer.attach_editor(external)).is_ok()
}

fn editor(
    printer: &Printer,
    known_jobs: &KnownJobs,
) -> Result<Editor<LineHelper, FileHistory>, ReadlineError> {
    let theme = printer.theme();
    let config = Config::builder()
        .color_mode(if theme.color { ColorMode::Enabled } else { ColorMode::Disabled })
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .history_ignore_dups(true)?
        .max_history_size(2000)?
        .build();
    let past = FileHistory::with_config(&config);
    let mut editor = Editor::with_history(config, past)?;
    editor.set_helper(Some(LineHelper::new(theme, known_jobs.clone())));
    Ok(editor)
}
