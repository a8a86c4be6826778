//! What a device program prints: line by line on standard error, into the report, and its last lines into failures.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncRead;

use crate::app::output::escape;
use crate::app::output::printer::Printer;
use crate::app::processes::lines::{Lines, read};

/// How many lines tell of its end.
const LAST_LINES: usize = 10;

/// How many characters of each.
const MAX_LAST_LINE: usize = 300;

/// How many bytes the report of one test holds.
const MAX_RECORDING: usize = 256 * 1024;

/// Takes what the program prints.
#[derive(Debug)]
pub(super) struct Output {
    printer: Printer,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    recording: String,
    last_lines: VecDeque<String>,
}

impl Output {
    pub(super) fn new(printer: Printer) -> Self {
        Self { printer, kept: Mutex::default() }
    }

    /// Reads a stream of the program to its end.
    pub(super) async fn read(&self, stream: impl AsyncRead + Unpin) {
        let mut lines = Lines::default();
        read(stream, &self.printer, |chunk| lines.push(chunk, |line| self.put(&line.text))).await;
        lines.finish(|line| self.put(&line.text));
    }

    /// The program starts anew.
    pub(super) fn begin(&self) {
        self.kept().last_lines.clear();
    }

    /// Its last lines.
    pub(super) fn last_lines(&self) -> Vec<String> {
        self.kept().last_lines.iter().cloned().collect()
    }

    /// What it has printed since the last call, as far as there is room.
    pub(super) fn take(&self) -> String {
        std::mem::take(&mut self.kept().recording)
    }

    fn put(&self, line: &str) {
        self.printer.diagnostic(&format!("device| {line}"));
        let mut kept = self.kept();
        let Kept { recording, last_lines } = &mut *kept;
        if recording.len() <= MAX_RECORDING {
            recording.push_str(&escape::line(line));
            recording.push('\n');
            if recording.len() > MAX_RECORDING {
                recording.push_str("… the rest is left out\n");
            }
        }
        if last_lines.len() == LAST_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(escape::excerpt(line, MAX_LAST_LINE));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::processes::lines::MAX_LINE;
    use crate::testing::in_time;

    async fn read(bytes: &[u8]) -> (Output, String) {
        let (printer, _, err) = Printer::to_memory(false);
        let output = Output::new(printer.clone());
        in_time(output.read(bytes)).await;
        in_time(printer.flush()).await;
        (output, err.text())
    }

    #[tokio::test]
    async fn each_line_is_escaped_and_so_is_the_last_one_without_an_end() {
        let (output, err) = read(b"one\r\n\x1b[2J\xff\n\nlast").await;
        assert_eq!(err, "device| one\ndevice| \\u{1b}[2J\u{fffd}\ndevice| \ndevice| last\n");
        assert_eq!(output.take(), "one\n\\u{1b}[2J\u{fffd}\n\nlast\n");
        assert_eq!((output.take(), output.last_lines().len()), (String::new(), 4));
    }

    #[tokio::test]
    async fn no_line_and_no_report_is_longer_than_a_bound() {
        let long = [b"x".repeat(MAX_LINE - 1).as_slice(), "é".repeat(10_000).as_bytes(), b"\n"].concat();
        let (output, err) = read(&long.repeat(100)).await;
        let shown = format!("device| {}… (20000 bytes more)\n", "x".repeat(MAX_LINE - 1));
        assert_eq!(err, shown.repeat(100));
        let recording = output.take();
        assert!(recording.len() < MAX_RECORDING + MAX_LINE + 100 && recording.ends_with("left out\n"));
        let last_lines = output.last_lines();
        assert_eq!((last_lines.len(), last_lines[0].chars().count()), (LAST_LINES, MAX_LAST_LINE + 1));
    }
}
