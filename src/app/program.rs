//! The program, from its arguments to its exit code.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context as _;
use clap_complete::Shell;
use tokio::runtime::{Builder, Runtime};

use crate::app::cli::{Cli, Launch, without_keys};
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::app::{fleet, health, host, man_pages, provision, run, serve, session, signals, standard_streams};
use crate::wire::system_error::in_words;

/// Runs the program with the arguments of this process; an error is printed once, on stderr.
#[must_use]
pub fn run() -> ExitCode {
    let launch = match Cli::from_arguments().and_then(Cli::launch) {
        Ok(launch) => launch,
        Err(usage) => return fail(&usage.to_string(), ExitStatus::Usage),
    };
    match carry_out(launch) {
        Ok(status) => status.into(),
        Err((message, status)) => fail(&message, status),
    }
}

/// How many tasks run before a worker looks at the sockets again, if it has as many.
///
/// All that were ready at once get their turn before any of them gets a second one: of a thousand devices none waits
/// behind those whose answers came first.
const ROUND: u32 = 1000;

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().event_interval(ROUND).build()
}

fn carry_out(launch: Launch) -> Result<ExitStatus, (String, ExitStatus)> {
    let failed = |error: anyhow::Error| (format!("{error:#}"), ExitStatus::Failure);
    host::check_clock(SystemTime::now())
        .and_then(|()| host::check_threads())
        .map_err(|message| (message, ExitStatus::Failure))?;
    host::ask_for_open_files();
    host::check_open_files().map_err(|message| (message, ExitStatus::Failure))?;
    let runtime = runtime().context("cannot start the async runtime").map_err(failed)?;
    runtime
        .block_on(async { signals::survive_large_files() })
        .context("cannot wait for signals")
        .map_err(failed)?;
    let ended = match launch {
        Launch::Serve(options, trace) => runtime
            .block_on(serve::run(options, trace))
            .map_err(|error| (format!("{error:#}"), ExitStatus::NotConnected)),
        Launch::Run(options) => {
            runtime.block_on(run::run(*options)).map_err(|error| (error.to_string(), error.exit_status()))
        }
        Launch::Session(options) => {
            session::run(&options, &runtime).map_err(|error| (error.to_string(), error.exit_status()))
        }
        Launch::Fleet(options) => runtime.block_on(fleet::run(&options)),
        Launch::Provision(options) => runtime.block_on(provision::provision(&options, &say)),
        Launch::CleanUp(options) => runtime.block_on(provision::clean_up(&options, &say)),
        Launch::PolicyCheck(options) => {
            provision::check(&options, &say).map_err(|message| (message, ExitStatus::Usage))
        }
        Launch::PolicyPrint(options) => print(&provision::print(&options)),
        Launch::Health { url, wait } => runtime.block_on(health::run(&url, wait)),
        Launch::Completions(shell) => print(&completions(shell)),
        Launch::ManPages(dir) => man_pages::write(Cli::described(), &dir)
            .map(|()| ExitStatus::Success)
            .map_err(|message| (message, ExitStatus::Failure)),
    };
    // A name resolution that hangs must not keep the program from ending.
    runtime.shutdown_background();
    ended
}

/// Prints what was asked for.
fn print(text: &str) -> Result<ExitStatus, (String, ExitStatus)> {
    match standard_streams::output().write_all(text.as_bytes()) {
        // That the reader has gone away is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err((format!("cannot write to standard output: {error}"), ExitStatus::Failure))
        }
        _ => Ok(ExitStatus::Success),
    }
}

/// Prints a line of a command that works on; what it does matters more than that it can be read.
fn say(line: &str) {
    let _ = writeln!(standard_streams::output(), "{}", escape::line(line));
}

/// The script with which a shell completes our command line.
fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::described(), env!("CARGO_PKG_NAME"), &mut script);
    // clap_complete 4.6 calls a program with a hyphen by two names, which hides its subcommands from bash.
    String::from_utf8_lossy(&script).replace("jobs__subcmd__sandbox", "jobs__sandbox")
}

/// Prints why the program could not do its work.
fn fail(message: &str, status: ExitStatus) -> ExitCode {
    let message = match status {
        // It may quote what the command line holds.
        ExitStatus::Usage => Cow::Owned(without_keys(message)),
        _ => Cow::Borrowed(message),
    };
    // There is nowhere else to say it.
    let _ = writeln!(io::stderr(), "error: {}", escape::line(&in_words(&message)));
    status.into()
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// The names of all options and commands.
    fn words(command: &Command) -> Vec<String> {
        let options = command.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_owned);
        let below = command.get_subcommands();
        options
            .chain(below.flat_map(|below| [vec![below.get_name().to_owned()], words(below)].concat()))
            .collect()
    }

    #[test]
    fn every_command_and_option_can_be_completed() {
        let words = words(&Cli::described());
        assert!(words.len() > 80, "{words:?}");
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = completions(shell);
            for word in &words {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
