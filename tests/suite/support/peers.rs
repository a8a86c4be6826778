//! Programs that we did not write. Where one is missing its tests are skipped, and say so, unless
//! `JOBS_SANDBOX_REQUIRE_PEERS` is set.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::skip::skip;
use super::{Process, Serve};

/// Where the scripts are that use programs of others.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// Where a program is, or `None` with a line that says so.
#[track_caller]
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    installed(name).or_else(|| missing(name))
}

/// Where a program is.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    // Debian keeps servers in sbin, which is not on every user's path.
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// A Python that can import `module`, or `None` with a line that says so.
///
/// `JOBS_SANDBOX_PYTHON` names the interpreter; otherwise the environment that `.ci/run` makes, or else `python3`.
#[track_caller]
pub(crate) fn python(module: &str) -> Option<PathBuf> {
    let interpreter = interpreter();
    let imported = Command::new(&interpreter)
        .args(["-c", &format!("import {module}")])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if imported { Some(interpreter.into()) } else { missing(&format!("the Python module {module}")) }
}

/// Runs a script of `tests/python`, which needs `module`, against a service of its own; it fails with a traceback.
#[track_caller]
pub(crate) fn run_python(script: &str, module: &str, arguments: &[&str]) {
    run_python_for(Duration::ZERO, script, module, arguments);
}

/// The same for a script that takes so much longer than others.
#[track_caller]
pub(crate) fn run_python_for(longer: Duration, script: &str, module: &str, arguments: &[&str]) {
    let Some(python) = python(module) else { return };
    let serve = Serve::start();
    run(longer, with_python(&serve, python, script).args(arguments));
}

/// Runs a script of `tests/python`, which needs `module`, against `serve`; it fails with a traceback.
#[track_caller]
pub(crate) fn run_python_on(serve: &Serve, script: &str, module: &str) {
    let Some(python) = python(module) else { return };
    run(Duration::ZERO, &mut with_python(serve, python, script));
}

fn with_python(serve: &Serve, python: PathBuf, script: &str) -> Command {
    let mut command = serve.shell(python);
    command.arg("-B").arg(Path::new(SCRIPTS).join("python").join(script));
    command
}

/// Runs a script of `tests/javascript`, which needs `package`, against `serve`; it fails with a trace of its own.
#[track_caller]
pub(crate) fn run_javascript_on(serve: &Serve, script: &str, package: &str) {
    let Some(node) = program("node") else { return };
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/javascript/node_modules");
    if !modules.join(package).is_dir() {
        missing(&format!("the JavaScript package {package}"));
        return;
    }
    let script = Path::new(SCRIPTS).join("javascript").join(script);
    run(Duration::ZERO, serve.shell(node).env("NODE_PATH", modules).arg(script));
}

/// Runs a program to its end, which must be a success.
#[track_caller]
fn run(longer: Duration, command: &mut Command) {
    let finished = Process::spawn(command).extended_by(longer).finish();
    assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
}

pub(crate) fn interpreter() -> OsString {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin/python");
    env::var_os("JOBS_SANDBOX_PYTHON")
        .or_else(|| installed.is_file().then(|| installed.into()))
        .unwrap_or_else(|| "python3".into())
}

#[track_caller]
fn missing(what: &str) -> Option<PathBuf> {
    assert!(
        env::var_os("JOBS_SANDBOX_REQUIRE_PEERS").is_none(),
        "{what} is not installed, and peers are required"
    );
    skip(&format!("{what} is not installed"));
    None
}
