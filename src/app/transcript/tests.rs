mod expect;

use super::memory::{MAX_MEMORY, MAX_PAST};
use super::*;
use crate::app::command::{Command, Line, parse};
use crate::app::output::message::Delivery;
use crate::app::output::printer::Memory;
use crate::client::connection::Qos;
use crate::testing::{DEADLINE, in_time};
use crate::wire::model::ThingName;

fn transcript() -> (Transcript, Memory) {
    let (printer, out, _) = Printer::to_memory(true);
    let transcript = Transcript::new(printer, KnownNames::default());
    transcript.add_source();
    (transcript, out)
}

/// The first source of any transcript.
fn source() -> Source {
    Order::default().add_source()
}

fn at(number: u64) -> Arrival {
    Arrival { source: source(), number, sequence: None, is_behind: false }
}

fn passed(number: u64) -> [Passed; 1] {
    [Passed { source: source(), before: number, after: number }]
}

fn event(n: u64) -> Message {
    Message::new(MessageKind::Event, "JobExecutionsChangedEvent", Some(format!("{{\"n\":{n}}}")))
}

/// A message on a topic.
fn message(n: u64) -> Message {
    let delivery = Some(Delivery { qos: Qos::AtLeastOnce, retain: false });
    let body = Some(format!("{{\"n\":{n}}}"));
    Message { delivery, ..Message::new(MessageKind::Message, "Message", body) }
}

fn response() -> Message {
    Message::new(MessageKind::Response, "CreateJobResponse", None)
}

async fn printed(transcript: &Transcript, out: &Memory) -> Vec<String> {
    in_time(transcript.printer().flush()).await;
    let shown = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["body"]["n"]
            .as_u64()
            .map_or_else(|| line["title"].as_str().unwrap().to_owned(), |n| n.to_string())
    };
    out.text().lines().map(shown).collect()
}

fn expectation(text: &str) -> Expectation {
    match parse(text) {
        Ok(Some(Line { command: Command::Expect(expectation), .. })) => expectation,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_thing_has_messages_of_its_own() {
    let (transcript, _) = transcript();
    let [a, b] = ["A", "B"].map(|name| name.parse().unwrap());
    let played = transcript.printer().played();
    let of = |thing: &ThingName, n| Message { thing: Some(thing.clone()), ..event(n) };
    let found = async |text: &str| {
        let outcome = in_time(transcript.expect(&expectation(text), Duration::ZERO)).await;
        matches!(outcome, ExpectOutcome::Found(_))
    };
    played.play(&a);
    in_time(transcript.deliver(at(1), of(&a, 1))).await;
    played.play(&b);
    in_time(transcript.deliver(at(2), of(&b, 2))).await;
    assert!(!found("expect JobExecutionsChangedEvent n=1").await);
    assert!(!transcript.has("CreateJobResponse"));
    // What another thing has got counts on, whatever is changed while this one is played.
    transcript.begin(Some(1), Beginning::Change);
    assert!(!found("expect JobExecutionsChangedEvent n=2").await);
    transcript.answer(response());
    played.play(&a);
    assert!(transcript.too_early(&expectation("expect JobExecutionsChangedEvent n=2")).is_none());
    assert!(!found("expect CreateJobResponse").await);
    assert!(found("expect JobExecutionsChangedEvent n=1").await);
    in_time(transcript.deliver(at(3), of(&b, 3))).await;
    transcript.begin(Some(2), Beginning::Test);
    played.play(&b);
    assert!(!found("expect JobExecutionsChangedEvent n=3").await);
}

#[tokio::test]
async fn events_are_printed_by_number() {
    let (transcript, out) = transcript();
    in_time(transcript.deliver(at(2), event(2))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    in_time(transcript.deliver(at(1), event(1))).await;
    in_time(transcript.deliver(at(3), event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn an_answer_comes_before_the_events_that_are_held() {
    let (transcript, out) = transcript();
    let hold = transcript.hold(None);
    in_time(transcript.deliver(at(1), event(1))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    transcript.answer(response());
    let releasing = tokio::spawn(async move { hold.release(&passed(2), None).await });
    in_time(transcript.deliver(at(2), event(2))).await;
    in_time(releasing).await.unwrap();
    assert_eq!(printed(&transcript, &out).await, ["CreateJobResponse", "1", "2"]);
}

#[tokio::test]
async fn a_hold_that_is_dropped_holds_no_longer() {
    let (transcript, out) = transcript();
    let hold = transcript.hold(None);
    in_time(transcript.deliver(at(1), event(1))).await;
    drop(hold);
    assert_eq!(printed(&transcript, &out).await, ["1"]);
}

#[tokio::test]
async fn at_a_terminal_a_hold_ends_by_itself() {
    let (transcript, out) = transcript();
    let _hold = transcript.hold(Some(Duration::from_millis(20)));
    in_time(transcript.deliver(at(1), event(1))).await;
    // The timer shares our thread, so that it cannot have come in between.
    assert!(!transcript.state().order.is_empty());
    let first = expectation("expect JobExecutionsChangedEvent n=1");
    assert!(matches!(transcript.expect(&first, DEADLINE).await, ExpectOutcome::Found(_)));
    assert_eq!(printed(&transcript, &out).await, ["1"]);
}

#[tokio::test]
async fn what_a_hold_holds_back_is_bounded() {
    let (transcript, _) = transcript();
    let hold = transcript.hold(None);
    let big = |n| Message { body: Some(" ".repeat(MAX_WAITING)), ..event(n) };
    let deliver = transcript.deliver(at(1), big(1));
    tokio::pin!(deliver);
    assert!(tokio::time::timeout(Duration::from_millis(5), deliver.as_mut()).await.is_err());
    drop(hold);
    in_time(deliver).await;
}

#[tokio::test]
async fn an_event_that_never_comes_is_an_incident_and_stops_nothing() {
    let (printer, out, _) = Printer::to_memory(true);
    let transcript =
        Transcript::with_delivery_timeout(printer, KnownNames::default(), Duration::from_millis(5));
    transcript.add_source();
    let hold = transcript.hold(None);
    in_time(transcript.deliver(at(2), event(2))).await;
    in_time(hold.release(&passed(2), None)).await;
    assert_eq!(printed(&transcript, &out).await, ["2"]);
    let text = "1 events were announced and did not come".to_owned();
    assert_eq!(transcript.take_incidents(), [Incident::new("EventsLost", text)]);
    in_time(transcript.deliver(at(3), event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["2", "3"]);
}

#[tokio::test]
async fn an_event_that_comes_after_it_was_given_up_is_shown_all_the_same() {
    let (printer, out, _) = Printer::to_memory(true);
    let transcript =
        Transcript::with_delivery_timeout(printer, KnownNames::default(), Duration::from_millis(5));
    transcript.add_source();
    in_time(transcript.settle(&passed(2), None)).await;
    let hold = transcript.hold(None);
    in_time(transcript.deliver(at(2), event(2))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    in_time(hold.release(&passed(2), None)).await;
    in_time(transcript.deliver(at(1), event(1))).await;
    in_time(transcript.deliver(at(3), event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["2", "1", "3"]);
    assert_eq!(transcript.state().order.bytes(), 0);
}

#[tokio::test]
async fn events_that_wait_for_a_slow_reader_are_not_missing() {
    let delivery_timeout = Duration::from_millis(200);
    let (printer, reads) = Printer::to_idle_reader();
    let transcript = Transcript::with_delivery_timeout(printer, KnownNames::default(), delivery_timeout);
    transcript.add_source();
    let hold = transcript.hold(None);
    transcript.answer(response());
    let delivering = tokio::spawn({
        let transcript = transcript.clone();
        async move {
            in_time(transcript.printer().flush()).await;
            in_time(transcript.deliver(at(1), event(1))).await;
        }
    });
    let (passed, sequence) = (passed(1), None);
    let releasing = hold.release(&passed, sequence);
    tokio::pin!(releasing);
    assert!(timeout(delivery_timeout * 2, releasing.as_mut()).await.is_err());
    drop(reads);
    in_time(releasing).await;
    in_time(delivering).await.unwrap();
    assert!(transcript.take_incidents().is_empty());
}

#[tokio::test]
async fn over_several_connections_events_are_printed_as_the_service_numbered_them() {
    let (transcript, out) = transcript();
    let second = transcript.add_source();
    let arrival =
        |source, number, sequence| Arrival { source, number, sequence: Some(sequence), is_behind: false };
    in_time(transcript.deliver(arrival(source(), 1, 2), event(2))).await;
    in_time(transcript.deliver(arrival(second, 2, 4), message(4))).await;
    in_time(transcript.deliver(arrival(source(), 2, 5), event(5))).await;
    in_time(transcript.until_unsettled()).await;
    assert!(printed(&transcript, &out).await.is_empty(), "an earlier one may be on its way");
    in_time(transcript.deliver(arrival(second, 1, 1), message(1))).await;
    let passed = |source, before, after| Passed { source, before, after };
    // What came after the round trip began, and was sent after the first answer, is not due yet.
    in_time(transcript.settle(&[passed(source(), 1, 2), passed(second, 2, 2)], Some(4))).await;
    assert_eq!(printed(&transcript, &out).await, ["1", "2", "4"]);
    in_time(transcript.settle(&[passed(source(), 2, 2), passed(second, 2, 2)], Some(5))).await;
    assert_eq!(printed(&transcript, &out).await, ["1", "2", "4", "5"]);
    // Of a service that was started anew the numbers are smaller.
    in_time(transcript.deliver(arrival(second, 3, 900), message(900))).await;
    in_time(transcript.settle(&[passed(second, 3, 3)], Some(1))).await;
    assert_eq!(printed(&transcript, &out).await.last().unwrap(), "900");
    assert_eq!(transcript.state().order.bytes(), 0);
}

#[tokio::test]
async fn what_came_behind_a_number_is_printed_there_whenever_it_is_handed_in() {
    let (transcript, out) = transcript();
    let behind = transcript.add_source();
    let arrival =
        |source, number, sequence, is_behind| Arrival { source, number, sequence: Some(sequence), is_behind };
    for (number, sequence, n) in [(1, 0, 10), (2, 1, 11), (3, 1, 12), (4, 2, 13)] {
        transcript.take(arrival(behind, number, sequence, true), Some(message(n)));
    }
    for n in [1, 2] {
        in_time(transcript.deliver(arrival(source(), n, n, false), event(n))).await;
    }
    let passed = [source(), behind].map(|source| Passed { source, before: 0, after: 4 });
    in_time(transcript.settle(&[Passed { after: 2, ..passed[0] }, passed[1]], Some(2))).await;
    assert_eq!(printed(&transcript, &out).await, ["10", "1", "11", "12", "2", "13"]);
}

#[tokio::test]
async fn without_numbers_events_are_printed_as_they_come() {
    let (transcript, out) = transcript();
    let second = transcript.add_source();
    in_time(transcript.deliver(at(1), event(1))).await;
    in_time(transcript.deliver(Arrival { source: second, ..at(1) }, message(2))).await;
    assert_eq!(printed(&transcript, &out).await, ["1", "2"]);
}

#[tokio::test]
async fn what_is_settled_waits_for_the_tasks_that_deliver_it_however_much_is_held() {
    let (transcript, out) = transcript();
    let hold = transcript.hold(None);
    let big = |n: u64| Message {
        body: Some(format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(MAX_WAITING))),
        ..event(n)
    };
    let delivering = tokio::spawn({
        let transcript = transcript.clone();
        async move {
            for n in 1..=3 {
                transcript.deliver(at(n), big(n)).await;
            }
        }
    });
    in_time(hold.release(&passed(3), None)).await;
    in_time(delivering).await.unwrap();
    assert_eq!(printed(&transcript, &out).await, ["1", "2", "3"]);
}
