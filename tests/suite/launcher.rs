//! The command line itself: what it accepts, what it refuses, and with which exit code.

use std::process::Command;

use crate::support::{Sandbox, Serve};

/// A refusal in one line on standard error, exit code 2, nothing on standard output.
#[track_caller]
fn refused(sandbox: Sandbox, said: &str) {
    let output = sandbox.status(2).stdout("").stderr("error: [..]").run();
    assert!(output.stderr.contains(said), "{}", output.stderr);
}

const AWS: [&str; 8] = ["--endpoint", "localhost", "--cert", "cert.pem", "--key", "key.pem", "--thing", "T"];

#[test]
fn a_run_without_commands_ends_well() {
    Sandbox::new().stdout("").run();
}

#[test]
fn commands_come_from_options_a_file_or_standard_input() {
    let titles = "─── GetPendingJobExecutionsResponse ───[..]";
    let from = [
        Sandbox::new().args(["-c", "get-pending-job-executions", "-c", "quit", "-c", "help"]),
        Sandbox::new().args(["-f", "script"]).file("script", "get-pending-job-executions\nquit\nhelp\n"),
        Sandbox::new().args(["-f", "-"]).script("get-pending-job-executions\r\n quit \r\nunknown"),
        Sandbox::new().script("\n# a comment\n\n   get-pending-job-executions   \n"),
        // With commands elsewhere, standard input is not read.
        Sandbox::new().args(["-c", "get-pending-job-executions"]).script("unknown"),
    ];
    for sandbox in from {
        let output = sandbox.run();
        assert_eq!(output.stdout.matches(titles.trim_end_matches("[..]")).count(), 1, "{}", output.stdout);
    }
}

#[test]
fn a_connection_option_without_the_others_names_what_is_missing() {
    refused(Sandbox::new().args(["--endpoint", "localhost"]), "--cert, --key, --thing");
    refused(Sandbox::new().env("JOBS_SANDBOX_ENDPOINT", ""), "--endpoint, --cert, --key, --thing");
    refused(Sandbox::new().args(AWS).args(["--dir", "d"]), "--dir belongs to the local service");
    // As after `. d/env`.
    refused(
        Sandbox::new().env("JOBS_SANDBOX_ENDPOINT", "localhost").args(["--dir", "d", "--keep"]),
        "the environment variable JOBS_SANDBOX_ENDPOINT selects AWS mode: leave out --dir, or unset the variable",
    );
}

/// As Compose and CI set what has no value.
#[test]
fn an_empty_variable_is_none_unless_it_selects_aws_mode() {
    for variable in ["CLIENT_ID", "HOSTNAME", "REGION", "THING", "TIMEOUT"] {
        Sandbox::new().env(&format!("JOBS_SANDBOX_{variable}"), "").args(["-c", "help"]).run();
    }
    let everything = [
        "ACCOUNT",
        "DIR",
        "HOSTNAME",
        "LISTEN",
        "NEW_CERTIFICATES",
        "POLICY",
        "REGION",
        "REQUIRE_KEY",
        "THING",
    ];
    let empty = |sandbox: Sandbox, name: &&str| sandbox.env(&format!("JOBS_SANDBOX_{name}"), "");
    let serve = Serve::run(everything.iter().fold(Sandbox::new(), empty), &[]);
    assert_eq!(serve.get("/things/MyThing")["thingName"], "MyThing");
    for variable in ["ENDPOINT", "CERT", "KEY", "PORT", "CA_FILE", "CONTROL_ENDPOINT_URL"] {
        refused(Sandbox::new().env(&format!("JOBS_SANDBOX_{variable}"), ""), "AWS mode needs --endpoint");
    }
    refused(Sandbox::new().args(&AWS[..6]).env("JOBS_SANDBOX_THING", ""), "AWS mode needs --thing too");
}

#[test]
fn values_that_make_no_sense_are_named() {
    let endpoint = ["--endpoint", "a-ats.iot.us-east-1.amazonaws.com", "--region", "eu-west-1"];
    refused(
        Sandbox::new().args(endpoint).args(&AWS[2..]),
        "--region eu-west-1 contradicts the endpoint, which is in us-east-1",
    );
    refused(
        Sandbox::new().args(["--endpoint", "https://host"]).args(&AWS[2..]),
        "--endpoint must be a host name",
    );
    refused(Sandbox::new().args(AWS).args(["--port", "mqtt"]), "--port must be a number");
    let with_password = ["--control-endpoint-url", "https://me:TELLTALE@localhost"];
    let password = Sandbox::new().args(AWS).args(with_password).status(2).stdout("").stderr_any().run();
    assert_eq!(password.stderr, "error: --control-endpoint-url must hold no user name and no password\n");
    refused(Sandbox::new().args(["--thing", "a b"]), "--thing");
    refused(Sandbox::new().args(["--client-id", "$me"]), "--client-id");
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    for arguments in [&["--unknown"][..], &["-c", "help", "-f", "script"], &["--timeout", "30"]] {
        let output = Sandbox::new().args(arguments).status(2).stdout("").stderr_any().run();
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
}

#[test]
fn a_script_file_that_cannot_be_read_is_named() {
    refused(Sandbox::new().args(["-f", "nowhere.jobs"]), "nowhere.jobs");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = Sandbox::new().arg("--help").run();
    assert!(
        help.stdout.contains("serve") && help.stdout.contains("--control-endpoint-url"),
        "{}",
        help.stdout
    );
    let version = Sandbox::new().arg("--version").stdout("jobs-sandbox 0.1.0[..]").run().stdout;
    // Outside a checkout there is no commit to name.
    let commit = version.split(['(', ')']).nth(1).unwrap_or_default();
    assert!(commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{version}");
}

#[test]
fn a_shell_completes_options_with_the_script_it_is_given() {
    let script = Sandbox::new().args(["completions", "bash"]).run().stdout;
    for (words, completed) in
        [("--js", "--json\n"), ("serve --mq", "--mqtt-port\n"), ("completions ba", "bash\n")]
    {
        let ask = format!(
            "set -- $(complete -p jobs-sandbox); while [ $1 != -F ]; do shift; done; function=$2
            COMP_WORDS=(jobs-sandbox {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            $function jobs-sandbox \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo ${{COMPREPLY[@]}}"
        );
        let bash = Command::new("bash").args(["-c", &format!("{script}\n{ask}")]).output().unwrap();
        let replies = String::from_utf8_lossy(&bash.stdout);
        assert_eq!(replies, completed, "{words}: {}", String::from_utf8_lossy(&bash.stderr));
    }
    for (shell, begin) in [("zsh", "#compdef jobs-sandbox"), ("fish", "# Print an optspec")] {
        let script = Sandbox::new().args(["completions", shell]).run().stdout;
        assert!(script.starts_with(begin), "{script}");
        assert!(script.contains("control-endpoint-url"), "{script}");
    }
}

/// A user's AWS settings are not for the local service.
#[test]
fn in_local_mode_the_settings_for_aws_are_ignored() {
    Sandbox::new()
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_PROFILE", "nobody")
        .env("AWS_REGION", "eu-west-1")
        .args(["-c", "create-job Job1 {}"])
        .run();
}

#[test]
fn the_private_folder_of_the_local_service_is_removed() {
    let sandbox = Sandbox::new().script("get-pending-job-executions\n");
    sandbox.run();
    let left: Vec<_> =
        std::fs::read_dir(sandbox.home()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
