//! The writer with an editor like rustyline's.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::*;
use crate::app::output::printer::{Memory, Printer};
use crate::testing::{DEADLINE, in_time};

/// An editor like rustyline's: it holds one text, and printing another one blocks.
struct Editor(SyncSender<String>);

impl ExternalPrinter for Editor {
    fn print(&mut self, text: String) -> rustyline::Result<()> {
        self.0.send(text).map_err(|_| std::io::Error::other("the editor is gone").into())
    }
}

fn printer_with_editor() -> (Printer, Memory, Receiver<String>) {
    let (printer, out) = Printer::at_terminal();
    let (texts, shown) = sync_channel(1);
    printer.attach_editor(Editor(texts));
    (printer, out, shown)
}

#[test]
fn a_terminal_without_utf8_gets_ascii() {
    let ascii = Theme { color: false, unicode: false };
    assert_eq!(fit("─ é 🚀".into(), ascii), "\\u2500 \\u00e9 \\ud83d\\ude80");
}

#[tokio::test]
async fn what_is_printed_stands_above_what_is_drawn() {
    let (printer, out, _shown) = printer_with_editor();
    printer.draw(vec!["a".into(), "b".into()]);
    printer.result("text\n");
    printer.draw(vec!["c".into()]);
    printer.leave_drawing();
    printer.result("more\n");
    in_time(printer.flush()).await;
    let up = "\u{1b}[2A\r\u{1b}[J";
    assert_eq!(out.text(), format!("a\nb\n{up}text\na\nb\n{up}c\nmore\n"));
}

/// Terminals fold what is on them when their window gets narrower.
#[test]
fn a_drawing_takes_more_rows_where_the_terminal_has_got_narrower() {
    let drawing = format!("\u{1b}[1m{}\u{1b}[0m\n\n{}\nc\n", "a".repeat(80), "█".repeat(81));
    for (columns, expected) in [(None, 4), (Some(0), 4), (Some(100), 4), (Some(80), 5), (Some(40), 7)] {
        assert_eq!(rows(&drawing, columns), expected, "{columns:?}");
    }
    assert_eq!(rows("", Some(80)), 0);
}

#[tokio::test]
async fn text_goes_through_the_editor_while_it_reads() {
    let (printer, out, shown) = printer_with_editor();
    printer.result("before\n");
    printer.editing();
    printer.result("while\n");
    assert_eq!(
        (shown.recv_timeout(DEADLINE).unwrap().as_str(), shown.recv_timeout(DEADLINE).unwrap().as_str()),
        ("while\n", NO_EFFECT)
    );
    in_time(printer.flush()).await;
    assert!(printer.edited());
    printer.result("after\n");
    in_time(printer.flush()).await;
    assert_eq!(out.text(), "before\nafter\n");
}

#[tokio::test]
async fn what_the_editor_holds_when_it_stops_reading_is_not_lost_and_stays_in_order() {
    let (printer, out, shown) = printer_with_editor();
    printer.editing();
    printer.result("1\n");
    assert_eq!(shown.recv_timeout(DEADLINE).unwrap(), "1\n");
    in_time(printer.flush()).await;
    // The editor reads no more: this one gets stuck.
    printer.result("2\n");
    printer.result("3\n");
    assert!(!printer.edited());
    printer.result("4\n");
    drop(shown);
    in_time(printer.flush()).await;
    assert_eq!(out.text(), "2\n3\n4\n");
}

#[tokio::test]
async fn an_editor_that_gives_back_late_does_not_speak_for_the_next_one() {
    let (printer, _, shown) = printer_with_editor();
    printer.editing();
    printer.result("0\n");
    assert_eq!(
        (shown.recv_timeout(DEADLINE).unwrap().as_str(), shown.recv_timeout(DEADLINE).unwrap().as_str()),
        ("0\n", NO_EFFECT)
    );
    in_time(printer.flush()).await;
    printer.result("1\n");
    // It reads no more, and holds the text.
    assert!(!printer.edited());
    let (texts, next) = sync_channel(1);
    printer.attach_editor(Editor(texts));
    printer.editing();
    drop(shown);
    let next = || next.recv_timeout(DEADLINE).unwrap();
    assert_eq!((next().as_str(), next().as_str()), ("1\n", NO_EFFECT));
    printer.result("2\n");
    assert_eq!((next().as_str(), next().as_str()), ("2\n", NO_EFFECT));
}

#[test]
fn texts_that_come_faster_than_the_editor_shows_them_are_joined() {
    let (printer, _, shown) = printer_with_editor();
    printer.editing();
    for number in 0..200 {
        printer.result(format!("{number}\n"));
    }
    let mut all = String::new();
    while all.lines().count() < 200 {
        let text = shown.recv_timeout(DEADLINE).unwrap();
        all.push_str(text.strip_prefix(NO_EFFECT).unwrap_or(&text));
    }
    assert!(all.lines().map(|line| line.parse::<usize>().unwrap()).eq(0..200), "{all}");
}
