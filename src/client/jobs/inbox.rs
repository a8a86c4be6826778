//! What arrives on the connection, sorted: answers to their requests, events to their streams.
//!
//! Nothing that arrives is trusted: what is no answer to a request in flight and no event of our thing is
//! passed over, and an answer is handed only to the request whose topic and client token it bears.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{RawAnswer, RawBody};
use super::in_flight::InFlight;
use super::pending::PendingTracker;
use crate::client::connection::ReceivedMessage;
use crate::client::events::{EventError, EventSender};
use crate::wire::model::ThingName;
use crate::wire::topics::{Channel, Operation, Topic};

/// Sorts what arrives.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) thing: ThingName,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) pending: Arc<PendingTracker>,
    pub(super) job_executions_changed: EventSender,
    pub(super) next_job_execution_changed: EventSender,
}

impl Inbox {
    /// Takes one message. Never waits and never fails: it is called by the task that owns the socket.
    pub(super) fn deliver(&mut self, message: ReceivedMessage) {
        let Some(topic) = Topic::parse(&message.topic).filter(|topic| topic.thing == self.thing) else {
            return;
        };
        match topic.channel {
            Channel::Notify => {
                let payload = event(&message.payload);
                if let Ok(payload) = &payload {
                    self.pending.note_event(payload);
                }
                self.job_executions_changed.send(message, payload);
            }
            Channel::NotifyNext => {
                let payload = event(&message.payload);
                self.next_job_execution_changed.send(message, payload);
            }
            Channel::Accepted(operation) => self.answer(operation, message, RawBody::Accepted),
            Channel::Rejected(operation) => self.answer(operation, message, RawBody::Rejected),
            // The service sends none; another client's request comes only to who subscribes to it.
            Channel::Request(_) => {}
        }
    }

    fn answer(&self, operation: Operation, message: ReceivedMessage, body: fn(Bytes) -> RawBody) {
        let request_topic = Topic::new(&self.thing, Channel::Request(operation)).to_string();
        let ReceivedMessage { topic, payload, .. } = message;
        let resolve = |token: &str, body| {
            if let Some(request) = self.in_flight.take(token, &request_topic) {
                // Whoever gave up at this very moment does not need the answer.
                let _ = request.resolve(RawAnswer { topic: topic.clone(), body });
            }
        };
        match read_client_token(&payload) {
            Ok(Some(token)) => resolve(&token, body(payload)),
            Ok(None) => {
                // The service cannot echo a token that it could not read: it says InvalidJson without one.
                let rejected = matches!(body(Bytes::new()), RawBody::Rejected(_));
                if let Some(token) = self.in_flight.only_one_on(&request_topic).filter(|_| rejected) {
                    resolve(&token, body(payload));
                }
            }
            Err(reason) => {
                let body = RawBody::Unreadable(reason);
                if let Some(token) = self.in_flight.mentioned_in(&payload, &request_topic) {
                    resolve(&token, body);
                } else if let Some(own) = self.in_flight.only_one_on(&request_topic)
                    && !names_another(&payload, &own)
                {
                    self.in_flight.doubt(&request_topic, RawAnswer { topic, body });
                }
            }
        }
    }
}

/// Reads no further into an answer than to its client token.
fn read_client_token(payload: &[u8]) -> Result<Option<String>, String> {
    #[derive(Deserialize)]
    struct Tokened {
        #[serde(rename = "clientToken")]
        client_token: Option<String>,
    }
    object(payload)?;
    let tokened: Tokened =
        serde_json::from_slice(payload).map_err(|_| "its clientToken is not text".to_owned())?;
    Ok(tokened.client_token)
}

/// Whether what cannot be read as a whole names another client token than `own` all the same: text after that member's
/// name, with which `own` does not begin where it breaks off.
fn names_another(payload: &[u8], own: &str) -> bool {
    let text = String::from_utf8_lossy(payload);
    let mut values = text.split("\"clientToken\"").skip(1).map(str::trim_start);
    values.any(|value| {
        let token = value.strip_prefix(':').and_then(|value| value.trim_start().strip_prefix('"'));
        token.is_some_and(|token| token.contains('"') || !own.starts_with(token))
    })
}

fn event(payload: &Bytes) -> Result<Bytes, EventError> {
    object(payload).map_err(|reason| EventError::Malformed { reason })?;
    Ok(payload.clone())
}

/// Checks that `payload` is one JSON object in UTF-8, however deep it nests.
fn object(payload: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(payload).map_err(|_| "it is not UTF-8 text")?;
    let value: &RawValue = serde_json::from_str(text).map_err(|_| "it is not JSON")?;
    if value.get().starts_with('{') { Ok(()) } else { Err("it is not a JSON object".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::answer::parse;
    use super::super::in_flight::Waiter;
    use super::*;
    use crate::client::connection::Qos;
    use crate::client::events::{EventNumbers, StreamEvent};
    use crate::wire::model::JobExecutionStatus;
    use proptest::prelude::*;
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use crate::testing::{DEADLINE, in_time};

    struct Rig {
        inbox: Inbox,
        changed: mpsc::Receiver<StreamEvent>,
        next: mpsc::Receiver<StreamEvent>,
    }

    fn rig() -> Rig {
        let numbers = EventNumbers::default();
        let (job_executions_changed, changed) = EventSender::new(numbers.clone());
        let (next_job_execution_changed, next) = EventSender::new(numbers);
        let inbox = Inbox {
            thing: "T".parse().unwrap(),
            in_flight: Arc::default(),
            pending: Arc::default(),
            job_executions_changed,
            next_job_execution_changed,
        };
        Rig { inbox, changed, next }
    }

    impl Rig {
        fn register(&self, topic: &str) -> Waiter<RawAnswer> {
            self.inbox.in_flight.register(topic, |answer| answer)
        }

        fn deliver(&mut self, topic: &str, payload: impl AsRef<[u8]>) {
            let payload = Bytes::copy_from_slice(payload.as_ref());
            let topic = format!("$aws/things/{topic}");
            let (qos, retain, sequence) = (Qos::AtLeastOnce, false, None);
            self.inbox.deliver(ReceivedMessage { topic, payload, qos, retain, sequence });
        }
    }

    #[tokio::test]
    async fn an_answer_is_for_the_request_with_its_topic_and_token() {
        let mut rig = rig();
        let mut waiter = rig.register("$aws/things/T/jobs/J/update");
        let body = format!(r#"{{"clientToken":"{}"}}"#, waiter.client_token);
        rig.deliver("T/jobs/K/update/accepted", &body);
        rig.deliver("U/jobs/J/update/accepted", &body);
        rig.deliver("T/jobs/J/get/accepted", &body);
        rig.deliver("T/jobs/J/update/accepted", r#"{"clientToken":"another"}"#);
        rig.deliver("T/jobs/J/update/accepted", r#"{"timestamp":1}"#);
        assert!(rig.inbox.in_flight.only_one_on("$aws/things/T/jobs/J/update").is_some());
        rig.deliver("T/jobs/J/update/rejected", &body);
        let answer = in_time(waiter.answer(Instant::now() + DEADLINE)).await;
        assert_eq!(answer.topic, "$aws/things/T/jobs/J/update/rejected");
        assert_eq!(answer.body, RawBody::Rejected(Bytes::from(body)));
    }

    #[test]
    fn a_list_is_noted_as_it_comes_and_never_overwrites_an_event_behind_it() {
        let mut rig = rig();
        let pending = rig.inbox.pending.clone();
        let waiter = rig.inbox.in_flight.register("$aws/things/T/jobs/get", move |answer| {
            parse("GetPendingJobExecutions", answer, |list| pending.note_list(list.unwrap()))
        });
        let list = format!(
            r#"{{"clientToken":"{}","timestamp":1,"inProgressJobs":[],"queuedJobs":[]}}"#,
            waiter.client_token
        );
        rig.deliver("T/jobs/get/accepted", list);
        assert!(rig.inbox.pending.get().is_some(), "before whoever asked looks at it");
        rig.deliver(
            "T/jobs/notify",
            r#"{"timestamp":1,"jobs":{"QUEUED":[{"jobId":"A","queuedAt":1,"lastUpdatedAt":1,"executionNumber":1,"versionNumber":1}]}}"#,
        );
        drop(waiter);
        assert_eq!(rig.inbox.pending.get().unwrap().jobs(JobExecutionStatus::Queued).count(), 1);
    }

    #[tokio::test]
    async fn a_rejection_without_token_is_for_the_only_request_on_its_topic() {
        let mut rig = rig();
        let body = r#"{"code":"InvalidJson","message":"m","timestamp":1}"#;
        let mut first = rig.register("$aws/things/T/jobs/get");
        let second = rig.register("$aws/things/T/jobs/get");
        rig.deliver("T/jobs/get/rejected", body);
        assert!(
            rig.inbox
                .in_flight
                .mentioned_in(first.client_token.as_bytes(), "$aws/things/T/jobs/get")
                .is_some()
        );
        drop(second);
        rig.deliver("T/jobs/get/rejected", body);
        assert_eq!(
            in_time(first.answer(Instant::now() + DEADLINE)).await.body,
            RawBody::Rejected(Bytes::from_static(body.as_bytes()))
        );
    }

    #[tokio::test]
    async fn a_broken_answer_ends_the_request_whose_token_it_bears() {
        let mut broken = vec![
            |token: &str| format!(r#"{{"clientToken":"{token}","execution":"#).into_bytes(),
            |token: &str| format!(r#"["{token}"]"#).into_bytes(),
            |token: &str| format!(r#"{{"clientToken":["{token}"]}}"#).into_bytes(),
            |token: &str| format!(r#"{{"clientToken":"x","clientToken":"{token}"}}"#).into_bytes(),
        ];
        broken.push(|token| [format!(r#"{{"clientToken":"{token}","a":""#).as_bytes(), b"\xff\"}"].concat());
        for broken in broken {
            let mut rig = rig();
            let mut waiter = rig.register("$aws/things/T/jobs/get");
            let payload = broken(&waiter.client_token);
            rig.deliver("T/jobs/get/accepted", &payload);
            let body = in_time(waiter.answer(Instant::now() + DEADLINE)).await.body;
            assert!(matches!(body, RawBody::Unreadable(_)), "{body:?} for {}", payload.escape_ascii());
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_and_names_nobody_is_for_the_only_request_if_no_better_answer_comes() {
        let mut rig = rig();
        let mut first = rig.register("$aws/things/T/jobs/get");
        let second = rig.register("$aws/things/T/jobs/get");
        rig.deliver("T/jobs/get/accepted", "it may be for either");
        drop(second);
        rig.deliver("T/jobs/J/get/accepted", "for another request");
        rig.deliver("T/jobs/get/accepted", r#"{"clientToken" : "another","timestamp":"#);
        rig.deliver("T/jobs/get/accepted", b"\xff\"clientToken\":\"x");
        let soon = Instant::now() + DEADLINE / 10;
        assert!(tokio::time::timeout_at(Instant::now(), first.answer(soon)).await.is_err());
        rig.deliver("T/jobs/get/accepted", "3");
        let body = in_time(first.answer(soon)).await.body;
        assert_eq!(body, RawBody::Unreadable("it is not a JSON object".to_owned()));

        let mut cut = rig.register("$aws/things/T/jobs/get");
        rig.deliver("T/jobs/get/accepted", format!(r#"{{"clientToken":"{}"#, &cut.client_token[..9]));
        let body = in_time(cut.answer(soon)).await.body;
        assert_eq!(body, RawBody::Unreadable("it is not JSON".to_owned()));

        let mut waiter = rig.register("$aws/things/T/jobs/get");
        rig.deliver("T/jobs/get/accepted", b"\xff");
        let better = format!(r#"{{"clientToken":"{}"}}"#, waiter.client_token);
        rig.deliver("T/jobs/get/accepted", &better);
        assert_eq!(in_time(waiter.answer(soon)).await.body, RawBody::Accepted(Bytes::from(better)));
    }

    #[test]
    fn events_are_passed_on_as_they_came_and_broken_ones_are_told() {
        let mut rig = rig();
        rig.deliver("T/jobs/notify", r#"{"timestamp": 1,"jobs":{}}"#);
        rig.deliver("T/jobs/notify-next", b"\xff");
        rig.deliver("T/jobs/notify", "3");
        rig.deliver("U/jobs/notify", "{}");
        rig.deliver("T/jobs/foo", "{}");
        assert_eq!(&rig.changed.try_recv().unwrap().payload.unwrap()[..], br#"{"timestamp": 1,"jobs":{}}"#);
        let next = rig.next.try_recv().unwrap();
        assert_eq!(next.number, 2);
        assert!(matches!(next.payload, Err(EventError::Malformed { .. })));
        assert!(matches!(rig.changed.try_recv().unwrap().payload, Err(EventError::Malformed { .. })));
        assert!(rig.changed.try_recv().is_err());
    }

    proptest! {
        #[test]
        fn no_message_without_our_token_resolves_a_request(
            topic in "(T|U)/jobs/(get|notify|notify-next|start-next|J/get|J/update|\\$next/get|.{0,9})(/(accepted|rejected|.{0,3}))?",
            payload in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "[\\[\\]{}\":,a-z0-9 ]{0,60}".prop_map(String::into_bytes),
                r#"\{"clientToken":("[a-z]{0,5}"|null|[0-9]|\[\]),"code":"[A-Za-z]{0,8}"\}"#.prop_map(String::into_bytes),
            ],
        ) {
            let mut rig = rig();
            // Two on each topic: a rejection without token is for neither.
            let asked = ["get", "start-next", "J/get", "$next/get", "J/update"].repeat(2);
            let waiters: Vec<_> =
                asked.iter().map(|asked| rig.register(&format!("$aws/things/T/jobs/{asked}"))).collect();
            rig.deliver(&topic, &payload);
            prop_assert_eq!(rig.inbox.in_flight.len(), waiters.len());
        }
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        let mut rig = rig();
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(60_000), "]".repeat(60_000));
        rig.deliver("T/jobs/notify", &deep);
        assert!(rig.changed.try_recv().unwrap().payload.is_ok());
        rig.deliver("T/jobs/get/accepted", &deep);
        rig.deliver("T/jobs/notify", "[".repeat(120_000));
        assert!(rig.changed.try_recv().unwrap().payload.is_err());
    }
}
