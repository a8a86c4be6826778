//! What `--json` prints has the shape that is written down.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Sandbox, peers};

/// Whatever a script can bring about: answers, refusals, failures of every kind, events.
const EVERYTHING: &str = r#"
help
status
clock +1m
print "two\nlines"
create-job J {"a": 1}
expect CreateJobResponse
expect CreateJobResponse jobId=K
! create-job J {}
create-job
delete-job J
update-job-execution J CANCELED
subscribe t/#
publish t/1 {"a": [1]} --retain
publish t/2 "two words" --qos 0
subscribe t/1
expect Message payload.a[0]=1 retain=true
unsubscribe t/1
! expect JobEvent
! delete-job J --force
list-jobs --table
capture X nothing
fault add duplicate --on notify
fault add refuse=ThrottlingException --on ListJobs
create-job J {}
list-jobs
expect FaultInjected on=ListJobs
fault clear
create-job W {} --dry-run
create-job W {}
cancel-job W
watch-job W
list-things
thing Pump
create-job J {}
expect JobExecutionsChangedEvent
! thing
reset
"#;

#[test]
fn every_message_has_the_written_shape() {
    let Some(python) = peers::python("jsonschema") else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = String::new();
    for script in fs::read_dir(root.join("tests/scripts")).unwrap().map(|entry| entry.unwrap().path()) {
        // Those in a folder are for a device program.
        if script.is_file() {
            lines += &Sandbox::json().arg("--echo").arg("-f").arg(script).run().stdout;
        }
    }
    lines += &Sandbox::json().arg("--echo").script(EVERYTHING).status(1).stderr_any().run().stdout;
    let fleet = ["fleet", "--json", "--things", "20", "--fail", "25%", "--hang", "10%", "--abort-config"];
    let abort = r#"{"criteriaList":[{"failureType":"FAILED","action":"CANCEL","thresholdPercentage":10,"minNumberOfExecutedThings":2}]}"#;
    lines += &Sandbox::new().args(fleet).arg(abort).run().stdout;
    lines += &Sandbox::new().args(["fleet", "--json", "--things", "1"]).run().stdout;
    let mut check = Command::new(python)
        .arg(root.join("tests/python/json_output.py"))
        .arg(root.join(".github/docs/json-output.schema.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let checked = check.wait_with_output().unwrap();
    assert!(checked.status.success());
    let kinds = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(
        kinds.trim(),
        "command error event expect fault message minute print rejected response summary"
    );
}
