//! The commands, and the one parser that reads them at the terminal and in scripts.
//!
//! [`table`] lists every command with its arguments and options; parsing, help, completion and
//! hints all read that one table. Reading rules: any run of spaces between arguments, JSON kept
//! byte for byte (nothing like shell quoting), a `#` at the beginning of a line for a comment.

mod arguments;
mod error;
mod expectation;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod help;
mod input;
mod line;
mod nearest;
mod parse;
mod reader;
mod scan;
mod spec;
pub mod table;
mod values;

pub use error::ParseError;
pub use expectation::{Condition, Expectation, Expected, Path, Step};
pub use help::{help, help_on};
pub use input::{Entry, entries, is_unfinished};
pub use line::{Command, Document, Line, MAX_COMMAND_BYTES};
pub use parse::parse;
pub use scan::{Await, Piece, Scan, WordKind, scan};
pub use spec::{CommandGroup, Shape, Spec};
