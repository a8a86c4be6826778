//! The minutes of a rollout as a table, at most a screenful.

use super::ending::clock;
use crate::service::rehearsal::{Minute, Rehearsal};

/// How many rows a screen has room for, with a heading and what follows.
const MOST_ROWS: usize = 20;

/// Minutes a row; of a rollout that takes longer, a row is some days.
const STEPS: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, DAY];

/// In minutes.
const DAY: u64 = 24 * 60;

/// A bar that is shorter says nothing.
const LEAST_BAR: usize = 8;

/// What a bar is made of, in its order, and where there is only ASCII.
const CELLS: [(char, char, &str); 4] = [
    ('█', '#', "succeeded"),
    ('▒', '-', "queued or in progress"),
    ('×', 'x', "ended otherwise"),
    ('·', '.', "not reached"),
];

/// A column of numbers under two lines of heading.
struct Column {
    heading: [&'static str; 2],
    value: fn(&Minute) -> u64,
    /// It is left out where nothing but zeros would stand in it.
    may_be_left_out: bool,
}

const COLUMNS: [Column; 8] = [
    column(["rolled", "out"], |row| row.rolled_out, false),
    column(["most a", "minute"], |row| row.rolled_out_within, false),
    column(["in", "progress"], |row| row.in_progress, false),
    column(["", "succeeded"], |row| row.succeeded, false),
    column(["", "failed"], |row| row.failed, true),
    column(["", "rejected"], |row| row.rejected, true),
    column(["timed", "out"], |row| row.timed_out, true),
    column(["", "canceled"], |row| row.canceled, true),
];

const fn column(heading: [&'static str; 2], value: fn(&Minute) -> u64, may_be_left_out: bool) -> Column {
    Column { heading, value, may_be_left_out }
}

/// The table, with a bar for the whole fleet where the width leaves room for it.
pub(super) fn render(rehearsal: &Rehearsal, width: usize, unicode: bool) -> String {
    let shown = CELLS.map(|(cell, ascii, _)| if unicode { cell } else { ascii });
    let rows = rows(&rehearsal.minutes);
    let is_shown =
        |column: &&Column| !column.may_be_left_out || rows.iter().any(|row| (column.value)(row) > 0);
    let columns: Vec<Vec<String>> =
        COLUMNS.iter().filter(is_shown).map(|column| cells(column, &rows)).collect();
    let times = rows.iter().map(|row| clock(row.minute));
    let times: Vec<String> = ["", "time"].map(str::to_owned).into_iter().chain(times).collect();
    let columns: Vec<Vec<String>> = std::iter::once(times).chain(columns).collect();
    let widths: Vec<usize> =
        columns.iter().map(|cells| cells.iter().map(String::len).max().unwrap_or_default()).collect();
    let taken = widths.iter().map(|width| width + 1).sum::<usize>() + 1;
    let room = width.saturating_sub(taken);
    let bar = (room >= LEAST_BAR).then_some(room);

    let mut out = String::new();
    for line in 0..rows.len() + 2 {
        let cells = columns.iter().zip(&widths).map(|(cells, width)| format!("{:>width$}", cells[line]));
        let mut text = cells.collect::<Vec<_>>().join(" ");
        if let (Some(length), Some(row)) = (bar, line.checked_sub(2).map(|row| &rows[row])) {
            text.push_str("  ");
            text.push_str(&drawn(row, rehearsal.things, length, shown));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    if bar.is_some() {
        let legend = CELLS.iter().zip(shown).map(|((.., what), cell)| format!("{cell} {what}"));
        out.push_str(&(legend.collect::<Vec<_>>().join("  ") + "\n"));
    }
    out
}

/// The minutes of a rollout, so many to a row that there are few rows.
fn rows(minutes: &[Minute]) -> Vec<Minute> {
    let rows = |step: u64| {
        minutes.chunk_by(move |a, b| (a.minute - 1) / step == (b.minute - 1) / step).map(move |minutes| {
            let last = minutes.last().copied().unwrap_or_default();
            let most = minutes.iter().map(|minute| minute.rolled_out_within).max();
            Minute {
                minute: last.minute.div_ceil(step) * step,
                rolled_out_within: most.unwrap_or_default(),
                ..last
            }
        })
    };
    let fits = |step: &u64| rows(*step).count() <= MOST_ROWS;
    let last = minutes.last().map_or(0, |minute| minute.minute);
    let days = || last.div_ceil(MOST_ROWS as u64).next_multiple_of(DAY);
    rows(STEPS.into_iter().find(fits).unwrap_or_else(days)).collect()
}

fn cells(column: &Column, rows: &[Minute]) -> Vec<String> {
    let heading = column.heading.map(str::to_owned);
    heading.into_iter().chain(rows.iter().map(|row| (column.value)(row).to_string())).collect()
}

/// The whole fleet as a bar, each thing by what its last job execution has come to.
fn drawn(row: &Minute, things: u64, length: usize, cells: [char; 4]) -> String {
    let length = length as u64;
    let pending = row.queued + row.in_progress;
    let ends = [row.succeeded, row.succeeded + pending, row.rolled_out, things];
    let cell = |at: u64| {
        let end = ends.iter().position(|end| (at * 2 + 1) * things < end * length * 2);
        cells[end.unwrap_or(cells.len() - 1)]
    };
    (0..length).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::state::job_status::JobStatus;

    fn rehearsal(minutes: impl IntoIterator<Item = u64>) -> Rehearsal {
        let minute = |minute| Minute {
            minute,
            rolled_out: minute.min(60),
            rolled_out_within: u64::from(minute <= 60),
            succeeded: minute.min(60) / 2,
            failed: minute.min(60) / 4,
            ..Minute::default()
        };
        Rehearsal {
            things: 120,
            reached: 60,
            answered: 60,
            status: JobStatus::InProgress,
            ended: None,
            comment: None,
            minutes: minutes.into_iter().map(minute).collect(),
        }
    }

    #[test]
    fn many_minutes_are_few_rows() {
        for (last, step) in [(1, 1), (20, 1), (21, 1), (500, 1), (10_080, 1), (1_000_000, 100)] {
            let table = render(&rehearsal((1..=last).step_by(step)), 80, true);
            let rows = table.lines().count() - 3;
            assert!((1..=MOST_ROWS).contains(&rows), "{last}: {rows}");
        }
    }

    #[test]
    fn a_bar_shows_the_whole_fleet_where_there_is_room() {
        let row = |width, unicode| {
            let table = render(&rehearsal([60]), width, unicode);
            table.lines().nth(2).unwrap().to_owned()
        };
        let numbers = "1:00     60      1        0        30     15";
        assert_eq!(row(62, true), format!("{numbers}  ████××××········"));
        assert_eq!(row(62, false), format!("{numbers}  ####xxxx........"));
        assert_eq!(row(53, true), numbers, "seven are too few");
    }
}
