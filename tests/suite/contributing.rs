//! CONTRIBUTING.md: what it sends people to is there.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../.github/CONTRIBUTING.md");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words in backticks, and what the commands name.
fn words() -> impl Iterator<Item = &'static str> {
    PAGE.split(['`', ' ', '\n', '(', ')']).map(|word| word.trim_end_matches(['.', ',', ';', ':']))
}

#[test]
fn every_file_that_is_named_exists() {
    let begins =
        ["src/", "tests/", "policies/", ".ci/", ".github/", "../", "Cargo.toml", ".deny.toml", "SECURITY.md"];
    let named: Vec<&str> =
        words().filter(|word| begins.iter().any(|begin| word.starts_with(begin))).collect();
    assert!(named.len() > 30, "{named:?}");
    for path in named {
        let from = if path.starts_with("../") || path == "SECURITY.md" { ".github" } else { "" };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(from).join(path);
        assert!(path.exists(), "{}", path.display());
    }
}

/// A filter that fits no test would pass, and test nothing.
#[test]
fn every_command_tests_or_measures_something() {
    let manifest = read("Cargo.toml");
    let commands: Vec<Vec<&str>> = PAGE
        .lines()
        .flat_map(|line| line.split('`'))
        .filter(|part| part.starts_with("cargo "))
        .map(|part| part.split('#').next().unwrap().split_whitespace().collect())
        .collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in &commands {
        match command[1..] {
            ["build" | "test"] | ["deny", "check"] => {}
            ["test", "--lib", module] => {
                let module = module.trim_end_matches("::").replace("::", "/");
                let found = ["src/service", "src/app"].iter().any(|wing| {
                    [format!("{wing}/{module}"), format!("{wing}/{module}.rs")]
                        .iter()
                        .any(|path| Path::new(path).exists())
                });
                assert!(found, "{command:?}");
            }
            ["test", "--test", binary, module] => {
                assert!(
                    read(&format!("tests/{binary}/main.rs")).contains(&format!("mod {module};")),
                    "{command:?}"
                );
            }
            ["bench", "--bench", bench] => {
                assert!(manifest.contains(&format!("[[bench]]\nname = \"{bench}\"")), "{command:?}");
            }
            _ => panic!("nothing is known of {command:?}"),
        }
    }
}

/// The places in the code where something is added.
#[test]
fn every_place_in_the_code_that_is_named_is_there() {
    for (word, path, text) in [
        ("operations!", "src/client/control_plane/request.rs", "operations! {"),
        ("send!", "src/client/control_plane/call.rs", "send! { "),
        ("ABOUT_A_THING", "src/app/dispatch/call.rs", "const ABOUT_A_THING"),
        ("Command", "src/app/command/line.rs", "enum Command"),
        ("changes", "src/app/command/line.rs", "fn changes"),
        ("operation", "src/app/command/line.rs", "fn operation"),
        ("ELSEWHERE", "src/app/command/nearest.rs", "const ELSEWHERE"),
        ("NOT_OFFERED", "tests/python/model_table.py", "NOT_OFFERED = "),
        ("both", "src/service/state/tests/choices/mod.rs", "fn both"),
        ("effects.touched", "src/service/state/things.rs", "effects.touched.add"),
    ] {
        assert!(PAGE.contains(&format!("`{word}`")), "CONTRIBUTING.md does not name {word}");
        assert!(read(path).contains(text), "{path} has no {text}");
    }
}
