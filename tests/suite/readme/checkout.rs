//! A clone after the build, and a shell in it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::page::root;
use crate::support::{DEADLINE, Finished, Process, Serve, peers};

/// The program that is built already.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_jobs-sandbox");

/// How the pages start the local service.
pub(super) const SERVE: &str = "jobs-sandbox serve --mqtt-port 8883 --http-port 9443 --dir service";

/// Programs that a machine of the tests need not have, or must not be changed by, as far as the pages use them.
const STAND_INS: [(&str, &str); 4] = [
    // Runs and installs what is built.
    (
        "cargo",
        r#"case "$*" in
        "run --release") exec PROGRAM ;;
        "install --locked --path .") [ -f Cargo.toml ] && mkdir -p ~/.cargo/bin && ln -s PROGRAM ~/.cargo/bin ;;
        "uninstall jobs-sandbox") rm ~/.cargo/bin/jobs-sandbox ;;
        *) exit 99 ;;
        esac"#,
    ),
    // Has a release of what is built.
    (
        "gh",
        r#"case "$1 $2" in
        "release download") shift 2 ;;
        "attestation verify") [ -f "$3" ] && [ "$4 $5" = "--repo somebody/jobs-sandbox" ]; exit ;;
        *) exit 99 ;;
        esac
        name=jobs-sandbox-x86_64-unknown-linux-musl release=$(mktemp -d)
        mkdir "$release/$name"
        printf '#!/bin/sh\nexec PROGRAM "$@"\n' > "$release/$name/jobs-sandbox"
        chmod +x "$release/$name/jobs-sandbox"
        tar -C "$release" -czf "$release/$name.tar.gz" "$name"
        (cd "$release" && sha256sum *.tar.gz > SHA256SUMS)
        while [ $# -gt 0 ]; do
            case $1 in
            --repo) [ "$2" = somebody/jobs-sandbox ] ;;
            --pattern) (cd "$release" && cp $2 "$OLDPWD") ;;
            *) exit 99 ;;
            esac || exit
            shift 2
        done"#,
    ),
    // Has all packages.
    ("pip", r#"[ "$1" = install ]"#),
    // Looks whether what it is told makes sense: where the image comes from, and what runs in it.
    (
        "docker",
        r#"case "$*" in
        "build -f .github/Dockerfile -t jobs-sandbox .") [ -f .github/Dockerfile ] ;;
        "run "*" jobs-sandbox") ;;
        *) exit 99 ;;
        esac"#,
    ),
];

/// A folder like a clone after the build, which is also the home, and on the path `jobs-sandbox`, the AWS CLI, and
/// [`STAND_INS`].
pub(crate) struct Checkout {
    dir: TempDir,
}

/// A local service that was started in a checkout.
pub(super) struct Service {
    pub(super) process: Process,
    http: SocketAddr,
}

impl Checkout {
    pub(crate) fn new() -> Self {
        let checkout = Self { dir: tempfile::tempdir().unwrap() };
        let bin = checkout.path("bin");
        fs::create_dir(&bin).unwrap();
        symlink(PROGRAM, bin.join("jobs-sandbox")).unwrap();
        for (name, script) in STAND_INS {
            let program = bin.join(name);
            fs::write(&program, format!("#!/bin/sh\n{}\n", script.replace("PROGRAM", PROGRAM))).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for name in ["policies", "tests", ".github", "Cargo.toml"] {
            symlink(root().join(name), checkout.path(name)).unwrap();
        }
        checkout
    }

    /// The same on a machine that has no `jobs-sandbox` yet.
    pub(super) fn without_program() -> Self {
        let checkout = Self::new();
        fs::remove_file(checkout.path("bin/jobs-sandbox")).unwrap();
        checkout
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Where its programs are, those first that were installed in it.
    pub(super) fn search_path(&self) -> String {
        let python = peers::interpreter();
        let tools = Path::new(&python).parent().unwrap_or(Path::new("")).to_owned();
        let own = ["bin", ".local/bin", ".cargo/bin"].map(|folder| self.path(folder));
        let others = std::env::var_os("PATH").unwrap();
        let path = own.into_iter().chain([tools]).chain(std::env::split_paths(&others));
        std::env::join_paths(path).unwrap().into_string().unwrap()
    }

    /// Runs lines in one shell that stops at the first failure; all must go well.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Finished {
        self.run_with(script, &[])
    }

    /// The same with variables.
    #[track_caller]
    pub(super) fn run_with(&self, script: &str, environment: &[(&str, &str)]) -> Finished {
        let finished = self.spawn(script, environment).finish();
        assert!(finished.status.success(), "{}\n{}{}", finished.status, finished.stdout, finished.stderr);
        finished
    }

    pub(super) fn spawn(&self, script: &str, environment: &[(&str, &str)]) -> Process {
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", self.dir.path())
            .env("TMPDIR", self.dir.path())
            .env("LANG", "C.UTF-8")
            .envs(environment.iter().copied());
        // The AWS CLI, several times.
        Process::spawn(&mut command).extended_by(4 * DEADLINE)
    }

    /// The local service as the pages start it, with further arguments, but on free ports.
    #[track_caller]
    pub(super) fn serve(&self, further: &[&str]) -> Service {
        let command = SERVE.replace("8883", "0").replace("9443", "0");
        let mut words = command.split(' ');
        assert_eq!(words.next(), Some("jobs-sandbox"));
        let mut command = Command::new(PROGRAM);
        command.args(words).args(further).current_dir(self.dir.path());
        let mut process = Process::spawn(&mut command);
        let ready = process.stdout_line();
        let http =
            ready.split(' ').find_map(|word| word.strip_prefix("http=")).expect("a line that it is ready");
        Service { http: http.parse().unwrap(), process }
    }
}

impl Service {
    /// What a page says about port 9443, for the port that this service has.
    pub(super) fn here(&self, script: &str) -> String {
        script.replace("9443", &self.http.port().to_string())
    }
}

/// How a shell finds `serve` in the place of AWS.
pub(super) fn as_aws(serve: &Serve) -> [(&'static str, String); 6] {
    [
        ("AWS_ENDPOINT_URL", serve.url()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("JOBS_SANDBOX_PORT", serve.mqtt.port().to_string()),
        ("JOBS_SANDBOX_CA_FILE", serve.file("ca.pem").display().to_string()),
    ]
}

/// Variables as [`Checkout::run_with`] takes them.
pub(super) fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
