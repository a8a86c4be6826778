//! How many connections there can be: each needs an open file.

use crate::service::broker::limits;

/// How many connections are accepted, so that enough files are left to the other parts of the program.
pub(super) fn room_for_connections() -> usize {
    let files = open_files().map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    files.saturating_sub(limits::OTHER_FILES).clamp(1, limits::CONNECTIONS)
}

/// How many files this process may have open; whether it asks for more is for the program to decide.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft)
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
        use nix::sys::resource::{Resource, getrlimit};
        let limit = || getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let before = limit();
        let files = usize::try_from(before.0).unwrap();
        let room = room_for_connections();
        assert!((1..=limits::CONNECTIONS).contains(&room));
        assert!(room == limits::CONNECTIONS || room + limits::OTHER_FILES == files, "{room} of {files}");
        assert_eq!(limit(), before, "it is not ours to change");
    }
}
