//! Checks that a script is read to its end: no line is lost, and each error is one line.

use super::error::ParseError;
use super::input::{Entry, RawLine, entries, raw_lines};
use super::{Command, WordKind, parse, scan};
use crate::app::output::escape::is_unsafe;
use crate::service::one_line::assert_plain;

/// Reads a script.
pub(crate) fn check(data: &[u8]) {
    let lines: Vec<RawLine> = raw_lines(data).map(|line| line.expect("memory can be read")).collect();
    let entries: Vec<Entry> = entries(data).map(|entry| entry.expect("memory can be read")).collect();
    check_lines(&lines, &entries);
    entries.iter().for_each(check_entry);
}

/// Each line belongs to one command, or is blank, or is a comment.
fn check_lines(lines: &[RawLine], entries: &[Entry]) {
    let mut next = 0;
    for entry in entries {
        assert!(entry.line > next && entry.line <= lines.len(), "{entry:?} after line {next}");
        check_idle(&lines[next..entry.line - 1]);
        // A line that is not text is part of the command that it interrupts.
        let bad = lines[entry.line - 1..].iter().position(|line| matches!(line, RawLine::Bad(_)));
        next = match (&entry.parsed, bad) {
            (Err(ParseError::NotText | ParseError::TooLong), Some(bad))
                if entry.text.lines().count() <= bad =>
            {
                entry.line + bad
            }
            _ => entry.line + entry.text.split('\n').count() - 1,
        };
        assert!(next <= lines.len(), "{entry:?}");
    }
    check_idle(&lines[next..]);
}

fn check_idle(lines: &[RawLine]) {
    for line in lines {
        let RawLine::Text(text) = line else { panic!("{line:?} is lost") };
        assert_eq!(parse(text), Ok(None), "{text:?} is lost");
    }
}

fn check_entry(entry: &Entry) {
    check_pieces(&entry.text);
    match &entry.parsed {
        Ok(line) => {
            assert_eq!(parse(&entry.text).as_ref(), Ok(&Some(line.clone())), "{:?}", entry.text);
            let scanned = scan(&entry.text);
            assert!(scanned.spec.is_some(), "{:?}", entry.text);
            assert!(!scanned.pieces.iter().any(|(kind, _)| *kind == WordKind::Wrong), "{:?}", entry.text);
            if let Command::Expect(expectation) = &line.command {
                assert!(!expectation.to_string().contains(is_unsafe), "{expectation:?}");
            }
            if let Some(until) = &line.until {
                assert!(!until.goal.to_string().contains(is_unsafe), "{until:?}");
            }
        }
        Err(error) => {
            assert_plain(&error.to_string());
            assert!(!error.to_string().contains(is_unsafe), "{error}");
        }
    }
}

/// The pieces that are colored while typing are in order and inside the text.
fn check_pieces(text: &str) {
    let mut end = 0;
    for (_, piece) in scan(text).pieces {
        assert!(end <= piece.start && piece.start <= piece.end, "{text:?}");
        assert!(text.get(piece.clone()).is_some(), "{text:?}");
        end = piece.end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use crate::app::command::table::commands;

    fn word() -> impl Strategy<Value = String> {
        let flags = commands().flat_map(|spec| spec.flags).map(|flag| flag.name);
        let known: Vec<&str> = [
            "J",
            "$next",
            "1",
            "-1",
            "99999999999",
            "+10m",
            "5s",
            "on",
            "FAILED",
            "IN_PROGRESS",
            "#",
            "--",
            "!",
            "{}",
            "{\"a\": \"b\"}",
            "{\"a\":",
            "\"b\"}",
            "[1,",
            "2]",
            "\"two words\"",
            "file://x",
            "CreateJobResponse",
            "jobs.QUEUED[0].jobId=Job1",
            "a=absent",
            "a.\"b c\"[-1].length>=2026-01-01T00:00:00Z",
            "a[*]~/x y/",
            "a~(",
            "a\"b=",
            "refused",
            "a={",
            "a[=",
            "\u{202e}",
            "\u{1b}[2J",
        ]
        .into_iter()
        .chain(flags)
        .chain(commands().map(|spec| spec.name))
        .collect();
        prop_oneof![
            12 => select(known).prop_map(str::to_owned),
            2 => "[-{}\\[\\]\":,.=a-z0-9+]{0,20}",
            1 => "\\PC{0,8}",
            1 => ".{0,8}",
            1 => "x{100,3000}=\\[",
        ]
    }

    fn line() -> impl Strategy<Value = String> {
        let examples: Vec<&str> = commands().map(|spec| spec.example).collect();
        let begun = (select(examples), vec(word(), 0..4));
        prop_oneof![
            3 => begun.prop_map(|(example, words)| format!("{example} {}", words.join(" "))),
            3 => vec(word(), 0..6).prop_map(|words| words.join(" ")),
            1 => select(vec!["", "# comment", "  ", "\r", "\u{feff}quit"]).prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn a_script_is_read_to_its_end(lines in vec(line(), 0..8), end in select(vec!["\n", "\r\n"])) {
            super::check(lines.join(end).as_bytes());
        }

        #[test]
        fn bytes_that_are_no_text_cost_their_own_command_alone(
            lines in vec(prop_oneof![3 => line().prop_map(String::into_bytes), 1 => vec(any::<u8>(), 0..20)], 0..8),
        ) {
            super::check(&lines.join(&b'\n'));
        }
    }
}
