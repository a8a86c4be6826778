//! JSON as text: laid out for people or put on one line, its order and spelling kept.
//!
//! Works on the text, not on parsed values, so that the order of members, the digits of numbers
//! and the escapes of strings stay as they were sent. The text should be valid JSON; if it is not,
//! neither is the result, but nothing panics and nothing unsafe gets through.

mod layout;
mod tokens;

use crate::app::output::escape;
use crate::app::output::style::{Style, Theme};

pub(crate) use layout::{Layout, abridged, document, is_time, pretty};
pub(crate) use tokens::is_user_content;
pub(crate) use tokens::{TokenKind, tokens};

/// `json` on one line, without spaces between tokens.
#[must_use]
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for token in tokens(json) {
        out.push_str(&escape::json(token.text));
    }
    out
}

/// `json`, perhaps unfinished, in colors and otherwise unchanged.
#[must_use]
pub(crate) fn highlight(json: &str, theme: Theme) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut end = 0;
    for token in tokens(json) {
        out.push_str(&json[end..token.start]);
        end = token.start + token.text.len();
        match token.kind {
            TokenKind::Key => theme.push(Style::Key, token.text, &mut out),
            TokenKind::Text => theme.push(Style::Text, token.text, &mut out),
            TokenKind::Value => theme.push(Style::Value, token.text, &mut out),
            TokenKind::Open | TokenKind::Close | TokenKind::Separator => out.push_str(token.text),
        }
    }
    out.push_str(&json[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_control_the_terminal_is_escaped() {
        assert_eq!(compact("{\"a\": \"\u{7f}\u{9b}2J\u{202e}\"}"), r#"{"a":"\u007f\u009b2J\u202e"}"#);
        assert_eq!(compact("\u{1b}[31m"), r"\u001b[31m");
    }

    #[test]
    fn highlighting_changes_nothing_but_colors() {
        let theme = Theme { color: true, unicode: true };
        assert_eq!(
            highlight(r#"{"a" : 1, "b"#, theme),
            "{\x1b[94m\"a\"\x1b[0m : \x1b[35m1\x1b[0m, \x1b[32m\"b\x1b[0m"
        );
    }
}
