//! JSON as text: laid out for people or put on one line, its order and spelling kept.
//!
//! Works on the text, not on parsed values, so that the order of members, the digits of numbers
//! and the escapes of strings stay the sender's own. The text should have been checked to be JSON;
//! if it is not, the result is no JSON either, but nothing panics and nothing unsafe gets through.

mod layout;

use crate::app::output::escape;
use crate::app::output::style::{Ink, Style};

pub use layout::{Layout, abridged, document, pretty};

/// Members whose content belongs to the user; nothing in there is a time of the service.
const FOREIGN: [&str; 3] = ["\"jobDocument\"", "\"statusDetails\"", "\"documentParameters\""];

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// `,` or `:`.
    Separator,
    /// A string before a colon.
    Key,
    /// Any other string.
    Text,
    /// A number, `true`, `false`, `null`, or what is no JSON at all.
    Value,
}

/// A piece of JSON between white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its spelling.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

/// The tokens of `json`, whether or not they make sense together.
pub fn tokens(json: &str) -> impl Iterator<Item = Token<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        position += leading_white_space(&json[position..]);
        let start = position;
        let rest = &json[start..];
        let (kind, length) = match rest.bytes().next()? {
            b'{' | b'[' => (Kind::Open, 1),
            b'}' | b']' => (Kind::Close, 1),
            b',' | b':' => (Kind::Separator, 1),
            b'"' => {
                let length = string_length(rest);
                let after = &rest[length..];
                let is_key = after[leading_white_space(after)..].starts_with(':');
                (if is_key { Kind::Key } else { Kind::Text }, length)
            }
            _ => (Kind::Value, rest.find(is_delimiter).unwrap_or(rest.len())),
        };
        position += length;
        Some(Token { kind, text: &rest[..length], start })
    })
}

/// `json` on one line without a space between tokens.
#[must_use]
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for token in tokens(json) {
        out.push_str(&escape::json(token.text));
    }
    out
}

/// `json`, perhaps unfinished, in colours and otherwise unchanged.
#[must_use]
pub fn highlight(json: &str, style: Style) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut end = 0;
    for token in tokens(json) {
        out.push_str(&json[end..token.start]);
        end = token.start + token.text.len();
        match token.kind {
            Kind::Key => style.push(Ink::Key, token.text, &mut out),
            Kind::Text => style.push(Ink::Text, token.text, &mut out),
            Kind::Value => style.push(Ink::Value, token.text, &mut out),
            Kind::Open | Kind::Close | Kind::Separator => out.push_str(token.text),
        }
    }
    out.push_str(&json[end..]);
    out
}

/// Whether a member, its name in quotes, holds what the user wrote and not the service.
pub(crate) fn is_foreign(key: &str) -> bool {
    FOREIGN.contains(&key)
}

fn leading_white_space(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

fn is_delimiter(character: char) -> bool {
    matches!(character, '{' | '}' | '[' | ']' | ',' | ':' | '"' | ' ' | '\t' | '\n' | '\r')
}

/// The length of the string at the beginning of `text`, quotes included; to the end if unclosed.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_the_terminal_is_escaped() {
        assert_eq!(compact("{\"a\": \"\u{7f}\u{9b}2J\u{202e}\"}"), r#"{"a":"\u007f\u009b2J\u202e"}"#);
        assert_eq!(compact("\u{1b}[31m"), r"\u001b[31m");
    }

    #[test]
    fn highlighting_changes_nothing_but_colours() {
        let style = Style { colour: true, unicode: true };
        assert_eq!(
            highlight(r#"{"a" : 1, "b"#, style),
            "{\x1b[94m\"a\"\x1b[0m : \x1b[35m1\x1b[0m, \x1b[32m\"b\x1b[0m"
        );
    }
}
