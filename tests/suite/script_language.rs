//! The language of scripts: names, tests, what is deferred and included, and how a run is told.

use std::fs;

use crate::support::{Sandbox, Serve};

/// What was printed by `print`.
fn printed(stdout: &str) -> Vec<&str> {
    stdout.lines().filter(|line| line.starts_with("* ")).collect()
}

#[test]
fn names_stand_for_values_everywhere_in_a_script() {
    let script = r#"
set JOB smoke-{{RUN}}
set NOTE two "quoted" words
set LIST [1, 2]
create-job {{JOB}} {"note": "{{NOTE}}", "list": {{LIST}}, "{{JOB}}": "{{WHERE}}"} --description "{{NOTE}}"
expect NextJobExecutionChangedEvent execution.jobDocument.note="{{NOTE}}" execution.jobDocument.list={{LIST}}
capture VERSION execution.versionNumber
capture DOCUMENT execution.jobDocument
print * {{VERSION}} {{DOCUMENT}}
start-next-pending-job-execution
update-job-execution {{JOB}} SUCCEEDED --expected-version 2
"#;
    let output = Sandbox::new().args(["--set", "WHERE=here"]).script(script).run();
    let printed = printed(&output.stdout);
    let begin = r#"* 1 {"note":"two \"quoted\" words","list":[1,2],"smoke-"#;
    assert!(printed[0].starts_with(begin) && printed[0].ends_with(r#"":"here"}"#), "{printed:?}");
    assert_eq!(output.summary.unwrap(), "9 commands, 1 expectation, 0 failed");
}

#[test]
fn a_name_that_nothing_sets_is_a_mistake_and_other_braces_are_text() {
    let output = Sandbox::new()
        .script("create-job J {\"a\": \"{{ B }}\"}\nprint {{NOPE}}\n")
        .status(1)
        .stderr_any()
        .run();
    assert!(
        output.stderr.contains("stdin:2: print: nothing has set {{NOPE}}: set NOPE VALUE, "),
        "{}",
        output.stderr
    );
    assert!(output.stdout.contains(r#""a": "{{ B }}""#), "{}", output.stdout);
    Sandbox::new()
        .args(["--set", "1a=b"])
        .status(2)
        .stdout("")
        .stderr("error: [..]a name is a letter or _, [..]\n\nFor more information, try '--help'.\n")
        .run();
    let text =
        Sandbox::new().args(["--set", "D=a b", "-c", "create-job J {{D}}"]).status(2).stderr_any().run();
    assert!(
        text.stderr.contains("the value of D is not JSON: in double quotes, \"{{D}}\", it is a string"),
        "{}",
        text.stderr
    );
}

#[test]
fn a_text_may_begin_with_a_bracket_and_a_value_as_json_may_not_be_broken() {
    let script =
        "test [slow] a reboot\nprint [done] {{RUN}}\nprint {so\nset D [1,\n 2]\ncreate-job J {\"d\":{{D}}}\n";
    let output = Sandbox::new().args(["--only", "[slow] a reboot"]).script(script).run();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("[done] ") && lines[1] == "{so", "{lines:?}");
    let broken = Sandbox::new().args(["-c", "set D [x"]).status(2).stderr_any().run();
    assert!(broken.stderr.contains("set: <value> is not JSON: "), "{}", broken.stderr);
}

#[test]
fn names_in_the_file_of_a_document_are_replaced_where_that_is_asked_for() {
    let document = "{\"a\": \"{{A}}\",\n \"n\": {{N}}}";
    let run = |command: &str| {
        let sandbox = Sandbox::new().file("doc.json", document).args(["--set", "A=x\"y", "--set", "N=1"]);
        sandbox.args(["-c", command, "-c", "get-job-document J"])
    };
    let output = run("create-job J file://doc.json --substitute").run();
    assert!(output.stdout.contains(r#""document": "{\"a\": \"x\\\"y\",\n \"n\": 1}""#), "{}", output.stdout);
    for (command, said) in [
        ("create-job J file://doc.json", "it is not JSON: "),
        ("create-job J {} --substitute", "--substitute is for a document in a file"),
    ] {
        let output = run(command).status(1).stderr_any().run();
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    let unset =
        Sandbox::new().file("doc.json", document).args(["-c", "create-job J file://doc.json --substitute"]);
    let output = unset.status(1).stderr_any().run();
    assert!(output.stderr.contains("doc.json: nothing has set {{A}}"), "{}", output.stderr);
    assert!(output.stderr.contains(" (on line 1)"), "{}", output.stderr);
}

#[test]
fn a_file_is_read_to_its_end_before_anything_is_done() {
    let script =
        "create-job J {}\ndelete-jib J\ninclude none.jobs\ncapture V x\ndelete-job {{V}}\nprint {{W}}\n";
    let sandbox =
        Sandbox::new().file("smoke.jobs", script).args(["-f", "smoke.jobs", "--junit", "report.xml"]);
    let output = sandbox.status(2).stdout("").stderr_any();
    let said = output.run().stderr;
    let places: Vec<&str> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(places, ["smoke.jobs:2:", "smoke.jobs:3:", "smoke.jobs:6:"], "{said}");
    let report = fs::read_to_string(output.path("report.xml")).unwrap();
    assert!(report.contains(r#"tests="3" skipped="0" failures="3""#), "{report}");
    // Standard input is carried out as it comes.
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    assert!(output.stdout.contains("CreateJobResponse"), "{}", output.stdout);
}

#[test]
fn a_script_can_be_checked_alone() {
    let check =
        |script: &str| Sandbox::new().args(["--check", "-f", "a.jobs"]).file("a.jobs", script).stdout("");
    check("create-job J {}\nquit\n").stderr("2 commands without a mistake\n").run();
    check("nope\n").status(2).stderr("a.jobs:1: unknown command \"nope\": [..]\n").run();
    Sandbox::new().arg("--check").script("quit\n").stdout("").stderr("1 command without a mistake\n").run();
}

const TESTS: &str = r"
print * before
test one
create-job A {}
defer print * deferred first
defer delete-job A --force
! create-job A {}
delete-job none
print * not reached
test two
expect NextJobExecutionChangedEvent --within 1ms
test three
print * three
";

#[test]
fn after_a_failure_the_next_test_goes_on() {
    let sandbox = Sandbox::new().file("t.jobs", TESTS).args(["-f", "t.jobs", "--junit", "report.xml"]);
    let output = sandbox.status(1).stderr_any();
    let run = output.run();
    assert_eq!(printed(&run.stdout), ["* before", "* deferred first", "* three"]);
    assert!(run.stdout.contains("DeleteJobResponse"), "{}", run.stdout);
    assert_eq!(run.summary.unwrap(), "7 commands, 1 expectation, 2 failed: t.jobs:8, t.jobs:11");
    let report = fs::read_to_string(output.path("report.xml")).unwrap();
    for part in [
        r#"<testsuite name="t.jobs" tests="4" skipped="0" errors="0" failures="2""#,
        r#"<testcase name="2: print * before""#,
        r#"<testcase name="one" classname="t.jobs""#,
        r#"<failure message="DeleteJob refused: "#,
        "─── CreateJobRejected ───",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn a_test_sees_nothing_of_the_one_before() {
    for expectation in ["expect CreateJobResponse", "expect JobExecutionsChangedEvent --within 1ms"] {
        let script = format!("create-job A {{}}\ntest t\n{expectation}\n");
        let output = Sandbox::new().script(script).status(1).stderr_any().run();
        assert_eq!(output.summary.unwrap(), "1 command, 1 expectation, 1 failed: stdin:3");
    }
}

#[test]
fn one_test_can_be_run_alone() {
    let only = |name: &str| Sandbox::new().file("t.jobs", TESTS).args(["-f", "t.jobs", "--only", name]);
    assert_eq!(printed(&only("three").run().stdout), ["* before", "* three"]);
    only("four").status(2).stdout("").stderr("error: no test is called four\n").run();
    let never = "error: the script ended before a test called four\n";
    let streamed = Sandbox::new().script(TESTS).args(["--only", "four"]).status(2).stderr_any().run();
    assert!(streamed.stderr.ends_with(never), "{}", streamed.stderr);
    let quit = Sandbox::new().file("t.jobs", "quit\ntest four\nhelp\n");
    let quit = quit.args(["-f", "t.jobs", "--only", "four"]).status(2).stdout("").stderr_any().run();
    assert!(quit.stderr.ends_with(never), "{}", quit.stderr);
}

#[test]
fn a_failure_before_the_test_that_is_to_run_alone_is_all_that_is_told() {
    let script = "delete-job none\ntest four\nhelp\n";
    let output = Sandbox::new().file("t.jobs", script).args(["-f", "t.jobs", "--only", "four", "--bail"]);
    let output = output.status(1).stderr_any().run();
    assert!(!output.stderr.contains("called four"), "{}", output.stderr);
}

#[test]
fn a_signal_leaves_the_tests_that_were_not_run_in_the_report() {
    let script = "test a\nprint * here\nsleep 1h\ntest b\nhelp\n";
    let sandbox = Sandbox::new().file("1.jobs", script).file("2.jobs", "test z\nhelp\n");
    let report = sandbox.path("report.xml");
    let (_sandbox, mut process) =
        sandbox.args(["-f", "1.jobs", "-f", "2.jobs", "--junit", "report.xml"]).spawn_kept();
    process.stdout_until("* here");
    process.signal(nix::sys::signal::Signal::SIGINT);
    assert_eq!(process.finish().status.code(), Some(130));
    // The signal comes amid the third line, or just before it.
    let reports = [
        "1.jobs: a failed, b skipped; 2.jobs: z skipped",
        "1.jobs: a passed, 3: sleep 1h skipped, b skipped; 2.jobs: z skipped",
    ];
    assert!(reports.contains(&report_of(&report).as_str()), "{}", report_of(&report));
}

#[test]
fn a_script_that_cannot_be_read_is_in_the_report() {
    let files = Sandbox::new().file("1.jobs", "help\n");
    let run = files.args(["-f", "1.jobs", "-f", "none.jobs", "--junit", "report.xml"]).status(2);
    let run = run.stderr_any();
    let output = run.run();
    assert!(output.stderr.contains("cannot read script none.jobs"), "{}", output.stderr);
    assert_eq!(report_of(&run.path("report.xml")), "none.jobs: none.jobs failed");
}

#[test]
fn what_a_test_or_an_include_names_stands_in_the_script() {
    for line in ["test t-{{A}}", "include {{A}}.jobs"] {
        let output =
            Sandbox::new().args(["--set", "A=b", "-c", line]).status(2).stdout("").stderr_any().run();
        assert!(
            output.stderr.contains(" stands in the script as it is, without {{NAME}}"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn an_include_in_a_test_that_is_left_out_is_not_read() {
    let script = "test one\ninclude none.jobs\ntest two\nprint * two\n";
    let output = Sandbox::new().script(script).args(["--only", "two"]).run();
    assert_eq!(printed(&output.stdout), ["* two"]);
}

#[test]
fn what_is_deferred_is_carried_out_however_the_script_ends() {
    let script = "defer print * file\ntest t\ndefer print * test\ndelete-job none\nprint * no\n";
    let bail = Sandbox::new().arg("--bail").script(script).status(1).stderr_any().run();
    assert_eq!(printed(&bail.stdout), ["* test", "* file"]);
    let quit = Sandbox::new().script("defer print * file\nquit\n").run();
    assert_eq!(printed(&quit.stdout), ["* file"]);
    let failed = Sandbox::new().script("defer delete-job none\n").status(1).stderr_any().run();
    assert_eq!(failed.summary.unwrap(), "1 command, 0 expectations, 1 failed: stdin:1");
    let (_sandbox, mut process) = Sandbox::new().spawn_kept();
    process.send("defer print * signal\nprint * here\nsleep 1h\n");
    process.stdout_until("* here");
    process.signal(nix::sys::signal::Signal::SIGINT);
    let finished = process.finish();
    assert_eq!((finished.status.code(), printed(&finished.stdout)), (Some(130), vec!["* signal"]));
}

#[test]
fn a_signal_amid_what_is_deferred_loses_nothing_of_it() {
    for test in ["", "test t\n"] {
        let (_sandbox, mut process) = Sandbox::new().spawn_kept();
        process.send(format!("{test}defer print * last\ndefer sleep 1h\ndefer print * here\nquit\n"));
        process.stdout_until("* here");
        process.signal(nix::sys::signal::Signal::SIGINT);
        let finished = process.finish();
        assert_eq!(
            (finished.status.code(), printed(&finished.stdout)),
            (Some(130), vec!["* last"]),
            "{test}"
        );
    }
}

#[test]
fn a_failure_of_what_is_deferred_ends_all_with_bail_and_the_report_tells_the_rest() {
    let bail = |first: &str| {
        let files = Sandbox::new().file("1.jobs", first).file("2.jobs", "test z\nprint * z\n");
        let run = files.args(["-f", "1.jobs", "-f", "2.jobs", "--bail", "--junit", "report.xml"]);
        let run = run.status(1).stderr_any();
        assert_eq!(printed(&run.run().stdout), [""; 0]);
        report_of(&run.path("report.xml"))
    };
    assert_eq!(bail("test a\ndefer delete-job none\n"), "1.jobs: a failed; 2.jobs: z skipped");
    assert_eq!(
        bail("test a\ndefer delete-job none\ntest b\nprint * b\ntest c\nprint * c\n"),
        "1.jobs: a failed, b skipped, c skipped; 2.jobs: z skipped"
    );
}

#[test]
fn a_report_has_a_suite_for_each_file_and_the_order_of_the_script() {
    let report = |first: &str, status| {
        let files = Sandbox::new().file("1.jobs", first).file("2.jobs", first);
        let run = files.args(["-f", "1.jobs", "-f", "2.jobs", "--junit", "report.xml"]).status(status);
        let run = run.stderr_any();
        run.run();
        report_of(&run.path("report.xml"))
    };
    assert_eq!(
        report("test a\nquit\nhelp\ntest b\nhelp\n", 0),
        "1.jobs: a passed, b skipped; 2.jobs: a passed, b skipped"
    );
    assert_eq!(report("nope\n", 2), "1.jobs: 1: nope failed; 2.jobs: 1: nope failed");
}

/// The suites of a report, with the cases of each and how they went.
fn report_of(path: &std::path::Path) -> String {
    let report = fs::read_to_string(path).unwrap();
    let name = |part: &str| part.split('"').next().unwrap().to_owned();
    let case = |part: &str| {
        let went = [("<failure", "failed"), ("<skipped", "skipped")];
        let how = went.iter().find(|(mark, _)| part.contains(mark)).map_or("passed", |(_, how)| how);
        format!("{} {how}", name(part))
    };
    let suite = |part: &str| {
        let cases: Vec<String> = part.split("<testcase name=\"").skip(1).map(case).collect();
        format!("{}: {}", name(part), cases.join(", "))
    };
    report.split("<testsuite name=\"").skip(1).map(suite).collect::<Vec<_>>().join("; ")
}

#[test]
fn each_file_begins_on_an_empty_service() {
    let one = "set A 1\ncreate-job Job1 {}\n";
    let files =
        Sandbox::new().file("1.jobs", one).file("2.jobs", "create-job Job1 {}\nquit\n").file("3.jobs", one);
    files.args(["-f", "1.jobs", "-f", "2.jobs", "-f", "3.jobs"]).run();
    let files = Sandbox::new().file("1.jobs", one).file("2.jobs", "print {{A}}\n");
    files
        .args(["-f", "1.jobs", "-f", "2.jobs"])
        .status(2)
        .stderr("2.jobs:1: print: nothing has set {{A}}[..]\n")
        .run();
    let serve = Serve::start();
    let attached = serve.client().file("1.jobs", one).file("2.jobs", "! create-job Job1 {}\n");
    let output = attached.args(["-f", "1.jobs", "-f", "2.jobs", "-f", "2.jobs"]).stderr_any().run();
    assert_eq!(output.stderr.matches("nothing is emptied between scripts").count(), 1, "{}", output.stderr);
}

#[test]
fn a_script_includes_others() {
    let sandbox = Sandbox::new().file("below.jobs", "create-job {{J}} {}\n").args(["-f", "main.jobs"]);
    sandbox.file("main.jobs", "set J a\ninclude below.jobs\ndelete-job a --force\n").run();
    let streamed =
        Sandbox::new().file("below.jobs", "delete-job {{J}}\n").script("set J a\ninclude below.jobs\n");
    let output = streamed.status(1).stderr_any().run();
    assert!(
        output.stderr.starts_with("local service") && output.stderr.contains("\nbelow.jobs:1: "),
        "{}",
        output.stderr
    );
}

#[test]
fn json_has_an_object_for_each_command_and_print() {
    let output = Sandbox::json().arg("--echo").script("create-job J {}\nprint \"two\\nlines\"\n").run();
    let messages = output.messages();
    let kinds: Vec<(&str, &str, Option<usize>)> =
        messages.iter().map(|message| (&*message.r#type, &*message.title, message.line)).collect();
    assert_eq!(
        (kinds[0], kinds[1]),
        (("command", "create-job", Some(1)), ("response", "CreateJobResponse", Some(1)))
    );
    assert_eq!(*kinds.last().unwrap(), ("print", "Print", Some(2)));
    assert_eq!(messages.last().unwrap().value(), "two\nlines");
}

#[test]
fn github_actions_shows_failures_beside_their_lines() {
    let sandbox = Sandbox::new().env("GITHUB_ACTIONS", "true").file("a.jobs", "delete-job none\n");
    let output = sandbox.args(["-f", "a.jobs"]).status(1).stderr_any().run();
    assert!(output.stderr.contains("::error file=a.jobs,line=1::DeleteJob refused: "), "{}", output.stderr);
}

#[test]
fn what_is_for_scripts_is_refused_at_the_terminal_only() {
    let help = Sandbox::new().args(["-c", "help script"]).run();
    assert!(help.stdout.lines().count() <= 24, "{}", help.stdout);
    for word in ["set", "capture", "{{RUN}}", "test", "defer", "include", "--until"] {
        assert!(help.stdout.contains(word), "{word}");
    }
}
