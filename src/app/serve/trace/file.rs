//! The file of a trace: new at each start and whenever it is full, with the one before it beside it.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::json;
use crate::app::output::trace_line;
use crate::wire::system_error::in_words;

/// How many bytes a file may have.
const FULL: u64 = 10 * 1024 * 1024;

/// A file that is being written, for its owner alone.
#[derive(Debug)]
pub(super) struct TraceFile {
    path: PathBuf,
    header: &'static str,
    file: File,
    length: u64,
    full: u64,
    /// How many lines could not be written since the last that could.
    lost: u64,
}

impl TraceFile {
    /// Makes the file. What a trace wrote there before moves aside; what is no trace of ours stays, and is an error.
    pub(super) fn create(path: &Path, header: &'static str) -> io::Result<Self> {
        Self::create_within(FULL, path, header).map_err(|error| match error.raw_os_error() {
            Some(_) => io::Error::other(format!("{}: {}", path.display(), in_words(&error))),
            None => error,
        })
    }

    fn create_within(full: u64, path: &Path, header: &'static str) -> io::Result<Self> {
        if check(path)?
            && let Err(TryLockError::WouldBlock) = File::open(path)?.try_lock()
        {
            return Err(io::Error::other(format!("{} is in use by another local service", path.display())));
        }
        let (file, length) = make(path, header)?;
        Ok(Self { path: path.to_owned(), header, file, length, full, lost: 0 })
    }

    /// Writes a line. Returns what is to be said: that it cannot be, once, and how many are missing when it can again.
    pub(super) fn put(&mut self, line: &str) -> Option<String> {
        let written = self.try_put(line);
        let path = self.path.display();
        match written {
            Ok(()) if self.lost > 0 => {
                let lost = std::mem::take(&mut self.lost);
                Some(format!("the trace goes on in {path}: {lost} lines are missing"))
            }
            Ok(()) => None,
            Err(error) => {
                self.lost += 1;
                (self.lost == 1)
                    .then(|| format!("warning: cannot write the trace to {path}: {}", in_words(&error)))
            }
        }
    }

    fn try_put(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64 + 1;
        if self.length + length > self.full && self.length > self.header.len() as u64 + 1 {
            (self.file, self.length) = make(&self.path, self.header)?;
        }
        if let Err(error) = self.file.write_all(format!("{line}\n").as_bytes()) {
            // A piece of a line is worse than none; where even this fails there is nothing left to try.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += length;
        Ok(())
    }
}

/// A new file at `path` with its first line, and its length. It is locked, so that no other service takes it away.
fn make(path: &Path, header: &str) -> io::Result<(File, u64)> {
    let before = before(path);
    check(&before)?;
    if check(path)? {
        // An empty one is what a full disk leaves: nothing to give up the trace before for.
        if path.metadata()?.len() == 0 { fs::remove_file(path)? } else { fs::rename(path, &before)? }
    }
    let mut file = File::options().append(true).create_new(true).mode(0o600).open(path)?;
    file.try_lock()?;
    let first_line = format!("{header}\n");
    file.write_all(first_line.as_bytes())?;
    Ok((file, first_line.len() as u64))
}

/// Where the trace before goes.
fn before(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

/// Whether there is a file, which then must be a trace of ours.
fn check(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        // A link may lead anywhere, and to open a pipe could take for ever.
        found if !found.as_ref().is_ok_and(Metadata::is_file) => {
            found?;
            return Err(not_ours(path));
        }
        _ => {}
    }
    let mut start = Vec::new();
    let most = trace_line::HEADER.len().max(json::HEADER.len()) as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut start)?;
    let is_ours = [trace_line::HEADER, json::HEADER]
        .iter()
        .any(|header| start.starts_with(format!("{header}\n").as_bytes()));
    // Empty is what a disk that was full leaves.
    if !is_ours && !start.is_empty() {
        return Err(not_ours(path));
    }
    Ok(true)
}

fn not_ours(path: &Path) -> io::Error {
    io::Error::other(format!("{} is no trace of jobs-sandbox: choose another file", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn two_files_of_bounded_length_hold_what_came_last() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        let mut trace = TraceFile::create_within(100, &path, trace_line::HEADER).unwrap();
        for number in 0..100 {
            assert_eq!(trace.put(&format!("line {number}")), None);
            let length = fs::metadata(&path).unwrap().len();
            assert!(length <= 100, "{length}");
        }
        let lines = |path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        let (last, earlier) = (lines(path.clone()), lines(before(&path)));
        assert_eq!((&*last[0], &*earlier[0]), (trace_line::HEADER, trace_line::HEADER));
        let kept: Vec<_> = earlier[1..].iter().chain(&last[1..]).cloned().collect();
        let expected: Vec<_> = (100 - kept.len()..100).map(|number| format!("line {number}")).collect();
        assert_eq!(kept, expected);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        // One that is longer than a file has a file of its own.
        assert_eq!(trace.put(&"x".repeat(200)), None);
        assert_eq!(lines(path).len(), 2);
    }

    #[test]
    fn each_start_begins_a_file_and_keeps_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        for line in ["first", "second", "third"] {
            assert_eq!(TraceFile::create(&path, json::HEADER).unwrap().put(line), None);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\nthird\n", json::HEADER));
        assert_eq!(fs::read_to_string(before(&path)).unwrap(), format!("{}\nsecond\n", json::HEADER));
        let _first = TraceFile::create(&path, trace_line::HEADER).unwrap();
        let refused = TraceFile::create(&path, trace_line::HEADER).unwrap_err().to_string();
        assert!(refused.ends_with("is in use by another local service"), "{refused}");
    }

    #[test]
    fn an_empty_file_does_not_take_the_place_of_the_trace_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        let kept = format!("{}\nkept\n", trace_line::HEADER);
        fs::write(before(&path), &kept).unwrap();
        fs::write(&path, "").unwrap();
        assert_eq!(TraceFile::create(&path, trace_line::HEADER).unwrap().put("new"), None);
        assert_eq!(fs::read_to_string(before(&path)).unwrap(), kept);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\nnew\n", trace_line::HEADER));
    }

    #[test]
    fn the_error_names_the_file_and_not_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("missing/trace");
        let error = TraceFile::create(&path, trace_line::HEADER).unwrap_err().to_string();
        assert_eq!(error, format!("{}: No such file or directory", path.display()));
    }

    #[test]
    fn what_is_no_trace_stays_as_it_is() {
        for name in ["trace", "trace.1"] {
            let dir = tempfile::tempdir().unwrap();
            let (path, theirs) = (dir.path().join("trace"), dir.path().join(name));
            let refused = || TraceFile::create(&path, trace_line::HEADER).unwrap_err().to_string();
            fs::write(&theirs, "the only copy").unwrap();
            assert!(refused().contains(&format!("{name} is no trace of jobs-sandbox")), "{}", refused());
            assert_eq!(fs::read_to_string(&theirs).unwrap(), "the only copy");
            fs::remove_file(&theirs).unwrap();
            symlink(dir.path().join("elsewhere"), &theirs).unwrap();
            assert!(refused().contains(name), "{}", refused());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn that_nothing_can_be_written_is_said_once_and_what_is_missing_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace");
        let mut trace = TraceFile::create(&path, trace_line::HEADER).unwrap();
        let unwritable = File::open(&path).unwrap();
        let file = std::mem::replace(&mut trace.file, unwritable);
        let said = trace.put("lost").unwrap();
        assert!(said.ends_with(&format!("to {}: Bad file descriptor", path.display())), "{said}");
        assert_eq!(trace.put("lost too"), None);
        trace.file = file;
        let said = trace.put("kept").unwrap();
        assert!(said.ends_with("2 lines are missing"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\nkept\n", trace_line::HEADER));
    }
}
