//! The manual pages: one of the program and one of each of its commands, made from what the command line accepts.

use std::path::Path;
use std::{fs, io};

use clap::Command;
use clap_mangen::Man;

/// Writes the pages into a folder, which is made if it does not exist.
///
/// # Errors
/// One line where that is not possible.
pub(crate) fn write(command: Command, dir: &Path) -> Result<(), String> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    fs::create_dir_all(dir)
        .and_then(|()| write_pages(&command, dir))
        .map_err(|error| format!("cannot write the manual pages into {}: {error}", dir.display()))
}

/// Writes the page of a command and those of the commands below it.
fn write_pages(command: &Command, dir: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write_pages(below, dir)?;
    }
    let source = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(source).generate_to(dir).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cli::Cli;

    /// Checks the page of a command and those of the commands below it, and says how many they are.
    fn check(command: &Command, dir: &Path) -> usize {
        let name = command.get_display_name().unwrap_or(command.get_name());
        let page = fs::read_to_string(dir.join(format!("{name}.1"))).unwrap().replace(r"\-", "-");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let long = argument.get_long().map(|long| format!(r"\fB--{long}\fR"));
            let short = argument.get_short().map(|short| format!(r"\fB-{short}\fR"));
            for option in long.into_iter().chain(short) {
                assert!(page.contains(&option), "{name}: {option}");
            }
            if let Some(variable) = argument.get_env() {
                let variable = variable.to_str().unwrap();
                assert!(page.contains(variable), "{name}: {variable}");
            }
        }
        let below: Vec<_> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
        for command in &below {
            assert!(page.contains(&format!("{name}-{}(1)", command.get_name())), "{page}");
        }
        1 + below.into_iter().map(|command| check(command, dir)).sum::<usize>()
    }

    #[test]
    fn every_command_and_option_has_its_place_in_the_manual() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("share/man/man1");
        write(Cli::described(), &dir).unwrap();
        let mut command = Cli::described();
        command.build();
        assert_eq!(check(&command, &dir), fs::read_dir(&dir).unwrap().count());
        let serve = fs::read_to_string(dir.join("jobs-sandbox-serve.1")).unwrap();
        assert!(serve.contains("JOBS_SANDBOX_MQTT_PORT"), "{serve}");
        // As after an update of the program.
        write(Cli::described(), &dir).unwrap();

        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write(Cli::described(), &file).unwrap_err();
        assert!(
            error.starts_with(&format!("cannot write the manual pages into {}: ", file.display())),
            "{error}"
        );
    }
}
