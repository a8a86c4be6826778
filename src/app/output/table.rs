//! Lists as tables, at most as wide as the terminal.

mod columns;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::app::output::escape;
use crate::app::output::json_text::Layout;
use crate::app::output::style::Style;
use crate::app::output::times;

use columns::{Column, fit, line, rank, total};

pub(crate) use columns::cut;

/// More columns than the service's answers ever have. Members without a column are left out, so that a table
/// cannot be much larger than the answer.
const MAX_COLUMNS: usize = 32;

/// AWS lists at most this many executions of a thing in progress, and as many queued.
const MOST_PENDING: usize = 10;

/// A list of this many entries gets a summary.
const LONG: usize = 4;

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// Whether the service may have more than these.
    is_cut: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    text: String,
    /// Epoch milliseconds, where the text spells a time.
    time: Option<i64>,
}

impl Table {
    /// The lists of an answer as one table; `None` if it holds no list.
    ///
    /// Made for the answers of ListJobs, ListJobExecutionsForJob, ListJobExecutionsForThing and
    /// GetPendingJobExecutions; in the last, an execution's status is the list that it is in.
    #[must_use]
    pub(crate) fn of_answer(body: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(body).ok()?;
        let mut table = Self { heading: Vec::new(), rows: Vec::new(), is_cut: false };
        let mut found = false;
        for (name, list) in body.as_object()? {
            let Value::Array(list) = list else { continue };
            found = true;
            let status = match name.as_str() {
                "inProgressJobs" => Some("IN_PROGRESS"),
                "queuedJobs" => Some("QUEUED"),
                _ => None,
            };
            table.is_cut |= status.is_some() && list.len() >= MOST_PENDING;
            for entry in list {
                table.push(entry, status);
            }
        }
        found.then_some(table)
    }

    /// The table as text, at most `width` columns wide.
    ///
    /// If it would be wider, its times become relative; then columns are left out, first those with the same
    /// value in all rows, then the least useful; then the rest is cut, the widest column first.
    #[must_use]
    pub(crate) fn render(&self, width: Option<usize>, layout: Layout) -> String {
        if self.rows.is_empty() {
            return "none\n".to_owned();
        }
        let width = width.unwrap_or(usize::MAX);
        let mut columns = self.columns(Layout { now: None, ..layout });
        if total(&columns) > width {
            columns = self.columns(layout);
        }
        fit(&mut columns, width);
        let heading = line(&columns, layout.theme, |column| column.name);
        let mut out = layout.theme.paint(Style::Strong, &heading) + "\n";
        for row in 0..self.rows.len() {
            out.push_str(&line(&columns, layout.theme, |column| &column.cells[row]));
            out.push('\n');
        }
        out
    }

    /// How many rows there are, and with which statuses; `None` for a short table.
    #[must_use]
    pub(crate) fn summary(&self) -> Option<String> {
        if self.rows.len() < LONG {
            return None;
        }
        let column = self.heading.iter().position(|heading| heading == "status");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for status in self.rows.iter().filter_map(|row| row.get(column?)) {
            *counts.entry(&status.text).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let colon = if counts.is_empty() { "" } else { ": " };
        let rows = self.rows.len();
        let rows = if self.is_cut { format!("the first {rows}") } else { format!("{rows} in all") };
        Some(format!("{rows}{colon}{}", counts.join(", ")))
    }

    fn push(&mut self, entry: &Value, status: Option<&str>) {
        let mut row = Vec::new();
        if let Some(status) = status {
            self.set(&mut row, "status", Cell::text(status));
        }
        self.fill(entry, &mut row);
        self.rows.push(row);
    }

    fn fill(&mut self, entry: &Value, row: &mut Vec<Cell>) {
        // A list of bare names, which are those of things.
        if let Value::String(name) = entry {
            return self.set(row, "thing", Cell::text(name));
        }
        for (name, value) in entry.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                // The id is in the ARN.
                (_, Value::Null) | ("jobArn" | "jobTemplateArn" | "groupArn", _) => {}
                ("jobExecutionSummary", summary) => self.fill(summary, row),
                ("thingName", Value::String(thing)) => self.set(row, "thing", Cell::text(thing)),
                ("thingArn", Value::String(arn)) => {
                    let thing = arn.rsplit('/').next().unwrap_or(arn);
                    self.set(row, "thing", Cell::text(thing));
                }
                (name, Value::Number(number)) if name.ends_with("At") => {
                    self.set(row, name, Cell::time(&number.to_string()));
                }
                (name, Value::String(text)) => self.set(row, name, Cell::text(text)),
                (name, other) => self.set(row, name, Cell::text(&other.to_string())),
            }
        }
    }

    fn set(&mut self, row: &mut Vec<Cell>, name: &str, cell: Cell) {
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
            row.resize(column + 1, Cell::default());
        }
        row[column] = cell;
    }

    /// All columns in their order, each as wide as its longest cell.
    fn columns(&self, layout: Layout) -> Vec<Column<'_>> {
        let mut order: Vec<usize> = (0..self.heading.len()).collect();
        order.sort_by_key(|&column| rank(&self.heading[column]));
        order.into_iter().map(|column| self.column(column, layout)).collect()
    }

    fn column(&self, column: usize, layout: Layout) -> Column<'_> {
        let name = &self.heading[column];
        let empty = const { &Cell { text: String::new(), time: None } };
        let rows = || self.rows.iter().map(|row| row.get(column).unwrap_or(empty));
        let cells: Vec<_> = rows().map(|cell| cell.spell(layout)).collect();
        let widest = cells.iter().map(|cell| cell.width()).max();
        let is_uniform = rows().all(|cell| cell.time.is_none() && Some(cell) == rows().next());
        Column { name, width: name.width().max(widest.unwrap_or(0)), cells, is_uniform }
    }
}

impl Cell {
    fn text(text: &str) -> Self {
        Self { text: escape::line(text).into_owned(), time: None }
    }

    fn time(number: &str) -> Self {
        let time = times::millis(number);
        match time.and_then(|time| times::rfc3339(times::whole_second(time))) {
            Some(text) => Self { text, time },
            None => Self::text(number),
        }
    }

    fn spell(&self, layout: Layout) -> Cow<'_, str> {
        match self.time.zip(layout.now) {
            Some((time, now)) => times::distance(time, now).into(),
            // Escaped here, so that the escapes count for the width.
            None if !layout.theme.unicode => escape::ascii(&self.text).into(),
            None => self.text.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::output::style::Theme;

    const UNICODE: Layout = Layout { theme: Theme { color: false, unicode: true }, now: None };

    fn render(body: &str, width: usize) -> String {
        Table::of_answer(body).unwrap().render(Some(width), UNICODE)
    }

    /// As at a terminal, two minutes after the first of [`PENDING`] was touched.
    fn at_terminal(body: &str, width: usize) -> String {
        let layout = Layout { now: Some(1_748_981_861_000), ..UNICODE };
        Table::of_answer(body).unwrap().render(Some(width), layout)
    }

    const PENDING: &str = r#"{"clientToken":"t","timestamp":1,
        "inProgressJobs":[{"jobId":"Job1","queuedAt":1748981622,"lastUpdatedAt":1748981741,"startedAt":1748981741,"executionNumber":1,"versionNumber":2}],
        "queuedJobs":[{"jobId":"Job2","queuedAt":1748981704,"lastUpdatedAt":1748981704,"executionNumber":1,"versionNumber":1}]}"#;

    #[test]
    fn lists_become_one_aligned_table() {
        let all = "status       jobId  lastUpdatedAt         startedAt             queuedAt              executionNumber  versionNumber\n\
                   IN_PROGRESS  Job1   2025-06-03T20:15:41Z  2025-06-03T20:15:41Z  2025-06-03T20:13:42Z  1                2\n\
                   QUEUED       Job2   2025-06-03T20:15:04Z                        2025-06-03T20:15:04Z  1                1\n";
        assert_eq!(render(PENDING, 200), all);
        assert_eq!(at_terminal(PENDING, 200), all);
        assert_eq!(Table::of_answer(PENDING).unwrap().render(None, UNICODE), all);
        assert_eq!(render(r#"{"jobs":[]}"#, 80), "none\n");
        assert_eq!(Table::of_answer(r#"{"job":{}}"#), None);
    }

    #[test]
    fn summaries_are_unfolded_and_arns_shortened() {
        assert_eq!(render(r#"{"things":["Pump","Fan"]}"#, 80), "thing\nPump\nFan\n");
        let things = r#"{"things":[{"thingName":"T","thingArn":"arn:aws:iot:r:1:thing/T","version":1}]}"#;
        assert_eq!(render(things, 80), "thing  version\nT      1\n");
        let body = r#"{"executionSummaries":[{"thingArn":"arn:aws:iot:r:1:thing/T","jobExecutionSummary":{"status":"QUEUED","queuedAt":0.5}}],"nextToken":null}"#;
        assert_eq!(render(body, 80), "status  thing  queuedAt\nQUEUED  T      1970-01-01T00:00:00Z\n");
    }

    #[test]
    fn a_long_list_has_a_summary() {
        let list = |count| {
            let job = |n| {
                format!(r#"{{"jobId":"J{n}","status":"{}"}}"#, if n < 2 { "COMPLETED" } else { "CANCELED" })
            };
            let jobs: Vec<String> = (0..count).map(job).collect();
            Table::of_answer(&format!(r#"{{"jobs":[{}]}}"#, jobs.join(","))).unwrap().summary()
        };
        assert_eq!(list(5).unwrap(), "5 in all: 3 CANCELED, 2 COMPLETED");
        assert_eq!(list(2), None);
        let pending = |count| {
            let jobs: Vec<String> = (0..count).map(|n| format!(r#"{{"jobId":"J{n}"}}"#)).collect();
            let body = format!(r#"{{"inProgressJobs":[{{"jobId":"P"}}],"queuedJobs":[{}]}}"#, jobs.join(","));
            Table::of_answer(&body).unwrap().summary().unwrap()
        };
        assert_eq!(pending(9), "10 in all: 1 IN_PROGRESS, 9 QUEUED");
        assert_eq!(
            pending(10),
            "the first 11: 1 IN_PROGRESS, 10 QUEUED",
            "AWS lists no more than ten of each"
        );
    }

    #[test]
    fn in_a_narrower_terminal_times_are_relative_and_then_the_least_useful_columns_go() {
        assert_eq!(
            at_terminal(PENDING, 100),
            "status       jobId  lastUpdatedAt  startedAt  queuedAt   executionNumber  versionNumber\n\
             IN_PROGRESS  Job1   2 min ago      2 min ago  3 min ago  1                2\n\
             QUEUED       Job2   2 min ago                 2 min ago  1                1\n"
        );
        // All are the first execution of their job.
        assert_eq!(
            at_terminal(PENDING, 80).lines().next().unwrap(),
            "status       jobId  lastUpdatedAt  startedAt  queuedAt   versionNumber"
        );
        assert_eq!(
            at_terminal(PENDING, 60).lines().next().unwrap().split_whitespace().next_back(),
            Some("queuedAt")
        );
        assert_eq!(
            at_terminal(PENDING, 40),
            "status       jobId  lastUpdatedAt\nIN_PROGRESS  Job1   2 min ago\nQUEUED       Job2   2 min ago\n"
        );
    }

    #[test]
    fn columns_that_are_the_same_in_all_rows_go_first() {
        let job = |id: &str, more: &str| {
            format!(
                r#"{{"jobId":"{id}","targetSelection":"SNAPSHOT","status":"COMPLETED","createdAt":1748981622,"lastUpdatedAt":1748981623{more},"isConcurrent":false}}"#
            )
        };
        let jobs = |first: &str, second: &str| format!(r#"{{"jobs":[{first},{second}]}}"#);
        let (open, done) = (job("A", ""), job("B", r#","completedAt":1748981623"#));
        let heading = |body: &str, width| at_terminal(body, width).lines().next().unwrap().to_owned();
        for body in [jobs(&open, &done), jobs(&done, &open)] {
            assert!(
                heading(&body, 200)
                    .starts_with("status     jobId  lastUpdatedAt         completedAt           createdAt  ")
            );
            assert_eq!(heading(&body, 60), "status     jobId  lastUpdatedAt  completedAt  createdAt");
        }
        let long = "x".repeat(64);
        let body = jobs(&job(&long, ""), &job("B", ""));
        assert_eq!(at_terminal(&body, 80).lines().nth(1).unwrap(), format!("COMPLETED  {long}"));
        let cut = format!("COMPLETED  {}…", "x".repeat(28));
        assert_eq!(at_terminal(&body, 40).lines().nth(1).unwrap(), cut);
    }

    #[test]
    fn no_table_is_wider_than_its_terminal() {
        let many = r#"{"jobs":[{"a":"aaaaaaaaaaaaaaa","b":"世界世界世界","c":1,"thingArn":"x/yyyyyyyyyyyyyyyyyyyy","status":"QUEUED","jobId":"jjjjjjjjjjjjjjj"}]}"#;
        for body in [PENDING, many] {
            for unicode in [true, false] {
                let layout = Layout { theme: Theme { color: false, unicode }, now: Some(0) };
                for width in 7..130 {
                    let table = Table::of_answer(body).unwrap().render(Some(width), layout);
                    assert!(table.lines().all(|line| line.width() <= width), "{width}: {table}");
                    assert!(unicode || table.is_ascii(), "{table}");
                }
            }
        }
    }

    #[test]
    fn wide_characters_take_two_columns_and_controls_none() {
        let body = r#"{"jobs":[{"a":"世界","\u001b[2J\n":"\u001b[2J"},{"a":"x","\u001b[2J\n":"y"}]}"#;
        assert_eq!(render(body, 80), "a     \\u{1b}[2J\\n\n世界  \\u{1b}[2J\nx     y\n");
    }

    #[test]
    fn an_answer_of_a_thousand_members_makes_no_thousand_columns() {
        let jobs: Vec<String> = (0..1000).map(|n| format!(r#"{{"k{n}":1}}"#)).collect();
        let table = Table::of_answer(&format!(r#"{{"jobs":[{}]}}"#, jobs.join(","))).unwrap();
        assert_eq!((table.heading.len(), table.rows.len()), (MAX_COLUMNS, 1000));
        assert!(table.rows.iter().map(Vec::len).sum::<usize>() <= MAX_COLUMNS * MAX_COLUMNS);
    }
}
