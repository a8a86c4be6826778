//! Which events the account publishes.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html>

use serde::{Deserialize, Serialize};

use crate::service::time::Timestamp;

/// A type of events that the account may have published; those of jobs and job executions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventType {
    /// Things of the registry.
    Thing,
    /// Thing groups.
    ThingGroup,
    /// Thing types.
    ThingType,
    /// Things that join and leave groups.
    ThingGroupMembership,
    /// Groups that join and leave groups.
    ThingGroupHierarchy,
    /// Things that get and lose a type.
    ThingTypeAssociation,
    /// Jobs.
    Job,
    /// Job executions.
    JobExecution,
    /// Policies.
    Policy,
    /// Certificates.
    Certificate,
    /// Certificates of authorities.
    CaCertificate,
}

impl EventType {
    /// Every type, in the order of AWS's documentation.
    pub const ALL: [Self; 11] = [
        Self::Thing,
        Self::ThingGroup,
        Self::ThingType,
        Self::ThingGroupMembership,
        Self::ThingGroupHierarchy,
        Self::ThingTypeAssociation,
        Self::Job,
        Self::JobExecution,
        Self::Policy,
        Self::Certificate,
        Self::CaCertificate,
    ];

    /// The type as AWS writes it, such as `JOB_EXECUTION`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thing => "THING",
            Self::ThingGroup => "THING_GROUP",
            Self::ThingType => "THING_TYPE",
            Self::ThingGroupMembership => "THING_GROUP_MEMBERSHIP",
            Self::ThingGroupHierarchy => "THING_GROUP_HIERARCHY",
            Self::ThingTypeAssociation => "THING_TYPE_ASSOCIATION",
            Self::Job => "JOB",
            Self::JobExecution => "JOB_EXECUTION",
            Self::Policy => "POLICY",
            Self::Certificate => "CERTIFICATE",
            Self::CaCertificate => "CA_CERTIFICATE",
        }
    }
}

/// Which types of events are published, and since when that holds.
#[derive(Debug, Default)]
pub(crate) struct EventTypes {
    enabled: [bool; EventType::ALL.len()],
    /// When it was first set.
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) last_updated_at: Option<Timestamp>,
}

impl EventTypes {
    pub(crate) fn is_enabled(&self, kind: EventType) -> bool {
        self.enabled[kind as usize]
    }

    pub(crate) fn set(&mut self, kind: EventType, enabled: bool) {
        self.enabled[kind as usize] = enabled;
    }
}
