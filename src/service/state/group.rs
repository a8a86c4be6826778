//! One thing group of the registry.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::service::time::Timestamp;
use crate::wire::model::{ThingGroupName, ThingName};
use crate::wire::number::VersionNumber;

/// A thing group of the registry.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) parent: Option<ThingGroupName>,
    pub(crate) description: Option<String>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) version: VersionNumber,
    pub(crate) created_at: Timestamp,
    /// The things in this very group, not those below it.
    pub(crate) members: BTreeSet<ThingName>,
}

/// A thing group that was deleted, and the things that have yet to be taken out of it.
#[derive(Debug)]
pub(crate) struct DeletedGroup {
    pub(crate) name: ThingGroupName,
    /// Itself and the groups that were above it.
    pub(crate) path: BTreeSet<ThingGroupName>,
    pub(crate) members: BTreeSet<ThingName>,
}
