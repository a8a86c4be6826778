//! Tests that are skipped where the machine does not let them run; shared with the tests of the broker.

use std::io::{self, Write};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More than any test wants.
const MOST: u64 = 12_000;

/// Whether this process may have `files` files open, those of the tests beside this one included; if not, says
/// that the test is skipped.
pub(crate) fn may_open(files: u64) -> bool {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // The same for all tests, so that none takes away what another has asked for.
    let wanted = hard.min(MOST).max(soft);
    let may = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_or(soft, |()| wanted);
    if may < files {
        skip(&format!("we may not open {files} files"));
    }
    may >= files
}

/// Says that the test that calls this is skipped, and why.
pub(crate) fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Written, not printed: the test harness would keep it to itself.
    writeln!(io::stderr(), "skipped {test}: {why}").ok();
}
