//! Programs of others on the local service: devices and back ends.

use std::fs;

use super::checkout::Checkout;
use super::section::Section;
use crate::support::peers;

#[test]
fn a_device_starts_a_job_over_https() {
    let request = Section::open("programs.md", "A device over HTTPS").take("sh");
    let Some(_) = peers::program("curl") else { return };
    let checkout = Checkout::new();
    let _service = checkout.serve(&["--https-port", "0"]);
    checkout.run(". service/env; jobs-sandbox -c 'create-job Job1 {}'");
    let finished = checkout.run(&request);
    let started = r#"{"execution":{"jobId":"Job1","thingName":"MyThing","status":"IN_PROGRESS","#;
    assert!(finished.stdout.starts_with(started), "{}", finished.stdout);
}

#[test]
fn a_device_downloads_what_is_left_of_a_file() {
    let mut section = Section::open("programs.md", "A device that downloads");
    let (job, program) = (section.take("sh"), section.take("python"));
    let Some(python) = peers::python("awscli") else { return };
    let checkout = Checkout::new();
    fs::create_dir(checkout.path("files")).unwrap();
    let _service = checkout.serve(&["--files", "files"]);
    checkout.run(&job);
    let file = fs::read(checkout.path("files/firmware/pump.bin")).unwrap();
    fs::write(checkout.path("pump.part"), &file[..1000]).unwrap();
    checkout.write("program.py", &program);
    let status = "aws iot describe-job --job-id Update --query job.jobProcessDetails.numberOfSucceededThings";
    let finished = checkout.run(&format!(". service/env; {} program.py; {status}", python.display()));
    assert_eq!(finished.stdout, "1\n");
    assert_eq!(fs::read(checkout.path("pump.part")).unwrap(), file);
}

#[test]
fn a_back_end_follows_a_job() {
    let mut section = Section::open("programs.md", "A back end that follows jobs");
    let (set_up, program) = (section.take("sh"), section.take("python"));
    let (Some(python), Some(_)) = (peers::python("paho.mqtt.client"), peers::python("awscli")) else {
        return;
    };
    let checkout = Checkout::new();
    let _service = checkout.serve(&[]);
    checkout.run(&set_up);
    checkout.write("program.py", &program);
    let program = format!(". service/env; exec {} program.py", python.display());
    let mut back_end = checkout.spawn(&program, &[]);
    back_end.stdout_until("listening");
    let commands = ["create-job Job1 {}", "update-job-execution Job1 SUCCEEDED", "delete-job Job1"];
    let commands = commands.map(|command| format!(" -c '{command}'")).concat();
    checkout.run(&format!(". service/env; jobs-sandbox{commands}"));
    let expected = [
        "$aws/events/jobExecution/Job1/succeeded SUCCEEDED",
        "$aws/events/job/Job1/completed COMPLETED",
        "$aws/events/job/Job1/deletion_in_progress DELETION_IN_PROGRESS",
        "$aws/events/jobExecution/Job1/deleted SUCCEEDED",
        "$aws/events/job/Job1/deleted DELETED",
    ];
    for line in expected {
        assert_eq!(back_end.stdout_line(), line);
    }
}
