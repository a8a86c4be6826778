use super::*;
use crate::app::command::{Command, Line, parse};
use crate::app::output::printer::Memory;
use crate::testing::in_time;

fn transcript() -> (Transcript, Memory) {
    let (printer, out, _) = Printer::to_memory(true);
    (Transcript::new(printer, KnownJobs::default()), out)
}

fn event(n: u64) -> Message {
    Message::new(MessageKind::Event, "JobExecutionsChangedEvent", Some(format!("{{\"n\":{n}}}")))
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
async fn events_are_printed_by_number() {
    let (transcript, out) = transcript();
    in_time(transcript.deliver(2, event(2))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    in_time(transcript.deliver(1, event(1))).await;
    in_time(transcript.deliver(3, event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn an_answer_comes_before_the_events_that_are_held() {
    let (transcript, out) = transcript();
    let hold = transcript.hold(None);
    in_time(transcript.deliver(1, event(1))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    transcript.answer(response());
    let releasing = tokio::spawn(hold.release(2));
    in_time(transcript.deliver(2, event(2))).await;
    in_time(releasing).await.unwrap();
    assert_eq!(printed(&transcript, &out).await, ["CreateJobResponse", "1", "2"]);
}

#[tokio::test]
async fn a_hold_that_is_dropped_holds_no_longer() {
    let (transcript, out) = transcript();
    let hold = transcript.hold(None);
    in_time(transcript.deliver(1, event(1))).await;
    drop(hold);
    assert_eq!(printed(&transcript, &out).await, ["1"]);
}

#[tokio::test]
async fn at_a_terminal_a_hold_ends_by_itself() {
    let (transcript, out) = transcript();
    let _hold = transcript.hold(Some(Duration::from_millis(20)));
    in_time(transcript.deliver(1, event(1))).await;
    // The timer shares our thread, so that it cannot have come in between.
    assert_eq!(transcript.state().waiting.len(), 1);
    let first = expectation("expect JobExecutionsChangedEvent n=1");
    assert!(matches!(transcript.expect(&first, Duration::from_secs(10)).await, ExpectOutcome::Found(_)));
    assert_eq!(printed(&transcript, &out).await, ["1"]);
}

#[tokio::test]
async fn what_a_hold_holds_back_is_bounded() {
    let (transcript, _) = transcript();
    let hold = transcript.hold(None);
    let big = |n| Message { body: Some(" ".repeat(MAX_WAITING)), ..event(n) };
    let deliver = transcript.deliver(1, big(1));
    tokio::pin!(deliver);
    assert!(tokio::time::timeout(Duration::from_millis(5), deliver.as_mut()).await.is_err());
    drop(hold);
    in_time(deliver).await;
}

#[tokio::test]
async fn an_event_that_never_comes_is_a_fault_and_stops_nothing() {
    let (printer, out, _) = Printer::to_memory(true);
    let transcript =
        Transcript::with_delivery_timeout(printer, KnownJobs::default(), Duration::from_millis(5));
    let hold = transcript.hold(None);
    in_time(transcript.deliver(2, event(2))).await;
    in_time(hold.release(2)).await;
    assert_eq!(printed(&transcript, &out).await, ["2"]);
    let text = "1 events were announced and did not come".to_owned();
    assert_eq!(transcript.take_faults(), [Fault::new("EventsLost", text)]);
    in_time(transcript.deliver(3, event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["2", "3"]);
}

#[tokio::test]
async fn an_event_that_comes_after_it_was_given_up_is_shown_all_the_same() {
    let (printer, out, _) = Printer::to_memory(true);
    let transcript =
        Transcript::with_delivery_timeout(printer, KnownJobs::default(), Duration::from_millis(5));
    in_time(transcript.wait_until_printed(2)).await;
    let hold = transcript.hold(None);
    in_time(transcript.deliver(2, event(2))).await;
    assert!(printed(&transcript, &out).await.is_empty());
    in_time(hold.release(2)).await;
    in_time(transcript.deliver(1, event(1))).await;
    in_time(transcript.deliver(3, event(3))).await;
    assert_eq!(printed(&transcript, &out).await, ["2", "1", "3"]);
    assert_eq!(transcript.state().waiting_bytes, 0);
}

#[tokio::test]
async fn events_that_wait_for_a_slow_reader_are_not_missing() {
    let delivery_timeout = Duration::from_millis(200);
    let (printer, reads) = Printer::to_idle_reader();
    let transcript = Transcript::with_delivery_timeout(printer, KnownJobs::default(), delivery_timeout);
    let hold = transcript.hold(None);
    transcript.answer(response());
    let delivering = tokio::spawn({
        let transcript = transcript.clone();
        async move {
            in_time(transcript.printer().flush()).await;
            in_time(transcript.deliver(1, event(1))).await;
        }
    });
    let releasing = hold.release(1);
    tokio::pin!(releasing);
    assert!(timeout(delivery_timeout * 2, releasing.as_mut()).await.is_err());
    drop(reads);
    in_time(releasing).await;
    in_time(delivering).await.unwrap();
    assert!(transcript.take_faults().is_empty());
}

#[tokio::test]
async fn each_message_satisfies_one_expect() {
    let (transcript, _) = transcript();
    in_time(transcript.deliver(1, event(1))).await;
    let expected = expectation("expect JobExecutionsChangedEvent");
    assert!(matches!(transcript.expect(&expected, Duration::ZERO).await, ExpectOutcome::Found(_)));
    let ExpectOutcome::Missing { instead, .. } = transcript.expect(&expected, Duration::ZERO).await else {
        panic!()
    };
    assert_eq!(instead, ["JobExecutionsChangedEvent, which an earlier expect has used up"]);
}

#[tokio::test]
async fn expect_waits_for_what_has_not_come() {
    let (transcript, _) = transcript();
    let waiting = transcript.clone();
    let outcome = tokio::spawn(async move {
        waiting.expect(&expectation("expect JobExecutionsChangedEvent n=2"), Duration::from_secs(10)).await
    });
    tokio::task::yield_now().await;
    in_time(transcript.deliver(1, event(1))).await;
    in_time(transcript.deliver(2, event(2))).await;
    assert_eq!(in_time(outcome).await.unwrap(), ExpectOutcome::Found(Box::new(event(2))));
    transcript.begin(None, true);
    let expected = expectation("expect JobExecutionsChangedEvent");
    let outcome = transcript.expect(&expected, Duration::ZERO).await;
    let early = "it came too early, before a later command";
    assert!(matches!(outcome, ExpectOutcome::Missing { instead, .. } if instead == [early]));
}

#[tokio::test]
async fn what_only_reads_is_looked_through() {
    let (transcript, _) = transcript();
    let outcome = async |text: &str| transcript.expect(&expectation(text), Duration::ZERO).await;
    in_time(transcript.deliver(1, event(1))).await;
    transcript.answer(response());
    transcript.begin(Some(2), false);
    assert!(matches!(outcome("expect CreateJobResponse").await, ExpectOutcome::Missing { .. }));
    assert!(matches!(outcome("expect JobExecutionsChangedEvent n=1").await, ExpectOutcome::Found(_)));
    in_time(transcript.deliver(2, event(2))).await;
    transcript.begin(Some(3), true);
    assert!(matches!(outcome("expect JobExecutionsChangedEvent n=2").await, ExpectOutcome::Missing { .. }));
}

#[tokio::test]
async fn what_is_too_late_to_expect_is_bounded() {
    let (transcript, _) = transcript();
    let big = |n| Message { body: Some(" ".repeat(MAX_PAST / 2)), ..event(n) };
    for n in 1..=3 {
        in_time(transcript.deliver(n, big(n))).await;
    }
    transcript.begin(None, true);
    let state = transcript.state();
    assert_eq!((state.past.len(), state.memory_bytes), (1, 0));
}

#[tokio::test]
async fn what_came_too_early_is_said() {
    let (transcript, _) = transcript();
    let instead = async |text: &str| match transcript.expect(&expectation(text), Duration::ZERO).await {
        ExpectOutcome::Missing { instead, .. } => instead,
        ExpectOutcome::Found(message) => panic!("{message:?}"),
    };
    in_time(transcript.deliver(1, event(1))).await;
    in_time(transcript.deliver(2, event(2))).await;
    let used = transcript.expect(&expectation("expect JobExecutionsChangedEvent n=2"), Duration::ZERO).await;
    assert!(matches!(used, ExpectOutcome::Found(_)));
    transcript.begin(Some(7), true);
    let early = ["it came too early, before line 7"];
    assert_eq!(instead("expect JobExecutionsChangedEvent n=1").await, early);
    assert!(instead("expect JobExecutionsChangedEvent n=2").await.is_empty(), "an expect has used it");
    assert!(instead("expect JobExecutionsChangedEvent n=3").await.is_empty());
    transcript.answer(response());
    transcript.begin(None, false);
    assert_eq!(instead("expect CreateJobResponse").await, ["it came too early, before a later command"]);
}
