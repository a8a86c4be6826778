//! What faults strike, as a session is told of it: where that stands, what `expect` makes of it, and who hears it.

use std::fmt::Write as _;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::mosquitto;
use crate::support::{Message, Sandbox, Serve};

/// How many jobs one test carries out.
const JOBS: usize = 40;

const TRANSCRIPT: &str = r#"─── Fault ───
{
  "number": 1,
  "fault": "duplicate --on notify-next --times 3",
  "struck": 0,
  "left": 3
}

─── CreateJobResponse ───
{
  "description": null,
  "jobArn": "arn:aws:iot:us-east-1:123456789012:job/J",
  "jobId": "J"
}

─── JobExecutionsChangedEvent ───
{
  "timestamp": "[..]",
  "jobs": {
    "QUEUED": [
      {
        "jobId": "J",
        "queuedAt": "[..]",
        "lastUpdatedAt": "[..]",
        "executionNumber": 1,
        "versionNumber": 1
      }
    ]
  }
}

─── FaultInjected ───
{
  "fault": 1,
  "words": "duplicate --on notify-next --times 3",
  "kind": "duplicate",
  "on": "notify-next",
  "clientId": "test-me",
  "thing": "MyThing",
  "job": "J",
  "topic": "$aws/things/MyThing/jobs/notify-next",
  "left": 2
}

─── NextJobExecutionChangedEvent ───
{
  "timestamp": "[..]",
  "execution": {
    "jobId": "J",
    "status": "QUEUED",
    "queuedAt": "[..]",
    "lastUpdatedAt": "[..]",
    "versionNumber": 1,
    "executionNumber": 1,
    "jobDocument": {}
  }
}

─── NextJobExecutionChangedEvent ───
{
  "timestamp": "[..]",
  "execution": {
    "jobId": "J",
    "status": "QUEUED",
    "queuedAt": "[..]",
    "lastUpdatedAt": "[..]",
    "versionNumber": 1,
    "executionNumber": 1,
    "jobDocument": {}
  }
}

"#;

/// Nor does the log of the session's own service say it once more.
#[test]
fn a_strike_stands_behind_the_answer_and_before_the_events_that_it_struck() {
    let commands = ["-c", "fault add duplicate --on notify-next --times 3", "-c", "create-job J {}"];
    Sandbox::new().args(["--client-id", "test-me"]).args(commands).stdout(TRANSCRIPT).run();
}

/// What is printed, one character each: commands, answers, strikes, and the two kinds of events.
fn kinds(messages: &[Message]) -> String {
    let kind = |message: &Message| match (message.r#type.as_str(), message.title.as_str()) {
        ("command", _) => '\n',
        ("response", _) => 'r',
        ("fault", _) => match message.value()["on"].as_str().unwrap() {
            "notify" => 'D',
            _ => 'T',
        },
        (_, "JobExecutionsChangedEvent") => 'e',
        (_, "NextJobExecutionChangedEvent") => 'n',
        other => panic!("{other:?}"),
    };
    messages.iter().map(kind).collect()
}

#[test]
fn all_that_a_command_lets_strike_comes_before_the_next_command_in_its_place_among_the_events() {
    let serve = Serve::start();
    let mut script = "fault add drop-event --on notify --after 1 --always\n".to_owned();
    script += "fault add duplicate --on notify-next --always\n";
    let mut expected = "\nr\nr".to_owned();
    for job in 0..JOBS {
        let _ = writeln!(script, "create-job J{job} {{}}\nstart-next-pending-job-execution");
        let _ = writeln!(script, "update-job-execution J{job} SUCCEEDED");
        expected += if job == 0 { "\nreTnn\nr\nrDTnn" } else { "\nrDTnn\nr\nrDTnn" };
    }
    for session in [Sandbox::json(), serve.client().arg("--json")] {
        let output = session.arg("--echo").script(script.clone()).run();
        assert_eq!(kinds(&output.messages()), expected);
    }
}

const EXPECTATIONS: &str = r"
fault add duplicate --on notify-next --times 2
fault add refuse=InternalError --on describe
create-job J {}
start-next-pending-job-execution
describe-job-execution J
update-job-execution J FAILED
expect FaultInjected kind=duplicate job=absent left=0
expect FaultInjected kind=refuse=InternalError on=describe thing=MyThing job=J fault=2
list-jobs
expect FaultInjected kind=duplicate job=J left=1
! expect FaultInjected
reset --confirm
fault add delay=1ms --on ListJobs
list-jobs
expect FaultInjected on=ListJobs clientId=absent topic=absent left=0
test nothing of the one before counts
! expect FaultInjected
";

#[test]
fn strikes_count_from_the_beginning_of_the_test_until_an_expect_has_taken_them() {
    Sandbox::new().script(EXPECTATIONS).run();
    Serve::start().client().script(EXPECTATIONS).run();
}

#[test]
fn where_nothing_can_strike_expect_says_so() {
    let unasked = "this session has not asked for FaultInjected: fault add KIND sets a fault, and fault list begins with those that are set";
    let unset = "no fault is set that could bring FaultInjected: fault add KIND";
    for (before, said) in [(&[][..], unasked), (&["-c", "fault list"], unset)] {
        for expectation in ["expect FaultInjected", "! expect FaultInjected kind=reset"] {
            let run = Sandbox::new().args(before).args(["-c", expectation]).stderr_any().status(1).run();
            assert!(run.stderr.contains(said), "{}", run.stderr);
        }
    }
    let Some(mosquitto) = mosquitto::Mosquitto::start() else { return };
    let client = mosquitto.client(&Serve::start().url());
    let run = client.args(["-c", "expect FaultInjected"]).stderr_any().status(1).run();
    assert!(run.stderr.contains(unasked), "{}", run.stderr);
}

/// On a service that was told of the fault when it started: a session hears of strikes from its first `fault` on, of
/// whichever client, and one that never asks hears nothing.
#[test]
fn a_strike_at_another_client_comes_by_itself_to_who_has_asked() {
    let serve = Serve::with(&["--thing", "MyThing", "--fault", "drop-event --on notify --always"]);
    let (_home, mut session) = serve.client().arg("--json").spawn_kept();
    let other = |job: &str| {
        let other = serve.client().args(["--json", "--client-id", &format!("test-{job}")]);
        let output = other.args(["-c", &format!("create-job {job} {{}}")]).run();
        assert!(output.messages().iter().all(|message| message.r#type != "fault"), "{}", output.stdout);
    };
    session.send("get-pending-job-executions\n");
    session.stdout_until("GetPendingJobExecutionsResponse");
    other("unheard");
    session.send("fault list\n");
    session.stdout_until("\"Faults\"");
    other("heard");
    let mut seen = session.stdout_until("test-heard");
    session.send("expect FaultInjected clientId=test-heard kind=drop-event on=notify left=absent\nquit\n");
    let finished = session.finish();
    seen += &finished.stdout;
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    assert!(!seen.contains("test-unheard"), "{seen}");
}

#[test]
fn a_service_that_is_gone_is_no_service_without_strikes() {
    let serve = Serve::start();
    let (_home, mut session) = serve.client().spawn_kept();
    session.send("fault add drop-event --on notify\n");
    session.stdout_until("drop-event");
    serve.process.signal(Signal::SIGKILL);
    session.stderr_until("connection lost");
    session.send("! expect FaultInjected\nquit\n");
    let finished = session.finish();
    assert_eq!(finished.status.code(), Some(1));
    let said = "it is not known what faults have struck: no answer from a local service at ";
    assert!(finished.stderr.contains(said), "{}", finished.stderr);
}

/// By this a session knows that it must hear it from the beginning.
#[test]
fn a_service_that_is_started_again_is_another_one() {
    let service = |serve: &Serve| serve.get("/_sandbox/faults/struck?wait=0")["service"].clone();
    let serve = Serve::start();
    let before = service(&serve);
    assert!(before.is_string());
    serve.call("POST", "/_sandbox/reset", r#"{"confirm":"reset"}"#);
    assert_eq!(service(&serve), before);
    assert_ne!(service(&serve.again(&[])), before);
}

/// The strikes at one client while nothing is typed are those that the service counts.
#[test]
fn nothing_is_lost_and_nothing_told_twice() {
    let serve = Serve::start();
    let (_home, mut session) = serve.client().args(["--json", "--client-id", "test-me"]).spawn_kept();
    session.send("fault add duplicate --on notify --client-id test-me --always\n");
    session.stdout_until("\"Fault\"");
    let mut script = String::new();
    for job in 0..3 * JOBS {
        let _ = writeln!(script, "create-job J{job} {{}}");
    }
    let (_other_home, mut other) = serve.client().spawn_kept();
    other.send(script);
    for _ in 0..10 {
        session.send("list-jobs --status COMPLETED\n");
    }
    other.close_stdin();
    assert!(other.finish().status.success());
    session.send("list-jobs --status COMPLETED\nquit\n");
    let finished = session.finish();
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    let messages: Vec<Message> = finished.stdout.lines().map(Message::parse).collect();
    let struck = messages.iter().filter(|message| message.r#type == "fault").count();
    assert_eq!(json!(struck), serve.get("/_sandbox/faults")["faults"][0]["struck"]);
    let twice: String = kinds(&messages).chars().filter(|kind| "De".contains(*kind)).collect();
    assert_eq!(twice, "Dee".repeat(3 * JOBS));
}
