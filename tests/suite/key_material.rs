//! A key in the wrong place of the command line: nothing of it may reach a terminal or the log of a CI job.

use std::process::Output;

use aws_smithy_types::base64;

use crate::support::certificates::Authority;
use crate::support::{Sandbox, has_full_device};

/// What a CI job may have in place of a file: the whole of a key in one spelling or another.
fn spellings() -> Vec<String> {
    let device = Authority::new().device();
    let body: String = device.key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::decode(&body).unwrap();
    let hex: Vec<_> = der.iter().map(|byte| format!("{byte:02x}")).collect();
    let url = body.replace('+', "-").replace('/', "_").replace('=', "");
    let pem = base64::encode(&device.key);
    // Beyond what all keys of a kind have in common, and with what no name of a thing or host has.
    let middle = &body[body.len() / 2..];
    let piece = format!("{}/{}", &middle[..20], &middle[20..39]);
    vec![device.key, pem, hex.concat(), url, piece, body]
}

/// Nothing of `key` is in what was printed, but for what is too short to be of use.
#[track_caller]
fn assert_hidden(output: &Output, key: &str) {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let pieces = key.as_bytes().windows(16).filter_map(|piece| std::str::from_utf8(piece).ok());
    for piece in pieces.filter(|piece| !piece.contains("---")) {
        assert!(!text.contains(piece), "{piece} of {key} in {text}");
    }
}

fn run(sandbox: &Sandbox, arguments: &[&str], variable: Option<(&str, &str)>) -> Output {
    sandbox.command().args(arguments).envs(variable).output().unwrap()
}

#[test]
fn in_place_of_a_file_it_is_refused_by_the_name_of_the_option() {
    let sandbox = Sandbox::new();
    for key in spellings() {
        for (option, variable) in [
            ("--key", "JOBS_SANDBOX_KEY"),
            ("--cert", "JOBS_SANDBOX_CERT"),
            ("--ca-file", "JOBS_SANDBOX_CA_FILE"),
        ] {
            for output in
                [run(&sandbox, &[option, &key], None), run(&sandbox, &["-c", "help"], Some((variable, &key)))]
            {
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(said, format!("error: {option} holds a key, not the name of a file\n"), "{key}");
                assert_eq!(output.status.code(), Some(2));
            }
        }
    }
}

#[test]
fn anywhere_else_it_is_not_repeated() {
    let sandbox = Sandbox::new();
    for key in &spellings() {
        for arguments in [
            &[key.as_str()][..],
            &["--endpoint", key],
            &["--endpoint", key, "--cert", "c", "--key", "k", "--thing", "T"],
            &["--timeout", key],
            &["--mqtt-port", key],
            &["--port", key, "--endpoint", "h", "--cert", "c", "--key", "k", "--thing", "T"],
            &["--listen", key],
            &["--hostname", key],
            &["--account", key],
            &["--thing", key],
            &["--region", key],
            &["--color", key],
            &["-f", key],
            &["--dir", key, "-c", "help"],
            &["--junit", key, "-c", "help"],
            &["serve", "--thing", key],
            &["serve", "--policy", key],
            &["serve", "--dir", key],
            &["serve", key],
        ] {
            let output = run(&sandbox, arguments, None);
            assert_hidden(&output, key);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        }
        for variable in ["JOBS_SANDBOX_TIMEOUT", "JOBS_SANDBOX_HOSTNAME", "JOBS_SANDBOX_REGION"] {
            let output = run(&sandbox, &["-c", "help"], Some((variable, key)));
            assert_hidden(&output, key);
            assert_eq!(output.status.code(), Some(2), "{variable}: {output:?}");
        }
        let given = ["KEY", "CERT", "CA_FILE", "TIMEOUT", "HOSTNAME", "REGION", "ENDPOINT", "THING"];
        for variable in given.map(|name| format!("JOBS_SANDBOX_{name}")) {
            for help in ["--help", "-h"] {
                assert_hidden(&run(&sandbox, &[help], Some((&variable, key))), key);
            }
        }
    }
    let pem = &spellings()[0];
    let output = run(&sandbox, &["-c", pem], None);
    assert_hidden(&output, pem);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_acts_on_a_terminal_or_hides_is_spelled_out_in_usage_errors() {
    let sandbox = Sandbox::new();
    for arguments in [&["--no\u{202e}\u{200b}"][..], &["--timeout", "\u{202e}\u{200b}\n"]] {
        let said = String::from_utf8(run(&sandbox, arguments, None).stderr).unwrap();
        assert!(said.contains(r"\u{202e}\u{200b}"), "{said}");
    }
}

#[test]
fn help_that_cannot_be_written_is_a_failure() {
    if !has_full_device() {
        return;
    }
    for option in ["--help", "--version"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = Sandbox::new().command().arg(option).stdout(full).status().unwrap();
        assert_eq!(status.code(), Some(1), "{option}");
    }
}
