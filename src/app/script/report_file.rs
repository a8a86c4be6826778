//! Where the report of a script goes.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;

/// A file that a report can be written to.
#[derive(Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    /// The pipe that it is, open from the start to the end: to who reads from it, closing it is the end.
    pipe: Option<pipe::Sender>,
}

impl ReportFile {
    /// Opens a pipe, and checks that anything else can be written to, which it leaves as it was.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let is_pipe = fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
        let pipe = is_pipe.then(|| open_pipe(path)).transpose()?;
        if pipe.is_none() {
            let is_new = !path.exists();
            File::options().append(true).create(true).open(path)?;
            // An empty file is no report, if the session never starts.
            if is_new {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { path: path.to_owned(), pipe })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of it.
    pub(super) async fn put(self, text: &str) -> io::Result<()> {
        match self.pipe {
            Some(mut pipe) => pipe.write_all(text.as_bytes()).await,
            None => replace(&self.path, text),
        }
    }
}

/// Opens a pipe that somebody reads from; to wait for a reader might take for ever.
fn open_pipe(path: &Path) -> io::Result<pipe::Sender> {
    pipe::OpenOptions::new().open_sender(path).map_err(|error| match error.raw_os_error() {
        Some(nix::libc::ENXIO) => io::Error::other("nobody reads from that pipe: start its reader first"),
        _ => error,
    })
}

/// Puts a file in place of the one before at once: a disk that is full leaves that as it was.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let before = fs::metadata(path).ok();
    // A device is written to.
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        return fs::write(path, text);
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = before.as_ref().map_or(0o666, |before| before.permissions().mode());
    let beside = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder);
    // Where nothing can be made beside it, a report is better than none.
    let Ok(mut beside) = beside else { return fs::write(path, text) };
    beside.write_all(text.as_bytes())?;
    if let Some(before) = before {
        // What the umask took away.
        beside.as_file().set_permissions(before.permissions())?;
    }
    beside.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_report_replaces_the_one_before_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.xml");
        let link = dir.path().join("link.xml");
        fs::write(&path, "the one before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let before = fs::File::open(&path).unwrap();
        ReportFile::open(&link).unwrap().put("smoke.jobs").await.unwrap();
        assert_eq!(io::read_to_string(before).unwrap(), "the one before");
        assert!(fs::read_to_string(&path).unwrap().contains("smoke.jobs"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing stays beside it");
    }
}
