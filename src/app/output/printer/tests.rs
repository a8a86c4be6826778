use super::*;
use crate::testing::in_time;

#[tokio::test]
async fn results_and_diagnostics_go_their_own_ways() {
    let (printer, out, err) = Printer::to_memory(false);
    printer.message(&Message::new(MessageKind::Response, "DeleteJobResponse", None));
    printer.message(&Message::with_text(MessageKind::Error, "TimedOut", None, "no"));
    printer.diagnostic("no\u{1b}[2J");
    in_time(printer.flush()).await;
    assert_eq!(out.text(), "─── DeleteJobResponse ───\n\n");
    assert_eq!(err.text(), "no\\u{1b}[2J\n");
}

#[tokio::test]
async fn what_is_of_another_thing_says_so() {
    for is_json in [false, true] {
        let (printer, out, _) = Printer::to_memory(is_json);
        let [first, other] = ["First", "Other"].map(|name| name.parse().unwrap());
        let event = |thing: &ThingName| {
            let message = Message::new(MessageKind::Event, "E", None);
            Message { thing: Some(thing.clone()), ..message }
        };
        printer.played().play(&first);
        printer.message(&event(&other));
        printer.played().play(&other);
        printer.message(&event(&first));
        printer.message(&Message::new(MessageKind::Response, "R", None));
        printer.message(&Message::new(MessageKind::Message, "M", None));
        in_time(printer.flush()).await;
        let lines = out.text();
        let lines: Vec<_> = lines.lines().filter(|line| !line.is_empty()).collect();
        if is_json {
            let things = lines.iter().map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["thing"].as_str().map(str::to_owned)
            });
            let [other, first] = ["Other", "First"].map(|name| Some(name.to_owned()));
            assert_eq!(things.collect::<Vec<_>>(), [other.clone(), first, other, None]);
        } else {
            assert_eq!(lines, ["─── E (Other) ───", "─── E ───", "─── R (Other) ───", "─── M ───"]);
        }
    }
}

#[tokio::test]
async fn json_is_one_object_a_line() {
    let (printer, out, _) = Printer::to_memory(true);
    printer.message(&Message::new(MessageKind::Response, "DeleteJobResponse", None));
    printer.message(&Message::with_text(MessageKind::Error, "TimedOut", Some(2), "no"));
    in_time(printer.flush()).await;
    let lines: Vec<serde_json::Value> =
        out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["body"]["message"], "no");
}

#[test]
fn what_was_printed_before_the_prompt_stands_above_it() {
    let (printer, out) = Printer::at_terminal();
    for number in 1..=100 {
        printer.result("event\n");
        printer.editing();
        assert_eq!(out.text().lines().count(), number);
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_can_be_abandoned() {
    let (printer, _reads) = Printer::to_idle_reader();
    printer.result("x");
    let flush = printer.flush();
    tokio::pin!(flush);
    assert!(tokio::time::timeout(Duration::from_millis(5), flush.as_mut()).await.is_err());
    printer.abandon();
    in_time(flush).await;
    in_time(printer.flush()).await;
}

#[tokio::test]
async fn a_trace_that_nobody_reads_is_bounded_and_what_is_left_out_is_counted() {
    struct Late(mpsc::Receiver<()>, Memory);
    impl Write for Late {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (reads, idle) = mpsc::channel();
    let err = Memory::default();
    let printer =
        Printer::start(PrinterState::plain(false, false), io::sink(), Late(idle, err.clone()), false);
    let line = "x".repeat(10_000);
    for _ in 0..1000 {
        printer.notice(&line);
    }
    printer.diagnostic("an error is never left out");
    drop(reads);
    in_time(printer.flush()).await;
    printer.notice("later");
    in_time(printer.flush()).await;
    let text = err.text();
    let shown = text.lines().filter(|shown| **shown == line).count();
    assert!((300..500).contains(&shown), "{shown}");
    let notice = format!("… {} lines were left out here: they came faster than they were read", 1000 - shown);
    let others: Vec<_> = text.lines().filter(|shown| **shown != line).collect();
    assert_eq!(others, [&notice, "an error is never left out", "later"]);
}

#[tokio::test]
async fn a_reader_that_went_away_is_noticed() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let state = PrinterState::plain(false, false);
    let printer = Printer::start(state, Closed, io::sink(), false);
    assert!(!printer.is_closed());
    printer.result("x");
    in_time(printer.flush()).await;
    assert!(printer.is_closed());
}
