//! The only writer to the terminal: results on stdout, diagnostics on stderr, one piece at a time.
//!
//! One thread (`writer`) owns both streams, so that output never interleaves and no caller waits for
//! a slow reader. While a line is being typed, output goes through the line editor, which shows it above that
//! line.
//!
//! | module | what it is |
//! |---|---|
//! | `writer` | the thread that writes, and the one that feeds the line editor |
//! | `state`, `backlog` | what handles share with it, and how much waits for it |
//! | `environment` | what the process's environment says about output |

mod backlog;
mod environment;
#[cfg(test)]
mod memory;
mod state;
mod writer;

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustyline::ExternalPrinter;
use tokio::sync::{oneshot, watch};

use crate::app::output::json_text::Layout;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::played::Played;
use crate::app::output::style::{ColorChoice, Style, Theme};
use crate::app::output::{escape, fold};
use crate::app::standard_streams;
use crate::wire::model::ThingName;

use state::PrinterState;
use writer::{Item, Writer};

pub(crate) use backlog::Backlog;
pub(crate) use environment::Environment;
#[cfg(test)]
pub(crate) use memory::Memory;
pub(crate) use state::Now;

/// How long a program stopped by a signal waits for its output to be read.
const BRIEF_FLUSH: Duration = Duration::from_secs(1);

/// How many bytes of the output of one test a report holds.
const MAX_RECORDING: usize = 256 * 1024;

/// A handle to the one writer. Clones write to the same place.
#[derive(Clone)]
pub(crate) struct Printer {
    queue: mpsc::Sender<Item>,
    state: Arc<PrinterState>,
}

impl Printer {
    /// A printer on this process's stdout and stderr; `json` turns messages into lines of JSON.
    #[must_use]
    pub(crate) fn new(color: ColorChoice, json: bool) -> Self {
        let environment = Environment::read(color);
        let out_is_terminal = io::stdout().is_terminal();
        let err_is_terminal = io::stderr().is_terminal();
        let state = PrinterState {
            json,
            out: environment.theme(out_is_terminal),
            err: environment.theme(err_is_terminal),
            out_is_terminal,
            can_redraw: environment.can_redraw(out_is_terminal),
            now: OnceLock::new(),
            ahead: AtomicI64::default(),
            played: Played::default(),
            closed: AtomicBool::new(false),
            abandoned: watch::Sender::new(false),
            backlog: Backlog::default(),
            recording: Mutex::default(),
        };
        Self::start(state, standard_streams::output(), io::stderr(), err_is_terminal)
    }

    fn start(
        state: PrinterState,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        err_is_terminal: bool,
    ) -> Self {
        let (queue, items) = mpsc::channel();
        let state = Arc::new(state);
        let writer = Writer::new(out, err, err_is_terminal, Arc::clone(&state), queue.clone());
        // Not joined: it ends with the program, and `flush` waits until everything is written.
        thread::spawn(move || writer.run(&items));
        Self { queue, state }
    }

    /// A printer that keeps what it writes, for tests: stdout and stderr in that order.
    #[cfg(test)]
    pub(crate) fn to_memory(json: bool) -> (Self, Memory, Memory) {
        let (out, err) = (Memory::default(), Memory::default());
        (Self::start(PrinterState::plain(json, false), out.clone(), err.clone(), false), out, err)
    }

    /// A printer whose reader reads nothing until the sender is dropped.
    #[cfg(test)]
    pub(crate) fn to_idle_reader() -> (Self, mpsc::Sender<()>) {
        struct Idle(mpsc::Receiver<()>);
        impl Write for Idle {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (reads, idle) = mpsc::channel();
        (Self::start(PrinterState::plain(true, false), Idle(idle), io::sink(), false), reads)
    }

    /// A printer that keeps what it writes to a terminal.
    #[cfg(test)]
    fn at_terminal() -> (Self, Memory) {
        let out = Memory::default();
        (Self::start(PrinterState::plain(false, true), out.clone(), io::sink(), true), out)
    }

    /// Prints a message on stdout: a line of JSON, or in text a block. Errors and the outcomes of
    /// expectations are shown in text by [`Printer::diagnostic`] alone.
    pub(crate) fn message(&self, message: &Message) {
        if self.state.json {
            self.out(message.to_json_line(self.thing_of(message).as_ref()) + "\n");
        } else if !matches!(message.kind, MessageKind::Error | MessageKind::Expect) {
            self.out(message.to_block(self.other_thing_of(message).as_ref(), self.layout_of(message)));
        }
    }

    /// Prints a message on stdout with `text`, which must be safe to show, for its body.
    pub(crate) fn message_as(&self, message: &Message, text: &str) {
        let title = message.title_line(self.other_thing_of(message).as_ref(), self.state.out);
        self.out(format!("{title}{text}\n"));
    }

    /// Prints text on stdout as it is; it must be safe to show.
    pub(crate) fn result(&self, text: impl Into<String>) {
        self.out(text.into());
    }

    /// Draws lines on the terminal, which must be safe to show and not too wide, in the place of those drawn before;
    /// what is printed meanwhile stands above them.
    pub(crate) fn draw(&self, lines: Vec<String>) {
        self.send(Item::Draw(lines));
    }

    /// What is drawn stays as it is.
    pub(crate) fn leave_drawing(&self) {
        self.send(Item::LeaveDrawing);
    }

    /// Whether what is drawn can be drawn over.
    #[must_use]
    pub(crate) fn can_redraw(&self) -> bool {
        self.state.can_redraw
    }

    /// Prints one line on stderr, made safe to show.
    pub(crate) fn diagnostic(&self, line: &str) {
        self.send(Item::Err(format!("{}\n", escape::line(line))));
    }

    /// Prints one faint line on stderr, made safe to show: a hint, or a line of the trace or of a log.
    ///
    /// Once megabytes of them wait for a stalled reader, further ones are left out and counted.
    pub(crate) fn notice(&self, line: &str) {
        let line = self.state.err.paint(Style::Faint, &escape::line(line)) + "\n";
        if self.state.backlog.admit(line.len()) {
            self.send(Item::Notice(line));
        }
    }

    /// Prints one line on stderr that begins with `head` in the color of a failure.
    pub(crate) fn failure(&self, head: &str, line: &str) {
        let head = self.state.err.paint(Style::Refusal, &escape::line(head));
        self.send(Item::Err(format!("{head} {}\n", escape::line(line))));
    }

    /// Attaches a line editor, through which output goes while it reads a line.
    pub(crate) fn attach_editor(&self, editor: impl ExternalPrinter + Send + 'static) {
        self.send(Item::Attach(Box::new(editor)));
    }

    /// The editor begins to read a line. Waits until what was printed before is on the terminal: later it would
    /// stand behind the prompt.
    pub(crate) fn editing(&self) {
        let (begin, may_begin) = mpsc::channel();
        self.send(Item::Editing(begin));
        // An error means that the writer thread is gone.
        let _ = may_begin.recv();
    }

    /// The editor has read its line: what is printed goes to the terminal directly again. Returns whether
    /// the editor has shown all that it was given; if it has not, it is to be dropped, which gives back
    /// what it still holds.
    #[must_use]
    pub(crate) fn edited(&self) -> bool {
        let (reply, shown) = mpsc::channel();
        self.send(Item::Edited(reply));
        shown.recv().unwrap_or(true)
    }

    /// Abandons the editor while it reads: output goes to the terminal directly.
    pub(crate) fn leave_editor(&self) {
        let (reply, _) = mpsc::channel();
        self.send(Item::Edited(reply));
    }

    /// The things that the session plays.
    #[must_use]
    pub(crate) fn played(&self) -> &Played {
        &self.state.played
    }

    /// The thing whose message it is; none for one on a topic of the user's choice.
    #[must_use]
    pub(crate) fn thing_of(&self, message: &Message) -> Option<ThingName> {
        let is_of_any = message.kind == MessageKind::Message;
        message.thing.clone().or_else(|| self.state.played.current().filter(|_| !is_of_any))
    }

    /// The same, unless it is the thing that the session began with.
    fn other_thing_of(&self, message: &Message) -> Option<ThingName> {
        self.thing_of(message).filter(|thing| self.state.played.is_another(thing))
    }

    /// Sets the clock that "5 min ago" is relative to; the default is the system's.
    pub(crate) fn set_clock(&self, now: Now) {
        // Set twice, the first one stays.
        let _ = self.state.now.set(now);
    }

    /// Follows a clock that cannot be read at any time, and that shows `millis` now.
    pub(crate) fn follow_clock(&self, millis: i64) {
        self.state.ahead.store(millis.saturating_sub(system_now()), Ordering::Relaxed);
    }

    /// Waits until everything printed so far has been written, or [`Printer::flush_briefly`] gave up.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        self.send(Item::Flush(done));
        let mut abandoned = self.state.abandoned.subscribe();
        // An error means that the writer thread is gone, and nothing more can be written.
        tokio::select! {
            _ = written => {}
            _ = abandoned.wait_for(|abandoned| *abandoned) => {}
        }
    }

    /// [`Printer::flush`] for a program stopped by a signal: gives up on a stalled reader after a moment, and
    /// from then on nobody waits for it.
    pub(crate) async fn flush_briefly(&self) {
        if tokio::time::timeout(BRIEF_FLUSH, self.flush()).await.is_err() {
            self.abandon();
        }
    }

    /// From now on nobody waits for the reader.
    fn abandon(&self) {
        self.state.abandoned.send_replace(true);
    }

    /// Whether the reader of stdout has gone away.
    #[must_use]
    pub(crate) fn is_closed(&self) -> bool {
        self.state.closed.load(Ordering::Acquire)
    }

    /// Whether messages are printed as JSON.
    #[must_use]
    pub(crate) fn is_json(&self) -> bool {
        self.state.json
    }

    /// Whether a person reads stdout.
    #[must_use]
    pub(crate) fn is_terminal(&self) -> bool {
        self.state.out_is_terminal
    }

    /// The theme of stdout.
    #[must_use]
    pub(crate) fn theme(&self) -> Theme {
        self.state.out
    }

    /// The columns of the terminal; none if stdout is not one.
    #[must_use]
    pub(crate) fn width(&self) -> Option<usize> {
        fold::columns().filter(|_| self.state.out_is_terminal)
    }

    /// How bodies are laid out; at a terminal each time also says how long ago it was.
    #[must_use]
    pub(crate) fn layout(&self) -> Layout {
        let now = self.state.out_is_terminal.then(|| self.now());
        Layout { theme: self.state.out, now }
    }

    /// How the body of `message` is laid out: its times are as long ago as they were when the service sent it.
    #[must_use]
    pub(crate) fn layout_of(&self, message: &Message) -> Layout {
        let layout = self.layout();
        let now = layout.now.map(|now| message.timestamp().unwrap_or(now));
        Layout { now, ..layout }
    }

    /// Epoch milliseconds on the service's clock.
    #[must_use]
    pub(crate) fn now(&self) -> i64 {
        match self.state.now.get() {
            Some(now) => now(),
            None => system_now().saturating_add(self.state.ahead.load(Ordering::Relaxed)),
        }
    }

    /// What has been printed on stdout since the last call; from the first call on that is kept, as far as there is
    /// room.
    pub(crate) fn take_recording(&self) -> String {
        let recording =
            self.state.recording.lock().unwrap_or_else(PoisonError::into_inner).replace(String::new());
        let mut recording = recording.unwrap_or_default();
        if recording.len() > MAX_RECORDING {
            recording.truncate(recording.floor_char_boundary(MAX_RECORDING));
            recording.push_str("\n… the rest is left out\n");
        }
        recording
    }

    fn out(&self, text: String) {
        let mut recording = self.state.recording.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recording) = recording.as_mut().filter(|recording| recording.len() <= MAX_RECORDING) {
            recording.push_str(&text);
        }
        drop(recording);
        self.send(Item::Out(text));
    }

    fn send(&self, item: Item) {
        // An error means that the writer thread is gone: it panicked, and the panic was printed.
        let _ = self.queue.send(item);
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("json", &self.state.json).finish_non_exhaustive()
    }
}

fn system_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
