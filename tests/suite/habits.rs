//! What people type who are used to other programs: a pointer to what to type here.

use crate::support::Sandbox;

#[track_caller]
fn refused(args: &[&str]) -> String {
    let output =
        Sandbox::new().file("smoke.jobs", "list-jobs\n").args(args).status(2).stdout("").stderr_any().run();
    output.stderr
}

#[test]
fn a_command_given_as_an_argument_gets_a_pointer() {
    for (args, command) in [
        (&["list-jobs"][..], "list-jobs"),
        (&["--json", "list-jobs"], "list-jobs"),
        (&["delete-job", "J", "--force"], "delete-job J --force"),
    ] {
        let name = command.split(' ').next().unwrap();
        assert_eq!(
            refused(args),
            format!(
                "error: {name} is a command of the session; to run it alone: jobs-sandbox -c '{command}'\n"
            ),
            "{args:?}"
        );
    }
    assert_eq!(
        refused(&["help", "create-job"]),
        "error: create-job is a command of the session; to read about it: jobs-sandbox -c 'help create-job'\n"
    );
}

#[test]
fn a_command_split_by_the_shell_gets_a_pointer() {
    assert_eq!(
        refused(&["-c", "create-job", "J", "{}"]),
        "error: -c takes a whole command in quotes: jobs-sandbox -c 'create-job J {}'\n"
    );
    assert_eq!(
        refused(&["-c", "create-job", "J", "{\"a\":\"it's\"}"]),
        "error: -c takes a whole command in quotes: jobs-sandbox -c 'create-job J {\"a\":\"it'\\''s\"}'\n"
    );
    // Each of them is one word, and no more belongs to it.
    assert_eq!(
        refused(&["-c", "list-jobs", "-c", "delete-job", "J", "--force"]),
        "error: -c takes a whole command in quotes: jobs-sandbox -c 'delete-job J --force'\n"
    );
}

#[test]
fn a_script_given_as_an_argument_gets_a_pointer() {
    for args in [&["smoke.jobs"][..], &["--json", "smoke.jobs"]] {
        assert_eq!(refused(args), "error: a script is named with -f: jobs-sandbox -f smoke.jobs\n");
    }
}

/// `--help`'s heading names each option that selects AWS mode, and no other.
#[test]
fn the_help_tells_which_options_select_aws_mode() {
    let help = Sandbox::new().arg("--help").run().stdout;
    let heading = help.lines().find(|line| line.starts_with("AWS mode")).unwrap();
    for (option, value) in [
        ("--endpoint", "localhost"),
        ("--cert", "f"),
        ("--key", "f"),
        ("--port", "1"),
        ("--ca-file", "f"),
        ("--control-endpoint-url", "http://localhost"),
        ("--region", "eu-west-1"),
        ("--client-id", "c"),
        ("--thing", "T"),
    ] {
        let run = Sandbox::new().args([option, value, "-c", "help"]).stderr_any();
        let selects = heading.contains(option);
        let output = if selects { run.status(2).run() } else { run.run() };
        assert_eq!(output.stderr.contains("AWS mode needs "), selects, "{option}: {}", output.stderr);
    }
}

#[test]
fn an_option_takes_its_value_after_an_equals_sign_too() {
    let output = Sandbox::json()
        .script(
            "create-job J {} --timeout-minutes=5 --description=\"two words\"\ndescribe-job J\n\
             update-job-execution J IN_PROGRESS --status-details={\"a\": \"b\"} --include-job-execution-state\n\
             list-jobs --status=COMPLETED\nexpect ListJobsResponse --within=5s\n",
        )
        .run();
    let find = |title: &str| output.messages().into_iter().find(|message| message.title == title).unwrap();
    let job = find("DescribeJobResponse").value()["job"].clone();
    assert_eq!(job["timeoutConfig"]["inProgressTimeoutInMinutes"], 5);
    assert_eq!(job["description"], "two words");
    let state = find("UpdateJobExecutionResponse").value()["executionState"].clone();
    assert_eq!(state["statusDetails"]["a"], "b");
}

#[test]
fn an_equals_sign_without_a_value_is_named() {
    for (command, said) in [
        ("list-jobs --status=", "--status needs a value"),
        ("list-jobs --status= COMPLETED", "--status needs a value"),
        ("delete-job J --force=true", "--force takes no value"),
        ("delete-job J --forec=1", "unknown option \"--forec\", did you mean --force?"),
    ] {
        let output = Sandbox::new().script(command).status(1).stderr_any().run();
        assert!(output.stderr.contains(said), "{command}: {}", output.stderr);
    }
}

/// Whoever wants to change a group must not be led to change a thing.
#[test]
fn a_command_of_aws_that_is_not_here_suggests_no_other() {
    for command in ["update-thing-group", "create-thing-type", "list-thing-types"] {
        let output = Sandbox::new().script(format!("{command} T\n")).status(1).stderr_any().run();
        let said = format!("stdin:1: {command} is not a command here: to call it, aws iot {command}\n");
        assert!(output.stderr.ends_with(&said), "{}", output.stderr);
    }
    let output = Sandbox::new().script("update-thing-gruop T\n").status(1).stderr_any().run();
    assert!(!output.stderr.contains("did you mean"), "{}", output.stderr);
}

#[test]
fn a_usage_line_is_not_repeated_after_every_typing_error() {
    let output =
        Sandbox::new().script("delete-job\ndelete-job\nlist-jobs x\ndelete-job a b\n").status(1).stderr_any();
    let stderr = output.run().stderr;
    assert_eq!(stderr.matches("usage: delete-job").count(), 1, "{stderr}");
    assert_eq!(stderr.matches("usage: list-jobs").count(), 1, "{stderr}");
    assert!(stderr.contains("stdin:2: delete-job: <jobId> is missing\n"), "{stderr}");
}

#[test]
fn a_command_of_the_command_line_that_is_mistyped_gets_a_pointer() {
    let output = Sandbox::new().arg("sevre").status(2).stdout("").stderr_any().run();
    assert_eq!(output.stderr, "error: unknown command 'sevre', did you mean jobs-sandbox serve?\n");
}
