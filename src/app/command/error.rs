//! Why a line is not a command.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::nearest::advice;
use super::place::Place;
use super::spec::Spec;

/// Why a text is not a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    /// The JSON at its end is incomplete; more lines may complete it.
    #[error("{0}: the JSON is not finished")]
    Unfinished(Usage),
    /// No command has this name.
    #[error("unknown command \"{word}\": {advice}", advice = advice(*.nearest))]
    UnknownCommand {
        /// What was given, safe to show.
        word: String,
        /// A command that may have been meant.
        nearest: Option<&'static str>,
    },
    /// It is an operation of AWS's that is no command here.
    #[error("{command} is not a command here: to call it, aws iot {command}")]
    Elsewhere {
        /// The operation, as AWS's CLI spells it.
        command: &'static str,
    },
    /// The command is known, but its arguments are wrong.
    #[error("{command}: {problem}")]
    Arguments {
        /// The command.
        command: Usage,
        /// What is wrong.
        problem: String,
        /// Where, if it is in JSON.
        place: Option<Place>,
    },
    /// `!` is before something that cannot be refused.
    #[error("! goes before expect, or before a command that the service can refuse")]
    Negation,
    /// The value of a name cannot be.
    #[error("{0}")]
    Value(String),
    /// It is not UTF-8.
    #[error("the line is not UTF-8 text")]
    NotText,
    /// It is longer than a command may be.
    #[error("a command may hold at most 1 MiB")]
    TooLong,
}

impl ParseError {
    /// Where the error is, if it is in JSON.
    #[must_use]
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::Arguments { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    /// The command that it is about, if its usage helps.
    fn command(&self) -> Option<Usage> {
        match self {
            Self::Unfinished(command) | Self::Arguments { command, .. } => Some(*command),
            _ => None,
        }
    }

    /// What is wrong and how the command goes.
    #[cfg(test)]
    pub(super) fn with_usage(&self) -> String {
        UsagesShown::default().describe(self)
    }
}

/// The commands whose usage has been shown, which is not repeated after every typing error.
#[derive(Debug, Default)]
pub(crate) struct UsagesShown(Mutex<BTreeSet<&'static str>>);

impl UsagesShown {
    /// The error on one line, with the usage of its command unless that has been shown.
    pub(crate) fn describe(&self, error: &ParseError) -> String {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match error.command() {
            Some(command) if shown.insert(command.0.name) => format!("{error}; usage: {}", command.usage()),
            _ => error.to_string(),
        }
    }
}

/// A command, shown by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage(pub(super) &'static Spec);

impl Eq for Usage {}

impl Usage {
    /// The one-line usage.
    fn usage(self) -> String {
        self.0.usage()
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}
