//! A device program beside the local service: `jobs-sandbox -f smoke.jobs -- ./device`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::support::peers::installed;
use crate::support::skip::skip;
use crate::support::{Output, Sandbox, pattern, process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jobs-sandbox");

/// A shell's line for a device that connects as pump and stays: it is a session of our own.
fn pump() -> String {
    format!("'{PROGRAM}' --client-id pump -c 'sleep 1h'")
}

/// A run with a device program that is a line of a shell.
fn beside(device: &str, args: &[&str]) -> Sandbox {
    Sandbox::new().args(args).args(["--", "sh", "-c", device]).stderr_any()
}

/// Whether nothing is left of the process whose id stands in a file. It may have been ended before it could write that.
fn is_gone(id: &Path) -> bool {
    let id = fs::read_to_string(id).unwrap_or_default();
    id.trim().is_empty() || process::is_gone(id.trim())
}

/// The lines of standard error that are not of the local service.
fn said(output: &Output) -> Vec<&str> {
    output.stderr.lines().filter(|line| !line.starts_with("local service: ")).collect()
}

#[test]
fn the_program_has_the_variables_of_the_env_file() {
    const BEFORE: [(&str, &str); 4] = [
        ("AWS_PROFILE", "mine"),
        ("AWS_ENDPOINT_URL_IOT", "http://elsewhere.example"),
        ("NO_PROXY", "upper"),
        ("no_proxy", "lower"),
    ];
    let device = format!(r#"env > has; cp "$(dirname "$JOBS_SANDBOX_CERT")/env" file; exec {}"#, pump());
    let sandbox = beside(&device, &["-c", "help quit"]);
    let sandbox = BEFORE.into_iter().fold(sandbox, |sandbox, (name, value)| sandbox.env(name, value));
    sandbox.run();
    let variables = |text: &str| -> BTreeMap<String, String> {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let own = |name: &str| ["_", "SHLVL", "PWD", "OLDPWD"].contains(&name);
        pairs
            .filter(|(name, _)| !own(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let mut shell = Command::new("sh");
    shell.args(["-c", ". ./file; env"]).current_dir(sandbox.home()).env_clear().envs(BEFORE);
    shell.envs(["PATH", "HOME", "TMPDIR", "LANG"].map(|name| {
        let command = sandbox.command();
        let kept = command.get_envs().find(|(given, _)| *given == name).unwrap().1;
        (name, kept.unwrap().to_owned())
    }));
    let read = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let has = variables(&fs::read_to_string(sandbox.path("has")).unwrap());
    assert_eq!(has, variables(&read));
    assert_eq!(has["NO_PROXY"], "localhost,127.0.0.1,lower,upper");
}

#[test]
fn its_output_is_told_apart_and_goes_into_the_report() {
    let device = format!("echo one; printf '\\033[2Jtwo\\n' >&2; exec {}", pump());
    let script = "test it passes\nhelp quit\ntest it fails\ndelete-job J\n";
    let sandbox = beside(&device, &["-f", "smoke.jobs", "--junit", "report.xml"]).file("smoke.jobs", script);
    let sandbox = sandbox.status(1);
    let output = sandbox.run();
    let said = said(&output);
    assert!(said.contains(&"device| one") && said.contains(&r"device| \u{1b}[2Jtwo"), "{said:?}");
    assert!(said.contains(&"device: connected as pump"), "{said:?}");
    let report = fs::read_to_string(sandbox.path("report.xml")).unwrap();
    let (before, after) = report.split_once(r#"name="it fails""#).unwrap();
    // What it says before the first test is of no test.
    assert!(!before.contains("system-err"), "{report}");
    assert!(after.contains("what the local service saw of the device:"), "{report}");
}

#[test]
fn the_report_of_a_failed_test_has_what_the_service_saw() {
    let script = "test it fails\ndevice restart\ndelete-job J\n";
    let sandbox =
        beside(&format!("echo begins; exec {}", pump()), &["-f", "smoke.jobs", "--junit", "report.xml"]);
    let sandbox = sandbox.file("smoke.jobs", script).status(1);
    sandbox.run();
    let report = fs::read_to_string(sandbox.path("report.xml")).unwrap();
    let (_, seen) = report.split_once("<system-err>begins\n").unwrap();
    let mut lines = seen.lines();
    for expected in [
        "what the local service saw of the device:",
        "[..]Z pump -- closed: [..]",
        "[..]Z pump -&gt; CONNECT MQTT 5 [..]",
        "[..]Z pump -&gt; SUBSCRIBE [..]",
        "[..]Z pump &lt;- SUBACK 0x01 granted QoS 1[..]",
    ] {
        assert!(lines.any(|line| pattern::matches(expected, line)), "{expected}\n{report}");
    }
    assert!(!seen.contains("test-"), "the session's own packets are left out:\n{report}");
}

#[test]
fn a_trace_shows_the_device_beside_the_session() {
    let output = beside(&pump(), &["--trace", "-c", "get-pending-job-executions"]).run();
    let said = said(&output);
    let has = |expected: &str| said.iter().any(|line| pattern::matches(expected, line));
    assert!(has("[..]Z pump -> CONNECT MQTT 5 [..]"), "{said:?}");
    assert!(has("-> $aws/things/MyThing/jobs/get {[..]"), "{said:?}");
}

#[test]
fn what_cannot_be_started_is_told_before_anything_is_done() {
    for (program, why) in [("./nowhere", "No such file or directory"), ("/", "Permission denied")] {
        let sandbox = Sandbox::new().args(["-c", "create-job J {}", "--junit", "report.xml", "--", program]);
        let output = sandbox.status(2).stdout("").stderr_any().run();
        let expected = format!("-c: cannot start the device program {program}: {why}");
        assert_eq!(said(&output), [expected]);
    }
    let aws = ["--endpoint", "h", "--cert", "c", "--key", "k", "--thing", "T", "--", "./device"];
    Sandbox::new()
        .args(aws)
        .status(2)
        .stderr("error: -- PROGRAM runs a device program beside the local service of this process, but [..]")
        .run();
    for (options, said) in [
        (
            &["--device-within", "5s"][..],
            "--device-within is for a device program: [..] --device-within 30s -- ./device",
        ),
        (
            &["--device-may-end"],
            "--device-may-end is for a device program: [..] --device-may-end -- ./device",
        ),
    ] {
        Sandbox::new().args(options).status(2).stderr(format!("error: {said}")).run();
    }
}

#[test]
fn a_device_command_without_a_program_is_a_mistake_before_anything_is_done() {
    let script = "create-job J {}\ndefer device stop\n";
    let sandbox = Sandbox::new().args(["-f", "smoke.jobs"]).file("smoke.jobs", script);
    sandbox.status(2).stdout("").stderr("smoke.jobs:2: there is no device program: [..]").run();
    let output = Sandbox::new().script("device start\n").status(1).stderr_any().run();
    assert_eq!(said(&output).len(), 1, "{}", output.stderr);
    assert!(said(&output)[0].starts_with("stdin:1: there is no device program: "), "{}", output.stderr);
}

#[test]
fn a_program_that_ends_first_or_does_not_connect_fails_the_script_before_its_first_line() {
    let ends = beside("echo why >&2; exit 3", &["-c", "create-job J {}"]).status(1).stdout("").run();
    let expected = "-c: the device program ended before it had connected and subscribed, with exit code 3; its last lines:";
    assert_eq!(said(&ends), ["device| why", expected, "    why"]);

    let idle =
        beside("echo $$ > id; exec sleep 3600", &["--device-within", "200ms", "-c", "create-job J {}"]);
    let idle = idle.status(1);
    let output = idle.run();
    let expected = "-c: the device program did not connect within 200ms (--device-within gives it longer)";
    assert_eq!(said(&output), [expected]);
    assert!(is_gone(&idle.path("id")));

    // Standard input is left alone then.
    let streamed = beside("exit 3", &["--json"]).script("create-job J {}\n").status(1).run();
    let messages = streamed.messages();
    assert_eq!((messages.len(), &*messages[0].title), (1, "DeviceEnded"));
}

#[test]
fn a_program_that_ends_by_itself_fails_the_script_at_once() {
    let device = format!("'{PROGRAM}' --client-id pump -c quit; echo bye; exit 4");
    for waits in [
        "expect JobExecutionsChangedEvent --within 1h",
        "describe-job J --until job=present --within 1h",
        "sleep 1h",
    ] {
        let output = beside(&device, &["-c", waits]).status(1).run();
        let said = said(&output);
        let expected = "-c:1: the device program ended by itself (--device-may-end allows that), with exit code 4; its last lines:";
        assert!(said.ends_with(&[expected, "    bye"]), "{said:?}");
    }
    let output = beside(&device, &["--device-may-end", "-c", "help quit"]).run();
    assert!(said(&output).contains(&"device: connected as pump"), "{}", output.stderr);
}

#[test]
fn a_program_that_a_signal_ends_by_itself_is_told_as_such() {
    let device = format!("'{PROGRAM}' --client-id pump -c quit; kill -SEGV $$");
    let output = beside(&device, &["-c", "sleep 1h"]).status(1).run();
    assert!(said(&output).last().unwrap().ends_with("allows that), by SIGSEGV"), "{}", output.stderr);
}

/// It leads a group, in which something does not heed SIGTERM.
#[test]
fn nothing_that_it_has_started_outlives_the_script() {
    let device = format!(
        "sh -c 'trap \"\" TERM; echo $$ > deaf; sleep 3600 & wait' & echo $$ > id; trap 'echo asked' TERM; \
         until [ -s deaf ]; do sleep 0.01; done; {} & wait; wait",
        pump()
    );
    let sandbox = beside(&device, &["-c", "help quit"]);
    let output = sandbox.run();
    assert!(said(&output).contains(&"device| asked"), "{}", output.stderr);
    assert!(is_gone(&sandbox.path("id")) && is_gone(&sandbox.path("deaf")));
}

#[test]
fn a_signal_to_us_ends_it_and_a_second_one_at_once() {
    for (device, signals) in [
        (format!("echo $$ > id; exec {}", pump()), 1),
        (format!("trap 'echo asked' TERM; echo $$ > id; {} & while :; do wait; done", pump()), 2),
    ] {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let sandbox = beside(&device, &["-c", "sleep 1h"]);
            let mut process = sandbox.spawn();
            process.stderr_until("device: connected as pump");
            process.signal(signal);
            if signals == 2 {
                process.stderr_until("device| asked");
                process.signal(signal);
            }
            assert_eq!(process.wait().status.code(), Some(130));
            assert!(is_gone(&sandbox.path("id")), "{signal} {device}");
        }
    }
}

#[test]
fn a_signal_before_it_is_connected_fails_the_script_in_the_report_too() {
    let sandbox = beside("echo waits; exec sleep 3600", &["-f", "smoke.jobs", "--junit", "report.xml"])
        .file("smoke.jobs", "help quit\ntest later\nhelp quit\n");
    let report = sandbox.path("report.xml");
    let mut process = sandbox.spawn();
    process.stderr_until("device| waits");
    process.signal(Signal::SIGINT);
    assert_eq!(process.wait().status.code(), Some(130));
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains(r#"tests="3" skipped="2" errors="0" failures="1""#), "{report}");
    assert!(report.contains(r#"<failure message="interrupted" type="Interrupted">"#), "{report}");
}

#[test]
fn commands_start_and_stop_it_and_name_the_client_that_it_is() {
    let script = "
device kill
capture KILLED clientId
device start
capture STARTED clientId
device restart
device stop
capture STOPPED clientId
device start --no-wait
device restart --no-wait
print {{KILLED}} {{STARTED}} {{STOPPED}}
";
    let output = beside(&format!("echo starts; exec {}", pump()), &["--json"]).script(script).run();
    let answers: Vec<String> = output
        .messages()
        .iter()
        .filter(|message| message.title == "Device")
        .map(|message| message.value()["clientId"].to_string())
        .collect();
    let [pump, none] = ["\"pump\"", "null"];
    assert_eq!(answers, [pump, pump, pump, pump, none, none]);
    assert!(output.stdout.contains(r#""body":"pump pump pump""#), "{}", output.stdout);
    // Those that nobody has waited for may be ended before they say a word.
    assert!(output.stderr.matches("device| starts").count() >= 3, "{}", output.stderr);
}

#[test]
fn a_command_that_would_do_nothing_is_refused() {
    let script = "device start\ndevice stop\ndevice stop\ndevice kill\ndevice stop --no-wait\n";
    let output = beside(&pump(), &[]).script(script).status(1).run();
    let said = said(&output);
    // What the program says when it is ended may be among them.
    let said: Vec<_> = said.into_iter().filter(|line| !line.starts_with("device| ")).collect();
    let running = "stdin:1: the device program is running already: device restart starts it anew";
    let gone = |line| format!("stdin:{line}: the device program is not running: device start starts it");
    assert_eq!(said[1..4], [running, &gone(3), &gone(4)]);
    assert!(said[4].starts_with("stdin:5: device: --no-wait goes with start and restart"), "{said:?}");
}

#[test]
fn stop_returns_when_the_program_is_gone() {
    // What it does when it is asked to end is done when the next line is carried out.
    let device =
        format!("trap 'sleep 0.2; echo {{}} > last; exit' TERM; {} & while :; do wait; done", pump());
    let script = "device stop\ncreate-job J file://last\n";
    beside(&device, &[]).script(script).run();
}

#[test]
fn a_connection_that_outlives_the_program_is_no_end_of_it() {
    let Some(_) = installed("setsid") else { return skip("setsid is not installed") };
    let device = format!("setsid sh -c 'echo $$ > id; exec \"$@\"' - {} > /dev/null 2>&1 & wait", pump());
    let sandbox = beside(&device, &["-c", "device kill"]).status(1);
    let output = sandbox.run();
    let escaped = fs::read_to_string(sandbox.path("id")).unwrap().trim().parse().unwrap();
    signal::kill(Pid::from_raw(escaped), Signal::SIGKILL).unwrap();
    let expected = "-c:1: the device program is gone, and its connection as pump still open";
    assert!(said(&output).contains(&expected), "{}", output.stderr);
}

#[test]
fn each_script_has_a_program_of_its_own() {
    let device = format!("echo $$ >> ids; exec {}", pump());
    let sandbox = beside(&device, &["-f", "one.jobs", "-f", "two.jobs"]);
    let sandbox = sandbox.file("one.jobs", "device kill\n").file("two.jobs", "device stop\n");
    sandbox.run();
    assert_eq!(fs::read_to_string(sandbox.path("ids")).unwrap().lines().count(), 2);
}
