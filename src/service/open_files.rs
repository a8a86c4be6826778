//! How many connections there can be: each needs an open file.

use super::broker::limits;

/// How many MQTT connections are accepted, so that enough files are left to the other parts of the program.
pub(super) fn room_for_mqtt() -> usize {
    open_files().saturating_sub(limits::OTHER_FILES).clamp(1, limits::CONNECTIONS)
}

/// How many HTTP connections are accepted: `most`, and no more than a quarter of all files.
pub(super) fn room_for_http(most: usize) -> usize {
    (open_files() / 4).clamp(1, most)
}

/// How many files this process may have open; whether it asks for more is for the program to decide.
#[cfg(unix)]
fn open_files() -> usize {
    use nix::sys::resource::{Resource, getrlimit};
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    usize::try_from(soft).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn open_files() -> usize {
    usize::MAX
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
        let room = room_for_mqtt();
        assert!((1..=limits::CONNECTIONS).contains(&room));
        assert!(room == limits::CONNECTIONS || room + limits::OTHER_FILES == files, "{room} of {files}");
        assert_eq!(room_for_http(256), 256.min(files / 4));
        assert_eq!(limit(), before, "it is not ours to change");
    }
}
