//! A folder that plays S3: `BUCKET/KEY` below it is the object of that bucket and key.
//!
//! Nothing outside the folder is ever opened, whatever a key or a link says.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::Mode;

use super::s3::{Location, LocationFault, Presigner};
use super::start_error::StartError;
use super::state::{MAX_DOCUMENT_BYTES, Rejected};

/// The folder, and who signs URLs that lead into it.
#[derive(Debug)]
pub(crate) struct Buckets {
    folder: PathBuf,
    pub(crate) presigner: Arc<Presigner>,
}

/// An object that was opened.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
    pub(crate) content_type: &'static str,
}

/// Why an object cannot be had.
#[derive(Debug)]
pub(crate) enum Unavailable {
    NoBucket,
    NoObject,
    Failed(io::Error),
}

impl Buckets {
    /// The buckets in a folder, which must not hold the service's own files, `secrets`.
    pub(crate) fn open(folder: &Path, secrets: &Path, presigner: Arc<Presigner>) -> Result<Self, StartError> {
        let unreadable = |error| StartError::NoFiles { path: folder.to_owned(), error };
        let real = folder.canonicalize().map_err(unreadable)?;
        if !real.is_dir() {
            return Err(StartError::NotAFolder { path: folder.to_owned() });
        }
        if secrets.canonicalize().is_ok_and(|secrets| secrets.starts_with(&real)) {
            return Err(StartError::OwnFiles { files: folder.to_owned(), dir: secrets.to_owned() });
        }
        Ok(Self { folder: real, presigner })
    }

    /// Opens an object.
    pub(crate) fn object(&self, location: &Location) -> Result<Object, Unavailable> {
        let Location { bucket, key } = location;
        let root = self.folder.canonicalize().map_err(Unavailable::Failed)?;
        let bucket = self.folder.join(bucket);
        if !bucket.is_dir() {
            return Err(Unavailable::NoBucket);
        }
        // A key is a name and no path: where it reads as one that goes elsewhere, no file has it.
        let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if !key.split('/').all(is_name) {
            return Err(Unavailable::NoObject);
        }
        let real = bucket.join(key).canonicalize().map_err(unavailable)?;
        let inside = real.strip_prefix(&root).map_err(|_| Unavailable::NoObject)?;
        let file = open_without_links(&root, inside).map_err(unavailable)?;
        let metadata = file.metadata().map_err(Unavailable::Failed)?;
        if !metadata.is_file() {
            return Err(Unavailable::NoObject);
        }
        Ok(Object { file, metadata, content_type: content_type(key) })
    }

    /// The job document that a link of an operator names.
    pub(crate) fn document(&self, source: &str) -> Result<String, Rejected> {
        let refuse = |message: String| Rejected::InvalidRequest(message);
        let location = Location::of_url(source).map_err(|fault| match fault {
            LocationFault::NotS3 => refuse(format!("Job document source {source} is invalid.")),
            LocationFault::NoKey => {
                refuse(format!("Provided S3 url is not valid: {source}. Error: Key cannot be null"))
            }
            LocationFault::Version => {
                refuse("VersionId not found when attempting to access s3 url".to_owned())
            }
        })?;
        let missing = || refuse(format!("Job document located at {source} is not found."));
        let object = self.object(&location).map_err(|unavailable| match unavailable {
            Unavailable::NoBucket => refuse(format!("Bucket specified by url: {source} is not found.")),
            Unavailable::NoObject | Unavailable::Failed(_) => missing(),
        })?;
        let mut bytes = Vec::new();
        object.file.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|_| missing())?;
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(Rejected::LimitExceeded(format!(
                "Job document from {source} exceeds size limit {MAX_DOCUMENT_BYTES} bytes."
            )));
        }
        let invalid = |_| refuse(format!("Job document located at {source} is an invalid JSON document."));
        String::from_utf8(bytes).map_err(invalid)
    }
}

/// What a key says of its object, as the AWS CLI would tell S3; what it does not say S3 calls binary.
fn content_type(key: &str) -> &'static str {
    match Path::new(key).extension().and_then(|extension| extension.to_str()) {
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        Some("html") => "text/html",
        Some("xml") => "text/xml",
        Some("zip") => "application/zip",
        Some("tar") => "application/x-tar",
        Some("bin") => "application/octet-stream",
        _ => "binary/octet-stream",
    }
}

fn unavailable(error: io::Error) -> Unavailable {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Unavailable::NoObject,
        _ if error.raw_os_error() == Some(Errno::ELOOP as i32) => Unavailable::NoObject,
        _ => Unavailable::Failed(error),
    }
}

/// Opens a path that has no links any more; one that has been put into it meanwhile is not followed. What would block,
/// such as a pipe, does not.
fn open_without_links(root: &Path, path: &Path) -> io::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut at: OwnedFd = openat(AT_FDCWD, root, flags | OFlag::O_DIRECTORY, Mode::empty())?;
    for part in path.components() {
        let Component::Normal(name) = part else { return Err(ErrorKind::NotFound.into()) };
        at = openat(&at, name, flags, Mode::empty())?;
    }
    Ok(at.into())
}
