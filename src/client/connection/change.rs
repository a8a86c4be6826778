//! What happens to a connection.

use std::fmt;
use std::time::Duration;

/// What happened to the connection; `Display` is the line to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It broke; attempts to restore it follow.
    Lost {
        /// Why.
        reason: String,
    },
    /// Another attempt will be made.
    Retrying {
        /// Counted from 1.
        attempt: u32,
        /// How long until then.
        after: Duration,
        /// Why the previous attempt failed; `None` for the first one.
        reason: Option<String>,
    },
    /// It is back, with every subscription.
    Restored,
    /// It will not come back.
    Final {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { reason } => write!(f, "connection lost: {reason}"),
            Self::Retrying { attempt, after, reason } => {
                if let Some(reason) = reason {
                    write!(f, "{reason}; ")?;
                }
                write!(f, "attempt {attempt} in {:.1} s", after.as_secs_f32())
            }
            Self::Restored => f.write_str("connection restored"),
            Self::Final { reason } => write!(f, "connection lost for good: {reason}"),
        }
    }
}
