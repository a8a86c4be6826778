//! The first hour of somebody new: install, run and test, a first session, and what stays when all is gone again.

use std::fs;

use super::checkout::Checkout;
use super::page::{Block, Page, root};
use super::section::{Section, blocks_of};
use super::transcript::{assert_shows, command};
use crate::support::skip::skip;
use crate::terminal::screen::{Setup, Terminal, last_line};

/// What is typed at each prompt of the transcript, and the screen after the last one.
#[test]
fn the_session_at_the_top_is_real() {
    let block = Page::open("README.md").blocks().swap_remove(0);
    let shown = block.text.strip_prefix("$ jobs-sandbox\n").expect("it begins at a shell");
    let home = tempfile::tempdir().unwrap();
    let setup = Setup { rows: 200, args: &["--color", "never"], ..Setup::default() };
    let mut terminal = Terminal::start(home.path(), &setup);
    for line in shown.lines().filter(|line| line.starts_with("MyThing (")) {
        let (prompt, typed) = line.split_once("> ").unwrap_or((line.trim_end_matches('>'), ""));
        terminal.wait_for("the prompt", |screen| last_line(screen) == format!("{prompt}>"));
        if !typed.is_empty() {
            terminal.command(typed);
        }
    }
    assert_shows(&format!("…\n{shown}"), &terminal.screen());
}

/// What each of them prints, ids and times aside.
#[test]
fn the_transcripts_are_real() {
    let typed = |block: &Block| block.text.starts_with("$ jobs-sandbox\n");
    for transcript in blocks_of("console").into_iter().filter(|block| !typed(block)) {
        let (command, shown) = command(&transcript.text);
        assert_shows(&shown, &Checkout::new().run(&command).stdout);
    }
}

/// The commands are those that CI runs, and the first of them starts a session.
#[test]
fn the_two_commands_run_and_test() {
    let block = Section::open("README.md", "Try it").take("sh");
    let commands: Vec<&str> = block.lines().map(|line| line.split('#').next().unwrap().trim_end()).collect();
    assert_eq!(commands, ["cargo run --release", "cargo test"]);
    Checkout::new().run(commands[0]);
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line.starts_with(&format!("step {}", commands[1]))), "{ci}");
}

#[test]
fn what_is_installed_runs_and_is_uninstalled() {
    let (mut install, mut uninstall) =
        (Section::open("README.md", "Install"), Section::open("README.md", "Uninstall"));
    let (release, cargo) = (install.take("sh"), install.take("sh"));
    let uninstall = uninstall.take("sh");
    if !cfg!(target_os = "linux") {
        return skip("the release in the README is one for Linux");
    }
    let workflow = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    assert!(workflow.contains("x86_64-unknown-linux-musl"), "{workflow}");
    let checkout = Checkout::without_program();
    let programs = [".local/bin/jobs-sandbox", ".cargo/bin/jobs-sandbox"];
    let versions = programs.map(|program| format!("~/{program} --version\n")).concat();
    let printed = checkout.run(&format!("{release}{cargo}{versions}")).stdout;
    assert_eq!(printed.lines().filter(|line| line.starts_with("jobs-sandbox 0.")).count(), 2, "{printed}");

    let history = ".local/state/jobs-sandbox";
    fs::create_dir_all(checkout.path(history)).unwrap();
    checkout.run(&uninstall);
    assert!(programs.iter().chain([&history]).all(|left| !checkout.path(left).exists()));
}

#[test]
fn a_release_is_checked() {
    let check = Section::open("releases.md", "Releases").take("sh");
    if !cfg!(target_os = "linux") {
        return skip("macOS calls sha256sum otherwise");
    }
    let download = "gh release download --pattern '*.tar.gz' --pattern SHA256SUMS\n";
    Checkout::new().run_with(&format!("{download}{check}"), &[("REPOSITORY", "somebody/jobs-sandbox")]);
}

#[test]
fn the_shell_completes_the_program_s_options() {
    let completions = Section::open("commands.md", "Completion in your shell").take("sh");
    let finished = Checkout::new().run(&format!("{completions}complete -p jobs-sandbox"));
    assert!(finished.stdout.contains(" -F _jobs__sandbox jobs-sandbox"), "{}", finished.stdout);
}
