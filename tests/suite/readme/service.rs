//! The local service and what is typed in the other terminal.

use nix::sys::signal::Signal;

use super::checkout::{Checkout, SERVE};
use super::section::Section;
use crate::support::peers;

#[test]
fn the_local_service_answers_the_tools_of_aws() {
    let mut readme = Section::open("README.md", "The local service");
    let (serve, commands) = (readme.take("sh"), readme.take("sh"));
    assert_eq!(serve.trim_end(), SERVE);
    let mut start = Section::open("local-service.md", "Start it");
    assert_eq!(start.take("sh"), serve);
    let health = start.take("sh");
    let mut using = Section::open("local-service.md", "Use it");
    assert_eq!(using.take("sh"), commands);
    let program = using.take("python");

    let Some(python) = peers::python("awscli") else { return };
    let checkout = Checkout::new();
    let mut service = checkout.serve(&[]);
    checkout.run(&service.here(&health));
    let finished = checkout.run(&commands);
    assert!(finished.stdout.ends_with("\"COMPLETED\"\n"), "{}", finished.stdout);
    checkout.write("program.py", &program);
    let finished = checkout.run(&format!(". service/env; {} program.py", python.display()));
    assert_eq!(finished.stdout, "{\"ToDo\":\"Report\"}\n");
    service.process.signal(Signal::SIGTERM);
    assert_eq!(service.process.finish().status.code(), Some(0));
}

#[test]
fn what_aws_does_not_have_is_asked_over_http() {
    let commands = Section::open("local-service.md", "What AWS does not have").take("sh");
    let Some(_) = peers::program("curl") else { return };
    let checkout = Checkout::new();
    let service = checkout.serve(&[]);
    let printed = checkout.run(&service.here(&commands)).stdout;
    assert!(printed.contains("\"version\":") && printed.contains("{\"now\":"), "{printed}");
}
