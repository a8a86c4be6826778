//! The command line itself: what it accepts, what it refuses, and with which exit code.

use crate::support::Sandbox;

#[test]
fn a_run_without_commands_ends_well() {
    Sandbox::new().stdout("").run();
}
