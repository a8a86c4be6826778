//! Text with gaps: `[..]` stands for anything within a line.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// What stands for anything.
const GAP: &str = "[..]";

/// Set, it makes [`assert_golden`] write what came instead of comparing.
const REWRITE: &str = "REWRITE_GOLDENS";

/// Compares whole texts, line by line.
#[track_caller]
pub(crate) fn assert_matches(what: &str, expected: &str, actual: &str) {
    assert!(matches(expected, actual), "{what} differs\n{}", differences(expected, actual));
}

/// Compares `actual`, its ids and times replaced by `[..]`, with a file below `tests/`.
#[track_caller]
pub(crate) fn assert_golden(file: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    if env::var_os(REWRITE).is_some() {
        return fs::write(&path, elide(actual)).unwrap();
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; {REWRITE}=1 writes it", path.display()));
    assert_matches(file, &expected, actual);
}

/// Whether all of `actual` matches `expected`.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    expected.lines().count() == actual.lines().count()
        && expected.lines().zip(actual.lines()).all(|(expected, actual)| line_matches(expected, actual))
}

/// Replaces what differs from run to run, ids and times, by `[..]`.
pub(crate) fn elide(text: &str) -> String {
    let varies = concat!(
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
        r"|\b\d{10}(\.\d{1,3})?\b",
    );
    regex::Regex::new(varies).unwrap().replace_all(text, GAP).into_owned()
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((first, later)) = expected.split_once(GAP) else { return expected == actual };
    let (between, last) = later.rsplit_once(GAP).unwrap_or(("", later));
    let Some(mut rest) = actual.strip_prefix(first) else { return false };
    for part in between.split(GAP) {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Both texts as far as they differ, `-` before what was expected and `+` before what came.
pub(crate) fn differences(expected: &str, actual: &str) -> String {
    let mut text = String::new();
    let (expected, actual): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same =
        expected.iter().zip(&actual).take_while(|(expected, actual)| line_matches(expected, actual)).count();
    for line in &expected[..same] {
        writeln!(text, "  {line}").unwrap();
    }
    for line in &expected[same..] {
        writeln!(text, "- {line}").unwrap();
    }
    for line in &actual[same..] {
        writeln!(text, "+ {line}").unwrap();
    }
    text
}

#[test]
fn gaps_match_anything_within_a_line() {
    assert!(matches("a[..]c\nd", "abbc\nd\n"));
    assert!(matches("[..]b[..]", "abc"));
    assert!(matches("a[..]a", "aa"));
    assert!(!matches("a[..]a", "a"));
    assert!(!matches("a[..]c", "a\nc"));
    assert!(!matches("a", "a\nb"));
    assert!(!matches("ab", "abc"));
}

#[test]
fn ids_and_times_are_elided() {
    assert_eq!(
        elide(
            r#"{"t":1719940632,"d":1719940632.123,"x":12345678901,"id":"58920924-ccbf-43c0-8a23-79ece5ce7896"}"#
        ),
        r#"{"t":[..],"d":[..],"x":12345678901,"id":"[..]"}"#
    );
    assert_eq!(elide("at 2025-05-15T20:44:31Z"), "at [..]");
}
