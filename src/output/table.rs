//! Lists as tables: aligned, as wide as the terminal at most, wide characters counted as two.

use std::collections::BTreeMap;

use serde_json::Value;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::output::escape;
use crate::output::json_text;
use crate::output::style::{Ink, Style};

/// A column is not made narrower than this to fit the terminal.
const MIN_COLUMN: usize = 6;

/// More columns than the service's answers ever have; what has no column is left out, so that an answer
/// cannot make a table much larger than itself.
const MAX_COLUMNS: usize = 32;

/// A list of so many entries gets a summary.
const LONG: usize = 4;

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The lists of an answer as one table; none if it holds no list of objects.
    ///
    /// Knows the answers of ListJobs, of both ListJobExecutions and of GetPendingJobExecutions; in
    /// the last one the list that an execution stands in tells its status.
    #[must_use]
    pub fn of_answer(body: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(body).ok()?;
        let mut table = Self { heading: Vec::new(), rows: Vec::new() };
        let mut found = false;
        for (name, list) in body.as_object()? {
            let Value::Array(list) = list else { continue };
            found = true;
            let status = match name.as_str() {
                "inProgressJobs" => Some("IN_PROGRESS"),
                "queuedJobs" => Some("QUEUED"),
                _ => None,
            };
            for entry in list {
                table.push(entry, status);
            }
        }
        found.then_some(table)
    }

    /// The table as text, `width` columns wide at most.
    #[must_use]
    pub fn render(&self, width: Option<usize>, style: Style) -> String {
        if self.rows.is_empty() {
            return "none\n".to_owned();
        }
        let widths = self.widths(width.unwrap_or(usize::MAX));
        let mut out = style.paint(Ink::Strong, &line(&self.heading, &widths)) + "\n";
        for row in &self.rows {
            out.push_str(&line(row, &widths));
            out.push('\n');
        }
        out
    }

    /// One line that tells how many there are, and of which status; none where a look tells as much.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        if self.rows.len() < LONG {
            return None;
        }
        let column = self.heading.iter().position(|heading| heading == "status");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for status in self.rows.iter().filter_map(|row| row.get(column?)) {
            *counts.entry(status).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let colon = if counts.is_empty() { "" } else { ": " };
        Some(format!("{} in all{colon}{}", self.rows.len(), counts.join(", ")))
    }

    fn push(&mut self, entry: &Value, status: Option<&str>) {
        let mut row = Vec::new();
        if let Some(status) = status {
            self.set(&mut row, "status", status);
        }
        self.fill(entry, &mut row);
        self.rows.push(row);
    }

    fn fill(&mut self, entry: &Value, row: &mut Vec<String>) {
        for (name, value) in entry.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                // The id says the same as the ARN, shorter.
                (_, Value::Null) | ("jobArn", _) => {}
                ("jobExecutionSummary", summary) => self.fill(summary, row),
                ("thingArn", Value::String(arn)) => {
                    let thing = arn.rsplit('/').next().unwrap_or(arn);
                    self.set(row, "thing", thing);
                }
                (name, Value::Number(number)) if name.ends_with("At") => {
                    self.set(row, name, &time(&number.to_string()));
                }
                (name, Value::String(text)) => self.set(row, name, text),
                (name, other) => self.set(row, name, &other.to_string()),
            }
        }
    }

    fn set(&mut self, row: &mut Vec<String>, name: &str, text: &str) {
        let name = escape::line(name);
        let column = match self.heading.iter().position(|heading| *heading == name) {
            Some(column) => column,
            None if self.heading.len() == MAX_COLUMNS => return,
            None => {
                self.heading.push(name.into_owned());
                self.heading.len() - 1
            }
        };
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = escape::line(text).into_owned();
    }

    /// The width of each column: what its longest cell takes, less where the terminal is narrow.
    fn widths(&self, width: usize) -> Vec<usize> {
        let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.width());
        let mut widths: Vec<usize> = (0..self.heading.len())
            .map(|column| self.rows.iter().map(|row| cell(row, column)).max().unwrap_or(0))
            .zip(&self.heading)
            .map(|(widest, heading)| widest.max(heading.width()))
            .collect();
        // The widest column gives first.
        while widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > width {
            match widths.iter_mut().max() {
                Some(widest) if *widest > MIN_COLUMN => *widest -= 1,
                _ => break,
            }
        }
        widths
    }
}

fn time(number: &str) -> String {
    let spelled =
        json_text::millis(number).and_then(|millis| json_text::rfc3339(millis - millis.rem_euclid(1000)));
    spelled.unwrap_or_else(|| number.to_owned())
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut out = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = cut(cells.get(column).map_or("", String::as_str), *width);
        out.push_str(&cell);
        out.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
    }
    out.truncate(out.trim_end().len());
    out
}

/// `text` in `width` columns at most, with `…` where something is left out.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for character in text.chars() {
        taken += character.width().unwrap_or(0);
        if taken > width.saturating_sub(1) {
            break;
        }
        out.push(character);
    }
    out + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(body: &str, width: usize) -> String {
        Table::of_answer(body).unwrap().render(Some(width), Style::default())
    }

    const PENDING: &str = r#"{"clientToken":"t","timestamp":1,
        "inProgressJobs":[{"jobId":"Job1","queuedAt":1748981622,"lastUpdatedAt":1748981741,"startedAt":1748981741,"executionNumber":1,"versionNumber":2}],
        "queuedJobs":[{"jobId":"Job2","queuedAt":1748981704,"lastUpdatedAt":1748981704,"executionNumber":1,"versionNumber":1}]}"#;

    #[test]
    fn lists_become_one_aligned_table() {
        assert_eq!(
            render(PENDING, 200),
            "status       jobId  queuedAt              lastUpdatedAt         startedAt             executionNumber  versionNumber\n\
             IN_PROGRESS  Job1   2025-06-03T20:13:42Z  2025-06-03T20:15:41Z  2025-06-03T20:15:41Z  1                2\n\
             QUEUED       Job2   2025-06-03T20:15:04Z  2025-06-03T20:15:04Z                        1                1\n"
        );
        assert_eq!(render(r#"{"jobs":[]}"#, 80), "none\n");
        assert_eq!(Table::of_answer(r#"{"job":{}}"#), None);
    }

    #[test]
    fn summaries_are_unfolded_and_arns_shortened() {
        let body = r#"{"executionSummaries":[{"thingArn":"arn:aws:iot:r:1:thing/T","jobExecutionSummary":{"status":"QUEUED","queuedAt":0.5}}],"nextToken":null}"#;
        assert_eq!(render(body, 80), "thing  status  queuedAt\nT      QUEUED  1970-01-01T00:00:00Z\n");
    }

    #[test]
    fn a_long_list_is_summed_up() {
        let list = |count| {
            let job = |n| {
                format!(r#"{{"jobId":"J{n}","status":"{}"}}"#, if n < 2 { "COMPLETED" } else { "CANCELED" })
            };
            let jobs: Vec<String> = (0..count).map(job).collect();
            Table::of_answer(&format!(r#"{{"jobs":[{}]}}"#, jobs.join(","))).unwrap().summary()
        };
        assert_eq!(list(5).unwrap(), "5 in all: 3 CANCELED, 2 COMPLETED");
        assert_eq!(list(2), None);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_columns() {
        for width in [40, 80, 120] {
            let table = render(PENDING, width.max(60));
            assert!(table.lines().all(|line| line.width() <= width.max(60)), "{table}");
        }
    }

    #[test]
    fn wide_characters_take_two_columns_and_controls_none() {
        let body = r#"{"jobs":[{"a":"世界","\u001b[2J\n":"\u001b[2J"},{"a":"x","\u001b[2J\n":"y"}]}"#;
        assert_eq!(render(body, 80), "a     \\u{1b}[2J\\n\n世界  \\u{1b}[2J\nx     y\n");
        assert_eq!(cut("世界世界", 5), "世界…");
    }

    #[test]
    fn an_answer_of_a_thousand_members_makes_no_thousand_columns() {
        let jobs: Vec<String> = (0..1000).map(|n| format!(r#"{{"k{n}":1}}"#)).collect();
        let table = Table::of_answer(&format!(r#"{{"jobs":[{}]}}"#, jobs.join(","))).unwrap();
        assert_eq!((table.heading.len(), table.rows.len()), (MAX_COLUMNS, 1000));
        assert!(table.rows.iter().map(Vec::len).sum::<usize>() <= MAX_COLUMNS * MAX_COLUMNS);
    }
}
