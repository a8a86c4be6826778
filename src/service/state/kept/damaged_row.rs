//! Why what was kept cannot be taken up again.

use thiserror::Error;
use uuid::Uuid;

use crate::service::row::RowKey;

/// A row that is not as this program, or an older one, writes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the kept record of {key} is damaged: {damage}")]
pub(crate) struct DamagedRow {
    pub(crate) key: RowKey,
    pub(crate) damage: Damage,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Damage {
    /// No JSON, or not the members that belong there.
    #[error("it does not say what a record of this kind says")]
    Unreadable,
    #[error("its name is not that of such a record")]
    Name,
    #[error("there is no job of the number {0}")]
    UnknownJob(u64),
    #[error("there is no thing of the number {0}")]
    UnknownThing(u64),
    #[error("there is no thing group of the id {0}")]
    UnknownGroup(Uuid),
    #[error("it is above itself")]
    Circle,
    #[error("there is no such job")]
    NoJob,
    #[error("it is not known where the job stands")]
    NoProgress,
    #[error("another record has the number {0} too")]
    Twice(u64),
}
