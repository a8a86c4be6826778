//! The messages that the service publishes to devices by itself.

use crate::wire::model::{JobExecutionsChangedEvent, NextJobExecutionChangedEvent, ThingName};
use crate::wire::topics::{Channel, Topic};

/// A message to the devices of one thing.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-comm-notifications.html>
#[derive(Debug, Clone)]
pub struct Event {
    /// The thing whose pending job executions changed.
    pub thing: ThingName,
    /// What changed.
    pub body: EventBody,
}

/// The two kinds of events.
#[derive(Debug, Clone)]
pub enum EventBody {
    /// The set of pending job executions changed; goes to `notify`.
    JobExecutionsChanged(JobExecutionsChangedEvent),
    /// Another job execution is next; goes to `notify-next`.
    NextJobExecutionChanged(NextJobExecutionChangedEvent),
}

impl Event {
    /// The topic that the event is published to.
    #[must_use]
    pub fn topic(&self) -> Topic {
        let channel = match self.body {
            EventBody::JobExecutionsChanged(_) => Channel::Notify,
            EventBody::NextJobExecutionChanged(_) => Channel::NotifyNext,
        };
        Topic::new(&self.thing, channel)
    }

    /// The event as it is written on the wire.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "an event can always be written")]
    pub fn payload(&self) -> Vec<u8> {
        match &self.body {
            EventBody::JobExecutionsChanged(event) => serde_json::to_vec(event),
            EventBody::NextJobExecutionChanged(event) => serde_json::to_vec(event),
        }
        .expect("an event holds nothing that JSON cannot write")
    }
}
