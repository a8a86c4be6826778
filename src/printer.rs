//! The only writer to the terminal: results on stdout, diagnostics on stderr, one piece at a time.
//!
//! One thread owns both streams, so that nothing is torn and nobody who prints waits for a slow
//! reader. While a line is being typed it hands its text to the line editor, which shows it above
//! that line; the editor may take its time, which is why the thread does nothing else.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rustyline::ExternalPrinter;
use tokio::sync::oneshot;

use crate::cli::ColorChoice;
use crate::escape;
use crate::json_text::Layout;
use crate::message::{Kind, Message};
use crate::style::{Ink, Style};

/// Epoch milliseconds of the clock that the service goes by.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A handle to the one writer. Clones write to the same place.
#[derive(Clone)]
pub struct Printer {
    queue: mpsc::Sender<Item>,
    shared: Arc<Shared>,
}

struct Shared {
    json: bool,
    out: Style,
    err: Style,
    out_is_terminal: bool,
    now: OnceLock<Now>,
    closed: AtomicBool,
}

enum Item {
    Out(String),
    Err(String),
    Editor(Option<Box<dyn ExternalPrinter + Send>>),
    Flush(oneshot::Sender<()>),
}

impl Printer {
    /// A printer on this process's stdout and stderr; `json` turns messages into lines of JSON.
    #[must_use]
    pub fn new(color: ColorChoice, json: bool) -> Self {
        let look = Look::of_the_environment(color);
        let out_is_terminal = io::stdout().is_terminal();
        let err_is_terminal = io::stderr().is_terminal();
        let shared = Shared {
            json,
            out: look.style(out_is_terminal),
            err: look.style(err_is_terminal),
            out_is_terminal,
            now: OnceLock::new(),
            closed: AtomicBool::new(false),
        };
        Self::start(shared, io::stdout(), io::stderr(), err_is_terminal)
    }

    fn start(
        shared: Shared,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        err_is_terminal: bool,
    ) -> Self {
        let (queue, items) = mpsc::channel();
        let shared = Arc::new(shared);
        let writer = Writer { out, err, err_is_terminal, editor: None, shared: Arc::clone(&shared) };
        // Not joined: it ends with the last handle, and `flush` tells when everything is written.
        thread::spawn(move || writer.run(&items));
        Self { queue, shared }
    }

    /// A printer that keeps what it writes, for tests: stdout and stderr in that order.
    #[cfg(test)]
    pub(crate) fn to_memory(json: bool) -> (Self, Memory, Memory) {
        let (out, err) = (Memory::default(), Memory::default());
        let style = Style { colour: false, unicode: true };
        let shared = Shared {
            json,
            out: style,
            err: style,
            out_is_terminal: false,
            now: OnceLock::new(),
            closed: AtomicBool::new(false),
        };
        (Self::start(shared, out.clone(), err.clone(), false), out, err)
    }

    /// Prints a message on stdout: a line of JSON, or in text a block. Errors and the outcomes of
    /// expectations are shown in text by [`Printer::diagnostic`] alone.
    pub fn message(&self, message: &Message) {
        if self.shared.json {
            self.send(Item::Out(message.to_json_line() + "\n"));
        } else if !matches!(message.kind, Kind::Error | Kind::Expect) {
            self.send(Item::Out(message.to_block(self.layout())));
        }
    }

    /// Prints a message on stdout with `text`, which must be safe to show, for its body.
    pub fn message_as(&self, message: &Message, text: &str) {
        self.send(Item::Out(format!("{}{text}\n", message.title_line(self.shared.out))));
    }

    /// Prints text on stdout as it is; it must be safe to show.
    pub fn result(&self, text: impl Into<String>) {
        self.send(Item::Out(text.into()));
    }

    /// Prints one line on stderr, made safe to show.
    pub fn diagnostic(&self, line: &str) {
        self.send(Item::Err(format!("{}\n", escape::line(line))));
    }

    /// Prints one line on stderr that stands back, made safe to show.
    pub fn aside(&self, line: &str) {
        let line = self.shared.err.paint(Ink::Faint, &escape::line(line));
        self.send(Item::Err(line + "\n"));
    }

    /// Prints one line on stderr that begins with `head` in the colour of a failure.
    pub fn failure(&self, head: &str, line: &str) {
        let head = self.shared.err.paint(Ink::Refusal, &escape::line(head));
        self.send(Item::Err(format!("{head} {}\n", escape::line(line))));
    }

    /// From now on, hands everything for the terminal to the line editor.
    pub fn attach_editor(&self, editor: impl ExternalPrinter + Send + 'static) {
        self.send(Item::Editor(Some(Box::new(editor))));
    }

    /// From now on, writes to the terminal directly again.
    pub fn detach_editor(&self) {
        self.send(Item::Editor(None));
    }

    /// Tells the clock by which times are said to be so long ago; the system's unless told.
    pub fn set_clock(&self, now: Now) {
        // Told twice, the first one stays.
        let _ = self.shared.now.set(now);
    }

    /// Waits until everything printed so far has been written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        self.send(Item::Flush(done));
        // An error means that the thread is gone, with which nothing more can be written.
        let _ = written.await;
    }

    /// Whether the reader of stdout has gone away.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    /// Whether messages are printed as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.shared.json
    }

    /// Whether a person reads stdout.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.shared.out_is_terminal
    }

    /// How results look.
    #[must_use]
    pub fn style(&self) -> Style {
        self.shared.out
    }

    /// The columns of the terminal; none where no person reads.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        if !self.shared.out_is_terminal {
            return None;
        }
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    }

    /// How a body is laid out; at a terminal each time also says how long ago it was.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let now = self.shared.out_is_terminal.then(|| self.now());
        Layout { style: self.shared.out, now }
    }

    /// Epoch milliseconds of the clock that the service goes by.
    #[must_use]
    pub fn now(&self) -> i64 {
        match self.shared.now.get() {
            Some(now) => now(),
            None => system_now(),
        }
    }

    fn send(&self, item: Item) {
        // An error means that the thread is gone: it panicked, and that has been said.
        let _ = self.queue.send(item);
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("json", &self.shared.json).finish_non_exhaustive()
    }
}

fn system_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

struct Writer<Out, Err> {
    out: Out,
    err: Err,
    err_is_terminal: bool,
    editor: Option<Box<dyn ExternalPrinter + Send>>,
    shared: Arc<Shared>,
}

impl<Out: Write, Err: Write> Writer<Out, Err> {
    fn run(mut self, items: &mpsc::Receiver<Item>) {
        while let Ok(item) = items.recv() {
            match item {
                Item::Out(text) => self.out(text),
                Item::Err(text) => self.err(text),
                Item::Editor(editor) => self.editor = editor,
                // Nobody waits any longer: that is fine.
                Item::Flush(done) => drop(done.send(())),
            }
        }
    }

    fn out(&mut self, text: String) {
        let text = fit(text, self.shared.out);
        if self.shared.out_is_terminal && self.by_editor(&text) {
            return;
        }
        if self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err() {
            self.shared.closed.store(true, Ordering::Release);
        }
    }

    fn err(&mut self, text: String) {
        let text = fit(text, self.shared.err);
        if self.err_is_terminal && self.by_editor(&text) {
            return;
        }
        // With stderr closed there is nobody left to tell.
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }

    /// Whether the line editor took it.
    fn by_editor(&mut self, text: &str) -> bool {
        let Some(editor) = &mut self.editor else { return false };
        let taken = editor.print(text.to_owned()).is_ok();
        if !taken {
            self.editor = None;
        }
        taken
    }
}

/// A terminal that shows ASCII alone gets the rest spelled out.
fn fit(text: String, style: Style) -> String {
    if style.unicode || text.is_ascii() { text } else { escape::ascii(&text) }
}

/// What the environment says about colours and characters.
#[derive(Debug, Clone, Copy)]
struct Look {
    color: ColorChoice,
    /// What NO_COLOR or CLICOLOR_FORCE say; the former wins.
    wish: Option<bool>,
    dumb: bool,
    utf8: bool,
}

impl Look {
    fn of_the_environment(color: ColorChoice) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let wish = if variable("NO_COLOR").is_empty() {
            (!matches!(variable("CLICOLOR_FORCE").as_str(), "" | "0")).then_some(true)
        } else {
            Some(false)
        };
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { color, wish, dumb: variable("TERM") == "dumb", utf8 }
    }

    fn style(self, terminal: bool) -> Style {
        let colour = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.wish.unwrap_or(terminal && !self.dumb),
        };
        // A pipe takes any bytes; what a terminal can show, its locale tells.
        Style { colour, unicode: !terminal || self.utf8 }
    }
}

/// What a printer of a test wrote.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Memory {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { color: ColorChoice::Auto, wish: None, dumb: false, utf8: true };

    #[test]
    fn colours_follow_the_option_then_the_environment() {
        assert!(LOOK.style(true).colour);
        assert!(!LOOK.style(false).colour);
        assert!(!Look { dumb: true, ..LOOK }.style(true).colour);
        assert!(!Look { wish: Some(false), ..LOOK }.style(true).colour);
        assert!(Look { wish: Some(true), dumb: true, ..LOOK }.style(false).colour);
        assert!(Look { color: ColorChoice::Always, wish: Some(false), ..LOOK }.style(false).colour);
        assert!(!Look { color: ColorChoice::Never, wish: Some(true), ..LOOK }.style(true).colour);
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii() {
        assert!(!Look { utf8: false, ..LOOK }.style(true).unicode);
        assert!(Look { utf8: false, ..LOOK }.style(false).unicode);
        let ascii = Style { colour: false, unicode: false };
        assert_eq!(fit("─ é 🚀".into(), ascii), "\\u2500 \\u00e9 \\ud83d\\ude80");
    }

    #[tokio::test]
    async fn results_and_diagnostics_go_their_own_ways() {
        let (printer, out, err) = Printer::to_memory(false);
        printer.message(&Message::new(Kind::Response, "DeleteJobResponse", None));
        printer.message(&Message::in_words(Kind::Error, "TimedOut", None, "no"));
        printer.diagnostic("no\u{1b}[2J");
        printer.flush().await;
        assert_eq!(out.text(), "─── DeleteJobResponse ───\n\n");
        assert_eq!(err.text(), "no\\u{1b}[2J\n");
    }

    #[tokio::test]
    async fn json_is_one_object_a_line() {
        let (printer, out, _) = Printer::to_memory(true);
        printer.message(&Message::new(Kind::Response, "DeleteJobResponse", None));
        printer.message(&Message::in_words(Kind::Error, "TimedOut", Some(2), "no"));
        printer.flush().await;
        let lines: Vec<serde_json::Value> =
            out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[1]["body"]["message"], "no");
    }

    #[tokio::test]
    async fn a_reader_that_went_away_is_noticed() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let shared = Shared {
            json: false,
            out: Style::default(),
            err: Style::default(),
            out_is_terminal: false,
            now: OnceLock::new(),
            closed: AtomicBool::new(false),
        };
        let printer = Printer::start(shared, Closed, io::sink(), false);
        assert!(!printer.is_closed());
        printer.result("x");
        printer.flush().await;
        assert!(printer.is_closed());
    }
}
