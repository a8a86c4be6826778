//! Why the operating system refuses a file: SQLite does not tell, so that is asked once more.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::{AccessFlags, access};

use super::error::StoreError;

/// What it means that the operating system refuses a file that was there before.
pub(super) fn lost(path: &Path, error: io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound => StoreError::Gone { path },
        _ => StoreError::Write { path, error },
    }
}

/// Why the file, or the log that is to be beside it, cannot be opened or written to.
pub(super) fn unusable(path: &Path) -> StoreError {
    if let Err(error) = OpenOptions::new().write(true).open(path) {
        return lost(path, error);
    }
    let folder = path.parent().unwrap_or(path);
    match access(folder, AccessFlags::W_OK) {
        Err(errno) => lost(folder, errno.into()),
        Ok(()) => lost(path, io::Error::other("the system does not say why")),
    }
}

/// Whether no file may grow beyond some size.
pub(super) fn files_are_limited() -> bool {
    getrlimit(Resource::RLIMIT_FSIZE).is_ok_and(|(soft, _)| soft != RLIM_INFINITY)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn said(path: &Path) -> String {
        let folder = format!("{}/", path.parent().unwrap().display());
        unusable(path).to_string().replace(&folder, "")
    }

    #[test]
    fn why_a_file_cannot_be_used_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        assert_eq!(said(&path), "state.db is gone: it was removed or replaced under way");
        fs::write(&path, "").unwrap();
        assert_eq!(said(&path), "cannot write state.db: the system does not say why");
        assert_eq!(said(&path.join("state.db")), "cannot write state.db: Not a directory");
    }

    #[test]
    fn what_may_not_be_written_to_is_on_no_read_only_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        fs::write(&path, "").unwrap();
        // Root may write everywhere.
        let is_refused = |path| access(path, AccessFlags::W_OK).is_err();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o555)).unwrap();
        if is_refused(dir.path()) {
            assert_eq!(said(&path), format!("cannot write {}: Permission denied", dir.path().display()));
        }
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        if is_refused(&path) {
            assert_eq!(said(&path), "cannot write state.db: Permission denied");
        }
    }
}
