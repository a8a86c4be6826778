//! Names and versions in requests. Their other members were held against AWS's model before.

use std::str::FromStr;

use super::Rejected;
use crate::wire::model::InvalidName;
use crate::wire::number::VersionNumber;

/// A name in a request.
pub(super) fn name<T: FromStr<Err = InvalidName>>(text: &str) -> Result<T, Rejected> {
    text.parse().map_err(|error: InvalidName| Rejected::InvalidRequest(error.to_string()))
}

/// Whether a request that names a version does not mean the stored one.
pub(super) fn is_other_version(expected: Option<i64>, found: VersionNumber) -> bool {
    expected.is_some_and(|expected| u64::try_from(expected).map(VersionNumber::from) != Ok(found))
}

/// Refuses a version of a thing or a thing group that is not the stored one.
pub(super) fn check_version(what: &str, expected: Option<i64>, found: VersionNumber) -> Result<(), Rejected> {
    if is_other_version(expected, found) {
        let message = format!("The version for {what} does not match the expected version.");
        return Err(Rejected::VersionConflict(message));
    }
    Ok(())
}
