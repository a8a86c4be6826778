//! Whether a program can be executed, asked before anything is done.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// That there is such a program: at this path, or by this name in a folder of PATH.
///
/// # Errors
/// Why it cannot be executed.
pub(super) fn check(program: &OsStr) -> io::Result<()> {
    if program.as_bytes().contains(&b'/') {
        return check_file(Path::new(program));
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for file in env::split_paths(&folders).map(|folder: PathBuf| folder.join(program)) {
        match check_file(&file) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn check_file(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(access(path, AccessFlags::X_OK)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_the_system_finds_it() {
        let why = |program: &str| check(OsStr::new(program)).map_err(|error| error.kind());
        assert_eq!(why("sh"), Ok(()));
        assert_eq!(why("/bin/sh"), Ok(()));
        assert_eq!(why("no-such-program"), Err(io::ErrorKind::NotFound));
        assert_eq!(why("./no-such-program"), Err(io::ErrorKind::NotFound));
        assert_eq!(why("/"), Err(io::ErrorKind::IsADirectory));
        assert_eq!(why("./Cargo.toml"), Err(io::ErrorKind::PermissionDenied));
    }
}
