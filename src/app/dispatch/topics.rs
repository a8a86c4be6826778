//! Topics of the user's choice: subscribing, publishing, and what is missing where no message can come.

use bytes::Bytes;
use serde_json::json;

use super::outcome::{Answered, CommandError, Failure, Refusal};
use super::{Dispatcher, document};
use crate::app::command::Payload;
use crate::app::command::titles::Kind;
use crate::app::hints;
use crate::app::output::message::{Message, MessageKind};
use crate::client::connection::{MAX_PAYLOAD, Qos};
use crate::client::control_plane::EventConfigurations;
use crate::client::topics;

impl Dispatcher {
    /// Shows what comes on the topics of a filter from here on.
    pub(super) async fn subscribe(&self, filter: &str) -> Result<Answered, CommandError> {
        let topics = self.topics.open().await.map_err(|why| not_connected(&why))?;
        let subscribed = topics.subscribe(filter).await;
        subscribed.map_err(|error| {
            let needs = [("iot:Subscribe", "topicfilter", filter), ("iot:Receive", "topic", filter)];
            self.refused("Subscribe", json!({ "filter": filter }), error, &needs)
        })?;
        let mut filters = self.topics.filters();
        if !filters.iter().any(|known| known == filter) {
            filters.push(filter.to_owned());
        }
        Ok(done("Subscribe", &json!({ "filter": filter })))
    }

    /// Ends a subscription.
    pub(super) async fn unsubscribe(&self, filter: &str) -> Result<Answered, CommandError> {
        if !self.topics.filters().iter().any(|known| known == filter) {
            let why = format!("there is no subscription to {filter}");
            return Err(Failure::new("NotSubscribed", why).into());
        }
        let topics = self.topics.open().await.map_err(|why| not_connected(&why))?;
        let unsubscribed = topics.unsubscribe(filter).await;
        let about = json!({ "filter": filter });
        unsubscribed.map_err(|error| self.refused("Unsubscribe", about.clone(), error, &[]))?;
        self.topics.filters().retain(|known| known != filter);
        Ok(done("Unsubscribe", &about))
    }

    /// Ends all subscriptions, as far as that is possible: the next script begins without any.
    pub(crate) async fn unsubscribe_all(&self) -> Result<(), Failure> {
        let filters = self.topics.filters().clone();
        for filter in filters {
            match self.unsubscribe(&filter).await {
                Ok(_) => {}
                Err(CommandError::Failed(failure)) => return Err(failure),
                Err(CommandError::Refused { refusal, .. }) => {
                    return Err(Failure::new("NotUnsubscribed", refusal.text));
                }
            }
        }
        Ok(())
    }

    /// Publishes a message.
    pub(super) async fn publish(
        &self,
        topic: &str,
        payload: &Payload,
        qos: Qos,
        retain: bool,
    ) -> Result<Answered, CommandError> {
        let payload = match payload {
            Payload::Text(text) => Bytes::from(text.clone()),
            Payload::File(path) => document::read_bytes("the payload", path, MAX_PAYLOAD).await?,
        };
        let topics = self.topics.open().await.map_err(|why| not_connected(&why))?;
        let published = topics.publish(topic, payload, qos, retain).await;
        let about = json!({ "topic": topic });
        published.map_err(|error| {
            let needs = [("iot:Publish", "topic", topic), ("iot:RetainPublish", "topic", topic)];
            self.refused("Publish", about.clone(), error, if retain { &needs } else { &needs[..1] })
        })?;
        Ok(done("Publish", &about))
    }

    /// What the message broker refused, or why that is not known. `needs` are the actions that a policy must allow,
    /// each on a kind of resource.
    fn refused(
        &self,
        operation: &str,
        mut about: serde_json::Value,
        error: topics::Error,
        needs: &[(&str, &str, &str)],
    ) -> CommandError {
        let text = error.to_string();
        let source = match error {
            topics::Error::Refused(source) => source,
            topics::Error::TimedOut { .. } => return Failure::new("TimedOut", text).into(),
            topics::Error::OutcomeUnknown { .. } => return Failure::new("OutcomeUnknown", text).into(),
            topics::Error::NotSent(_) => return Failure::new("NotSent", text).into(),
        };
        let Some(code) = source.refusal() else { return Failure::new("NotAccepted", text).into() };
        about["code"] = code.value().into();
        about["message"] = code.name().into();
        let message =
            Message::new(MessageKind::Rejected, format!("{operation}Rejected"), Some(about.to_string()));
        // The error names the first of them.
        let text = needs.iter().skip(1).filter(|_| code.may_be_the_policy()).fold(text, |text, need| {
            let (action, resource, name) = need;
            format!("{text}, and {action} on {resource}/{}", hints::in_policy(name))
        });
        let arn = self.things.current().arn();
        let hint = code.may_be_the_policy().then(|| hints::policy(needs, arn.as_deref()));
        let refusal = Refusal { text, hint: hint.filter(|_| !needs.is_empty()) };
        CommandError::Refused { message: Box::new(message), refusal, warning: None }
    }

    /// Why no such message can come; `None` if one can, or if that is not known.
    pub(super) async fn nothing_brings(&self, kind: &Kind) -> Option<String> {
        let Kind { title, filter, event_type, .. } = kind;
        let switch_on = event_type.map(|event_type| {
            format!(
                "update-event-configurations --event-configurations {{\"{event_type}\":{{\"Enabled\":true}}}}"
            )
        });
        if !self.topics.can_bring(kind) {
            let and = switch_on.map_or_else(String::new, |switch_on| format!(", and {switch_on}"));
            return Some(format!("no subscription brings {title}: subscribe {filter}{and}"));
        }
        let (event_type, switch_on) = event_type.zip(switch_on)?;
        // Whoever may not ask is believed.
        let reply = self.control_plane.describe_event_configurations().await.ok()?;
        let is_sent = EventConfigurations::of(&reply)?.enables(event_type);
        (!is_sent).then(|| format!("nothing sends {title}: {switch_on}"))
    }
}

fn done(operation: &str, body: &serde_json::Value) -> Answered {
    Message::new(MessageKind::Response, format!("{operation}Response"), Some(body.to_string())).into()
}

fn not_connected(why: &str) -> Failure {
    Failure::new("NotConnected", format!("no connection for topics: {why}"))
}
