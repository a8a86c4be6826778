//! Faults on demand, in words: what goes wrong, with which messages, and how often.
//!
//! The same words everywhere: `fault add` at the prompt and in scripts, `serve --fault "…"`, and the body of
//! `POST /_sandbox/faults`.
//!
//! ```
//! use jobs_sandbox::wire::fault::Fault;
//!
//! let fault: Fault = "refuse=RequestThrottled --times 2 --on update".parse()?;
//! assert_eq!(fault.to_string(), "refuse=RequestThrottled --on update --times 2");
//!
//! let refused = "drop-event --on update".parse::<Fault>().unwrap_err();
//! assert_eq!(refused.to_string(), "drop-event goes with --on notify or notify-next, not with update");
//! # Ok::<(), jobs_sandbox::wire::fault::InvalidFault>(())
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `definition` | a fault, and which messages it is for |
//! | `kind`, `code`, `reason` | what goes wrong |
//! | `on`, `pattern` | with which message, and of which client |
//! | `table`, `check` | which of these go together |
//! | `parse`, `display` | from the words, and back to them |

mod check;
mod code;
mod definition;
mod display;
mod kind;
mod on;
mod parse;
mod pattern;
mod reason;
mod table;

pub use self::code::Code;
pub use self::definition::{Chance, Fault};
pub use self::kind::{KINDS, Kind};
pub use self::on::{MESSAGES, On};
pub use self::parse::InvalidFault;
pub use self::pattern::Pattern;
pub use self::reason::Reason;

#[cfg(test)]
mod tests;
