//! Which changes AWS IoT reports on `$aws/events/…`.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html>

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use super::reply::Reply;

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

    /// The types, and whether they are sent.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|(name, enabled)| (name.as_str(), *enabled))
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
            // As the SDKs read and write it.
            Value::Object(members) if members.is_empty() => Some(false),
            Value::Object(members) if members.len() == 1 => members.get("Enabled")?.as_bool(),
            _ => None,
        };
        let read = types.into_iter().map(|(name, value)| Some((name, enabled(&value)?)));
        read.collect::<Option<_>>().map(Self).ok_or(SHAPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_read_as_aws_writes_them_and_nothing_else_is_taken() {
        let read: EventConfigurations =
            r#"{"JOB": {"Enabled": true}, "THING": {"Enabled": false}, "POLICY": {}}"#.parse().unwrap();
        let sent: Vec<_> = read.iter().collect();
        assert_eq!(sent, [("JOB", true), ("POLICY", false), ("THING", false)]);
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
