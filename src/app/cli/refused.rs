//! What clap says of a command line: help, or why it makes no sense.

use std::io::{self, Write as _};
use std::process;

use clap::error::{ContextValue, Error};

use super::key_material::without_keys;
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::app::standard_streams::check_output;
use crate::wire::system_error::in_words;

/// Ends the process with what clap says.
pub(super) fn exit(error: &Error) -> ! {
    let status = if error.use_stderr() {
        // There is nowhere else to say it.
        let _ = io::stderr().write_all(safe(error).as_bytes());
        ExitStatus::Usage
    } else {
        match check_output().and_then(|()| error.print()).and_then(|()| io::stdout().flush()) {
            // That the reader has gone away is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let _ =
                    writeln!(io::stderr(), "error: cannot write to standard output: {}", in_words(&error));
                ExitStatus::Failure
            }
            _ => ExitStatus::Success,
        }
    };
    process::exit(status as i32)
}

/// Clap's lines, with the values that it quotes on one line each, without keys and without what acts on a terminal.
fn safe(error: &Error) -> String {
    let mut text = error.render().to_string();
    for (_, value) in error.context() {
        let values = match value {
            ContextValue::String(value) => std::slice::from_ref(value),
            ContextValue::Strings(values) => values,
            _ => &[],
        };
        for value in values.iter().filter(|value| !value.is_empty()) {
            text = text.replace(value.as_str(), &escape::line(&without_keys(value)));
        }
    }
    let lines: Vec<_> = without_keys(&text).lines().map(|line| escape::line(line).into_owned()).collect();
    lines.join("\n") + "\n"
}
