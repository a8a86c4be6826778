//! What holds of every page, and of all pages together.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::checkout::Checkout;
use super::page::{Page, root};
use super::section::RUN_FOR_ALL;

#[test]
fn the_readme_is_short_and_leads_to_every_page() {
    let readme = Page::open("README.md");
    let length = readme.text.lines().count();
    assert!(length < 300, "README.md has {length} lines");
    let links: BTreeSet<String> = readme.links().into_iter().collect();
    for page in Page::all().into_iter().filter(|page| page.name != readme.name) {
        assert!(links.contains(&format!(".github/docs/{}", page.name)), "{}", page.name);
    }
}

/// Files, headings, and addresses of others that are known to be there.
#[test]
fn every_link_leads_somewhere() {
    let mut files = 0;
    for page in Page::all() {
        let anchors = page.anchors();
        assert_eq!(
            anchors.iter().collect::<BTreeSet<_>>().len(),
            anchors.len(),
            "{}: {anchors:?}",
            page.name
        );
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = page.path.parent().unwrap().join(file);
            let path = if file.is_empty() { page.path.clone() } else { path };
            let there = path.canonicalize().unwrap_or_else(|error| panic!("{}: {link}: {error}", page.name));
            if !anchor.is_empty() {
                let there = Page::open(there.file_name().unwrap().to_str().unwrap());
                assert!(there.anchors().iter().any(|known| known == anchor), "{}: {link}", page.name);
            }
            files += 1;
        }
    }
    assert!(files > 50, "{files}");
}

#[test]
fn no_address_is_invented() {
    let known =
        ["docs.aws.amazon.com", "aws.amazon.com", "s3.us-east-1.amazonaws.com", "localhost", "sandbox", "…"];
    let host = Regex::new(r"https?://([^/:)}\s`'\x22]+)").unwrap();
    for page in Page::all() {
        for found in host.captures_iter(&page.text) {
            assert!(known.contains(&&found[1]), "{}: {}", page.name, &found[0]);
        }
    }
}

/// Scripts and transcripts are run for all pages, by tests of this folder; what is below a heading besides is run by
/// the test that opens it, which fails unless it runs all of it.
#[test]
fn every_block_is_run() {
    let tests = sources(&root().join("tests/suite"));
    let tests: String = tests.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let opened = Regex::new(r#"Section::open\(\s*"([^"]+)",\s*"([^"]+)",?\s*\)"#).unwrap();
    let opened: BTreeSet<(&str, &str)> = opened
        .captures_iter(&tests)
        .map(|found| (found.get(1).unwrap().as_str(), found.get(2).unwrap().as_str()))
        .collect();
    for page in Page::all() {
        for block in page.blocks() {
            let language = block.language.as_str();
            let (name, heading) = (page.name.as_str(), block.heading.as_str());
            if (name, heading, language) == ("scripts.md", "Grammar", "ebnf") {
                continue;
            }
            let is_run = RUN_FOR_ALL.contains(&language)
                || ["sh", "python", "yaml"].contains(&language) && opened.contains(&(name, heading));
            assert!(is_run, "{name}: {heading}: {language}: no test runs\n{}", block.text);
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The subcommands that the help of the program lists.
fn subcommands(help: &str) -> BTreeSet<&str> {
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let list = list.split_once("\n\n").unwrap().0.lines();
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !["", "help"].contains(name)).collect()
}

/// Options and subcommands in the text, besides those in blocks, which are run.
#[test]
fn every_option_that_is_named_exists() {
    let checkout = Checkout::new();
    let main = checkout.run("jobs-sandbox --help").stdout;
    let subcommands = subcommands(&main);
    let names = subcommands.iter().copied().collect::<Vec<_>>().join(" ");
    let name = Regex::new("^[a-z-]+$").unwrap();
    let commands = Page::open("commands.md").code_spans().into_iter().filter(|span| name.is_match(span));
    let commands = commands.map(|name| format!("help {name}\n")).collect::<Vec<_>>().concat();
    let help = checkout.run(&format!(
        "for name in {names} 'policy check' 'policy print'; do jobs-sandbox $name --help; done
        jobs-sandbox 2>told <<'END' || true\n{commands}END"
    ));
    let help = main.clone() + &help.stdout;
    let option = Regex::new(r"--[a-z0-9][a-z0-9-]*").unwrap();
    let known: BTreeSet<&str> = option.find_iter(&help).map(|found| found.as_str()).collect();
    let some_of_each = ["--status-details", "--bail", "--client-ids"];
    assert!(some_of_each.iter().all(|name| known.contains(name)), "{known:?}");
    for page in Page::all() {
        for span in page.code_spans().iter().filter(|span| !span.starts_with("cargo ")) {
            for found in option.find_iter(span) {
                assert!(known.contains(found.as_str()), "{}: `{span}`", page.name);
            }
            let subcommand = span.strip_prefix("jobs-sandbox ").and_then(|rest| rest.split(' ').next());
            let subcommand = subcommand.filter(|word| word.starts_with(char::is_alphabetic));
            assert!(subcommand.is_none_or(|word| subcommands.contains(word)), "{}: `{span}`", page.name);
        }
    }
}

/// Every figure has its date, and the README's are those of the page.
#[test]
fn the_figures_of_the_readme_are_those_of_the_page() {
    let (readme, page) = (Page::open("README.md"), Page::open("performance.md"));
    let (of_readme, of_page) = (readme.rows("Performance"), page.rows("Performance"));
    assert!(of_readme.len() >= 3 && of_readme.iter().all(|row| of_page.contains(row)), "{of_readme:?}");
    let machine = Regex::new(r"(?m)^\d+ processors.*; on \d{4}-\d\d-\d\d\.").unwrap();
    let machines = [readme, page].map(|page| machine.find(&page.text).map(|found| found.as_str().to_owned()));
    assert!(machines[0].is_some() && machines[0] == machines[1], "{machines:?}");
}

#[test]
fn the_readme_asks_for_the_compiler_that_cargo_asks_for() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version =
        Regex::new(r#"(?m)^rust-version = "(.*)""#).unwrap().captures(&manifest).unwrap()[1].to_owned();
    assert!(Page::open("README.md").text.contains(&format!("it needs Rust {version} and")), "{version}");
}
