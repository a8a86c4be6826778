//! What a release is made of and how it is installed, as far as that goes without a release build and a network.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::support::{DEADLINE, Finished, Process, peers};

const TARGET: &str = "x86_64-unknown-linux-musl";
const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Runs a program in `dir`, its home too, with nothing else of our environment than the path.
fn run(dir: &Path, program: impl AsRef<Path>, arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    let mut command = Command::new(root().join(program));
    command.args(arguments).current_dir(dir).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", dir).env("TMPDIR", dir);
    Process::spawn(command.envs(environment.iter().copied())).extended_by(DEADLINE).finish()
}

#[track_caller]
fn passes(finished: &Finished) {
    assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
}

/// Packed by the script that packs a release, installed and used by the steps of the action.
#[test]
fn a_release_is_packed_and_the_action_installs_and_uses_it() {
    let Some(_) = peers::program("curl") else { return };
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    let release = path(&format!("owner/sandbox/releases/download/{VERSION}"));
    fs::create_dir_all(&release).unwrap();
    // The program itself is large.
    let program = path("program");
    fs::write(&program, format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_jobs-sandbox")))
        .unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    passes(&run(&release, ".ci/package", &[TARGET, program.to_str().unwrap()], &[]));
    let sums = "$(command -v sha256sum || echo shasum -a 256) *.tar.gz >SHA256SUMS";
    passes(&run(&release, "/bin/sh", &["-c", sums], &[]));

    let (server, added) = (format!("file://{}", home.path().display()), path("added"));
    let install = |system: &str, version: &str| {
        let environment = [
            ("GITHUB_SERVER_URL", &*server),
            ("GITHUB_PATH", added.to_str().unwrap()),
            ("RUNNER_OS", system),
            ("RUNNER_ARCH", "X64"),
            ("RUNNER_TEMP", home.path().to_str().unwrap()),
            ("REPOSITORY", "owner/sandbox"),
            ("ACTION_REF", VERSION),
            ("VERSION", version),
        ];
        run(home.path(), ".github/actions/jobs-sandbox/install", &[], &environment)
    };
    passes(&install("Linux", ""));
    let installed = fs::read_to_string(&added).unwrap();
    let installed = Path::new(installed.trim_end());
    for file in
        ["completions/_jobs-sandbox", "completions/jobs-sandbox.fish", "man/man1/jobs-sandbox-serve.1"]
    {
        assert!(fs::metadata(installed.join(file)).unwrap().len() > 0, "{file}");
    }
    for file in
        ["LICENSE", "README.md", "policies", "tests/scripts", "tests/python/device.py", ".github/docs"]
    {
        assert!(installed.join(file).exists(), "{file}");
    }

    let script =
        "test a job is carried out\ncreate-job Job1 {}\ndescribe-job Job1 --until job.status=COMPLETED\n";
    fs::write(path("smoke.jobs"), script).unwrap();
    let search = format!("{}:{}", installed.display(), std::env::var("PATH").unwrap());
    let environment = [
        ("PATH", &*search),
        ("SCRIPT", "smoke.jobs\n"),
        ("JUNIT", "report.xml"),
        ("DEVICE", "jobs-sandbox run -- true"),
    ];
    passes(&run(home.path(), ".github/actions/jobs-sandbox/run", &[], &environment));
    let report = fs::read_to_string(path("report.xml")).unwrap();
    assert!(report.contains("a job is carried out") && report.contains("failures=\"0\""), "{report}");

    let refuses = |finished: Finished, why: &str| {
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stdout);
        assert!(finished.stdout.contains(&format!("::error::{why}")), "{}", finished.stdout);
    };
    refuses(install("Windows", ""), "there is no jobs-sandbox for Windows on X64");
    refuses(
        install("Linux", "latest"),
        &format!("cannot download {server}/owner/sandbox/releases/latest/download/SHA256SUMS"),
    );
    let archive = format!("jobs-sandbox-{TARGET}.tar.gz");
    fs::write(release.join(&archive), "something else").unwrap();
    refuses(install("Linux", VERSION), &format!("{archive} is not what SHA256SUMS says"));
}

#[test]
fn a_tag_is_the_version_of_the_program() {
    let check = |tag| run(root(), ".ci/check-tag", &[tag], &[]);
    passes(&check(VERSION));
    let refused = check("v99.0.0");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.stdout.starts_with("the tag is v99.0.0, but Cargo.toml says version "),
        "{}",
        refused.stdout
    );
}

/// The action installs what is released, and everything that is installed has been built.
#[test]
fn each_target_that_the_action_installs_is_released() {
    let target = Regex::new(r"target[=:] ?([a-z0-9_]+-[a-z0-9_-]+)").unwrap();
    let targets = |name: &str| -> BTreeSet<String> {
        target.captures_iter(&file(name)).map(|found| found[1].to_owned()).collect()
    };
    let released = targets(".github/workflows/release.yml");
    let installed = targets(".github/actions/jobs-sandbox/install");
    assert_eq!((released.len(), installed.len()), (7, 5));
    assert!(installed.is_subset(&released), "{installed:?}");
}

/// A tag of somebody else's can be moved.
#[test]
fn the_workflows_use_actions_as_they_were_when_they_were_read() {
    let pinned = Regex::new(r"^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    for workflow in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let text = fs::read_to_string(workflow.unwrap().path()).unwrap();
        for (_, action) in text.lines().filter_map(|line| line.split_once("uses: ")) {
            assert!(pinned.is_match(action), "{action}");
        }
    }
}

#[test]
fn the_crate_is_what_it_is_built_from_and_the_examples() {
    let arguments = ["package", "--list", "--locked", "--offline", "--allow-dirty", "--quiet"];
    let mut cargo = Command::new(env!("CARGO"));
    let finished = Process::spawn(cargo.args(arguments).current_dir(root())).finish();
    passes(&finished);
    let folder = |file: &str| match file.split('/').collect::<Vec<_>>()[..] {
        ["tests", folder, ..] => format!("tests/{folder}"),
        [folder, ..] => folder.to_owned(),
        [] => String::new(),
    };
    let mut packed: BTreeSet<String> = finished.stdout.lines().map(folder).collect();
    // In a checkout alone.
    packed.remove(".cargo_vcs_info.json");
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE",
        "README.md",
        "policies",
        "src",
        "tests/examples",
        "tests/scripts",
    ];
    assert_eq!(packed, expected.map(str::to_owned).into());
}

/// The fuzz targets are no part of the workspace, and try the program with the dependencies that it has.
#[test]
fn the_fuzz_targets_are_locked_to_the_dependencies_of_the_program() {
    let package = Regex::new(r#"\[\[package\]\]\nname = "(.*)"\nversion = "(.*)""#).unwrap();
    let locked = |name: &str| -> BTreeSet<(String, String)> {
        package.captures_iter(&file(name)).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
    };
    let (program, fuzz) = (locked("Cargo.lock"), locked("tests/fuzz/Cargo.lock"));
    let own: Vec<&str> = fuzz.difference(&program).map(|(name, _)| &**name).collect();
    assert_eq!(
        own,
        ["arbitrary", "jobs-sandbox-fuzz", "jobserver", "libfuzzer-sys"],
        "put Cargo.lock in place of tests/fuzz/Cargo.lock, and run cargo metadata in tests/fuzz"
    );
}
