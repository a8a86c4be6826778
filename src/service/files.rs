//! The files of a running service: what a client needs to connect to it.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use tempfile::{NamedTempFile, TempDir};

use super::certificates::DeviceCertificate;
use super::start_error::StartError;

/// The directory with `ca.pem`, `cert.pem`, `key.pem` and `env`.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) dir: PathBuf,
    /// Deletes the directory in the end, where nobody asked for it by name.
    _temporary: Option<TempDir>,
}

/// The name of the authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// The name of the device's certificate.
pub(super) const CERTIFICATE: &str = "cert.pem";
/// The name of the device's private key.
pub(super) const KEY: &str = "key.pem";
/// The name of the shell's `export` lines.
pub(super) const ENVIRONMENT: &str = "env";

impl Files {
    /// Writes the certificates and the key to `dir`, or to a private temporary directory.
    pub(super) fn write(
        dir: Option<&Path>,
        ca_pem: &str,
        device: &DeviceCertificate,
    ) -> Result<Self, StartError> {
        let files = Self::open(dir)?;
        files.put(CA, ca_pem, PUBLIC)?;
        files.put(CERTIFICATE, &device.certificate_pem, PUBLIC)?;
        files.put(KEY, &device.private_key_pem, PRIVATE)?;
        Ok(files)
    }

    fn open(dir: Option<&Path>) -> Result<Self, StartError> {
        let Some(dir) = dir else {
            let temporary = tempfile::Builder::new().prefix("jobs-sandbox-").tempdir();
            let temporary = temporary.map_err(failed(&std::env::temp_dir()))?;
            return Ok(Self { dir: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        fs::create_dir_all(dir).map_err(failed(dir))?;
        Ok(Self { dir: absolute(dir).map_err(failed(dir))?, _temporary: None })
    }

    /// Writes the lines that make other programs use the service, for a shell to read.
    pub(super) fn put_environment(&self, variables: &[(&str, String)]) -> Result<(), StartError> {
        let text = variables.iter().fold(String::new(), |mut text, (name, value)| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "export {name}={}", quoted(value));
            text
        });
        self.put(ENVIRONMENT, &text, PUBLIC)
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a file at once: nobody sees half of it, and its mode is right from the beginning.
    fn put(&self, name: &str, text: &str, mode: u32) -> Result<(), StartError> {
        let path = self.path(name);
        let write = || -> io::Result<()> {
            let mut file = NamedTempFile::new_in(&self.dir)?;
            file.write_all(text.as_bytes())?;
            set_mode(file.path(), mode)?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(failed(&path))
    }
}

const PUBLIC: u32 = 0o644;
const PRIVATE: u32 = 0o600;

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    |error| StartError::Write { path, error }
}

/// A value as a shell reads it back unchanged.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
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
        let dir = files.dir.clone();
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

    #[test]
    fn values_survive_the_shell() {
        assert_eq!(quoted("/tmp/a-b.c"), "/tmp/a-b.c");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
