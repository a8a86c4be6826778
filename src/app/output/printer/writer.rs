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
    /// Draw these lines on the terminal, in the place of those drawn before.
    Draw(Vec<String>),
    /// Leave there what is drawn.
    LeaveDrawing,
    /// Print on stderr.
    Err(String),
    /// Print on stderr, and take it off the [`Backlog`](super::backlog::Backlog).
    Notice(String),
    /// Print through this editor while it reads.
    Attach(Box<dyn ExternalPrinter + Send>),
    /// The editor begins to read; answer once it may draw its prompt.
    Editing(mpsc::Sender<()>),
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
    /// What is drawn below all that is printed, line by line.
    drawing: String,
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
            drawing: String::new(),
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
                if self.state.out_is_terminal { self.put(&text) } else { self.write_out(&text) }
            }
            Item::Draw(lines) => {
                let drawing: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
                self.redraw("", fit(drawing, self.state.out));
            }
            Item::LeaveDrawing => self.drawing.clear(),
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
            Item::Editing(begin) => {
                if self.feed.is_some() {
                    self.route = Route::Editor;
                    self.feed_from = Some(Instant::now() + FEED_DELAY);
                }
                // What came before has been written: behind the prompt it would stand in the line.
                let _ = begin.send(());
            }
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
            self.put(&text);
        } else {
            // With stderr closed there is nowhere to report an error.
            let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
        }
    }

    /// Puts text on the terminal, above what is drawn there.
    fn put(&mut self, text: &str) {
        self.redraw(text, self.drawing.clone());
    }

    /// Puts text in the place of what is drawn, and this below it.
    fn redraw(&mut self, text: &str, drawing: String) {
        let rows = rows(&self.drawing, fold::columns());
        if rows > 0 {
            // Up so many rows, and all from there on erased.
            self.pending.extend(["\x1b[", &rows.to_string(), "A\r\x1b[J"]);
        }
        self.pending.extend([text, &drawing]);
        self.drawing = drawing;
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

/// How many rows lines take that were drawn when the terminal may have been wider.
fn rows(drawing: &str, columns: Option<usize>) -> usize {
    let rows = |line: &str| match columns {
        Some(columns @ 1..) => fold::width(line).div_ceil(columns).max(1),
        _ => 1,
    };
    drawing.lines().map(rows).sum()
}

/// Escapes all but ASCII for a terminal that shows nothing else.
fn fit(text: String, theme: Theme) -> String {
    if theme.unicode || text.is_ascii() { text } else { escape::ascii(&text) }
}

#[cfg(test)]
mod tests;
