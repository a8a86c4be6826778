//! Which command came last, and so which answers `expect` can look at.

use std::sync::{Mutex, PoisonError};

use crate::app::command::Line;

/// The last command that `expect` does not look through, if there has been one.
#[derive(Debug, Default)]
pub(crate) struct LastCommand(Mutex<Option<Begun>>);

#[derive(Debug)]
struct Begun {
    name: &'static str,
    operation: Option<&'static str>,
    /// What the titles of its answers have behind the operation.
    kinds: &'static [&'static str],
}

impl LastCommand {
    /// A command begins.
    pub(super) fn set(&self, line: &Line) {
        let kinds: &[_] = if line.command.is_dry_run() { &["Request"] } else { &["Response", "Rejected"] };
        let begun = Begun { name: line.name, operation: line.command.operation(), kinds };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    }

    /// There has been no command.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Why the answer called `title` cannot have come; `None` if it can.
    pub(super) fn lacks(&self, title: &str) -> Option<String> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Begun { name, operation, kinds }) = &*begun else {
            return Some(format!("no command before it brings {title}"));
        };
        let brings = operation
            .is_some_and(|operation| title.strip_prefix(operation).is_some_and(|kind| kinds.contains(&kind)));
        (!brings).then(|| format!("the last command, {name}, brings no {title}"))
    }
}
