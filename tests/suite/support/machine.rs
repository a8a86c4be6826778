//! What Linux has and other systems do not; where it is missing a test is skipped, and says so.

use std::net::TcpListener;
use std::path::Path;

use super::skip::skip;

/// Whether this machine has the address, as Linux has all of 127.0.0.0/8.
pub(crate) fn has_address(address: &str) -> bool {
    let has = TcpListener::bind((address, 0)).is_ok();
    if !has {
        skip(&format!("{address} is no address of this machine"));
    }
    has
}

/// Whether there is a disk that is always full.
pub(crate) fn has_full_device() -> bool {
    let has = Path::new("/dev/full").exists();
    if !has {
        skip("there is no /dev/full here");
    }
    has
}
