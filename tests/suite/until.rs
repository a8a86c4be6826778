//! Waiting for a state: a command that reads is asked again until its answer fits.

use nix::sys::signal::Signal;

use crate::support::{Message, Process, Sandbox, Serve};

/// A session that asks again and again, while a test does something else beside it.
struct Waiting {
    process: Process,
    serve: Serve,
    _sandbox: Sandbox,
}

impl Waiting {
    /// Creates the job A, and asks until the answer is no longer the first one.
    fn for_command(command: &str) -> Self {
        Self::with(&[], command)
    }

    /// The same with further arguments.
    fn with(arguments: &[&str], command: &str) -> Self {
        let serve = Serve::start();
        let (sandbox, mut process) = serve.client().args(["--json", "--trace"]).args(arguments).spawn_kept();
        process.send(format!("create-job A {{}}\n{command}\n"));
        process.stdout_until("NextJobExecutionChangedEvent");
        for _ in 0..2 {
            process.stderr_until("-> $aws/things/MyThing/jobs/A/get ");
        }
        Self { process, serve, _sandbox: sandbox }
    }

    fn meanwhile(&self, commands: &[&str]) {
        let script = commands.join("\n") + "\n";
        self.serve.client().script(script).run();
    }

    /// The exit code, and what was printed since.
    fn finish(mut self) -> (Option<i32>, Vec<Message>) {
        let finished = self.process.finish();
        (finished.status.code(), finished.stdout.lines().map(Message::parse).collect())
    }
}

#[test]
fn progress_that_a_device_makes_is_waited_for_and_events_are_shown_meanwhile() {
    let mut waiting = Waiting::for_command(
        "describe-job-execution A --until execution.statusDetails.progress=66% --within 50s",
    );
    waiting.meanwhile(&["create-job B {}", "start-next-pending-job-execution"]);
    let event = Message::parse(&waiting.process.stdout_line());
    assert_eq!(event.value()["jobs"]["QUEUED"][1]["jobId"], "B");
    waiting.meanwhile(&["update-job-execution A IN_PROGRESS --status-details {\"progress\":\"66%\"}"]);
    let (code, messages) = waiting.finish();
    assert_eq!(code, Some(0));
    let answers: Vec<&Message> = messages.iter().filter(|message| message.r#type != "event").collect();
    let [answer] = answers[..] else { panic!("{answers:?}") };
    assert_eq!(answer.title, "DescribeJobExecutionResponse");
    assert_eq!(answer.value()["execution"]["statusDetails"]["progress"], "66%");
}

#[test]
fn a_refusal_is_waited_for_and_shown() {
    let waiting = Waiting::for_command("describe-job-execution A --until refused --within 50s");
    waiting.meanwhile(&["delete-job A --force"]);
    let (code, messages) = waiting.finish();
    assert_eq!(code, Some(0));
    let answers: Vec<&str> = messages
        .iter()
        .filter(|message| message.r#type != "event")
        .map(|message| message.title.as_str())
        .collect();
    assert_eq!(answers, ["DescribeJobExecutionRejected"]);
}

#[test]
fn a_refusal_on_the_way_is_no_failure() {
    let serve = Serve::start();
    let (_sandbox, mut process) = serve.client().arg("--trace").spawn_kept();
    process.send("describe-job-execution A --until execution.status=QUEUED --within 50s\n");
    for _ in 0..2 {
        process.stderr_until("<- $aws/things/MyThing/jobs/A/get/rejected ");
    }
    serve.client().args(["-c", "create-job A {}"]).run();
    let finished = process.finish();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    assert!(!finished.stdout.contains("Rejected"), "{}", finished.stdout);
}

#[test]
fn a_lost_connection_ends_the_wait_as_a_failure() {
    let waiting = Waiting::with(
        &["--timeout", "5s"],
        "describe-job-execution A --until execution.status=FAILED --within 1h",
    );
    let Waiting { mut process, serve, _sandbox } = waiting;
    drop(serve);
    let finished = process.finish();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("stdin:2: DescribeJobExecution "), "{}", finished.stderr);
}

#[test]
fn a_signal_ends_the_wait() {
    let Waiting { mut process, .. } =
        Waiting::for_command("describe-job-execution A --until execution.status=FAILED --within 1h");
    process.signal(Signal::SIGINT);
    assert_eq!(process.wait().status.code(), Some(130));
}

#[test]
fn a_wait_in_vain_shows_the_last_answer_and_what_differs() {
    let script = "create-job A {}\n\
                  describe-job-execution A --until execution.status=SUCCEEDED execution.versionNumber>=1 \
                  execution.startedAt=present --within 150ms\n\
                  describe-job-execution B --until execution.status=QUEUED --within 1ms\n\
                  get-pending-job-executions --until refused --within 1ms\n";
    let output = Sandbox::json().script(script).status(1).stderr_any().run();
    let titles: Vec<String> = output
        .messages()
        .into_iter()
        .filter(|message| message.r#type != "event")
        .map(|message| message.title)
        .collect();
    assert_eq!(
        titles,
        [
            "CreateJobResponse",
            "DescribeJobExecutionResponse",
            "NotAsExpected",
            "DescribeJobExecutionRejected",
            "NotAsExpected",
            "GetPendingJobExecutionsResponse",
            "NotAsExpected",
        ]
    );
    let expected = "stdin:2: awaited execution.status=\"SUCCEEDED\" execution.versionNumber>=1 \
                    execution.startedAt=present for 150ms; this was the last answer:\n    \
                    DescribeJobExecutionResponse: execution.status is \"QUEUED\"; there is no \
                    execution.startedAt\n\
                    stdin:3: awaited execution.status=\"QUEUED\" for 1ms; this was the last answer:\n    \
                    DescribeJobExecution rejected: ResourceNotFound: ";
    assert!(output.stderr.contains(expected), "{}", output.stderr);
    let expected = "\nstdin:4: awaited a refusal for 1ms; this was the last answer:\n    \
                    GetPendingJobExecutionsResponse\n";
    assert!(output.stderr.ends_with(expected), "{}", output.stderr);
}

#[test]
fn every_command_that_reads_can_wait() {
    let script = "create-job A {\"a\":1}\n\
                  describe-job A --until job.status=IN_PROGRESS job.jobProcessDetails.numberOfQueuedThings=1\n\
                  get-job-document A --until document~\"a\"\n\
                  list-jobs --until jobs[*].jobId=A --table\n\
                  list-job-executions A --until executionSummaries.length=1\n\
                  list-job-executions --until executionSummaries[-1].jobId=A\n\
                  get-pending-job-executions --until queuedJobs[0].jobId=A inProgressJobs.length=0\n\
                  describe-job B --until refused\n\
                  expect DescribeJobRejected code=ResourceNotFoundException\n";
    Sandbox::new().script(script.replace("~\"a\"", "~/\"a\"/")).run();
}

#[test]
fn the_control_plane_reads_a_finished_execution() {
    let script = "create-job A {}\n\
                  start-next-pending-job-execution\n\
                  update-job-execution A SUCCEEDED --status-details {\"progress\":\"100%\"}\n\
                  ! describe-job-execution A\n\
                  expect DescribeJobExecutionRejected code=TerminalStateReached\n\
                  describe-job-execution A --control-plane --execution-number 1\n\
                  expect DescribeJobExecutionResponse execution.status=SUCCEEDED execution.versionNumber=3 \
                  execution.statusDetails.detailsMap.progress=100% execution.jobDocument=absent\n\
                  describe-job-execution A --control-plane --until execution.status=SUCCEEDED\n\
                  ! describe-job-execution A --control-plane --execution-number 2\n\
                  expect DescribeJobExecutionRejected code=ResourceNotFoundException\n";
    Sandbox::new().script(script).run();
}
