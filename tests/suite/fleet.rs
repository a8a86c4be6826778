//! `fleet`: a rehearsal from its options to its output, its report and its exit code.

use std::fs;

use crate::support::Sandbox;

fn fleet(options: &str) -> Sandbox {
    Sandbox::new().arg("fleet").args(options.split(' '))
}

const MIXED: &str = "--things 20 --fail 25% --reject 10% --hang 10% --offline 10% --back-after 10m..20m \
                     --timeout-config file://timeout.json --job-executions-rollout-config {\"maximumPerMinute\":8}";

const TABLE: &str = "     rolled most a       in                           timed
time    out minute progress succeeded failed rejected   out
0:01      8      8        4         1      1        0     0  █▒▒▒▒▒▒×···········
0:02     16      8        8         3      1        1     0  ███▒▒▒▒▒▒▒▒▒▒××····
0:03     20      4        9         4      1        2     0  ████▒▒▒▒▒▒▒▒▒▒▒▒×××
0:04     20      0        5         6      3        2     0  ██████▒▒▒▒▒▒▒▒×××××
0:05     20      0        4         6      4        2     0  ██████▒▒▒▒▒▒▒××××××
0:06     20      0        3         7      4        2     0  ███████▒▒▒▒▒▒××××××
0:07     20      0        1         9      4        2     0  █████████▒▒▒▒××××××
0:09     20      0        0         9      4        2     1  █████████▒▒▒×××××××
0:12     20      0        1         9      4        2     1  █████████▒▒▒×××××××
0:14     20      0        0        10      4        3     1  █████████▒▒××××××××
0:16     20      0        1        10      4        3     1  █████████▒▒××××××××
0:19     20      0        2        10      4        3     1  █████████▒▒××××××××
0:23     20      0        1        10      4        3     2  █████████▒×××××××××
0:24     20      0        0        11      4        3     2  ██████████×××××××××
█ succeeded  ▒ queued or in progress  × ended otherwise  · not reached

";

const ENDING: &str = "\
The job is COMPLETED after 23m 28s.
20 of 20 things had it, 0 never saw it.
20 job executions: 11 SUCCEEDED, 4 FAILED, 3 REJECTED, 2 TIMED_OUT.
The worst minute was 0:04, with 2 failures.
";

#[test]
fn the_same_fleet_goes_the_same_way_and_is_told_in_full_in_short_and_as_json() {
    let mixed = || fleet(MIXED).file("timeout.json", "{\"inProgressTimeoutInMinutes\": 7}\n");
    mixed().arg("--table").stdout(format!("{TABLE}{ENDING}")).run();
    mixed().args(["--expect-status", "COMPLETED"]).stdout(ENDING).run();

    let lines = mixed().arg("--json").run().stdout;
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, minutes) = lines.split_last().unwrap();
    assert!(minutes.iter().all(|line| line["type"] == "minute"));
    let numbers: Vec<_> = minutes.iter().map(|line| line["minute"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 9, 12, 14, 16, 19, 23, 24]);
    assert_eq!(minutes[1]["rolledOutWithin"], 8);
    let worst = serde_json::json!({ "minute": 4, "failures": 2 });
    assert_eq!((&summary["type"], &summary["worstMinute"]), (&"summary".into(), &worst));
    assert_eq!((&summary["status"], &summary["endedAfterSeconds"]), (&"COMPLETED".into(), &1408.into()));

    let other = mixed().args(["--seed", "2"]).run().stdout;
    assert_ne!(other, ENDING);
}

#[test]
fn an_expectation_that_is_missed_is_one_line_and_a_failure_of_the_report() {
    let options = "--things 5 --hang 100% --until 1d --expect-status COMPLETED --junit report.xml";
    let missed = "COMPLETED was expected, but the job is still IN_PROGRESS after 1d.";
    let sandbox = fleet(options).status(1).stderr(format!("error: {missed}"));
    let (report, told) = (sandbox.path("report.xml"), "5 job executions: 5 IN_PROGRESS.");
    let (sandbox, mut process) = sandbox.spawn_kept();
    let finished = process.wait();
    assert_eq!((finished.status.code(), finished.stderr.trim_end()), (Some(1), &*format!("error: {missed}")));
    assert!(finished.stdout.contains(told), "{}", finished.stdout);
    let report = fs::read_to_string(report).unwrap();
    for part in [r#"<testsuite name="fleet" tests="1""#, r#"failures="1""#, missed, told] {
        assert!(report.contains(part), "{part}: {report}");
    }
    drop(sandbox);
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    let refused = |options: &str, said: &str| {
        let output = fleet(options).status(2).stdout("").stderr("error: [..]").run();
        assert!(output.stderr.contains(said), "{}", output.stderr);
    };
    refused("--things 9 --succeed 95%", "are 95% together: make them 100%");
    refused("--things 9 --abort-config {", "--abort-config: this is not JSON: ");
    refused("--things 9 --abort-config file://none", "--abort-config: none: No such file");
    refused("--things 9 --timeout-config {\"minutes\":1}", "CreateJob has no member timeoutConfig.minutes");
    refused(
        "--things 9 --job-executions-rollout-config {\"maximumPerMinute\":1001}",
        "Value '1001' at 'jobExecutionsRolloutConfig.maximumPerMinute' failed to satisfy constraint",
    );
    // Not AWS's model refuses this, but CreateJob.
    refused(
        "--things 9 --timeout-config {\"inProgressTimeoutInMinutes\":0}",
        "inProgressTimeoutInMinutes cannot be 0",
    );
}
