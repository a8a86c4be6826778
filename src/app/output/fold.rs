//! The width of the terminal, and text folded to it.

use textwrap::{Options, WordSplitter};
use unicode_width::UnicodeWidthStr;

/// The columns of the terminal; none without one.
#[must_use]
pub(crate) fn columns() -> Option<usize> {
    terminal_size::terminal_size().map(|(columns, _)| columns.0.into())
}

/// `text` folded to `width` columns between words, colors not counted; the first line begins with `first`,
/// each other one with `others`.
///
/// Words are never broken, not even at hyphens: people copy names from here.
#[must_use]
pub(crate) fn fold(text: &str, width: usize, first: &str, others: &str) -> String {
    let options = Options::new(width).initial_indent(first).subsequent_indent(others);
    textwrap::fill(text, options.break_words(false).word_splitter(WordSplitter::NoHyphenation))
}

/// How many columns `text` takes, colors not counted.
#[must_use]
pub(crate) fn width(text: &str) -> usize {
    // A color is an escape sequence up to its m.
    let mut pieces = text.split('\x1b');
    let first = pieces.next().map_or(0, UnicodeWidthStr::width);
    first + pieces.filter_map(|piece| piece.split_once('m')).map(|(_, text)| text.width()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_whole() {
        assert_eq!(fold("or list-job-executions", 16, "", "  "), "or\n  list-job-executions");
        assert_eq!(fold("\x1b[1mab\x1b[0m cd", 7, "> ", ""), "> \x1b[1mab\x1b[0m cd");
    }
}
