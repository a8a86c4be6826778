//! What the clients of `serve` do, told as it happens: records come from the service, and lines go to standard
//! error or to a file.
//!
//! A thread of its own writes. Whoever writes slowly, or does not read what is written, must not hold up the
//! service: a bounded number of records waits, and what is dropped beyond is counted and said.

mod file;
mod json;

use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::file::TraceFile;
use crate::app::cli::{TraceFormat, TraceOptions};
use crate::app::output::printer::{Backlog, Printer};
use crate::app::output::trace_line;
use crate::service::trace::{Event, Record, Trace};

/// How long the end of the program waits until all is written.
const BRIEF: Duration = Duration::from_secs(1);

/// About what a record takes beside its payload.
const RECORD: usize = 512;

/// Tells what clients do.
#[derive(Debug)]
pub(super) struct Tracer {
    queue: mpsc::Sender<Entry>,
    backlog: Arc<Backlog>,
    written: oneshot::Receiver<()>,
    has_file: bool,
}

#[derive(Debug)]
enum Entry {
    Record(Record),
    /// A line of the log.
    Log(SystemTime, String),
    End,
}

impl Tracer {
    /// Starts the thread; the error is that of the file.
    pub(super) fn start(options: &TraceOptions, printer: &Printer) -> io::Result<Self> {
        let header = header(options.format);
        let file = options.file.as_ref().map(|path| TraceFile::create(path, header)).transpose()?;
        let has_file = file.is_some();
        let sink = match file {
            Some(file) => Sink::File(file, printer.clone()),
            None => Sink::Printer(printer.clone(), Handle::current()),
        };
        let (queue, entries) = mpsc::channel();
        let (done, written) = oneshot::channel();
        let backlog = Arc::new(Backlog::default());
        let writer = Writer { format: options.format, sink, backlog: backlog.clone() };
        // Not joined: it may wait for a reader that never reads.
        thread::spawn(move || {
            writer.run(&entries);
            // Nobody waits any more where that took too long.
            let _ = done.send(());
        });
        Ok(Self { queue, backlog, written, has_file })
    }

    /// Where the service puts its records.
    pub(super) fn trace(&self) -> Trace {
        let (queue, backlog) = (self.queue.clone(), self.backlog.clone());
        Trace::new(move |record| put(&queue, &backlog, Entry::Record(record)))
    }

    /// Where the log goes: into the trace too, and beside a file to standard error as ever.
    pub(super) fn log(&self, printer: &Printer) -> impl Fn(&str) + Send + Sync + use<> {
        let (queue, backlog) = (self.queue.clone(), self.backlog.clone());
        let printer = self.has_file.then(|| printer.clone());
        move |line| {
            put(&queue, &backlog, Entry::Log(SystemTime::now(), line.to_owned()));
            if let Some(printer) = &printer {
                printer.notice(&format!("local service: {line}"));
            }
        }
    }

    /// Waits until what came so far is written, but not for ever.
    pub(super) async fn finish(self) {
        // The thread is gone only where it panicked, which was printed.
        let _ = self.queue.send(Entry::End);
        let _ = timeout(BRIEF, self.written).await;
    }
}

fn put(queue: &mpsc::Sender<Entry>, backlog: &Backlog, entry: Entry) {
    if backlog.admit(entry.size()) {
        // The thread is gone only where it panicked, which was printed.
        let _ = queue.send(entry);
    }
}

impl Entry {
    fn size(&self) -> usize {
        RECORD
            + match self {
                Self::Record(record) => match &record.event {
                    Event::Received { packet, .. } | Event::Sent(packet) | Event::TooLarge(packet) => {
                        packet.publish().map_or(0, |publish| publish.payload.text.len())
                    }
                    Event::Called { body, .. } | Event::Answered { body, .. } => body.text.len(),
                    Event::Ignored { members, .. } => members.iter().map(String::len).sum(),
                    Event::NoTls { .. } | Event::Closed { .. } => 0,
                },
                Self::Log(_, line) => line.len(),
                Self::End => 0,
            }
    }
}

/// The thread that writes.
struct Writer {
    format: TraceFormat,
    sink: Sink,
    backlog: Arc<Backlog>,
}

/// Where lines go.
enum Sink {
    Printer(Printer, Handle),
    /// With who hears that it cannot be written.
    File(TraceFile, Printer),
}

impl Writer {
    fn run(mut self, entries: &mpsc::Receiver<Entry>) {
        for entry in entries {
            let line = match &entry {
                Entry::Record(record) => self.record(record),
                Entry::Log(time, line) => self.log(*time, line),
                Entry::End => return,
            };
            self.sink.put(&line);
            let left_out = self.backlog.written(entry.size());
            if left_out > 0 {
                let line = self.log(SystemTime::now(), &left_out_words(left_out));
                self.sink.put(&line);
            }
        }
    }

    fn record(&self, record: &Record) -> String {
        match self.format {
            TraceFormat::Text => trace_line::record(record),
            TraceFormat::Json => json::record(record),
        }
    }

    fn log(&self, time: SystemTime, line: &str) -> String {
        match self.format {
            TraceFormat::Text => trace_line::log(time, line),
            TraceFormat::Json => json::log(time, line),
        }
    }
}

fn left_out_words(count: u64) -> String {
    format!("{count} records of the trace were left out here: they came faster than they were written")
}

impl Sink {
    /// Puts a line where it goes, and waits until it is there.
    fn put(&mut self, line: &str) {
        match self {
            Self::Printer(printer, runtime) => {
                printer.notice(line);
                runtime.block_on(printer.flush());
            }
            Self::File(file, printer) => {
                if let Some(problem) = file.put(line) {
                    printer.diagnostic(&problem);
                }
            }
        }
    }
}

/// The first line of a file, by which it is known as one of ours.
fn header(format: TraceFormat) -> &'static str {
    match format {
        TraceFormat::Text => trace_line::HEADER,
        TraceFormat::Json => json::HEADER,
    }
}
