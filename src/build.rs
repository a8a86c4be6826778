//! Tells the program which commit it was built from, for `--version`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    // Outside a checkout, as in a published package, the version stands alone.
    let Some(commit) = git(&["rev-parse", "--short=10", "HEAD"]) else {
        println!("cargo::rustc-env=JOBS_SANDBOX_VERSION={}", env!("CARGO_PKG_VERSION"));
        return;
    };
    println!("cargo::rustc-env=JOBS_SANDBOX_VERSION={} ({commit})", env!("CARGO_PKG_VERSION"));
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
