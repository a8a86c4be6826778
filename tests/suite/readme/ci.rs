//! Jobs of CI systems, step by step.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::checkout::{Checkout, SERVE};
use super::page::root;
use super::section::{Section, script};
use crate::support::skip::skip;
use crate::support::{Process, peers};

/// What YAML says, as JSON.
fn read_yaml(python: &Path, yaml: &str) -> Value {
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
    let finished = Process::spawn(Command::new(python).args(["-c", read, yaml])).finish();
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}\n{}", finished.stderr))
}

/// A checkout of a project that has the smoke test and its device program.
fn project() -> Checkout {
    let checkout = Checkout::without_program();
    checkout.write("smoke.jobs", &script("README.md", "In CI"));
    symlink(root().join("tests/python/device.py"), checkout.path("device.py")).unwrap();
    checkout
}

fn assert_passed(checkout: &Checkout, printed: &str) {
    assert!(printed.contains("device| Reboot: reboot\n"), "{printed}");
    let report = fs::read_to_string(checkout.path("smoke.xml")).unwrap();
    assert!(report.contains("failures=\"0\""), "{report}");
}

/// What each step runs, with the variables and the path that the runner of GitHub would give it.
#[test]
fn the_workflow_passes() {
    let workflow = Section::open("README.md", "In CI").take("yaml");
    let (Some(python), Some(_)) = (peers::python("yaml"), peers::python("paho.mqtt.client")) else { return };
    if !cfg!(target_os = "linux") {
        return skip("the job runs on Linux");
    }
    let workflow = read_yaml(&python, &workflow);
    let steps = workflow["jobs"]["smoke"]["steps"].as_array().unwrap();
    let checkout = project();
    let added = checkout.path("added-to-path");
    let mut printed = String::new();
    for step in steps {
        let Some(command) = step["run"].as_str() else { continue };
        let given = |(name, value): (&String, &Value)| {
            let value = match value.as_str().unwrap() {
                "${{ github.token }}" => "a token",
                "${{ vars.JOBS_SANDBOX_REPOSITORY }}" => "somebody/jobs-sandbox",
                other => panic!("{other}"),
            };
            (name.clone(), value.to_owned())
        };
        let mut variables: Vec<(String, String)> =
            step["env"].as_object().into_iter().flatten().map(given).collect();
        let path = fs::read_to_string(&added).unwrap_or_default().replace('\n', ":");
        variables.push(("PATH".into(), format!("{path}{}", checkout.search_path())));
        variables.push(("GITHUB_PATH".into(), added.display().to_string()));
        variables.push(("RUNNER_TEMP".into(), checkout.path("temporary").display().to_string()));
        fs::create_dir_all(checkout.path("temporary")).unwrap();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        printed += &checkout.run_with(command, &variables).stderr;
    }
    assert_passed(&checkout, &printed);
}

/// The action takes what the page gives it; what it then does is tested with the releases.
#[test]
fn the_action_takes_what_it_is_given() {
    let steps = Section::open("releases.md", "On GitHub Actions").take("yaml");
    let Some(python) = peers::python("yaml") else { return };
    let step = &read_yaml(&python, &steps)[0];
    let (folder, _) = step["uses"].as_str().unwrap().split_once('@').unwrap();
    let folder = folder.strip_prefix("<owner>/<name>/").unwrap();
    let action = fs::read_to_string(root().join(folder).join("action.yml")).unwrap();
    let action = read_yaml(&python, &action);
    for name in step["with"].as_object().unwrap().keys() {
        assert!(action["inputs"].get(name).is_some(), "{name}");
    }
}

#[test]
fn a_job_of_any_ci_system_passes() {
    let job = Section::open("ci.md", "On other CI systems").take("sh");
    let Some(_) = peers::python("paho.mqtt.client") else { return };
    let checkout = project();
    let release = "gh release download --pattern '*.tar.gz'\n";
    let finished = checkout.run(&format!("{release}{job}"));
    assert_passed(&checkout, &finished.stderr);
}

#[test]
fn the_service_beside_the_tests_is_found() {
    let block = Section::open("ci.md", "The service beside the tests").take("sh");
    let (serve, tests) = block.split_once('\n').unwrap();
    assert_eq!(serve.strip_suffix(" &"), Some(SERVE));
    let checkout = Checkout::new();
    let service = checkout.serve(&[]);
    let finished = checkout.run(&service.here(tests));
    assert!(finished.stdout.contains("\"jobId\": \"Job1\""), "{}", finished.stdout);
}
