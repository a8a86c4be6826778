//! How connections end.

use super::refusal::Refusal;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The service ends it.
    Refused(Refusal),
    /// The client sent DISCONNECT.
    ByClient { with_will: bool },
    /// The network failed.
    Lost,
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl End {
    /// What AWS calls it.
    pub(super) fn disconnect_reason(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.disconnect_reason(),
            Self::ByClient { .. } => "CLIENT_INITIATED_DISCONNECT",
            Self::Lost => "CONNECTION_LOST",
        }
    }
}
