//! The folder of a device on AWS: its certificate, its key, how to connect, and what was made for it.

mod manifest;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf, absolute};

use tempfile::NamedTempFile;

use crate::service::shell_quoted;
use crate::wire::folders::{MANIFEST, MAX_MANIFEST, SERVICE_MARK, is_of_a_device};
use crate::wire::model::JobId;
use crate::wire::system_error::in_words;

pub(crate) use manifest::{Manifest, Origin, Resource};

/// The name of the certificate.
const CERTIFICATE: &str = "cert.pem";
/// The name of the private key.
const KEY: &str = "key.pem";
/// The name of the shell's `export` lines.
const ENVIRONMENT: &str = "env";
/// The name of the list of jobs that sessions have created.
const JOBS: &str = "jobs";
/// How much of that list is read.
const MAX_JOBS: u64 = 1 << 24;

/// Why the folder cannot be used; `Display` is one line, with what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no device in it.
    #[error("there is no device in {dir}: jobs-sandbox provision --thing NAME --device {dir} makes one", dir = .0.display())]
    NoDevice(PathBuf),
    /// It belongs to a local service.
    #[error(
        "{dir} is a local service's folder, not that of a device on AWS: choose another one, or --dir {dir}", dir = .0.display()
    )]
    Services(PathBuf),
    /// It holds somebody else's file.
    #[error("{file} was not written by jobs-sandbox: choose another folder, or move that file away first", file = .0.display())]
    NotOurs(PathBuf),
    /// The manifest is none.
    #[error("{file} cannot be read as this program wrote it: put the right one back", file = .0.display())]
    Damaged(PathBuf),
    /// Another command works in it.
    #[error("another provision or clean-up works in {dir}: wait for it", dir = .0.display())]
    InUse(PathBuf),
    /// Provisioning broke off.
    #[error("the device in {dir} is not finished: jobs-sandbox provision --device {dir} goes on", dir = .0.display())]
    Unfinished(PathBuf),
    /// The system refused.
    #[error("cannot use {}: {}", path.display(), in_words(error))]
    System {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// The folder of a device, which nobody else changes meanwhile.
#[derive(Debug)]
pub(crate) struct DeviceFolder {
    dir: PathBuf,
    _lock: File,
}

/// A device that is complete: all that a session needs.
#[derive(Debug)]
pub(crate) struct Device {
    /// Host name of the message broker.
    pub endpoint: String,
    /// The region.
    pub region: Option<String>,
    /// The thing.
    pub thing: String,
    /// The client ids that its policy lets connect, if they are known.
    pub client_ids: Option<String>,
    /// The file with the certificate.
    pub cert: PathBuf,
    /// The file with the private key.
    pub key: PathBuf,
}

impl DeviceFolder {
    /// Opens the folder, which is made, for its owner alone, where there is none.
    pub(crate) fn open_or_make(dir: &Path) -> Result<Self, Error> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(system(dir))?;
        Self::open(dir)
    }

    /// Opens a folder that is there.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        refuse_services(dir)?;
        let dir = absolute(dir).map_err(system(dir))?;
        let lock = File::open(&dir).map_err(system(&dir))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(dir)),
            Err(TryLockError::Error(error)) => return Err(system(&dir)(error)),
            Ok(()) => {}
        }
        Ok(Self { dir, _lock: lock })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was made for the device, if anything was.
    pub(crate) fn manifest(&self) -> Result<Option<Manifest>, Error> {
        let found = manifest(&self.dir)?;
        let files = [CERTIFICATE, KEY, ENVIRONMENT].map(|name| self.dir.join(name));
        match files.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(path) if found.is_none() => Err(Error::NotOurs(path)),
            _ => Ok(found),
        }
    }

    /// Keeps what was made, whole and for ever, before anything else happens.
    pub(crate) fn put_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(manifest).unwrap_or_default();
        text.push('\n');
        self.put(MANIFEST, &text, 0o644)
    }

    /// The private key, if it has been made.
    pub(crate) fn key(&self) -> Result<Option<String>, Error> {
        let path = self.dir.join(KEY);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(system(&path)(error)),
        }
    }

    /// Keeps the private key, for its owner alone to read.
    pub(crate) fn put_key(&self, pem: &str) -> Result<(), Error> {
        self.put(KEY, pem, 0o600)
    }

    /// Keeps the certificate.
    pub(crate) fn put_certificate(&self, pem: &str) -> Result<(), Error> {
        self.put(CERTIFICATE, pem, 0o644)
    }

    /// Writes the lines that lead other programs to the device's endpoint, for a shell to read.
    pub(crate) fn put_environment(&self, device: &Device) -> Result<(), Error> {
        let path = |path: &Path| path.display().to_string();
        let mut variables = vec![
            ("JOBS_SANDBOX_ENDPOINT", device.endpoint.clone()),
            ("JOBS_SANDBOX_CERT", path(&device.cert)),
            ("JOBS_SANDBOX_KEY", path(&device.key)),
            ("JOBS_SANDBOX_THING", device.thing.clone()),
        ];
        for name in ["JOBS_SANDBOX_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"] {
            variables.extend(device.region.clone().map(|region| (name, region)));
        }
        let mut text = String::from("# Written by jobs-sandbox provision, for a shell to read: . env\n");
        for (name, value) in variables {
            text.extend(["export ", name, "=", &shell_quoted(&value), "\n"]);
        }
        self.put(ENVIRONMENT, &text, 0o644)
    }

    /// The jobs that sessions with this device have created.
    pub(crate) fn jobs(&self) -> Result<BTreeSet<JobId>, Error> {
        let path = self.dir.join(JOBS);
        let mut text = String::new();
        match File::open(&path) {
            Ok(file) => file.take(MAX_JOBS).read_to_string(&mut text).map_err(system(&path))?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(system(&path)(error)),
        };
        // What a session that was killed left half-written names nothing.
        Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Removes what this program wrote, the manifest last, and the folder where nothing else is in it.
    pub(crate) fn remove(self) -> Result<(), Error> {
        for name in [ENVIRONMENT, CERTIFICATE, KEY, JOBS, MANIFEST] {
            let path = self.dir.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(system(&path)(error)),
                _ => {}
            }
        }
        match fs::remove_dir(&self.dir) {
            Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => Err(system(&self.dir)(error)),
            _ => Ok(()),
        }
    }

    /// Writes a file at once: nobody sees half of it, its mode is right from the beginning, and it outlives a crash.
    fn put(&self, name: &str, text: &str, mode: u32) -> Result<(), Error> {
        let path = self.dir.join(name);
        let write = || -> io::Result<()> {
            let mut file = NamedTempFile::new_in(&self.dir)?;
            file.write_all(text.as_bytes())?;
            #[cfg(unix)]
            file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(system(&path))
    }
}

/// The device in a folder, for a session.
pub(crate) fn device(dir: &Path) -> Result<Device, Error> {
    refuse_services(dir)?;
    let manifest = manifest(dir)?.ok_or_else(|| Error::NoDevice(dir.to_owned()))?;
    let dir = absolute(dir).map_err(system(dir))?;
    if !dir.join(ENVIRONMENT).is_file() {
        return Err(Error::Unfinished(dir));
    }
    complete(&dir, &manifest).ok_or(Error::Unfinished(dir))
}

/// The folder of a certificate, if it is that of a device which provision made.
pub(crate) fn of_certificate(certificate: &Path) -> Option<PathBuf> {
    certificate.parent().filter(|dir| is_of_a_device(dir)).map(Path::to_owned)
}

/// Notes that a session has created a job, for clean-up.
pub(crate) fn note_job(dir: &Path, job: &str) -> Result<(), Error> {
    let path = dir.join(JOBS);
    let file = File::options().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(format!("{job}\n").as_bytes())).map_err(system(&path))
}

/// What a session needs, of a device in `dir` for which everything was made.
pub(crate) fn complete(dir: &Path, manifest: &Manifest) -> Option<Device> {
    Some(Device {
        endpoint: manifest.endpoint.clone()?,
        region: manifest.region.clone(),
        thing: manifest.thing.name.clone(),
        client_ids: manifest.client_ids.clone(),
        cert: dir.join(CERTIFICATE),
        key: dir.join(KEY),
    })
}

fn manifest(dir: &Path) -> Result<Option<Manifest>, Error> {
    let path = dir.join(MANIFEST);
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(Error::NotOurs(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(&path)(error)),
    }
    let mut text = String::new();
    let file = File::open(&path).map_err(system(&path))?;
    let damaged = || Error::Damaged(path.clone());
    file.take(MAX_MANIFEST).read_to_string(&mut text).map_err(|_| damaged())?;
    serde_json::from_str(&text).map(Some).map_err(|_| damaged())
}

fn refuse_services(dir: &Path) -> Result<(), Error> {
    let is_services = dir.join(SERVICE_MARK).symlink_metadata().is_ok();
    if is_services { Err(Error::Services(dir.to_owned())) } else { Ok(()) }
}

fn system(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |error| Error::System { path: path.clone(), error }
}
