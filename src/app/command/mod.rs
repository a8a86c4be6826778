//! The commands, and the one parser that reads them at the terminal and in scripts.
//!
//! [`table`] lists every command with its arguments and options; parsing, help, completion and
//! hints all read that one table. Reading rules: any run of spaces between arguments, JSON kept
//! byte for byte (nothing like shell quoting), a `#` at the beginning of a line for a comment.
//!
//! | module | what it is |
//! |---|---|
//! | [`table`], `spec` | every command, and what describes one |
//! | `input`, `reader`, `parse` | from bytes to whole commands, from these to words, from words to a command |
//! | `values`, `arguments`, `call_arguments` | values by the shape that the table gives them, and the command built from them |
//! | `line` | what a line means: the command |
//! | `expectation`, `comparison`, `member_path`, `until` | what `expect` and `--until` wait for |
//! | `names` | `{{NAME}}` |
//! | [`titles`] | what messages are called |
//! | `help`, `scan`, `nearest` | help texts; a command while it is being typed; the nearest known word |
//! | `error`, `json_fault`, `place` | why a line is no command, and where |

mod arguments;
mod call_arguments;
mod comparison;
mod error;
mod expectation;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod help;
mod input;
mod json_fault;
mod line;
mod member_path;
mod names;
mod nearest;
mod parse;
mod place;
mod reader;
mod scan;
mod spec;
pub(crate) mod table;
pub(crate) mod titles;
mod until;
mod values;

pub(crate) use comparison::{Comparison, Operand};
pub(crate) use error::{ParseError, UsagesShown};
pub(crate) use expectation::{Expectation, Predicate};
pub(crate) use help::{help, help_on, help_on_group, help_on_scripts};
pub(crate) use input::{Entry, entries, finished_entries};
pub(crate) use json_fault::json_fault;
pub(crate) use line::{
    Call, Command, Deferred, DeviceAction, FaultAction, JobDocument, Line, MAX_COMMAND_BYTES, Member, Payload,
};
pub(crate) use member_path::{MemberPath, Step};
pub(crate) use names::{Names, check_name, substitute};
pub(crate) use nearest::nearest;
pub(crate) use parse::{parse, parse_with};
pub(crate) use place::Place;
pub(crate) use scan::{CompletionContext, Scan, WordKind, scan};
pub(crate) use spec::{CommandGroup, Shape};
pub(crate) use until::{Goal, Until};
