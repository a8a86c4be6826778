//! One thing of the registry.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Rejected;
use super::small_set::SmallSet;
use crate::wire::model::{ThingGroupName, ThingName};
use crate::wire::number::VersionNumber;

/// A thing of the registry.
#[derive(Debug)]
pub(crate) struct Thing {
    pub(crate) id: Uuid,
    pub(crate) type_name: Option<String>,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) version: VersionNumber,
    /// The groups that it was added to, not those above them.
    pub(crate) groups: SmallSet<ThingGroupName>,
}

pub(super) fn no_such_thing(name: &ThingName) -> Rejected {
    Rejected::ResourceNotFound(format!("Thing {name} not found."))
}
