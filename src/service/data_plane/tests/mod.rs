//! The wire of the data plane.

mod answers;
mod refusals;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::service::state::create_job::CreateJobRequest;
use crate::service::state::things::CreateThingRequest;
use crate::service::state::{Event, Settings};

/// A service with the thing `MyThing`, and a clock that a test sets.
struct Bench {
    state: State,
    now: Timestamp,
}

/// What a message caused, in the order of the wire: topics below the thing's `jobs`, and payloads.
type Wire = Vec<(String, String)>;

impl Bench {
    fn new() -> Self {
        Self::choosing(Choices::default())
    }

    fn choosing(choices: Choices) -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let state = State::with_choices(settings, choices);
        let mut bench = Self { state, now: Timestamp::from_millis(1_719_940_632_400) };
        bench.thing("MyThing");
        bench
    }

    fn thing(&mut self, name: &str) {
        let request = CreateThingRequest::default();
        let _ = self.state.create_thing(self.now, name, Uuid::from_u128(1), &request).reply.unwrap();
    }

    fn at(&mut self, seconds: i64) -> &mut Self {
        self.now = Timestamp::from_millis(seconds * 1000 + 250);
        self
    }

    fn job(&mut self, id: &str, document: &str) -> Wire {
        self.job_with(id, document, json!({}))
    }

    fn job_with(&mut self, id: &str, document: &str, more: Value) -> Wire {
        let mut request: CreateJobRequest = serde_json::from_value(more).unwrap();
        request.targets = Some(vec!["arn:aws:iot:us-east-1:123456789012:thing/MyThing".into()]);
        request.document = Some(document.into());
        let outcome = self.state.create_job(self.now, id, request);
        outcome.reply.unwrap();
        wire(&outcome.effects.events)
    }

    fn send(&mut self, rest: &str, payload: &str) -> Wire {
        let topic = format!("{B}{rest}");
        let handled = handle(&mut self.state, self.now, &topic, payload.as_bytes()).unwrap();
        let answer =
            handled.answer.map(|(topic, payload)| (short(&topic), String::from_utf8(payload).unwrap()));
        answer.into_iter().chain(wire(&handled.effects.events)).collect()
    }

    /// The one answer, as a value, where no event may follow.
    #[track_caller]
    fn ask(&mut self, rest: &str, payload: &str) -> (String, Value) {
        let wire = self.send(rest, payload);
        assert_eq!(wire.len(), 1, "{wire:?}");
        (wire[0].0.clone(), serde_json::from_str(&wire[0].1).unwrap())
    }

    /// The code and the message of a refusal, which must not change anything.
    #[track_caller]
    fn refused(&mut self, rest: &str, payload: &str) -> (String, String) {
        let (topic, body) = self.ask(rest, payload);
        assert_eq!(topic, format!("{rest}/rejected"));
        let text = |member: &str| body[member].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

const B: &str = "$aws/things/MyThing/jobs/";

fn short(topic: &str) -> String {
    topic.strip_prefix(B).unwrap().to_owned()
}

fn wire(events: &[Event]) -> Wire {
    let one = |event: &Event| {
        let payload = String::from_utf8(event.payload(uuid::Uuid::nil)).unwrap();
        (short(&event.topic()), payload)
    };
    events.iter().map(one).collect()
}

fn lines(wire: &Wire) -> Vec<String> {
    wire.iter().map(|(topic, payload)| format!("{topic} {payload}")).collect()
}
