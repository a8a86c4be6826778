//! DescribeEventConfigurations and UpdateEventConfigurations.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateEventConfigurations.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::event_types::EventType;
use super::outcome::Outcome;
use super::touched::Record;
use crate::service::time::Timestamp;

/// The body of UpdateEventConfigurations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateEventConfigurationsRequest {
    /// By event type; those that are not named stay as they are.
    pub event_configurations: Option<BTreeMap<EventType, Configuration>>,
}

/// Whether events of one type are published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Configuration {
    /// They are.
    pub enabled: bool,
}

/// The answer to DescribeEventConfigurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeEventConfigurationsResponse {
    /// Every event type.
    pub event_configurations: BTreeMap<EventType, Configuration>,
    /// When it was first updated; the inner null is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<Option<Timestamp>>,
    /// When it was last updated; the inner null is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_date: Option<Option<Timestamp>>,
}

impl State {
    /// Which events are published.
    #[must_use]
    pub fn describe_event_configurations(&self) -> DescribeEventConfigurationsResponse {
        let types = &self.event_types;
        let configuration = |kind| (kind, Configuration { enabled: types.is_enabled(kind) });
        let writes_null = self.choices.missing_event_dates_are_null;
        let date = |date: Option<Timestamp>| (date.is_some() || writes_null).then_some(date);
        DescribeEventConfigurationsResponse {
            event_configurations: EventType::ALL.map(configuration).into(),
            creation_date: date(types.created_at),
            last_modified_date: date(types.last_updated_at),
        }
    }

    /// Has events of some types published from now on, or not any more.
    pub fn update_event_configurations(
        &mut self,
        now: Timestamp,
        request: UpdateEventConfigurationsRequest,
    ) -> Outcome<()> {
        Outcome::of(|effects| {
            for (kind, Configuration { enabled }) in request.event_configurations.unwrap_or_default() {
                self.event_types.set(kind, enabled);
            }
            self.event_types.created_at.get_or_insert(now);
            self.event_types.last_updated_at = Some(now);
            effects.touched.add(Record::EventConfigurations);
            Ok(())
        })
    }
}
