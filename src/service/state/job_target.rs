//! What a job is for, and how much of that is in its queue.

use serde::{Deserialize, Serialize};

use crate::wire::model::{ThingGroupName, ThingName};

/// What a target's ARN leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    Thing(ThingName),
    Group(ThingGroupName),
}

/// Targets whose things are being put into a queue.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Queueing {
    /// Things, and groups without those below them.
    pub(super) targets: Vec<Target>,
    /// How many of them are in the queue as a whole.
    pub(super) done: usize,
    /// The last thing of the next one that is.
    pub(super) after: Option<ThingName>,
}
