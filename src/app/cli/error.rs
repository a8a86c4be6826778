//! Why a command line makes no sense.

/// Options that do not fit together: one line that says which and what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(super) String);
