//! Why a line is not a command.

use super::nearest::advice;
use super::place::Place;
use super::spec::Spec;

/// Why a text is not a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    /// The JSON at its end is incomplete; more lines may complete it.
    #[error("{0}: the JSON is not finished; usage: {usage}", usage = .0.usage())]
    Unfinished(Usage),
    /// No command has this name.
    #[error("unknown command \"{word}\": {advice}", advice = advice(*.nearest))]
    UnknownCommand {
        /// What was given, safe to show.
        word: String,
        /// A command that may have been meant.
        nearest: Option<&'static str>,
    },
    /// The command is known, but its arguments are wrong.
    #[error("{command}: {problem}; usage: {usage}", usage = .command.usage())]
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
}

/// A command, shown by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usage(pub(super) &'static Spec);

impl Eq for Usage {}

impl Usage {
    /// The one-line usage.
    #[must_use]
    pub(crate) fn usage(self) -> String {
        self.0.usage()
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}
