//! Scripts: all that stand in the pages, what others drive, and several at once.

use std::fs;

use super::checkout::Checkout;
use super::page::{Block, root};
use super::section::{Section, blocks_of};
use crate::support::{Sandbox, peers};

/// All of them, each in a session of its own.
#[test]
fn the_scripts_pass() {
    // Those are run with a device.
    let beside_device = |block: &Block| block.text.starts_with("# smoke.jobs\n");
    for script in blocks_of("jobs").into_iter().filter(|block| !beside_device(block)) {
        // Some create things, which is told.
        Sandbox::new().file("s.jobs", script.text).args(["-f", "s.jobs"]).stderr_any().run();
    }
}

#[test]
fn a_program_waits_for_each_answer() {
    let mut section = Section::open("scripts.md", "From another program");
    let program = section.take("python");
    let Some(python) = peers::python("json") else { return };
    let checkout = Checkout::new();
    checkout.write("program.py", &program);
    let finished = checkout.run(&format!("{} program.py", python.display()));
    let arn = "arn:aws:iot:us-east-1:123456789012:job/Job1";
    assert_eq!(finished.stdout, format!("{arn}\n{{'ToDo': 'Reboot'}}\n"));
}

#[test]
fn several_scripts_are_one_report() {
    let commands = Section::open("ci.md", "Several scripts").take("sh");
    let checkout = Checkout::new();
    for name in ["nothing-to-do.jobs", "retry.jobs"] {
        fs::copy(root().join("tests/scripts").join(name), checkout.path(name)).unwrap();
    }
    checkout.run(&commands);
    let report = fs::read_to_string(checkout.path("examples.xml")).unwrap();
    assert_eq!(report.matches("<testsuite ").count(), 2, "{report}");
}
