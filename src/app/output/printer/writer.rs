//! The thread that writes, and the one that feeds the line editor.
//!
//! rustyline's external printer blocks until the editor has shown the previous text, and a text that it
//! holds when the editor returns its line stays there until the editor reads again. So a separate thread
//! hands the editor one text at a time, each followed by a text without effect: once that is taken, the
//! first has been shown. Dropping the editor gives back what it still holds when it stops reading.

use std::io::{ErrorKind, Write};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustyline::ExternalPrinter;
use tokio::sync::oneshot;

use super::state::PrinterState;
use crate::app::output::style::{Style, Theme};
use crate::app::output::{escape, fold};
use crate::wire::system_error::in_words;

/// Up a line and down again: shown above the line being typed, it has no effect.
const NO_EFFECT: &str = "\x1b[A\n";

/// How long the editor may take to show the text that it held when it returned its line.
const SHOW_TIMEOUT: Duration = Duration::from_millis(20);

/// How long an editor that begins to read is given no text. A line that was typed ahead makes it return at
/// once, and if it held a text by then, it would have to be dropped with the keys typed after that line.
const FEED_DELAY: Duration = Duration::from_millis(50);

/// A message to the writer.
pub(super) enum Item {
    /// Print on stdout.
    Out(String),
    /// Print on stderr.
    Err(String),
    /// Print on stderr, and take it off the [`Backlog`](super::backlog::Backlog).
    Notice(String),
    /// Print through this editor while it reads.
    Attach(Box<dyn ExternalPrinter + Send>),
    /// The editor begins to read.
    Editing,
    /// The editor has stopped reading; answer whether it has shown everything.
    Edited(mpsc::Sender<bool>),
    /// The editor with this number has shown its text, or is gone and gives the text back.
    Shown(usize, Result<(), String>),
    /// Answer once everything is written.
    Flush(oneshot::Sender<()>),
}

/// Where text for the terminal goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// To the terminal.
    Direct,
    /// Through the editor, which reads a line.
    Editor,
    /// Nowhere yet: the editor has stopped reading but still holds a text.
    Waiting,
}

pub(super) struct Writer<Out, Err> {
    out: Out,
    err: Err,
    err_is_terminal: bool,
    state: Arc<PrinterState>,
    queue: mpsc::Sender<Item>,
    /// Takes texts to the editor.
    feed: Option<mpsc::Sender<String>>,
    /// How many editors have been attached; what an earlier one reports is not about the current one.
    attached: usize,
    route: Route,
    /// Whether the editor holds a text.
    fed: bool,
    /// When the editor that began to read may be given a text.
    feed_from: Option<Instant>,
    /// Text that waits to go to the terminal.
    pending: String,
    /// How many bytes of that, and of what the editor holds, are notices.
    pending_notices: usize,
    fed_notices: usize,
    /// Replies to send once everything is written.
    flushes: Vec<oneshot::Sender<()>>,
    /// The reply to send once the editor has shown what it holds.
    edited: Option<mpsc::Sender<bool>>,
}

impl<Out: Write, Err: Write> Writer<Out, Err> {
    pub(super) fn new(
        out: Out,
        err: Err,
        err_is_terminal: bool,
        state: Arc<PrinterState>,
        queue: mpsc::Sender<Item>,
    ) -> Self {
        Self {
            out,
            err,
            err_is_terminal,
            state,
            queue,
            feed: None,
            attached: 0,
            route: Route::Direct,
            fed: false,
            feed_from: None,
            pending: String::new(),
            pending_notices: 0,
            fed_notices: 0,
            flushes: Vec::new(),
            edited: None,
        }
    }

    pub(super) fn run(mut self, items: &mpsc::Receiver<Item>) {
        loop {
            let item = match (&self.edited, self.feed_from) {
                (Some(_), _) => items.recv_timeout(SHOW_TIMEOUT),
                (None, Some(feed_from)) => {
                    items.recv_timeout(feed_from.saturating_duration_since(Instant::now()))
                }
                (None, None) => items.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match item {
                Ok(item) => self.handle(item),
                Err(RecvTimeoutError::Timeout) if self.edited.is_some() => self.answer_edited(false),
                Err(RecvTimeoutError::Timeout) => self.feed_from = None,
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.proceed();
        }
    }

    fn handle(&mut self, item: Item) {
        match item {
            Item::Out(text) => {
                let text = fit(text, self.state.out);
                if self.state.out_is_terminal { self.pending.push_str(&text) } else { self.write_out(&text) }
            }
            Item::Err(text) => {
                let text = match fold::columns() {
                    Some(columns) if self.err_is_terminal => fold::fold(&text, columns, "", ""),
                    _ => text,
                };
                self.put_err(text);
            }
            Item::Notice(text) => {
                let bytes = text.len();
                self.put_err(text);
                if self.err_is_pending() {
                    self.pending_notices += bytes;
                } else {
                    self.notices_written(bytes);
                }
            }
            Item::Attach(editor) => {
                self.attached += 1;
                self.feed = Some(feed(editor, self.attached, self.queue.clone()));
            }
            Item::Editing if self.feed.is_some() => {
                self.route = Route::Editor;
                self.feed_from = Some(Instant::now() + FEED_DELAY);
            }
            Item::Editing => {}
            Item::Edited(reply) => {
                self.edited = Some(reply);
                self.feed_from = None;
                self.route = if self.fed { Route::Waiting } else { Route::Direct };
            }
            Item::Shown(by, shown) => self.handle_shown(by, shown),
            Item::Flush(done) => self.flushes.push(done),
        }
    }

    fn handle_shown(&mut self, by: usize, shown: Result<(), String>) {
        self.fed = false;
        let is_attached = by == self.attached;
        let notices = mem::take(&mut self.fed_notices);
        if let Err(text) = shown {
            self.pending.insert_str(0, &text);
            self.pending_notices += notices;
            if is_attached {
                self.feed = None;
                self.route = Route::Direct;
            }
        } else {
            self.notices_written(notices);
        }
        if self.route == Route::Waiting {
            self.route = Route::Direct;
        }
    }

    /// Whether stdout and stderr are the same terminal.
    fn err_is_pending(&self) -> bool {
        self.err_is_terminal && self.state.out_is_terminal
    }

    fn put_err(&mut self, text: String) {
        let text = fit(text, self.state.err);
        if self.err_is_pending() {
            self.pending.push_str(&text);
        } else {
            // With stderr closed there is nowhere to report an error.
            let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
        }
    }

    /// Takes notices off the backlog, and prints how many were dropped after them.
    fn notices_written(&mut self, bytes: usize) {
        let left_out = self.state.backlog.written(bytes);
        if left_out > 0 {
            let text = format!("… {left_out} lines were left out here: they came faster than they were read");
            self.put_err(self.state.err.paint(Style::Faint, &text) + "\n");
        }
    }

    /// Writes what can be written, and replies to those who wait for that.
    fn proceed(&mut self) {
        if !self.pending.is_empty() && self.route == Route::Editor && !self.fed && self.feed_from.is_none() {
            self.feed_editor();
        }
        while !self.pending.is_empty() && self.route == Route::Direct {
            let text = mem::take(&mut self.pending);
            self.write_out(&text);
            let notices = mem::take(&mut self.pending_notices);
            self.notices_written(notices);
        }
        if self.route == Route::Direct {
            self.answer_edited(true);
        }
        if self.pending.is_empty() && !self.fed {
            for done in self.flushes.drain(..) {
                // Whoever waited may have given up.
                let _ = done.send(());
            }
        }
    }

    fn feed_editor(&mut self) {
        let text = mem::take(&mut self.pending);
        match self.feed.as_ref().map(|feed| feed.send(text)) {
            Some(Ok(())) => {
                self.fed = true;
                self.fed_notices = mem::take(&mut self.pending_notices);
            }
            Some(Err(mpsc::SendError(text))) => {
                self.route = Route::Direct;
                self.pending = text;
            }
            None => {}
        }
    }

    fn answer_edited(&mut self, shown: bool) {
        if let Some(reply) = self.edited.take() {
            // The receiver is gone with the session.
            let _ = reply.send(shown);
        }
    }

    fn write_out(&mut self, text: &str) {
        let Err(error) = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) else { return };
        // A reader that has seen enough is no error. A full disk is one, reported once.
        let was_closed = self.state.closed.swap(true, Ordering::AcqRel);
        if error.kind() != ErrorKind::BrokenPipe && !was_closed {
            let _ = writeln!(self.err, "error: cannot write to standard output: {}", in_words(&error));
        }
    }
}

/// Starts the thread that hands texts to the editor. It ends with the editor, or with the writer.
fn feed(
    mut editor: Box<dyn ExternalPrinter + Send>,
    number: usize,
    queue: mpsc::Sender<Item>,
) -> mpsc::Sender<String> {
    let (feed, texts) = mpsc::channel::<String>();
    thread::spawn(move || {
        for text in texts {
            let shown = editor.print(text.clone()).is_ok() && editor.print(NO_EFFECT.to_owned()).is_ok();
            let item = Item::Shown(number, if shown { Ok(()) } else { Err(text) });
            if queue.send(item).is_err() || !shown {
                return;
            }
        }
    });
    feed
}

/// Escapes all but ASCII for a terminal that shows nothing else.
fn fit(text: String, theme: Theme) -> String {
    if theme.unicode || text.is_ascii() { text } else { escape::ascii(&text) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::super::{Memory, Printer};
    use super::*;
    use crate::testing::{DEADLINE, in_time};

    /// An editor like rustyline's: it holds one text, and printing another one blocks.
    struct Editor(SyncSender<String>);

    impl ExternalPrinter for Editor {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.send(text).map_err(|_| std::io::Error::other("the editor is gone").into())
        }
    }

    fn printer_with_editor() -> (Printer, Memory, Receiver<String>) {
        let (printer, out) = Printer::at_terminal();
        let (texts, shown) = sync_channel(1);
        printer.attach_editor(Editor(texts));
        (printer, out, shown)
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii() {
        let ascii = Theme { color: false, unicode: false };
        assert_eq!(fit("─ é 🚀".into(), ascii), "\\u2500 \\u00e9 \\ud83d\\ude80");
    }

    #[tokio::test]
    async fn text_goes_through_the_editor_while_it_reads() {
        let (printer, out, shown) = printer_with_editor();
        printer.result("before\n");
        printer.editing();
        printer.result("while\n");
        assert_eq!(
            (shown.recv_timeout(DEADLINE).unwrap().as_str(), shown.recv_timeout(DEADLINE).unwrap().as_str()),
            ("while\n", NO_EFFECT)
        );
        in_time(printer.flush()).await;
        assert!(printer.edited());
        printer.result("after\n");
        in_time(printer.flush()).await;
        assert_eq!(out.text(), "before\nafter\n");
    }

    #[tokio::test]
    async fn what_the_editor_holds_when_it_stops_reading_is_not_lost_and_stays_in_order() {
        let (printer, out, shown) = printer_with_editor();
        printer.editing();
        printer.result("1\n");
        assert_eq!(shown.recv_timeout(DEADLINE).unwrap(), "1\n");
        in_time(printer.flush()).await;
        // The editor reads no more: this one gets stuck.
        printer.result("2\n");
        printer.result("3\n");
        assert!(!printer.edited());
        printer.result("4\n");
        drop(shown);
        in_time(printer.flush()).await;
        assert_eq!(out.text(), "2\n3\n4\n");
    }

    #[tokio::test]
    async fn an_editor_that_gives_back_late_does_not_speak_for_the_next_one() {
        let (printer, _, shown) = printer_with_editor();
        printer.editing();
        printer.result("0\n");
        assert_eq!(
            (shown.recv_timeout(DEADLINE).unwrap().as_str(), shown.recv_timeout(DEADLINE).unwrap().as_str()),
            ("0\n", NO_EFFECT)
        );
        in_time(printer.flush()).await;
        printer.result("1\n");
        // It reads no more, and holds the text.
        assert!(!printer.edited());
        let (texts, next) = sync_channel(1);
        printer.attach_editor(Editor(texts));
        printer.editing();
        drop(shown);
        let next = || next.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!((next().as_str(), next().as_str()), ("1\n", NO_EFFECT));
        printer.result("2\n");
        assert_eq!((next().as_str(), next().as_str()), ("2\n", NO_EFFECT));
    }

    #[test]
    fn texts_that_come_faster_than_the_editor_shows_them_are_joined() {
        let (printer, _, shown) = printer_with_editor();
        printer.editing();
        for number in 0..200 {
            printer.result(format!("{number}\n"));
        }
        let mut all = String::new();
        while all.lines().count() < 200 {
            let text = shown.recv_timeout(DEADLINE).unwrap();
            all.push_str(text.strip_prefix(NO_EFFECT).unwrap_or(&text));
        }
        assert!(all.lines().map(|line| line.parse::<usize>().unwrap()).eq(0..200), "{all}");
    }
}
