//! What a program prints, line by line and bounded.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::app::output::printer::Printer;

/// How many bytes of a line are kept, to be shown.
pub(crate) const MAX_LINE: usize = 4096;

/// How long what a program has printed last may take to arrive: what it has started may keep its streams open.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(1);

/// Reads a stream of a program to its end, piece by piece as they come.
///
/// Whoever reads slowly what is printed of them slows the program down, as at the end of every pipe.
pub(crate) async fn read(stream: impl AsyncRead + Unpin, printer: &Printer, mut take: impl FnMut(&[u8])) {
    let mut stream = BufReader::new(stream);
    // An error is the end: there is nothing more to read.
    while let Ok(chunk) = stream.fill_buf().await
        && !chunk.is_empty()
    {
        let length = chunk.len();
        take(chunk);
        stream.consume(length);
        printer.flush().await;
    }
}

/// A line, or its beginning and how much was left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Without its end.
    pub text: String,
    /// Whether something was left out.
    pub is_cut: bool,
}

/// Makes lines of pieces; of each, only the beginning is kept.
#[derive(Debug)]
pub(crate) struct Lines {
    line: Beginning,
    limit: fn(&[u8]) -> usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self::within(|_| MAX_LINE)
    }
}

impl Lines {
    /// Lines of which as many bytes are kept as their beginning says, so far as it has been read.
    pub(crate) fn within(limit: fn(&[u8]) -> usize) -> Self {
        Self { line: Beginning::default(), limit }
    }

    /// Takes a piece, and hands on the lines that it ends.
    pub(crate) fn push(&mut self, chunk: &[u8], mut put: impl FnMut(&Line)) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.line.push(piece, self.limit);
            if piece.ends_with(b"\n") {
                put(&self.line.take());
            }
        }
    }

    /// Hands on a last line that has no end.
    pub(crate) fn finish(&mut self, put: impl FnOnce(&Line)) {
        if !self.line.bytes.is_empty() {
            put(&self.line.take());
        }
    }
}

#[derive(Debug, Default)]
struct Beginning {
    bytes: Vec<u8>,
    left_out: usize,
}

impl Beginning {
    fn push(&mut self, piece: &[u8], limit: fn(&[u8]) -> usize) {
        let mut rest = piece;
        loop {
            let kept = rest.len().min(limit(&self.bytes).saturating_sub(self.bytes.len()));
            if kept == 0 {
                break;
            }
            self.bytes.extend_from_slice(&rest[..kept]);
            rest = &rest[kept..];
        }
        self.left_out += rest.len();
    }

    /// The line as text.
    fn take(&mut self) -> Line {
        let Self { bytes, left_out } = std::mem::take(self);
        let text = String::from_utf8_lossy(&bytes);
        let text = match left_out {
            0 => text.trim_end_matches(['\r', '\n']).to_owned(),
            // A character may be cut in two.
            _ => format!("{}… ({left_out} bytes more)", text.trim_end_matches('\u{fffd}')),
        };
        Line { text, is_cut: left_out > 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_line_says_how_much_of_it_is_kept() {
        let mut lines = Lines::within(|begin| if begin.starts_with(b"long") { 10 } else { 5 });
        let mut all = Vec::new();
        for piece in ["lo", "ng line, really\nshort line\n1", "2345\nlast"] {
            lines.push(piece.as_bytes(), |line| all.push((line.text.clone(), line.is_cut)));
        }
        lines.finish(|line| all.push((line.text.clone(), line.is_cut)));
        let expected = [
            ("long line,… (8 bytes more)", true),
            ("short… (6 bytes more)", true),
            ("12345… (1 bytes more)", true),
            ("last", false),
        ];
        assert_eq!(all, expected.map(|(text, is_cut)| (text.to_owned(), is_cut)));
    }
}
