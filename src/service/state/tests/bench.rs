//! A service on a bench: a clock that the test sets, calls in JSON, events in one line each.

#![expect(clippy::needless_pass_by_value, reason = "requests are written where they are passed")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::choices::Choices;
use crate::service::data_plane;
use crate::service::state::{Event, Outcome, Rejected, Settings, State};
use crate::service::time::Timestamp;
use crate::wire::model::JobExecutionSummary;
use crate::wire::number::{ExecutionNumber, VersionNumber};

/// More than any test needs, so that one ends.
pub(super) const MOST_CALLS: usize = 100_000;

pub(super) const ARN: &str = "arn:aws:iot:us-east-1:123456789012:";

/// A service whose clock stands at 12:00 until a test moves it.
pub(super) struct Bench {
    pub(super) state: State,
    pub(super) now: Timestamp,
    /// The events published since the last [`Bench::take_events`].
    events: Vec<Event>,
}

impl Bench {
    /// A service that knows `things`.
    pub(super) fn with_things<'a>(things: impl IntoIterator<Item = &'a str>) -> Self {
        Self::choosing(Choices::default(), things)
    }

    /// The same under another reading of what AWS does not say.
    pub(super) fn choosing<'a>(choices: Choices, things: impl IntoIterator<Item = &'a str>) -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let now = Timestamp::from_millis(1_748_952_000_000);
        let mut bench = Self { state: State::with_choices(settings, choices), now, events: Vec::new() };
        for thing in things {
            let _ = bench.state.create_thing(now, thing, Uuid::from_u128(7), &from(json!({}))).reply.unwrap();
        }
        bench
    }

    /// Puts `count` things of its own into the group `G`.
    pub(super) fn fill_group(&mut self, count: usize) {
        for thing in many(count) {
            let created = self.state.create_thing(self.now, &thing, Uuid::from_u128(7), &from(json!({})));
            self.take(created).unwrap();
            let request = from(json!({ "thingName": thing, "thingGroupName": "G" }));
            let outcome = self.state.add_thing_to_thing_group(self.now, &request);
            self.take(outcome).unwrap();
        }
    }

    /// The reply as JSON; the events are kept for [`Bench::take_events`].
    pub(super) fn take<T: Serialize>(&mut self, outcome: impl Into<Outcome<T>>) -> Result<Value, Rejected> {
        let outcome = outcome.into();
        self.events.extend(outcome.effects.events);
        outcome.reply.map(|reply| serde_json::to_value(reply).unwrap())
    }

    /// Creates a job for `target`, such as `thing/T`, with further members.
    pub(super) fn create(&mut self, job: &str, target: &str, more: Value) -> Result<Value, Rejected> {
        let mut body = json!({ "targets": [format!("{ARN}{target}")], "document": "{}" });
        for (member, value) in more.as_object().unwrap() {
            body[member] = value.clone();
        }
        let outcome = self.state.create_job(self.now, job, from(body));
        self.take(outcome)
    }

    /// A message of a device of thing `T`: accepted, or the code of its refusal.
    pub(super) fn device(&mut self, rest: &str, body: Value) -> Result<Value, String> {
        self.device_of("T", rest, body)
    }

    pub(super) fn device_of(&mut self, thing: &str, rest: &str, body: Value) -> Result<Value, String> {
        let topic = format!("$aws/things/{thing}/jobs/{rest}");
        let handled =
            data_plane::handle(&mut self.state, self.now, &topic, body.to_string().as_bytes()).unwrap();
        self.events.extend(handled.effects.events);
        let (topic, payload) = handled.answer.unwrap();
        let body: Value = serde_json::from_slice(&payload).unwrap();
        if topic.ends_with("/accepted") { Ok(body) } else { Err(body["code"].as_str().unwrap().into()) }
    }

    /// An update of thing `T` to `status` that must be accepted.
    #[track_caller]
    pub(super) fn update(&mut self, job: &str, status: &str) {
        self.device(&format!("{job}/update"), json!({ "status": status })).unwrap();
    }

    /// Lets time pass, each timer at its own time.
    pub(super) fn wait_minutes(&mut self, minutes: i64) {
        self.wait_seconds(60 * minutes);
    }

    pub(super) fn wait_seconds(&mut self, seconds: i64) {
        let target = Timestamp::from_millis(self.now.millis() + 1000 * seconds);
        let mut calls = 0;
        while let Some(due) = self.state.next_timeout().filter(|due| *due <= target) {
            self.events.extend(self.state.handle_timeout(due).events);
            calls += 1;
            assert!(calls < MOST_CALLS, "what is due by {target:?} has no end");
        }
        self.now = target;
    }

    /// Does what is due now until nothing is left to do, and says in how many slices. The events are lost.
    pub(super) fn finish(&mut self) -> usize {
        let mut slices = 0;
        while self.state.next_timeout().is_some() {
            let _ = self.state.handle_timeout(self.now);
            slices += 1;
            assert!(slices < MOST_CALLS, "what is due has no end");
        }
        slices
    }

    /// Takes the events since the last call, one line per event.
    pub(super) fn take_events(&mut self) -> Vec<String> {
        self.take_published().iter().map(line).collect()
    }

    /// Takes the events since the last call, and counts them.
    pub(super) fn count_events(&mut self) -> usize {
        self.take_published().len()
    }

    /// Takes the events since the last call.
    pub(super) fn take_published(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub(super) fn job(&self, id: &str) -> Value {
        serde_json::to_value(self.state.describe_job(self.now, id).unwrap()).unwrap()["job"].clone()
    }

    pub(super) fn execution(&self, thing: &str, job: &str) -> Value {
        let described = self.state.describe_job_execution_any_status(self.now, thing, job, None);
        serde_json::to_value(described.unwrap()).unwrap()["execution"].clone()
    }
}

/// A request from its JSON.
pub(super) fn from<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// Such as `T notify IP[J1 v2] Q[J2]` and `T next J1 IN_PROGRESS v2`.
fn line(event: &Event) -> String {
    let list = |name: &str, list: &[JobExecutionSummary]| {
        let entry = |it: &JobExecutionSummary| match (it.execution_number, it.version_number) {
            (ExecutionNumber::FIRST, VersionNumber::FIRST) => it.job_id.to_string(),
            (ExecutionNumber::FIRST, version) => format!("{} v{version}", it.job_id),
            (number, version) => format!("{}#{number} v{version}", it.job_id),
        };
        let entries: Vec<String> = list.iter().map(entry).collect();
        if entries.is_empty() { String::new() } else { format!(" {name}[{}]", entries.join(" ")) }
    };
    let of = |namespace: &Option<String>| {
        namespace.as_ref().map(|namespace| format!(" of {namespace}")).unwrap_or_default()
    };
    match event {
        Event::JobExecutionsChanged(thing, namespace, changed) => {
            let (in_progress, queued) = (&changed.jobs.in_progress, &changed.jobs.queued);
            format!("{thing} notify{}{}{}", of(namespace), list("IP", in_progress), list("Q", queued))
        }
        Event::NextJobExecutionChanged(thing, namespace, changed) => match &changed.execution {
            Some(it) => {
                let of = of(namespace);
                format!("{thing} next{of} {} {} v{}", it.job_id, it.status, it.version_number)
            }
            None => format!("{thing} next{} none", of(namespace)),
        },
        Event::Job(event) => format!("{} {}", event.job_id, event.operation),
        Event::JobExecution(event) => {
            let thing = event.thing_arn.rsplit('/').next().unwrap_or_default();
            format!("{thing} {} {}", event.job_id, event.operation)
        }
    }
}

/// The message of a refusal.
#[track_caller]
pub(super) fn message<T: std::fmt::Debug>(reply: Result<T, Rejected>) -> String {
    reply.unwrap_err().to_string()
}

/// The names of `count` things, in order.
pub(super) fn many(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:05}")).collect()
}

/// A bench with a group `G` of `count` things.
pub(super) fn with_group(count: usize) -> Bench {
    let mut bench = Bench::with_things([]);
    let group = bench.state.create_thing_group(bench.now, "G", uuid::Uuid::from_u128(1), from(json!({})));
    bench.take(group).unwrap();
    bench.fill_group(count);
    bench
}
