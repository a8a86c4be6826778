//! Makes text from outside safe to show: characters that could control the terminal or reorder the text are
//! escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character could act on the terminal, or hide from a reader, instead of appearing on it: controls,
/// the line and paragraph separators, and everything that changes the writing direction, has no width or spells a
/// tag; also what has no meaning that all agree on: private use, and what is not assigned, as U+FFFE, which XML
/// forbids.
#[must_use]
pub(crate) fn is_unsafe(character: char) -> bool {
    use GeneralCategory as Category;
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    match character {
        // Of category Cf, but seen: signs that stand before numbers.
        '\u{600}'..='\u{605}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{110bd}'
        | '\u{110cd}' => false,
        // Not of category Cf, but blank: fillers, inherent vowels, tags and the selectors beside them.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        other => matches!(
            get_general_category(other),
            Category::Control
                | Category::Format
                | Category::LineSeparator
                | Category::ParagraphSeparator
                | Category::PrivateUse
                | Category::Unassigned
        ),
    }
}

/// `text` on one line, with every unsafe character as `\n`, `\t`, `\r` or `\u{..}`.
#[must_use]
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, |character, out| match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => out.extend(other.escape_unicode()),
    })
}

/// `text`, a piece of JSON, with every unsafe character as `\uXXXX`: inside a string that is the
/// same string.
#[must_use]
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    escape(text, push_utf16)
}

/// `text` with everything that is not ASCII as `\uXXXX`, for terminals that show only ASCII.
#[must_use]
pub(crate) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character.is_ascii() { out.push(character) } else { push_utf16(character, &mut out) }
    }
    out
}

/// At most `limit` characters of `text` as by [`line()`], with `…` where something is left out.
#[must_use]
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => line(text).into_owned(),
        Some((end, _)) => format!("{}…", line(&text[..end])),
    }
}

fn escape(text: &str, spell: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) { spell(character, &mut out) } else { out.push(character) }
    }
    Cow::Owned(out)
}

fn push_utf16(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_direction_changes_are_spelled_out() {
        assert_eq!(line("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(line("a\tb\nc\u{7f}\u{9b}2J\u{202e}"), "a\\tb\\nc\\u{7f}\\u{9b}2J\\u{202e}");
        assert_eq!(json("\u{1b}\u{85}\u{2066}"), "\\u001b\\u0085\\u2066");
    }

    #[test]
    fn what_nobody_sees_is_spelled_out() {
        assert_eq!(
            line("a\u{200b}b\u{ad}c\u{e0041}\u{e0000}\u{e0100}"),
            "a\\u{200b}b\\u{ad}c\\u{e0041}\\u{e0000}\\u{e0100}"
        );
        assert_eq!(json("\u{2060}\u{3164}\u{e0041}"), "\\u2060\\u3164\\udb40\\udc41");
        for blank in "\u{2800}\u{17b4}\u{17b5}\u{e000}\u{f8ff}\u{10fffd}\u{378}\u{fdd0}\u{ffff}".chars() {
            assert_eq!(line(&blank.to_string()), blank.escape_unicode().to_string());
        }
        assert!(matches!(line("\u{600}12 ❤\u{fe0f}"), Cow::Borrowed(_)), "it is seen");
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        assert!(matches!(line("Grüße, 世界 🚀"), Cow::Borrowed(_)));
        assert!(matches!(json("Grüße, 世界 🚀"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_excerpt_says_that_it_is_one() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("äbcd", 3), "äbc…");
    }
}
