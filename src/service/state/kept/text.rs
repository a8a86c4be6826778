//! Rows as text.

use serde::{Deserialize, Serialize};

use super::damaged_row::Damage;
use crate::service::time::Timestamp;

/// A point in time as rows have it: in epoch milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in super::super) struct Millis(i64);

impl From<Timestamp> for Millis {
    fn from(time: Timestamp) -> Self {
        Self(time.millis())
    }
}

impl From<Millis> for Timestamp {
    fn from(Millis(millis): Millis) -> Self {
        Self::from_millis(millis)
    }
}

pub(in super::super) fn write(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("a row is written as JSON")
}

pub(in super::super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Damage> {
    serde_json::from_str(text).map_err(|_| Damage::Unreadable)
}
