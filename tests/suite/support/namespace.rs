//! A mount namespace of its own for one process: other system files, a full disk, a folder that nobody can write,
//! and the machine itself untouched.

use std::process::{Command, Stdio};

use super::Sandbox;
use super::skip::skip;

/// How this machine lets us make a mount namespace.
#[derive(Debug)]
pub(crate) struct Namespace {
    unshare: &'static [&'static str],
}

/// As root, and as anybody else where the kernel allows it.
const WAYS: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];

impl Namespace {
    /// Finds a way, or says why the test is skipped.
    pub(crate) fn new() -> Option<Self> {
        let found = WAYS.into_iter().find(|way| {
            let [unshare, arguments @ ..] = way else { return false };
            let mut mount = Command::new(unshare);
            mount.args(arguments).args(["mount", "-t", "tmpfs", "none", "/mnt"]);
            mount.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            mount.status().is_ok_and(|status| status.success())
        });
        if found.is_none() {
            skip("this machine lets us make no mount namespace");
        }
        found.map(|unshare| Self { unshare })
    }

    /// The words that come before a program: it is run after the shell has carried out `setup`.
    pub(crate) fn words(&self, setup: &str) -> Vec<String> {
        let script = format!("{setup}\nexec \"$0\" \"$@\"");
        self.unshare.iter().copied().chain(["sh", "-e", "-c", &script]).map(str::to_owned).collect()
    }

    /// The run of `sandbox` in a namespace, after the shell has carried out `setup` in its directory.
    pub(crate) fn command(&self, setup: &str, sandbox: &Sandbox) -> Command {
        let inner = sandbox.command();
        let words = self.words(setup);
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(sandbox.home())
            .env_clear();
        for (name, value) in inner.get_envs() {
            command.env(name, value.expect("nothing is taken away from an empty environment"));
        }
        command
    }
}
