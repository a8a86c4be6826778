//! The background tasks: one, started for each stream, prints its events; another prints what happens to the
//! connection.

use std::mem;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::app::output::escape;
use crate::app::output::message::{Message, MessageKind};
use crate::app::transcript::{Arrival, Incident, Source, Transcript};
use crate::client::connection::Change;
use crate::client::events::{Dropped, EventError, StreamEvent};
use crate::client::jobs::{Client, ConnectionChange, Pending};
use crate::wire::model::{GetPendingJobExecutionsResponse, ThingName};

/// How much time passes between two reports of dropped events: a flood must not drown the terminal a second time.
const BETWEEN_DROPS: Duration = Duration::from_secs(1);

/// How an event with this payload is shown, under this title unless it has one of its own.
pub(crate) type Show = fn(&'static str, &StreamEvent, &[u8]) -> Message;

/// Prints each event of one stream, which come from `source` and are those of `thing`, until the stream ends.
pub(crate) async fn print_events(
    title: &'static str,
    thing: Option<ThingName>,
    show: Show,
    mut events: mpsc::Receiver<StreamEvent>,
    source: Source,
    transcript: Transcript,
) {
    let mut drops = Drops::default();
    let owned = |message| Message { thing: thing.clone(), ..message };
    loop {
        let event = tokio::select! {
            biased;
            () = sleep_until(drops.due()), if drops.count > 0 => None,
            event = events.recv() => match event {
                Some(event) => Some(event),
                None => break,
            },
        };
        match event {
            None => transcript.answer(owned(drops.report(title, &transcript))),
            Some(event) => {
                let (number, sequence) = (event.number, event.sequence);
                let arrival = Arrival { source, number, sequence, is_behind: false };
                let message = match &event.payload {
                    Ok(payload) => Some(show(title, &event, payload)),
                    Err(EventError::Dropped(dropped)) => {
                        drops.add(dropped, event.topic);
                        (drops.due() <= Instant::now()).then(|| drops.report(title, &transcript))
                    }
                    Err(error) => Some(problem(title, event.topic, &error.to_string(), &transcript)),
                };
                match message {
                    Some(message) => transcript.deliver(arrival, owned(message)).await,
                    None => transcript.skip(arrival),
                }
            }
        }
        // A slow reader slows this task, not the connection: the stream is bounded.
        transcript.printer().flush().await;
    }
    if drops.count > 0 {
        transcript.answer(owned(drops.report(title, &transcript)));
    }
}

/// The events of one stream that were dropped since that was last reported.
#[derive(Debug, Default)]
struct Drops {
    count: u64,
    topic: String,
    reported: Option<Instant>,
}

impl Drops {
    fn add(&mut self, dropped: &Dropped, topic: String) {
        self.count += dropped.count();
        self.topic = topic;
    }

    /// When they may be reported.
    fn due(&self) -> Instant {
        self.reported.map_or_else(Instant::now, |reported| reported + BETWEEN_DROPS)
    }

    fn report(&mut self, title: &'static str, transcript: &Transcript) -> Message {
        self.reported = Some(Instant::now());
        let dropped = EventError::Dropped(Dropped::from(mem::take(&mut self.count)));
        problem(title, mem::take(&mut self.topic), &dropped.to_string(), transcript)
    }
}

/// Prints what happens to the connection until it is closed, behind the name of `thing` if it is given; once it is
/// back, also what changed meanwhile.
///
/// No event reports what happened without a connection, so the list of pending executions is compared with what
/// was known when it broke, even if events have arrived since.
pub(crate) async fn print_changes(
    mut changes: mpsc::Receiver<ConnectionChange>,
    thing: Option<ThingName>,
    client: Client,
    transcript: Transcript,
) {
    let printer = transcript.printer();
    let whose = thing.map_or_else(String::new, |thing| format!("{thing}: "));
    let mut before = None;
    let mut next = changes.recv().await;
    while let Some(ConnectionChange { change, pending }) = next {
        let text = format!("{whose}{change}");
        printer.diagnostic(&text);
        let is_restored = change == Change::Restored;
        match change {
            Change::Lost { .. } => before = before.or(Some(pending)),
            Change::Final { .. } => {
                transcript.incident(Incident { reported: true, ..Incident::new("ConnectionLost", text) });
            }
            Change::Restored | Change::Retrying { .. } => {}
        }
        next = tokio::select! {
            biased;
            list = client.get_pending_job_executions(), if is_restored => {
                let before = before.take().flatten();
                let told = match list {
                    Ok(list) => what_changed(before.as_ref(), &list.response),
                    Err(error) => format!("cannot tell what changed meanwhile: {error}"),
                };
                printer.diagnostic(&format!("{whose}{told}"));
                changes.recv().await
            }
            // If it breaks again before the list arrives, that is printed at once; the next list covers both.
            next = changes.recv() => next,
        };
    }
}

/// What is different from `before`; all that is pending if nothing was known.
fn what_changed(before: Option<&Pending>, list: &GetPendingJobExecutionsResponse) -> String {
    let now = Pending::from(list);
    let (same, introduction) = match before {
        Some(_) => ("nothing changed meanwhile", "meanwhile: "),
        None => ("nothing is pending", ""),
    };
    let differences = before.unwrap_or(&Pending::default()).differences(&now);
    if differences.is_empty() {
        return same.to_owned();
    }
    let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
    format!("{introduction}{}", differences.join(", "))
}

/// An event of Jobs as it is shown.
pub(crate) fn job_event(title: &'static str, event: &StreamEvent, payload: &[u8]) -> Message {
    let body = String::from_utf8_lossy(payload).into_owned();
    let message = Message::new(MessageKind::Event, title, Some(body));
    Message { topic: Some(event.topic.clone()), ..message }
}

/// What stands in the place of an event that cannot be shown.
fn problem(title: &'static str, topic: String, reason: &str, transcript: &Transcript) -> Message {
    let text = format!("{}: {reason}", escape::line(&topic));
    transcript.incident(Incident::new("EventsLost", text.clone()));
    Message { topic: Some(topic), ..Message::with_text(MessageKind::Error, title, None, &text) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::app::output::known_names::KnownNames;
    use crate::app::output::printer::Printer;
    use crate::app::transcript::Passed;
    use crate::testing::in_time;

    #[tokio::test]
    async fn events_become_messages_and_malformed_ones_are_incidents() {
        let (printer, out, _) = Printer::to_memory(true);
        let transcript = Transcript::new(printer, KnownNames::default());
        let (sender, receiver) = mpsc::channel(4);
        let topic = || "$aws/things/T/jobs/notify".to_owned();
        let payload = Ok(Bytes::from_static(b"{\"jobs\":{}}"));
        sender.send(StreamEvent::new(1, topic(), payload)).await.unwrap();
        let payload = Err(EventError::Malformed { reason: "no JSON".into() });
        sender.send(StreamEvent::new(2, topic(), payload)).await.unwrap();
        drop(sender);
        let source = transcript.add_source();
        let title = "JobExecutionsChangedEvent";
        in_time(print_events(title, None, job_event, receiver, source, transcript.clone())).await;
        let lines: Vec<serde_json::Value> =
            out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["type"], "event");
        assert_eq!(lines[0]["topic"], topic());
        assert_eq!(lines[1]["type"], "error");
        assert_eq!(transcript.take_incidents().len(), 1);
    }

    #[tokio::test]
    async fn a_flood_of_drops_is_told_once_a_second_and_in_full() {
        let (printer, out, _) = Printer::to_memory(true);
        let transcript = Transcript::new(printer, KnownNames::default());
        let (sender, receiver) = mpsc::channel(64);
        let began = Instant::now();
        let source = transcript.add_source();
        let printing = tokio::spawn(print_events("E", None, job_event, receiver, source, transcript.clone()));
        for number in (1..=40).step_by(2) {
            let event = |number, payload| StreamEvent::new(number, "t".to_owned(), payload);
            sender.send(event(number, Err(EventError::Dropped(Dropped::from(3))))).await.unwrap();
            sender.send(event(number + 1, Ok(Bytes::from_static(b"{}")))).await.unwrap();
        }
        drop(sender);
        in_time(printing).await.unwrap();
        in_time(transcript.settle(&[Passed { source, before: 40, after: 40 }], None)).await;
        let told: Vec<String> =
            transcript.take_incidents().into_iter().map(|incident| incident.text).collect();
        // The first at once, the rest at the end.
        assert!(told.len() as u64 <= 2 + began.elapsed().as_secs(), "{told:?}");
        assert_eq!(told[0], "t: 3 events were dropped: they came faster than they could be shown");
        let counts = told.iter().map(|text| text.split(' ').nth(1).unwrap().parse::<u64>().unwrap());
        assert_eq!(counts.sum::<u64>(), 3 * 20);
        assert_eq!(out.text().lines().filter(|line| line.contains("\"event\"")).count(), 20);
    }
}
