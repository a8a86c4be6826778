//! A place in a text, shown by its line with a caret below.

use unicode_width::UnicodeWidthStr as _;

use crate::app::output::escape;
use crate::app::output::style::Theme;

/// How many characters of the line are shown before the place, and after it.
const BEFORE: usize = 44;
const AFTER: usize = 24;

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of its line, from 1; none if the text has no other line.
    line: Option<usize>,
    /// The end of the line's part before it, and the beginning of the rest; both safe to show.
    before: String,
    after: String,
}

impl Place {
    /// The place `at` bytes into `text`.
    #[must_use]
    pub(crate) fn new(text: &str, at: usize) -> Self {
        let start = text[..at].rfind('\n').map_or(0, |line_feed| line_feed + 1);
        let before = &text[start..at];
        let hidden = before.chars().count().saturating_sub(BEFORE);
        let shown = before.char_indices().nth(hidden).map_or("", |(cut, _)| &before[cut..]);
        let cut = if hidden > 0 { "…" } else { "" };
        let after = text[at..].lines().next().unwrap_or_default().trim_end_matches('\r');
        let is_only_line = !text.trim_end().contains('\n');
        Self {
            line: (!is_only_line).then(|| text[..start].matches('\n').count() + 1),
            before: format!("{cut}{}", escape::line(shown)),
            after: escape::excerpt(after, AFTER),
        }
    }

    /// ` (on line 3)`, or nothing where the text has one line.
    #[must_use]
    pub(crate) fn line_note(&self) -> String {
        self.line.map_or_else(String::new, |line| format!(" (on line {line})"))
    }

    /// The line, and the caret below it.
    #[must_use]
    pub(crate) fn lines(&self, theme: Theme) -> [String; 2] {
        let shown = |text: &str| if theme.unicode { text.to_owned() } else { escape::ascii(text) };
        let before = shown(&self.before);
        [format!("{before}{}", shown(&self.after)), format!("{}^", " ".repeat(before.width()))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, at: usize, unicode: bool) -> String {
        Place::new(text, at).lines(Theme { color: false, unicode }).join("\n")
    }

    #[test]
    fn the_caret_is_below_its_place() {
        assert_eq!(shown("ab\n界c!d", 7, true), "界c!d\n   ^");
        assert_eq!(shown("é!", 2, false), "\\u00e9!\n      ^");
        assert_eq!(shown("\t!", 1, true), "\\t!\n  ^");
        assert_eq!(shown("ab", 2, true), "ab\n  ^");
        assert_eq!(Place::new("a\nb", 2).line_note(), " (on line 2)");
        assert_eq!(Place::new("a\n", 1).line_note(), "");
    }

    #[test]
    fn of_a_long_line_a_piece_is_shown() {
        let long = "x".repeat(1000);
        let [line, caret] =
            Place::new(&format!("{long}!{long}"), 1000).lines(Theme { color: false, unicode: true });
        assert!(line.chars().count() < 76 && line.starts_with('…') && line.ends_with('…'), "{line}");
        assert_eq!(line.chars().nth(caret.len() - 1), Some('!'));
    }
}
