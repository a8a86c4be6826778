//! Devices that are shell scripts.

use super::checkout::Checkout;
use super::section::{Section, script};

#[test]
fn a_command_of_the_system_is_a_device() {
    let command = Section::open("README.md", "A shell script as a device").take("sh");
    let checkout = Checkout::new();
    checkout.write("smoke.jobs", &script("README.md", "In CI"));
    let finished = checkout.run(&command);
    assert!(finished.stderr.contains("device| Reboot: SUCCEEDED\n"), "{}", finished.stderr);
}

#[test]
fn a_shell_script_is_a_device() {
    let handler = Section::open("run.md", "The handler").take("sh");
    let test = Section::open("run.md", "Test it").take("sh");
    let run = Section::open("run.md", "Run it").take("sh");
    let checkout = Checkout::new();
    checkout.write("smoke.jobs", &script("run.md", "Test it"));
    let tested = checkout.run(&format!("{handler}{test}"));
    for said in ["device| Reboot: SUCCEEDED\n", "1 expectation, 0 failed\n"] {
        assert!(tested.stderr.contains(said), "{said}\n{}", tested.stderr);
    }

    let _service = checkout.serve(&[]);
    checkout.run(
        r#". service/env; jobs-sandbox -c 'create-job Job1 {"operation":"reboot"}' -c 'create-job Job2 {}'"#,
    );
    let ran = checkout.run(&run);
    for said in ["Job1: SUCCEEDED\n", "Job2: REJECTED\n"] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
}
