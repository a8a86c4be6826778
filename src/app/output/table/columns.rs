//! Columns of a table: their order, which of them fit the terminal, and how wide they are. Wide characters
//! count as two columns of the terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::app::output::style::Theme;

/// The order of the columns, the most useful first; others follow in the order of the answer.
/// What does not fit the terminal is left out from the end.
const COLUMNS: [&str; 14] = [
    "status",
    "jobId",
    "thing",
    "jobTemplateId",
    "templateName",
    "groupName",
    "lastUpdatedAt",
    "completedAt",
    "startedAt",
    "queuedAt",
    "createdAt",
    "retryAttempt",
    "executionNumber",
    "versionNumber",
];

/// How many of them identify a row: they may be cut, but are never left out.
const KEPT: usize = 6;

/// The space between two columns.
const GAP: &str = "  ";

/// A column as it will be shown.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) cells: Vec<Cow<'a, str>>,
    pub(super) width: usize,
    /// Whether all rows have the same value, which is not a time.
    pub(super) is_uniform: bool,
}

/// Where a column stands, by its name.
pub(super) fn rank(name: &str) -> usize {
    COLUMNS.iter().position(|column| *column == name).unwrap_or(COLUMNS.len())
}

/// The width of the columns with the gaps between them.
pub(super) fn total(columns: &[Column<'_>]) -> usize {
    columns.iter().map(|column| column.width).sum::<usize>() + GAP.len() * columns.len().saturating_sub(1)
}

/// Makes the columns fit into `width`, without the less useful ones if need be.
pub(super) fn fit(columns: &mut Vec<Column<'_>>, width: usize) {
    while total(columns) > width
        && let Some(column) = least_useful(columns)
    {
        columns.remove(column);
    }
    narrow(columns, width);
}

/// The column to leave out next; `None` if the others must be kept.
fn least_useful(columns: &[Column<'_>]) -> Option<usize> {
    let may_go = |column: &Column<'_>| rank(column.name) >= KEPT && columns.len() > 1;
    let last = |which: &dyn Fn(&Column<'_>) -> bool| columns.iter().rposition(which);
    last(&|column| may_go(column) && column.is_uniform).or_else(|| last(&may_go))
}

/// Narrows the columns to fit into `width`, the widest first.
fn narrow(columns: &mut [Column<'_>], width: usize) {
    while total(columns) > width {
        match columns.iter_mut().max_by_key(|column| column.width) {
            Some(widest) if widest.width > 1 => widest.width -= 1,
            _ => return,
        }
    }
}

/// One line of the table, with each column's cell.
pub(super) fn line<'a>(
    columns: &'a [Column<'a>],
    theme: Theme,
    cell: impl Fn(&'a Column<'a>) -> &'a str,
) -> String {
    let mut out = String::new();
    for column in columns {
        let cell = cut(cell(column), column.width, theme);
        out.push_str(&cell);
        out.extend(std::iter::repeat_n(' ', column.width - cell.width()));
        out.push_str(GAP);
    }
    out.truncate(out.trim_end().len());
    out
}

/// `text` in at most `width` columns, with an ellipsis where it is cut off.
pub(crate) fn cut(text: &str, width: usize, theme: Theme) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mark = if theme.unicode { "…" } else { "..." };
    let mark: String = mark.chars().take(width).collect();
    let mut out = String::new();
    let mut taken = mark.width();
    for character in text.chars() {
        taken += character.width().unwrap_or(0);
        if taken > width {
            break;
        }
        out.push(character);
    }
    Cow::Owned(out + &mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_is_marked() {
        let unicode = Theme { color: false, unicode: true };
        assert_eq!(cut("世界世界", 5, unicode), "世界…");
        assert_eq!(cut("abcdef", 5, Theme::default()), "ab...");
        assert_eq!(cut("abcdef", 2, Theme::default()), "..");
    }
}
