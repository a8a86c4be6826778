//! The messages that the service publishes by itself: to devices, and to back ends.

use serde::Serialize;
use uuid::Uuid;

use super::event_types::EventType;
use super::job_event::{JobEvent, JobExecutionEvent};
use crate::wire::model::{JobExecutionsChangedEvent, NextJobExecutionChangedEvent, ThingName};
use crate::wire::topics::{Channel, Topic};

/// A message to everybody who subscribed to its topic.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html>
#[derive(Debug, Clone)]
pub enum Event {
    /// The set of a thing's pending job executions changed; goes to `notify`, or to the topic of their namespace.
    JobExecutionsChanged(ThingName, Option<String>, JobExecutionsChangedEvent),
    /// Another job execution of a thing is next; goes to `notify-next`, or to the topic of its namespace.
    NextJobExecutionChanged(ThingName, Option<String>, NextJobExecutionChangedEvent),
    /// Something happened to a job; goes to `$aws/events/job/…`.
    Job(JobEvent),
    /// A job execution ended or was deleted; goes to `$aws/events/jobExecution/…`.
    JobExecution(JobExecutionEvent),
}

impl Event {
    /// The topic that the event is published to.
    #[must_use]
    pub fn topic(&self) -> String {
        match self {
            Self::JobExecutionsChanged(thing, namespace, _) => {
                in_namespace(&Topic::new(thing, Channel::Notify), namespace.as_deref())
            }
            Self::NextJobExecutionChanged(thing, namespace, _) => {
                in_namespace(&Topic::new(thing, Channel::NotifyNext), namespace.as_deref())
            }
            Self::Job(event) => format!("$aws/events/job/{}/{}", event.job_id, event.operation),
            Self::JobExecution(event) => {
                format!("$aws/events/jobExecution/{}/{}", event.job_id, event.operation)
            }
        }
    }

    /// The event as it is written on the wire, with its own id where it is one for back ends.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "an event can always be written")]
    pub fn payload(&self, id: impl FnOnce() -> Uuid) -> Vec<u8> {
        match self {
            Self::JobExecutionsChanged(.., event) => serde_json::to_vec(event),
            Self::NextJobExecutionChanged(.., event) => serde_json::to_vec(event),
            Self::Job(event) => {
                serde_json::to_vec(&Identified { event_type: EventType::Job, event_id: id(), event })
            }
            Self::JobExecution(event) => {
                serde_json::to_vec(&Identified { event_type: EventType::JobExecution, event_id: id(), event })
            }
        }
        .expect("an event holds nothing that JSON cannot write")
    }
}

fn in_namespace(topic: &Topic, namespace: Option<&str>) -> String {
    match namespace {
        Some(id) => format!("{topic}-namespace-{id}"),
        None => topic.to_string(),
    }
}

/// An event for back ends, with what all of them begin with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identified<'a, T> {
    event_type: EventType,
    event_id: Uuid,
    #[serde(flatten)]
    event: &'a T,
}
