//! The history of the terminal: a file in the user's state directory, shared by all sessions.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

use crate::app::output::printer::Printer;
use crate::wire::system_error::in_words;

/// The history file; `None` if the history cannot be saved.
#[derive(Debug)]
pub(super) struct HistoryFile(Option<PathBuf>);

impl HistoryFile {
    /// Loads the history. On an error a message is printed once, and nothing is saved.
    pub(super) fn open<H: Helper>(editor: &mut Editor<H, FileHistory>, printer: &Printer) -> Self {
        let Some(path) = path(|name| std::env::var_os(name).map(PathBuf::from)) else { return Self(None) };
        match load(editor, &path) {
            Ok(()) => Self(Some(path)),
            Err(error) => {
                printer.diagnostic(&format!("no history is kept: {}: {}", path.display(), in_words(&error)));
                Self(None)
            }
        }
    }

    /// Saves a line at once, so that a session that ends later does not overwrite it.
    pub(super) fn add<H: Helper>(
        &mut self,
        editor: &mut Editor<H, FileHistory>,
        line: &str,
        printer: &Printer,
    ) {
        let added = editor.add_history_entry(line);
        let Some(path) = &self.0 else { return };
        let kept = match added {
            // A line that begins with a space, or the same as the last one.
            Ok(false) => return,
            Ok(true) => editor.append_history(path),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            printer.diagnostic(&format!("no more history is kept: {}: {}", path.display(), in_words(&error)));
            self.0 = None;
        }
    }

    /// Copies the old editor's lines to a new editor.
    pub(super) fn hand_over<H: Helper>(
        &mut self,
        old: &Editor<H, FileHistory>,
        new: &mut Editor<H, FileHistory>,
    ) {
        match &self.0 {
            Some(path) => {
                // It was read a moment ago; if it fails now, saving the next line reports that.
                let _ = load(new, path);
            }
            None => old.history().iter().for_each(|line| drop(new.add_history_entry(line))),
        }
    }
}

fn load<H: Helper>(editor: &mut Editor<H, FileHistory>, path: &Path) -> Result<(), ReadlineError> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Reading a device or a pipe might never end.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a file").into()),
        _ => {}
    }
    match editor.load_history(path) {
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// `$XDG_STATE_HOME/jobs-sandbox/history`, by default below `~/.local/state`; `None` without a home.
///
/// See <https://specifications.freedesktop.org/basedir-spec/latest/>.
fn path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let home = || variable("HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(home()?.join(".local/state")))?;
    Some(state.join("jobs-sandbox/history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_where_the_base_directory_specification_says() {
        let with = |state: Option<&str>, home: Option<&str>| {
            path(|name| if name == "HOME" { home.map(PathBuf::from) } else { state.map(PathBuf::from) })
        };
        assert_eq!(with(Some("/s"), Some("/h")), Some("/s/jobs-sandbox/history".into()));
        assert_eq!(with(Some("relative"), Some("/h")), Some("/h/.local/state/jobs-sandbox/history".into()));
        assert_eq!(with(None, Some("/h")), Some("/h/.local/state/jobs-sandbox/history".into()));
        assert_eq!(with(None, None), None);
    }
}
