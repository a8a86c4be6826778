//! The files of a running service: what a client needs to connect to it.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::certificates::DeviceCertificate;
use super::folder::Folder;
use super::start_error::StartError;

/// The folder with `ca.pem`, `cert.pem`, `key.pem` and `env`.
#[derive(Debug)]
pub(super) struct Files {
    folder: Folder,
}

/// The name of the authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// The name of the device's certificate.
pub(super) const CERTIFICATE: &str = "cert.pem";
/// The name of the device's private key.
pub(super) const KEY: &str = "key.pem";
/// The name of the shell's `export` lines.
pub(super) const ENVIRONMENT: &str = "env";

/// All of them.
const NAMES: [&str; 4] = [CA, CERTIFICATE, KEY, ENVIRONMENT];

impl Files {
    /// Writes the certificates and the key to `dir`, or to a private temporary folder.
    pub(super) fn write(
        dir: Option<&Path>,
        ca_pem: &str,
        device: &DeviceCertificate,
    ) -> Result<Self, StartError> {
        let folder = dir.map_or_else(Folder::temporary, |dir| Folder::open(dir, &NAMES))?;
        let files = Self { folder };
        files.put(CA, ca_pem, PUBLIC)?;
        files.put(CERTIFICATE, &device.certificate_pem, PUBLIC)?;
        files.put(KEY, &device.private_key_pem, PRIVATE)?;
        Ok(files)
    }

    /// Writes the lines that make other programs use the service, for a shell to read; for its owner's alone where
    /// they hold a secret.
    pub(super) fn put_environment(&self, script: &str, is_secret: bool) -> Result<(), StartError> {
        self.put(ENVIRONMENT, script, if is_secret { PRIVATE } else { PUBLIC })
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// Writes a file at once: nobody sees half of it, and its mode is right from the beginning.
    fn put(&self, name: &str, text: &str, mode: u32) -> Result<(), StartError> {
        let path = self.path(name);
        let write = || -> io::Result<()> {
            let mut file = NamedTempFile::new_in(self.dir())?;
            file.write_all(text.as_bytes())?;
            set_mode(file.path(), mode)?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| StartError::Write { path, error })
    }
}

const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::certificates::Authority;
    use super::*;

    fn write(dir: Option<&Path>) -> Result<Files, StartError> {
        let authority = Authority::new().unwrap();
        Files::write(dir, &authority.pem(), &authority.device().unwrap())
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_alone_also_where_a_file_was_there_before() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        drop(write(Some(dir.path())).unwrap());
        let key = dir.path().join(KEY);
        fs::write(&key, "old").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o666)).unwrap();
        write(Some(dir.path())).unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(KEY), mode(CERTIFICATE), mode(CA)), (0o600, 0o644, 0o644));
        assert!(fs::read_to_string(&key).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    }

    #[test]
    fn a_temporary_directory_goes_with_the_service() {
        let files = write(None).unwrap();
        let dir = files.dir().to_owned();
        assert!(dir.join(CA).exists());
        drop(files);
        assert!(!dir.exists());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let file = NamedTempFile::new().unwrap();
        let error = write(Some(&file.path().join("sub"))).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("sub"), "{error}");
    }
}
