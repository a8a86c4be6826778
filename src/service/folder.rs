//! The folder that a service keeps its files in: marked as ours, and locked while the service runs.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf, absolute};

use tempfile::TempDir;

use super::start_error::StartError;

/// The file that marks a folder as ours. The operating system's lock on it, which ends with the process
/// however that ends, says that a service runs there.
const MARK: &str = ".jobs-sandbox";

const MARK_TEXT: &str = "\
This folder was made by `jobs-sandbox`, which finds its certificates and their keys in it again when it starts.
The program holds a lock on this file while its local service runs.
";

/// A folder of ours.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Keeps other services out as long as it is open.
    _lock: Option<File>,
    /// Deletes the folder in the end, where nobody asked for it by name.
    _temporary: Option<TempDir>,
}

impl Folder {
    /// A folder that only this user can look into, and that goes with the service.
    pub(super) fn temporary() -> Result<Self, StartError> {
        let made = private(tempfile::Builder::new().prefix("jobs-sandbox-")).tempdir();
        let made = made.map_err(failed(&std::env::temp_dir()))?;
        Ok(Self { path: made.path().to_owned(), _lock: None, _temporary: Some(made) })
    }

    /// The folder at `path`, made where there is none.
    ///
    /// Refused where another service runs in it, where somebody else could write to it, and where it holds one of
    /// `names` without being marked as ours: that file is somebody's, perhaps the only copy of a private key.
    pub(super) fn open(path: &Path, names: &[&str]) -> Result<Self, StartError> {
        make(path).map_err(failed(path))?;
        let path = absolute(path).map_err(failed(path))?;
        check_owner(&path)?;
        let mark = path.join(MARK);
        let is_marked = mark.try_exists().map_err(failed(&mark))?;
        let is_there = |name: &&&str| path.join(name).symlink_metadata().is_ok();
        if let Some(file) = names.iter().find(is_there).filter(|_| !is_marked) {
            return Err(StartError::NotOurs { dir: path, file: (*file).to_owned() });
        }

        let mut lock = File::options().create(true).append(true).open(&mark).map_err(failed(&mark))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::InUse { dir: path }),
            Err(TryLockError::Error(error)) => return Err(failed(&mark)(error)),
        }
        if !is_marked {
            lock.write_all(MARK_TEXT.as_bytes()).map_err(failed(&mark))?;
        }
        Ok(Self { path, _lock: Some(lock), _temporary: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the folder; others can never write to it, whatever the umask says.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.create(path)
}

#[cfg(unix)]
fn private<'a, 'b, 'c>(builder: &'c mut tempfile::Builder<'a, 'b>) -> &'c mut tempfile::Builder<'a, 'b> {
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
}

#[cfg(not(unix))]
fn private<'a, 'b, 'c>(builder: &'c mut tempfile::Builder<'a, 'b>) -> &'c mut tempfile::Builder<'a, 'b> {
    builder
}

/// Refuses a folder whose files somebody else could replace.
#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).map_err(failed(path))?;
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(StartError::AnotherUsers { dir: path.to_owned() });
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(StartError::OthersCanWrite { dir: path.to_owned() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> Result<(), StartError> {
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    |error| StartError::Write { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        Folder::open(path, &["cert.pem", "key.pem"]).unwrap_err().to_string()
    }

    #[test]
    fn a_new_folder_is_marked_and_found_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        drop(Folder::open(&path, &["key.pem"]).unwrap());
        fs::write(path.join("key.pem"), "ours").unwrap();
        drop(Folder::open(&path, &["key.pem"]).unwrap());
        assert_eq!(fs::read_to_string(path.join(MARK)).unwrap(), MARK_TEXT, "written once");
    }

    #[test]
    fn files_of_somebody_else_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("key.pem"), "the only copy").unwrap();
        let refusal = refusal(dir.path());
        assert!(refusal.contains("key.pem") && refusal.contains("another folder"), "{refusal}");
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["key.pem"], "not even a mark");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nowhere_is_somebody_elses_too() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/nowhere", dir.path().join("cert.pem")).unwrap();
        assert!(refusal(dir.path()).contains("cert.pem"));
    }

    #[test]
    fn a_folder_serves_one_service_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path(), &[]).unwrap();
        let refusal = refusal(dir.path());
        assert!(refusal.contains("is in use by another local service"), "{refusal}");
        drop(first);
        Folder::open(dir.path(), &[]).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let refusal = refusal(dir.path());
        assert!(refusal.contains("chmod o-w"), "{refusal}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        // Only root may give a folder away; for anybody else the root directory is another user's.
        let given_away = std::os::unix::fs::chown(dir.path(), Some(65534), None).is_ok();
        let refusal = refusal(if given_away { dir.path() } else { Path::new("/") });
        assert!(refusal.contains("belongs to another user"), "{refusal}");
    }

    #[cfg(unix)]
    #[test]
    fn a_temporary_folder_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::temporary().unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
