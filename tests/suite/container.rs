//! What a container needs of `serve`: everything by environment variables, and the default command of the image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use regex::Regex;

use crate::readme::{Checkout, Section};
use crate::support::{Sandbox, Serve};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The options of `serve` and their variables, as its help shows them.
fn variables() -> BTreeMap<String, Option<String>> {
    let help = Sandbox::new().args(["serve", "--help"]).run().stdout;
    let option = Regex::new(r"(?m)^ +(?:-\w, )?--([a-z-]+)").unwrap();
    let variable = Regex::new(r"\[env:\s+(\w+)\]").unwrap();
    let starts: Vec<_> = option.captures_iter(&help).map(|found| found.get(1).unwrap()).collect();
    let ends = starts.iter().skip(1).map(regex::Match::start).chain([help.len()]);
    let mut variables = BTreeMap::new();
    for (option, end) in starts.iter().zip(ends) {
        let found = variable.captures(&help[option.end()..end]);
        variables.insert(option.as_str().to_owned(), found.map(|found| found[1].to_owned()));
    }
    variables.remove("help");
    variables
}

#[test]
fn every_option_of_serve_has_a_variable_and_none_selects_aws_mode() {
    let variables = variables();
    assert!(variables.len() >= 11, "{variables:?}");
    let selects_aws = ["ENDPOINT", "CERT", "KEY", "PORT", "CA_FILE", "CONTROL_ENDPOINT_URL"];
    for (option, variable) in variables {
        let variable = variable.unwrap_or_else(|| panic!("--{option} has no variable"));
        let name = variable.strip_prefix("JOBS_SANDBOX_").unwrap();
        assert_eq!(name.to_lowercase().replace('_', "-"), option);
        assert!(!selects_aws.contains(&name), "{variable}");
    }
}

/// As in the Compose file of the page, and on ports that are free here.
#[test]
fn the_default_command_of_the_image_serves() {
    let mut section = Section::open("container.md", "In a container");
    Checkout::new().run(&section.take("sh"));
    let compose_file = section.take("yaml");
    let dockerfile = file(".github/Dockerfile");
    let command = dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    let command: Vec<String> = serde_json::from_str(command).unwrap();
    let compose = Regex::new(r"(?m)^      (JOBS_SANDBOX_\w+): (\S+)$").unwrap();
    let compose: Vec<_> = compose
        .captures_iter(&compose_file)
        .map(|found| (found[1].to_owned(), found[2].to_owned()))
        .collect();
    assert_eq!(compose.len(), 2);
    let sandbox = Sandbox::new().args(command.iter().map(|word| word.replace("/data", "data")));
    let sandbox = sandbox.env("JOBS_SANDBOX_MQTT_PORT", "0").env("JOBS_SANDBOX_HTTP_PORT", "0");
    let sandbox = compose.iter().fold(sandbox, |sandbox, (name, value)| sandbox.env(name, value));
    let mut process = sandbox.spawn();
    let ready = process.stdout_line();
    assert!(ready.starts_with("ready mqtt=0.0.0.0:"), "{ready}");
    assert!(!ready.contains(":8883 ") && !ready.contains(":9443 "), "{ready}");
    let port = ready.split("http=0.0.0.0:").nth(1).unwrap().split(' ').next().unwrap();
    let check = Regex::new(r#"(?m)^HEALTHCHECK .*CMD \["/jobs-sandbox", "(\w+)"\]$"#).unwrap();
    let check = check.captures(&dockerfile).unwrap()[1].to_owned();
    Sandbox::new().env("JOBS_SANDBOX_HTTP_PORT", port).arg(check).run();
    let env = fs::read_to_string(sandbox.path("data/env")).unwrap();
    assert!(env.contains("export JOBS_SANDBOX_ENDPOINT=sandbox\n"), "{env}");
    assert!(env.contains(&format!("export AWS_ENDPOINT_URL=http://sandbox:{port}\n")), "{env}");
    process.signal(Signal::SIGTERM);
    assert_eq!(process.wait().status.code(), Some(0));
}

/// `docker exec` starts it with the variables of `serve`, whose ports and folder are in use.
#[test]
fn a_session_beside_it_goes_its_own_way() {
    let serve = Serve::start();
    let dir = serve.dir().display().to_string();
    let sandbox = Sandbox::new().env("JOBS_SANDBOX_DIR", dir).env("JOBS_SANDBOX_LISTEN", "0.0.0.0");
    let sandbox = sandbox.env("JOBS_SANDBOX_MQTT_PORT", serve.mqtt.port().to_string());
    let sandbox = sandbox.env("JOBS_SANDBOX_HTTP_PORT", serve.http.port().to_string());
    sandbox.args(["-c", "list-jobs"]).run();
}
