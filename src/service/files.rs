//! The files of a service: what a client needs to connect to it, and what the service itself finds again.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::folder::Folder;
use super::start_error::{StartError, cannot_write};

/// The folder with the certificates, their keys and `env`.
#[derive(Debug)]
pub(super) struct Files {
    folder: Folder,
}

/// The name of the authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// The name of the authority's private key.
pub(super) const CA_KEY: &str = "ca.key";
/// The name of the device's certificate.
pub(super) const CERTIFICATE: &str = "cert.pem";
/// The name of the device's private key.
pub(super) const KEY: &str = "key.pem";
/// The name of the shell's `export` lines.
pub(super) const ENVIRONMENT: &str = "env";

/// The name of the file that keeps what the service knows.
pub(super) const STATE: &str = "state.db";

/// The files that are there all or none.
pub(super) const TOGETHER: [&str; 4] = [CA, CA_KEY, CERTIFICATE, KEY];

/// All of them.
const NAMES: [&str; 6] = [CA, CA_KEY, CERTIFICATE, KEY, ENVIRONMENT, STATE];

/// Where the files that belong together are written.
const WRITING: &str = ".certificates.new";
/// Where they all are as soon as they are written, until each has moved to its place.
const WRITTEN: &str = ".certificates";

impl Files {
    /// The files in `dir`, or in a private temporary folder.
    ///
    /// What a program that was killed had written completely is put into its place, and the rest thrown away.
    pub(super) fn open(dir: Option<&Path>) -> Result<Self, StartError> {
        let folder = dir.map_or_else(Folder::temporary, |dir| Folder::open(dir, &NAMES))?;
        let files = Self { folder };
        files.discard_unfinished()?;
        files.move_written()?;
        Ok(files)
    }

    /// Writes the files that belong together, so that a program killed meanwhile leaves all of them or none.
    pub(super) fn put_together(&self, texts: [&str; TOGETHER.len()]) -> Result<(), StartError> {
        let writing = self.path(WRITING);
        fs::create_dir(&writing).map_err(cannot_write(&writing))?;
        for (name, text) in TOGETHER.into_iter().zip(texts) {
            put(&writing, name, text, mode(name))?;
            if self.folder.is_kept() {
                let path = writing.join(name);
                File::open(&path).and_then(|file| file.sync_all()).map_err(cannot_write(&path))?;
            }
        }
        fs::rename(&writing, self.path(WRITTEN)).map_err(cannot_write(&writing))?;
        self.move_written()
    }

    /// Writes the lines that make other programs use the service, for a shell to read; for its owner's alone where
    /// they hold a secret. Those that did not come from this program, which names itself in the first, stay.
    pub(super) fn put_environment(&self, script: &str, is_secret: bool) -> Result<(), StartError> {
        let path = self.path(ENVIRONMENT);
        if is_found(&path)? {
            let found = fs::read(&path).map_err(cannot_write(&path))?;
            let first_line = String::from_utf8_lossy(&found).lines().next().map(str::to_owned);
            if !first_line.is_some_and(|line| line.contains("jobs-sandbox")) {
                return Err(StartError::NotOurs { path });
            }
        }
        put(self.dir(), ENVIRONMENT, script, if is_secret { PRIVATE } else { PUBLIC })
    }

    /// A file of those that belong together; none where there is none. Its mode is what it was made with.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, StartError> {
        let path = self.path(name);
        if !is_found(&path)? {
            return Ok(None);
        }
        match fs::read(&path).and_then(|bytes| set_mode(&path, mode(name)).map(|()| bytes)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => Err(StartError::Read { path, error }),
        }
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    fn discard_unfinished(&self) -> Result<(), StartError> {
        let writing = self.path(WRITING);
        match fs::remove_dir_all(&writing) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(&writing)(error)),
            _ => Ok(()),
        }
    }

    fn move_written(&self) -> Result<(), StartError> {
        let written = self.path(WRITTEN);
        if !written.is_dir() {
            return Ok(());
        }
        for name in TOGETHER {
            let path = self.path(name);
            match fs::rename(written.join(name), &path) {
                // It was moved before the program was killed.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot_write(&path)(error)),
                _ => {}
            }
        }
        fs::remove_dir(&written).map_err(cannot_write(&written))
    }
}

/// Whether a file is there. A link, which could lead to somebody's file, and a pipe, which could be read for ever,
/// were not written here.
fn is_found(path: &Path) -> Result<bool, StartError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(StartError::NotOurs { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StartError::Read { path: path.to_owned(), error }),
    }
}

/// Writes a file at once: nobody sees half of it, and its mode is right from the beginning.
fn put(dir: &Path, name: &str, text: &str, mode: u32) -> Result<(), StartError> {
    let path = dir.join(name);
    let write = || -> io::Result<()> {
        let mut file = NamedTempFile::new_in(dir)?;
        file.write_all(text.as_bytes())?;
        set_mode(file.path(), mode)?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(cannot_write(&path))
}

const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;

/// Who may read one of the files that belong together.
fn mode(name: &str) -> u32 {
    if [CA_KEY, KEY].contains(&name) { PRIVATE } else { PUBLIC }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["ca", "ca's key", "certificate", "key"];

    /// What is in the folder, but for its mark.
    fn found(dir: &Path) -> Vec<(String, String)> {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != ".jobs-sandbox").collect();
        names.sort();
        let text = |name: String| (fs::read_to_string(dir.join(&name)).unwrap(), name);
        names.into_iter().map(text).map(|(text, name)| (name, text)).collect()
    }

    fn all(texts: [&str; 4]) -> Vec<(String, String)> {
        let mut all: Vec<_> = TOGETHER.map(str::to_owned).into_iter().zip(texts.map(str::to_owned)).collect();
        all.sort();
        all
    }

    #[cfg(unix)]
    #[test]
    fn the_keys_are_for_their_owner_alone_also_where_their_modes_were_changed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(Some(dir.path())).unwrap();
        files.put_together(TEXTS).unwrap();
        let modes =
            || TOGETHER.map(|name| fs::metadata(files.path(name)).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes(), [0o644, 0o600, 0o644, 0o600]);
        for name in TOGETHER {
            fs::set_permissions(files.path(name), Permissions::from_mode(0o666)).unwrap();
            files.read(name).unwrap();
        }
        assert_eq!(modes(), [0o644, 0o600, 0o644, 0o600]);
    }

    #[test]
    fn whenever_it_is_killed_all_are_there_or_none() {
        for moved in 0..=TOGETHER.len() {
            let dir = tempfile::tempdir().unwrap();
            let files = Files::open(Some(dir.path())).unwrap();
            files.put_together(["old"; 4]).unwrap();
            fs::create_dir(files.path(WRITTEN)).unwrap();
            for (at, (name, text)) in TOGETHER.into_iter().zip(TEXTS).enumerate() {
                let to = if at < moved { files.path(name) } else { files.path(WRITTEN).join(name) };
                fs::write(to, text).unwrap();
            }
            drop(files);
            Files::open(Some(dir.path())).unwrap();
            assert_eq!(found(dir.path()), all(TEXTS), "killed when {moved} had moved");
        }
        for written in 0..=TOGETHER.len() {
            let dir = tempfile::tempdir().unwrap();
            let files = Files::open(Some(dir.path())).unwrap();
            fs::create_dir(files.path(WRITING)).unwrap();
            for name in &TOGETHER[..written] {
                fs::write(files.path(WRITING).join(name), "half").unwrap();
            }
            drop(files);
            let files = Files::open(Some(dir.path())).unwrap();
            assert_eq!(found(dir.path()), [], "killed when {written} were written");
            files.put_together(TEXTS).unwrap();
            assert_eq!(found(dir.path()), all(TEXTS));
        }
    }

    #[test]
    fn a_temporary_directory_goes_with_the_service() {
        let files = Files::open(None).unwrap();
        files.put_together(TEXTS).unwrap();
        let dir = files.dir().to_owned();
        assert!(dir.join(CA).exists());
        drop(files);
        assert!(!dir.exists());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let file = NamedTempFile::new().unwrap();
        let error = Files::open(Some(&file.path().join("sub"))).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("sub"), "{error}");
    }
}
