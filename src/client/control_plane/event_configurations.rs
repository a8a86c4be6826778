//! Which changes AWS IoT reports on `$aws/events/…`.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html>

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use aws_sdk_iot::types::{Configuration, EventType};
use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use super::{ControlPlane, Reply, complete, members};

/// Types of events, and whether they are sent: `{"JOB": {"Enabled": true}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventConfigurations(BTreeMap<String, bool>);

impl EventConfigurations {
    /// Those in an answer to DescribeEventConfigurations; `None` where there are none.
    #[must_use]
    pub fn of(reply: &Reply) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Described {
            event_configurations: Value,
        }
        let described: Described = serde_json::from_str(reply.body.as_deref()?).ok()?;
        described.event_configurations.to_string().parse().ok()
    }

    /// Whether events of this type are sent.
    #[must_use]
    pub fn enables(&self, event_type: &str) -> bool {
        self.0.get(event_type).is_some_and(|enabled| *enabled)
    }
}

/// Reads AWS's own JSON; the error says what is wrong with it, and goes on from the name of what holds it.
impl FromStr for EventConfigurations {
    type Err = &'static str;

    fn from_str(json: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "must be an object such as {\"JOB\": {\"Enabled\": true}}";
        let Ok(Value::Object(types)) = serde_json::from_str(json) else { return Err(SHAPE) };
        let enabled = |configuration: &Value| match configuration {
            Value::Object(members) if members.len() == 1 => members.get("Enabled")?.as_bool(),
            _ => None,
        };
        let read = types.into_iter().map(|(name, value)| Some((name, enabled(&value)?)));
        read.collect::<Option<_>>().map(Self).ok_or(SHAPE)
    }
}

impl ControlPlane {
    /// Reads which events are sent.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn describe_event_configurations(&self) -> Result<Reply, Error> {
        const OPERATION: &str = "DescribeEventConfigurations";
        let (_, exchange) = self
            .read(OPERATION, |capture| {
                self.client.describe_event_configurations().customize().interceptor(capture).send()
            })
            .await?;
        let checked = members::check(exchange.body.as_deref(), &["eventConfigurations"], None);
        complete(OPERATION, exchange, checked).map(|exchange| Reply::new(OPERATION, exchange))
    }

    /// Says which events are sent; types that are not named stay as they are.
    ///
    /// # Errors
    /// What the control plane refused, or why it could not be asked.
    pub async fn update_event_configurations(
        &self,
        configurations: &EventConfigurations,
    ) -> Result<Reply, Error> {
        const OPERATION: &str = "UpdateEventConfigurations";
        let configuration = |enabled: &bool| Configuration::builder().enabled(*enabled).build();
        let configurations: HashMap<EventType, Configuration> = configurations
            .0
            .iter()
            .map(|(name, enabled)| (EventType::from(name.as_str()), configuration(enabled)))
            .collect();
        let update = self.client.update_event_configurations().set_event_configurations(Some(configurations));
        // Done twice it is as if it had been done once.
        let (_, exchange) =
            self.read(OPERATION, |capture| update.customize().interceptor(capture).send()).await?;
        Ok(Reply::new(OPERATION, exchange))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_as_aws_writes_them_and_nothing_else_is_taken() {
        let read: EventConfigurations =
            r#"{"JOB": {"Enabled": true}, "THING": {"Enabled": false}}"#.parse().unwrap();
        assert_eq!(["JOB", "THING", "JOB_EXECUTION"].map(|name| read.enables(name)), [true, false, false]);
        for wrong in
            ["[]", "{", r#"{"JOB": true}"#, r#"{"JOB": {"enabled": true}}"#, r#"{"JOB": {"Enabled": 1}}"#]
        {
            assert!(EventConfigurations::from_str(wrong).is_err(), "{wrong}");
        }
        let more = r#"{"JOB": {"Enabled": true, "Other": 1}}"#;
        assert!(EventConfigurations::from_str(more).is_err(), "it would have no effect");
    }
}
