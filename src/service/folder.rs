//! The folder that a service keeps its files in: marked as ours, and locked while the service runs.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf, absolute};

use tempfile::{NamedTempFile, TempDir};

use super::start_error::{StartError, cannot_write};
// The operating system's lock on it, which ends with the process however that ends, says that a service runs there.
use crate::wire::folders::{SERVICE_MARK as MARK, is_of_a_device};

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
    temporary: Option<TempDir>,
}

impl Folder {
    /// A folder that only this user can look into, and that goes with the service.
    pub(super) fn temporary() -> Result<Self, StartError> {
        let made = private(tempfile::Builder::new().prefix("jobs-sandbox-")).tempdir();
        let made = made.map_err(cannot_write(&std::env::temp_dir()))?;
        Ok(Self { path: made.path().to_owned(), _lock: None, temporary: Some(made) })
    }

    /// The folder at `path`, made where there is none.
    ///
    /// Refused where another service runs in it, where somebody else could write to it, and where it holds one of
    /// `names` without being marked as ours: that file is somebody's, perhaps the only copy of a private key. Refused
    /// as well where it is that of a device on AWS.
    pub(super) fn open(path: &Path, names: &[&str]) -> Result<Self, StartError> {
        if path.is_file() {
            return Err(StartError::NotAFolder { path: path.to_owned() });
        }
        make(path).map_err(cannot_write(path))?;
        let path = absolute(path).map_err(cannot_write(path))?;
        check_owner(&path)?;
        let lock = if let Some(mark) = find_mark(&path)? {
            mark
        } else if is_of_a_device(&path) {
            return Err(StartError::ADevices { dir: path });
        } else {
            let is_there = |name: &&&str| path.join(name).symlink_metadata().is_ok();
            if let Some(file) = names.iter().find(is_there) {
                return Err(StartError::NotOurs { path: path.join(file) });
            }
            put_mark(&path)?
        };
        Ok(Self { path, _lock: Some(lock), temporary: None })
    }

    /// Whether the folder outlives the service.
    pub(super) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The mark in a folder, locked; none where there is none.
///
/// Whatever else bears its name is somebody's: a link could lead anywhere, and to open a pipe could take for ever.
fn find_mark(dir: &Path) -> Result<Option<File>, StartError> {
    let path = dir.join(MARK);
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(StartError::NotOurs { path }),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_write(&path)(error)),
    }
    let mut mark = File::open(&path).map_err(cannot_write(&path))?;
    let mut text = Vec::new();
    let most = MARK_TEXT.len().try_into().unwrap_or(u64::MAX);
    Read::by_ref(&mut mark).take(most).read_to_end(&mut text).map_err(cannot_write(&path))?;
    let first_line = MARK_TEXT.split_inclusive('\n').next().unwrap_or_default();
    if !text.starts_with(first_line.as_bytes()) {
        return Err(StartError::NotOurs { path });
    }
    lock(&mark, dir)?;
    // Whoever may open it may lock it.
    restrict(&mark).map_err(cannot_write(&path))?;
    Ok(Some(mark))
}

/// Marks a folder. The mark is there, whole and locked, or not at all, whenever the program is killed.
fn put_mark(dir: &Path) -> Result<File, StartError> {
    let path = dir.join(MARK);
    let mut mark = NamedTempFile::new_in(dir).map_err(cannot_write(&path))?;
    restrict(mark.as_file()).map_err(cannot_write(&path))?;
    mark.write_all(MARK_TEXT.as_bytes()).map_err(cannot_write(&path))?;
    lock(mark.as_file(), dir)?;
    mark.persist_noclobber(&path).map_err(|refused| match refused.error.kind() {
        ErrorKind::AlreadyExists => StartError::InUse { dir: dir.to_owned() },
        _ => cannot_write(&path)(refused.error),
    })
}

fn lock(mark: &File, dir: &Path) -> Result<(), StartError> {
    mark.try_lock().map_err(|refused| match refused {
        TryLockError::WouldBlock => StartError::InUse { dir: dir.to_owned() },
        TryLockError::Error(error) => cannot_write(&dir.join(MARK))(error),
    })
}

/// Makes a file its owner's alone, whatever the umask says.
#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &File) -> io::Result<()> {
    Ok(())
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
    let metadata = fs::metadata(path).map_err(cannot_write(path))?;
    let (user, group) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    if metadata.uid() != user {
        return Err(StartError::AnotherUsers { dir: path.to_owned() });
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(StartError::OthersCanWrite { dir: path.to_owned() });
    }
    // Where each user has a group of their own, it bears the user's number.
    let is_private = metadata.gid() == group && group == user;
    if metadata.mode() & 0o020 != 0 && !is_private {
        return Err(StartError::GroupCanWrite { dir: path.to_owned() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> Result<(), StartError> {
    Ok(())
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

    #[test]
    fn the_folder_of_a_device_on_aws_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("manifest.json"), r#"{"madeBy":"jobs-sandbox provision"}"#).unwrap();
        let refusal = refusal(dir.path());
        assert!(refusal.contains("a device on AWS") && refusal.contains("--device"), "{refusal}");
        fs::write(dir.path().join("manifest.json"), "{}").unwrap();
        Folder::open(dir.path(), &[]).unwrap();
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
    fn a_folder_that_a_group_can_write_to_is_refused_unless_it_is_the_users_own() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        let (user, own) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let dir = tempfile::tempdir().unwrap();
        let shared = std::os::unix::fs::chown(dir.path(), None, Some(65534)).is_ok();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o770)).unwrap();
        if shared || user != own {
            let refusal = refusal(dir.path());
            assert!(refusal.contains("chmod g-w"), "{refusal}");
        }
        std::os::unix::fs::chown(dir.path(), None, Some(own)).unwrap();
        assert_eq!(Folder::open(dir.path(), &[]).is_ok(), user == own);
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refusal = refusal(file.path());
        assert!(refusal.ends_with("is a file: choose the name of a folder"), "{refusal}");
    }

    #[test]
    fn what_bears_the_marks_name_without_being_ours_is_no_mark() {
        for text in ["", "something else", "This folder"] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(MARK), text).unwrap();
            fs::write(dir.path().join("key.pem"), "the only copy").unwrap();
            let refusal = refusal(dir.path());
            assert!(refusal.contains(MARK) && refusal.contains("move that file away"), "{refusal}");
            assert_eq!(fs::read_to_string(dir.path().join(MARK)).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_pipe_is_no_mark() {
        let elsewhere = tempfile::tempdir().unwrap();
        drop(Folder::open(elsewhere.path(), &[]).unwrap());
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join(MARK);
        std::os::unix::fs::symlink(elsewhere.path().join(MARK), &mark).unwrap();
        assert!(refusal(dir.path()).contains(MARK));
        fs::remove_file(&mark).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&mark).status().unwrap();
        assert!(made.success());
        assert!(refusal(dir.path()).contains(MARK));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_take_the_lock() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join(MARK);
        for _ in 0..2 {
            drop(Folder::open(dir.path(), &[]).unwrap());
            assert_eq!(fs::metadata(&mark).unwrap().permissions().mode() & 0o777, 0o600);
            // As an earlier program left it.
            fs::set_permissions(&mark, Permissions::from_mode(0o644)).unwrap();
        }
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
