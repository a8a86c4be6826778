//! `expect` as a script uses it: how long it waits, what it looks at, and what it says when it fails.

use std::time::{Duration, Instant};

use crate::support::{Sandbox, Serve};

/// How long `! expect` waits beside other clients unless told otherwise.
const DEFAULT_WITHIN: Duration = Duration::from_secs(5);

/// A session whose local service keeps its files in `service`, and another session that uses that service.
fn local_session() -> (Sandbox, impl Fn(&str, &str) -> Sandbox) {
    let session = Sandbox::new().args(["--dir", "service"]);
    let files = session.path("service");
    let other = move |stderr_line: &str, command: &str| {
        let port = |after: &str| {
            let address = stderr_line.split(after).nth(1).unwrap();
            address.split(':').nth(1).unwrap().split(|c: char| !c.is_ascii_digit()).next().unwrap().to_owned()
        };
        let control_plane = format!("http://127.0.0.1:{}", port("http://"));
        Sandbox::aws_mode(port("MQTT ").parse().unwrap(), &control_plane, &files).args(["-c", command])
    };
    (session, other)
}

/// Whichever comes first, the command or the other client's event: the script fails.
#[test]
fn a_written_within_is_waited_for_in_full() {
    let (session, other) = local_session();
    let mut process = session.spawn();
    let address = process.stderr_until("local service: MQTT ");
    process.send("! expect JobExecutionsChangedEvent --within 50s\n");
    other(&address, "create-job A {}").run();
    process.stderr_until("! expect JobExecutionsChangedEvent, but it came: ");
    assert_eq!(process.finish().status.code(), Some(1));
}

#[test]
fn the_only_client_need_not_wait_for_nothing() {
    // With the wait the run would take longer than any run may.
    Sandbox::new().script("! expect JobExecutionsChangedEvent\n".repeat(20)).run();
}

#[test]
fn beside_other_clients_nothing_takes_its_time_to_come() {
    let (session, other) = local_session();
    let mut process = session.spawn();
    let address = process.stderr_until("local service: MQTT ");
    other(&address, "help").run();
    let began = Instant::now();
    process.send("! expect JobExecutionsChangedEvent\n");
    assert_eq!(process.finish().status.code(), Some(0));
    assert!(began.elapsed() >= DEFAULT_WITHIN);
}

#[test]
fn on_the_service_of_another_process_nothing_takes_its_time_to_come() {
    let serve = Serve::start();
    let began = Instant::now();
    serve.client().script("! expect JobExecutionsChangedEvent\n").run();
    assert!(began.elapsed() >= DEFAULT_WITHIN);
}

#[test]
fn what_only_reads_hides_no_event() {
    let script = "create-job A {\"x\":1}\ndescribe-job-execution A\n! expect NextJobExecutionChangedEvent\n";
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    assert!(output.stderr.contains("stdin:3: ! expect NextJobExecutionChangedEvent, but it came: "));
    Sandbox::new()
        .script("create-job A {}\nlist-jobs\nexpect NextJobExecutionChangedEvent execution.jobId=A\n")
        .run();
}

#[test]
fn comparisons_of_other_languages_are_refused() {
    for condition in ["jobId=~A", "jobId==A", "jobId!~A", "jobId<>A"] {
        let script = format!("create-job A {{}}\n! expect CreateJobResponse {condition}\n");
        let output = Sandbox::new().script(script).status(1).stderr_any().run();
        let [.., line] = output.stderr.lines().collect::<Vec<_>>()[..] else { panic!() };
        let begin = "stdin:2: expect: jobId";
        assert!(line.starts_with(begin) && line.contains(" is no comparison: "), "{line}");
    }
}

/// With a wait for each the run would take longer than any run may.
#[test]
fn an_answer_is_judged_at_once() {
    let script =
        format!("create-job A {{}}\n{}", "expect CreateJobResponse jobId=B --within 30s\n".repeat(5));
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    assert_eq!(output.stderr.matches("awaited CreateJobResponse jobId=\"B\"").count(), 5);
}

#[test]
fn what_came_too_early_is_said_with_the_line() {
    let script = "create-job A {}\nlist-jobs\nexpect CreateJobResponse\n\ndelete-job A --force\n\
                  expect JobExecutionsChangedEvent jobs.QUEUED[0].jobId=A --within 1ms\n";
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    assert!(output.stderr.contains("    it came too early, before line 2\n"), "{}", output.stderr);
    assert!(output.stderr.contains("    it came too early, before line 5\n"), "{}", output.stderr);
}

#[test]
fn conditions_compare_and_say_what_is_what() {
    let script = "create-job A {\"n\":9007199254740993,\"two words\":[1,2]}\n\
                  start-next-pending-job-execution --status-details {\"progress\":\"66\"}\n\
                  expect StartNextPendingJobExecutionResponse execution.versionNumber>=2 \
                  execution.startedAt>2020-01-01T00:00:00Z execution.jobDocument.\"two words\"[-1]=2 \
                  execution.jobDocument.\"two words\".length<3 execution.statusDetails.progress~/^6 ?6$/\n";
    Sandbox::new().script(script).run();
    let script = format!(
        "{script}describe-job-execution A\n\
         expect DescribeJobExecutionResponse execution.statusDetails.progress=66 execution.jobDocument.n<9007199254740993\n\
         ! expect DescribeJobExecutionResponse execution.nothing!=1\n"
    );
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    let expected = "stdin:5: awaited DescribeJobExecutionResponse execution.statusDetails.progress=66 \
                    execution.jobDocument.n<9007199254740993; this came instead:\n    \
                    DescribeJobExecutionResponse: execution.statusDetails.progress is \"66\", a text, and not the \
                    number 66; execution.jobDocument.n is 9007199254740993\n";
    assert!(output.stderr.ends_with(expected), "{}", output.stderr);
}

/// Also with `!`, which would otherwise pass whatever happened.
#[test]
fn an_answer_that_cannot_have_come_is_a_failure() {
    for (commands, title, why) in [
        ("", "CreateJobRejected", "no command before it brings CreateJobRejected"),
        ("list-jobs\n", "CreateJobRejected", "the last command, list-jobs, brings no CreateJobRejected"),
        ("status\n", "ListJobsResponse", "the last command, status, brings no ListJobsResponse"),
        (
            "list-job-executions\n",
            "ListJobExecutionsForJobRejected",
            "the last command, list-job-executions, brings no ListJobExecutionsForJobRejected",
        ),
    ] {
        for negation in ["", "! "] {
            let script = format!("{commands}{negation}expect {title}\n");
            let output = Sandbox::new().script(script).status(1).stderr_any().run();
            let line = 1 + commands.lines().count();
            assert!(output.stderr.ends_with(&format!("stdin:{line}: {why}\n")), "{}", output.stderr);
        }
    }
    Sandbox::new().script("list-job-executions\n! expect ListJobExecutionsForThingRejected\n").run();
}
