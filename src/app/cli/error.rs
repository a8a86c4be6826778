//! What is wrong with a command line.

/// Options that are invalid, missing or contradictory: one line that says which, and what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(super) String);
