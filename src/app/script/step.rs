//! One command of a script, and where it stands.

use std::fmt;
use std::sync::Arc;

use crate::app::command::Entry;

/// A command of a script.
#[derive(Debug)]
pub(super) struct Step {
    pub file: Arc<str>,
    pub entry: Entry,
}

impl Step {
    pub(super) fn place(&self) -> Location {
        Location { file: Arc::clone(&self.file), line: Some(self.entry.line) }
    }

    /// The command as it stands, without the space around it.
    pub(super) fn text(&self) -> &str {
        self.entry.text.trim()
    }
}

/// A place in a script; without a line, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub file: Arc<str>,
    pub line: Option<usize>,
}

impl Location {
    /// What an error begins with.
    pub(super) fn origin(&self) -> String {
        format!("{self}:")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}
