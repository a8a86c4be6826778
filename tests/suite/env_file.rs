//! The file of shell lines that `serve` writes: what it does to the shell that reads it, and takes back.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use crate::support::{Sandbox, Serve, has_address};

/// What `script` leaves in the environment of a shell that began with `before`.
fn environment(shell: &str, script: &str, before: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut command = Command::new(shell);
    command.args(["-euc", &format!("{script}\nenv")]).env_clear();
    command.env("PATH", env::var_os("PATH").unwrap_or_default()).envs(before.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{shell}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    // What shells keep for themselves.
    let own = |name: &str| ["_", "SHLVL", "PWD", "OLDPWD"].contains(&name);
    pairs.filter(|(name, _)| !own(name)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

const BEFORE: [(&str, &str); 5] = [
    ("AWS_PROFILE", "it's $mine"),
    ("AWS_ENDPOINT_URL_IOT", "http://elsewhere.example"),
    ("AWS_REGION", "eu-west-3"),
    ("HTTP_PROXY", "http://proxy.example:3128"),
    ("no_proxy", "intern.example"),
];

#[test]
fn nothing_leads_past_the_service_while_it_is_read() {
    let serve = Serve::start();
    let script = format!(". {}", serve.file("env").display());
    for shell in ["sh", "bash"] {
        let after = environment(shell, &script, &BEFORE);
        assert_eq!(after["AWS_ENDPOINT_URL"], serve.url());
        assert_eq!(after["AWS_REGION"], "us-east-1");
        assert_eq!(after["HTTP_PROXY"], "http://proxy.example:3128", "{shell}");
        assert_eq!(after["NO_PROXY"], "localhost,127.0.0.1,intern.example", "{shell}");
        assert_eq!(after["no_proxy"], "localhost,127.0.0.1,intern.example", "{shell}");
        for cleared in ["AWS_PROFILE", "AWS_ENDPOINT_URL_IOT", "AWS_SESSION_TOKEN"] {
            assert!(!after.contains_key(cleared), "{shell}: {cleared}");
        }
    }
}

#[test]
fn it_is_taken_back_to_the_letter_also_after_it_was_read_twice() {
    let serve = Serve::start();
    let file = serve.file("env").display().to_string();
    for shell in ["sh", "bash"] {
        let untouched = environment(shell, ":", &BEFORE);
        let back = environment(shell, &format!(". {file}; . {file}; jobs_sandbox_off"), &BEFORE);
        assert_eq!(back, untouched, "{shell}");
    }
}

#[test]
fn a_loopback_address_of_its_own_stands_in_it() {
    if !has_address("127.0.0.2") {
        return;
    }
    let serve = Serve::run(Sandbox::new(), &["--listen", "127.0.0.2"]);
    let after = environment("sh", &format!(". {}", serve.file("env").display()), &[]);
    assert_eq!(after["JOBS_SANDBOX_ENDPOINT"], "127.0.0.2");
    assert_eq!(after["NO_PROXY"], "localhost,127.0.0.1,127.0.0.2");
    let session = "-c get-pending-job-executions";
    let mut command = serve.shell(env!("CARGO_BIN_EXE_jobs-sandbox"));
    let output =
        command.args(session.splitn(2, ' ')).env("HTTP_PROXY", "http://127.0.0.1:9").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn hosts_that_need_no_proxy_are_kept_in_either_spelling() {
    let serve = Serve::start();
    let script = format!(". {}", serve.file("env").display());
    for (before, both) in [
        (&[("NO_PROXY", "*")][..], "*"),
        (&[("no_proxy", "a,*")], "*"),
        (&[("NO_PROXY", "upper")], "localhost,127.0.0.1,upper"),
        (&[("NO_PROXY", "same"), ("no_proxy", "same")], "localhost,127.0.0.1,same"),
        (&[("NO_PROXY", "upper"), ("no_proxy", "lower")], "localhost,127.0.0.1,lower,upper"),
        (&[], "localhost,127.0.0.1"),
    ] {
        for shell in ["sh", "dash", "bash"] {
            let after = environment(shell, &script, before);
            assert_eq!((after["NO_PROXY"].as_str(), after["no_proxy"].as_str()), (both, both), "{shell}");
            let back = environment(shell, &format!("{script}; jobs_sandbox_off"), before);
            assert_eq!(back, environment(shell, ":", before), "{shell}");
        }
    }
}

#[test]
fn what_was_not_exported_is_not_exported_again() {
    let serve = Serve::start();
    let file = serve.file("env").display().to_string();
    let script = format!(
        "AWS_REGION='mine alone'; no_proxy=x; . {file}; . {file}; jobs_sandbox_off; echo shell=\"$AWS_REGION,$no_proxy\""
    );
    for shell in ["sh", "dash", "bash"] {
        let after = environment(shell, &script, &[]);
        assert_eq!(after["shell"], "mine alone,x", "{shell}");
        assert!(!after.contains_key("AWS_REGION") && !after.contains_key("no_proxy"), "{shell}");
    }
    let after = environment("bash", &format!("set -o posix; {script}"), &[]);
    assert_eq!(after["shell"], "mine alone,x");
}
