//! Why what was kept cannot be taken up again.

use thiserror::Error;

use crate::service::row::RowKey;

/// A row that is not as this program, or an older one, writes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the record of {key} is damaged: {damage}")]
pub(crate) struct DamagedRow {
    pub(crate) key: RowKey,
    pub(crate) damage: Damage,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Damage {
    /// No JSON, or not the members that belong there.
    #[error("it cannot be read")]
    Unreadable,
}
