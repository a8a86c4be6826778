//! From bytes to commands: lines of bounded length, joined while the JSON of a command goes on.

use std::io::{self, BufRead};

use super::error::ParseError;
use super::line::{Line, MAX_COMMAND_BYTES};
use super::parse::parse;

/// Unfinished JSON up to this size is parsed again with every line, larger JSON only if its brackets
/// balance or after it has grown by a quarter, so that the time for a long document is linear in its
/// length.
const EAGER_BYTES: usize = 4 * 1024;

/// The commands of `input`, each as soon as its last line has been read.
pub(crate) fn entries(input: impl BufRead) -> impl Iterator<Item = io::Result<Entry>> {
    let mut assembler = Assembler::default();
    let mut lines = raw_lines(input).enumerate();
    std::iter::from_fn(move || {
        for (index, line) in lines.by_ref() {
            match line {
                Ok(line) => {
                    let Some(entry) = assembler.feed(index + 1, line) else { continue };
                    return Some(Ok(entry));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        assembler.finish().map(Ok)
    })
}

/// The commands of `text`; `None` if it ends within the JSON of one, which may go on with the next line.
#[must_use]
pub(crate) fn finished_entries(text: &str) -> Option<Vec<Entry>> {
    let mut assembler = Assembler::default();
    // Reading from memory never fails.
    let lines = raw_lines(text.as_bytes()).flatten().enumerate();
    let entries = lines.filter_map(|(index, line)| assembler.feed(index + 1, line)).collect();
    assembler.unfinished.is_none().then_some(entries)
}

/// One line as it was read, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RawLine {
    /// Text.
    Text(String),
    /// A line that cannot be in a command: too long, or not text.
    Bad(ParseError),
}

/// The lines of `input`, each in bounded memory, however long it is.
pub(super) fn raw_lines(mut input: impl BufRead) -> impl Iterator<Item = io::Result<RawLine>> {
    let mut first = true;
    std::iter::from_fn(move || {
        let line = raw_line(&mut input, std::mem::take(&mut first));
        line.transpose()
    })
}

fn raw_line(input: &mut impl BufRead, first: bool) -> io::Result<Option<RawLine>> {
    let mut bytes = Vec::new();
    let mut too_long = false;
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if available.is_empty() {
            if bytes.is_empty() && !too_long {
                return Ok(None);
            }
            break;
        }
        let newline = available.iter().position(|byte| *byte == b'\n');
        let piece = &available[..newline.unwrap_or(available.len())];
        too_long |= bytes.len() + piece.len() > MAX_COMMAND_BYTES;
        if !too_long {
            bytes.extend_from_slice(piece);
        }
        let consumed = piece.len() + usize::from(newline.is_some());
        input.consume(consumed);
        if newline.is_some() {
            break;
        }
    }
    if too_long {
        return Ok(Some(RawLine::Bad(ParseError::TooLong)));
    }
    let mark = "\u{feff}".as_bytes();
    if first && bytes.starts_with(mark) {
        bytes.drain(..mark.len());
    }
    Ok(Some(String::from_utf8(bytes).map_or(RawLine::Bad(ParseError::NotText), RawLine::Text)))
}

/// A command as it was read: where it begins, its text, and what that means.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its text, over all its lines.
    pub text: String,
    /// What it means.
    pub parsed: Result<Line, ParseError>,
}

/// Joins lines while the JSON of a command goes on.
#[derive(Debug, Default)]
struct Assembler {
    text: String,
    line: usize,
    /// The size at which the text is parsed again.
    parse_at: usize,
    balance: Balance,
    unfinished: Option<ParseError>,
    /// The document was over the limit, and its rest is skipped.
    skipping: bool,
}

impl Assembler {
    /// Takes line `number`; returns the command that it completes, if it does.
    fn feed(&mut self, number: usize, raw: RawLine) -> Option<Entry> {
        if self.unfinished.is_none() {
            self.line = number;
        }
        let line = match raw {
            RawLine::Text(line) => line,
            RawLine::Bad(_) if self.skipping => return None,
            RawLine::Bad(error) => return self.complete(Err(error)),
        };
        if self.skipping {
            self.balance.add(&line);
            self.skipping = self.balance.is_open();
            if !self.skipping {
                *self = Self::default();
            }
            return None;
        }
        if self.unfinished.is_some() {
            self.text.push('\n');
        }
        self.text.push_str(&line);
        self.balance.add(&line);
        if self.balance.is_open() && self.text.len() < self.parse_at && self.text.len() <= MAX_COMMAND_BYTES {
            return None;
        }
        match parse(&self.text) {
            Ok(None) => {
                *self = Self::default();
                None
            }
            Err(error @ ParseError::Unfinished(_)) => {
                self.unfinished = Some(error);
                let size = self.text.len();
                self.parse_at = if size < EAGER_BYTES { 0 } else { size + size / 4 };
                None
            }
            Ok(Some(parsed)) => self.complete(Ok(parsed)),
            Err(ParseError::TooLong) if self.balance.is_open() => {
                let balance = std::mem::take(&mut self.balance);
                let entry = self.complete(Err(ParseError::TooLong));
                (self.balance, self.skipping) = (balance, true);
                entry
            }
            Err(error) => self.complete(Err(error)),
        }
    }

    /// Ends the input: a command with incomplete JSON is an error.
    fn finish(&mut self) -> Option<Entry> {
        let unfinished = self.unfinished.clone()?;
        // The last lines may not have been parsed yet.
        let parsed = match parse(&self.text) {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(unfinished),
            Err(error) => Err(error),
        };
        self.complete(parsed)
    }

    #[allow(clippy::unnecessary_wraps)] // every caller returns it as it is
    fn complete(&mut self, parsed: Result<Line, ParseError>) -> Option<Entry> {
        let Self { text, line, .. } = std::mem::take(self);
        Some(Entry { line, text, parsed })
    }
}

/// Counts open brackets line by line, without parsing the whole text again.
#[derive(Debug, Default)]
struct Balance {
    depth: usize,
    in_string: bool,
}

impl Balance {
    fn add(&mut self, line: &str) {
        let mut escaped = false;
        self.in_string = false;
        for byte in line.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if self.in_string => escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Whether brackets are open. No string can go on after a line break, so one that seems to is parsed.
    fn is_open(&self) -> bool {
        self.depth > 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::{Command, JobDocument, Member};

    fn read_all(input: &[u8]) -> Vec<Entry> {
        entries(input).map(Result::unwrap).collect()
    }

    fn errors(input: &[u8]) -> Vec<(usize, String)> {
        let failed = |entry: Entry| Some((entry.line, entry.parsed.err()?.to_string()));
        read_all(input).into_iter().filter_map(failed).collect()
    }

    #[test]
    fn a_document_goes_on_over_lines_byte_for_byte() {
        let entries = read_all(b"\xef\xbb\xbf# smoke\r\n\r\ncreate-job J {\r\n  \"a\": 1\r\n}\r\nquit\r\n");
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [3, 6]);
        let Ok(Line { command: Command::Call(call), .. }) = &entries[0].parsed else { panic!("{entries:?}") };
        let Some(Member::Document(JobDocument::Json(json))) = call.member("document") else {
            panic!("{call:?}")
        };
        assert_eq!(json, "{\r\n  \"a\": 1\r\n}");
    }

    #[test]
    fn an_error_names_the_line_where_the_command_began() {
        let errors_found = errors(b"\ncreate-job J {\n\"a\": oops\nquit\n");
        assert_eq!(errors_found.len(), 1);
        assert_eq!(errors_found[0].0, 2);
        assert!(errors_found[0].1.contains("the job document is not JSON"), "{errors_found:?}");
        let unfinished = errors(b"quit\ncreate-job J {\n\"a\":\n");
        assert_eq!(unfinished[0].0, 2);
        assert!(unfinished[0].1.contains("the JSON is not finished"), "{unfinished:?}");
    }

    #[test]
    fn an_error_in_json_swallows_no_later_command() {
        let entries = read_all(b"create-job J {\noops\nquit\n");
        assert!(entries[0].parsed.is_err());
        assert!(entries[1].parsed.is_ok());
    }

    #[test]
    fn what_is_no_text_or_too_long_is_one_error() {
        assert_eq!(errors(b"\xff\xfe\nquit"), [(1, "the line is not UTF-8 text".to_owned())]);
        let mut long = vec![b'x'; 3 * MAX_COMMAND_BYTES];
        long.extend_from_slice(b"\nquit\n");
        let entries = read_all(&long);
        assert_eq!(entries[0].parsed, Err(ParseError::TooLong));
        assert_eq!((entries[1].line, entries.len()), (2, 2));
        assert!(read_all(b"").is_empty());
    }

    #[test]
    fn a_long_document_of_short_lines_takes_time_in_proportion() {
        let mut input = b"create-job J [\n".to_vec();
        for _ in 0..100_000 {
            input.extend_from_slice(b"1,\n");
        }
        input.extend_from_slice(b"1]\nquit\n");
        let entries = read_all(&input);
        assert_eq!(entries.iter().map(|entry| entry.parsed.is_ok()).collect::<Vec<_>>(), [true, true]);
    }

    #[test]
    fn a_document_over_the_limit_is_given_up() {
        let mut input = b"create-job J [\n".to_vec();
        for _ in 0..40 {
            input.extend(std::iter::repeat_n(b' ', 30_000));
            input.push(b'\n');
        }
        input.extend_from_slice(b"1,\n{}]\nquit\n");
        let entries = read_all(&input);
        assert_eq!(entries[0].parsed, Err(ParseError::TooLong));
        assert_eq!((entries[1].line, entries[1].text.as_str(), entries.len()), (44, "quit", 2));
    }
}
