//! The scripts of `tests/scripts/device`, which are examples of smoke tests: green with a device program, in Python, and
//! red with the same one broken in the way that each is about.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Process, Sandbox, peers};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/device")
}

/// How often each is run: twice, or as often as `JOBS_SANDBOX_SMOKE_RUNS` says, and then on a machine that is busy.
fn runs() -> (usize, Vec<Process>) {
    let Ok(runs) = std::env::var("JOBS_SANDBOX_SMOKE_RUNS") else { return (2, Vec::new()) };
    let runs: usize = runs.parse().unwrap();
    let busy = |_| Process::spawn(Command::new("sh").args(["-c", "while :; do :; done"]));
    let processors = std::thread::available_parallelism().unwrap().get();
    let busy =
        (0..2 * processors).map(busy).map(|process| process.extended_by(crate::support::DEADLINE * 60));
    (runs, busy.collect())
}

/// A run of a script beside the device program; `None` where that cannot be run.
#[track_caller]
fn beside(script: &str, arguments: &[&str]) -> Option<Sandbox> {
    let python = peers::python("paho.mqtt.client")?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/device.py");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/files");
    let script = scripts().join(script).with_extension("jobs");
    let sandbox = Sandbox::new()
        .arg("--files")
        .arg(files)
        .arg("-f")
        .arg(script)
        .args(["--device-within", "30s", "--"])
        .arg(python);
    Some(sandbox.args(["-B"]).arg(program).args(arguments).stderr_any())
}

#[track_caller]
fn is_green(script: &str) {
    let Some(sandbox) = beside(script, &[]) else { return };
    let (runs, _busy) = runs();
    for _ in 0..runs {
        sandbox.run();
    }
}

/// What it says is the failure of one line.
#[track_caller]
fn is_red(script: &str, broken: &str, said: &str) {
    let Some(sandbox) = beside(script, &["--broken", broken]) else { return };
    let output = sandbox.status(1).run();
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert!(output.summary.unwrap().contains(" 1 failed: "));
}

macro_rules! smoke_tests {
    ($($test:ident: $script:literal, broken $broken:literal says $said:literal;)*) => {
        $(
            mod $test {
                #[test]
                fn is_green_with_the_device() {
                    super::is_green($script);
                }

                #[test]
                fn is_red_with_a_broken_one() {
                    super::is_red($script, $broken, $said);
                }
            }
        )*

        #[test]
        fn every_script_has_a_test() {
            let tested = BTreeSet::from([$(concat!($script, ".jobs").to_owned()),*]);
            let present: BTreeSet<String> = fs::read_dir(scripts())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert_eq!(present, tested);
        }
    };
}

smoke_tests! {
    reboot: "reboot", broken "reboot" says "execution.status is \"FAILED\"";
    unknown_operation: "unknown-operation", broken "unknown" says "there is no execution.statusDetails.detailsMap.reason";
    progress: "progress", broken "install" says "execution.statusDetails.progress is \"33%\"";
    retry: "retry", broken "flaky" says "execution.status is \"FAILED\"";
    time_out: "time-out", broken "hang" says "job.status is \"IN_PROGRESS\"";
    download: "download", broken "download" says "execution.status is \"FAILED\"";
    crash: "crash", broken "resume" says "job.status is \"IN_PROGRESS\"";
}
