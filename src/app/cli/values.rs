//! Values of options, read for clap.

use super::endpoint;
use super::options::LOCAL_REGION;

/// A region name, for clap and for the region of the local service.
pub(super) fn parse_region(text: &str) -> Result<String, String> {
    if endpoint::looks_like_region(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is not a region name such as {LOCAL_REGION}"))
    }
}

/// The number of an account.
pub(super) fn parse_account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id has twelve digits".into())
    }
}
