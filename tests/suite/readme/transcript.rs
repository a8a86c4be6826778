//! A transcript: commands behind a prompt, what they print below, and `…` on a line for lines that are left out.

use crate::support::pattern;

/// A line for lines that are left out.
const GAP: &str = "…";

/// Fails unless `actual` is what `expected` shows, ids and times aside.
#[track_caller]
pub(super) fn assert_shows(expected: &str, actual: &str) {
    let (expected, actual) = (pattern::elide(expected), pattern::elide(actual));
    assert!(shows(&expected, &actual), "{}", pattern::differences(&expected, &actual));
}

/// The parts between the gaps come in order; what stands before the first gap and behind the last is all there is.
fn shows(expected: &str, actual: &str) -> bool {
    let (expected, mut rest): (Vec<&str>, Vec<&str>) =
        (expected.trim_end().lines().collect(), actual.trim_end().lines().map(str::trim_end).collect());
    let parts: Vec<&[&str]> = expected.split(|line| *line == GAP).collect();
    for (number, part) in parts.iter().enumerate() {
        let fits = |at: &usize| rest[*at..].starts_with(part);
        let place = match number {
            0 => Some(0).filter(fits),
            _ if number + 1 == parts.len() => rest.len().checked_sub(part.len()).filter(fits),
            _ => (0..=rest.len()).find(fits),
        };
        let Some(place) = place else { return false };
        rest.drain(..place + part.len());
    }
    parts.len() > 1 || rest.is_empty()
}

/// A command that begins with `$ `, with all lines that belong to it, and what is shown below.
pub(super) fn command(transcript: &str) -> (String, String) {
    let mut lines = transcript.strip_prefix("$ ").expect("a prompt").split_inclusive('\n');
    let mut command = String::new();
    for line in lines.by_ref() {
        command.push_str(line);
        let is_open = command.trim_end().ends_with('\\') || command.matches('\'').count() % 2 == 1;
        if !is_open {
            break;
        }
    }
    (command, lines.collect())
}

#[test]
fn lines_may_be_left_out_where_it_says_so() {
    assert!(shows("a\nb\n", "a\nb"));
    assert!(shows("a\n…\nd", "a\nb\nc\nd"));
    assert!(shows("…\nb\n…\nd\n…", "a\nb\nc\nd\ne"));
    assert!(!shows("a\nc", "a\nb\nc"));
    assert!(!shows("b\n…", "a\nb"));
    assert!(!shows("…\nb", "b\nc"));
    assert!(!shows("a\n…\nb\n…\nb", "a\nb"));
    assert!(!shows("…\nc\n…\nb\n…", "a\nb\nc"));
}

#[test]
fn a_command_ends_where_a_shell_says_so() {
    let (first, shown) = command("$ a \\\n  b '1\n2'\nc\nd\n");
    assert_eq!((first.as_str(), shown.as_str()), ("a \\\n  b '1\n2'\n", "c\nd\n"));
}
