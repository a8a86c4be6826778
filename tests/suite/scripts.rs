//! The scripts of `tests/scripts`, which are examples for users too, and what holds for every script.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Process, Sandbox, pattern};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

fn script(name: &str) -> String {
    fs::read_to_string(scripts().join(name).with_extension("jobs")).unwrap()
}

/// A test for each script: it passes on a local service of its own, and prints what `tests/transcripts` holds.
macro_rules! scripts_pass {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                let path = scripts().join($name).with_extension("jobs");
                let output = Sandbox::new().arg("--echo").arg("-f").arg(path).run();
                pattern::assert_golden(concat!("transcripts/", $name, ".txt"), &output.stdout);
            }
        )*

        #[test]
        fn every_script_has_a_test() {
            let tested = BTreeSet::from([$(concat!($name, ".jobs").to_owned()),*]);
            let present: BTreeSet<String> = fs::read_dir(scripts())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                // `smoke` tests those that are for a device program.
                .filter(|name| name != "device")
                .collect();
            assert_eq!(present, tested);
        }
    };
}

scripts_pass! {
    cancel: "cancel",
    device_may_not_cancel: "device-may-not-cancel",
    nothing_to_do: "nothing-to-do",
    retry: "retry",
    several_at_once: "several-at-once",
    start_next_twice: "start-next-twice",
    step_timer: "step-timer",
    time_out: "time-out",
    version_conflict: "version-conflict",
    walkthrough: "walkthrough",
}

/// Runs of one script differ in ids and times alone, whatever else the machine does.
#[test]
fn a_hundred_runs_give_the_same_lines() {
    const RUNS: usize = 100;
    let script = script("walkthrough") + &script("several-at-once") + &script("cancel");
    let mut busy = None;
    let mut first = None;
    for run in 0..RUNS {
        if run == RUNS / 2 {
            busy = Some(Process::spawn(Command::new("sh").args(["-c", "while :; do :; done"])));
        }
        let output = Sandbox::json().script(&script).run();
        let lines = pattern::elide(&output.stdout);
        let first = first.get_or_insert_with(|| lines.clone());
        assert!(*first == lines, "run {run} differs\n{}", pattern::differences(first, &lines));
    }
    drop(busy);
}
