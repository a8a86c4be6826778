//! How many connections there can be: each needs an open file.

use crate::service::broker::limits;

/// How many connections are accepted, so that enough files are left to the other parts of the program.
pub(super) fn room_for_connections() -> usize {
    let files = open_files().map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    files.saturating_sub(limits::OTHER_FILES).clamp(1, limits::CONNECTIONS)
}

/// How many files this process may have open, once it has asked for as many as it is allowed.
///
/// Shells often start programs with room for a thousand, and let them have more.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let wanted = hard.min((limits::CONNECTIONS + limits::OTHER_FILES) as u64).max(soft);
    Some(setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_or(soft, |()| wanted))
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn connections_leave_files_to_the_rest_of_the_program() {
        let files = usize::try_from(open_files().unwrap()).unwrap();
        let room = room_for_connections();
        assert!((1..=limits::CONNECTIONS).contains(&room));
        assert!(room == limits::CONNECTIONS || room + limits::OTHER_FILES == files, "{room} of {files}");
    }
}
