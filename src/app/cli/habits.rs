//! Commands and scripts given as arguments, as other programs take them: a pointer to what to type here.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::UsageError;
use crate::app::command::{nearest, table};
use crate::app::output::escape;

/// How many characters of a command are repeated.
const SHOWN: usize = 200;

/// What `jobs-sandbox` may be followed by.
const SUBCOMMANDS: [&str; 10] = [
    "serve",
    "run",
    "fleet",
    "health",
    "provision",
    "clean-up",
    "policy",
    "completions",
    "man-pages",
    "help",
];

/// What to type instead, where clap refused an argument that is a command or a script.
pub(super) fn pointer(error: &clap::Error, arguments: &[String]) -> Option<UsageError> {
    let context = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand | ErrorKind::ArgumentConflict => ContextKind::InvalidSubcommand,
        _ => return None,
    };
    let Some(ContextValue::String(word)) = error.get(context) else { return None };
    let is_after = |at: usize, word: &str, by: usize| at >= by && arguments[at - by] == word;
    let places = || arguments.iter().enumerate().filter(|(_, argument)| *argument == word).map(|(at, _)| at);
    let split = places().find(|at| is_after(*at, "-c", 2));
    let at = split.or_else(|| places().next())?;
    let command = |from: usize| {
        let words = arguments[from..].split(|argument| argument == "-c").next().unwrap_or_default();
        format!("jobs-sandbox -c {}", quoted(&words.join(" ")))
    };
    if arguments.first().is_some_and(|first| first == "run") && !word.starts_with('-') {
        let handler = quoted(word);
        return Some(UsageError(format!("run starts what stands behind --: jobs-sandbox run -- {handler}")));
    }
    let is_command = table::find(word).is_some();
    Some(UsageError(if split.is_some() {
        format!("-c takes a whole command in quotes: {}", command(at - 1))
    } else if is_command && is_after(at, "help", 1) {
        format!("{word} is a command of the session; to read about it: {}", command(at - 1))
    } else if is_command {
        format!("{word} is a command of the session; to run it alone: {}", command(at))
    } else if Path::new(word).is_file() || Path::new(word).extension().is_some_and(|end| end == "jobs") {
        let plain = |c: char| c.is_alphanumeric() || "._-/~".contains(c);
        let file = if word.chars().all(plain) { word.clone() } else { quoted(word) };
        format!("a script is named with -f: jobs-sandbox -f {file}")
    } else if let Some(near) = nearest(word, SUBCOMMANDS.into_iter()) {
        format!("unknown command {}, did you mean jobs-sandbox {near}?", quoted(word))
    } else {
        return None;
    }))
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", escape::excerpt(text, SHOWN).replace('\'', r"'\''"))
}
