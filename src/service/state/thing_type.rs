//! One thing type of the registry.

use uuid::Uuid;

use super::Rejected;
use crate::service::time::Timestamp;

/// A thing type of the registry.
#[derive(Debug)]
pub(crate) struct ThingType {
    pub(crate) id: Uuid,
    pub(crate) description: Option<String>,
    pub(crate) searchable_attributes: Vec<String>,
    pub(crate) created_at: Timestamp,
    /// Since when no new thing can have it.
    pub(crate) deprecated_at: Option<Timestamp>,
}

pub(super) fn no_such_type(account: &str, name: &str) -> Rejected {
    Rejected::ResourceNotFound(format!("Thing Type {account}:{name} not found."))
}
