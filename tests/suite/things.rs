//! Several things in one session.

use std::fs;

use crate::support::{Sandbox, Serve, pattern};

/// One thing, then another, then the first one again, whose events have been kept for it.
const TWO: &str = r#"create-job Job1 {"ToDo":"Reboot"}
thing Pump2
create-job Job2 {"ToDo":"Report"}
expect NextJobExecutionChangedEvent execution.jobId=Job2
! expect NextJobExecutionChangedEvent execution.jobId=Job1
start-next-pending-job-execution
get-pending-job-executions --table
thing MyThing
expect NextJobExecutionChangedEvent execution.jobId=Job1
! expect NextJobExecutionChangedEvent execution.jobId=Job2
expect JobExecutionsChangedEvent jobs.QUEUED.length=1
describe-job-execution Job2 --control-plane --until refused
list-job-executions --until executionSummaries[0].jobId=Job1
thing
"#;

#[test]
fn blocks_of_another_thing_say_whose_they_are() {
    let created = "created thing arn:aws:iot:us-east-1:123456789012:thing/Pump2";
    let output = Sandbox::new().arg("--echo").script(TWO).stderr_any().run();
    assert!(output.stderr.lines().any(|line| line == created), "{}", output.stderr);
    pattern::assert_golden("transcripts/two-things.txt", &output.stdout);
}

#[test]
fn in_json_every_line_says_whose_it_is() {
    let script = "create-job Job1 {}\nthing Pump2\ncreate-job Job2 {}\nstatus\npublish a 1\nnonsense\n";
    let output = Sandbox::json().script(script).status(1).stderr_any().run();
    let messages = output.messages();
    let of = |thing: &str| {
        let of_thing = messages.iter().filter(|message| message.thing.as_deref() == Some(thing));
        of_thing.map(|message| message.title.as_str()).collect::<Vec<_>>()
    };
    let created = ["CreateJobResponse", "JobExecutionsChangedEvent", "NextJobExecutionChangedEvent"];
    assert_eq!(of("MyThing"), created);
    let after = ["Status", "PublishResponse", "UsageError"];
    assert_eq!(of("Pump2"), [&["Thing"][..], &created, &after].concat());
    let status = messages.iter().find(|message| message.title == "Status").unwrap().value();
    assert_eq!(status["thing"], "Pump2");
    assert!(status["clientId"].as_str().unwrap().ends_with("-Pump2"), "{status}");
    let events = messages.iter().filter(|message| message.r#type == "event");
    for event in events {
        let topic = format!("$aws/things/{}/jobs/notify", event.thing.as_deref().unwrap());
        assert!(event.topic.as_deref().unwrap().starts_with(&topic), "{event:?}");
    }
}

#[test]
fn a_message_of_another_thing_is_not_found() {
    let script = "create-job Job1 {}\nthing Pump2\nexpect JobExecutionsChangedEvent --within 1ms\n";
    let output = Sandbox::new().script(script).status(1).stderr_any().run();
    let missed = "stdin:3: awaited JobExecutionsChangedEvent; this came instead:\n    Thing\n";
    assert!(output.stderr.contains(missed), "{}", output.stderr);
}

/// Its first thing alone may be played, whose name is the client id too.
#[test]
fn what_a_policy_does_not_allow_is_refused_and_nothing_is_created() {
    let serve = Serve::with(&["--thing", "MyThing"]);
    let script = "! thing Pump2\nthing\nexpect CreateJobResponse\nthing Pump2\n";
    let output = serve.client().script(script).status(1).stderr_any().run();
    let refused = r#"stdin:4: cannot play Pump2: 0x87 not authorized: add to the policy of the certificate: {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:us-east-1:123456789012:topicfilter/$aws/things/Pump2/jobs/*"}, {"Effect":"Allow","Action":"iot:Receive","Resource":"arn:aws:iot:us-east-1:123456789012:topic/$aws/things/Pump2/jobs/*"}, {"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:us-east-1:123456789012:topic/$aws/things/Pump2/jobs/*"}"#;
    assert!(output.stderr.lines().any(|line| line == refused), "{}", output.stderr);
    assert!(output.stdout.contains("\"things\": [\n    \"MyThing\"\n  ]"), "{}", output.stdout);
    assert_eq!(serve.call("GET", "/things/Pump2", "").0, 404);
}

#[test]
fn a_client_id_that_a_policy_does_not_allow_is_named() {
    let statement = |action: &str, resource: &str| {
        let resource = format!("arn:aws:iot:us-east-1:123456789012:{resource}");
        format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#)
    };
    let statements = [statement("iot:Connect", "client/MyThing"), statement("iot:*", "*/jobs/*")].join(",");
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let serve = Serve::run(Sandbox::new().file("own.json", policy), &["--policy", "own.json"]);
    // Where the client is called like its thing, so is the next one.
    let client = serve.client().args(["--client-id", "MyThing", "-c", "thing Pump2"]);
    let refused = client.status(1).stderr_any().run().stderr;
    let needed = r#""Effect":"Allow","Action":"iot:Connect","Resource":"arn:aws:iot:us-east-1:123456789012:client/Pump2""#;
    assert!(refused.contains(needed), "{refused}");
    assert_eq!(serve.call("GET", "/things/Pump2", "").0, 404);
}

#[test]
fn each_script_begins_with_the_first_thing() {
    let script = "create-job Job1 {}\nexpect JobExecutionsChangedEvent jobs.QUEUED.length=1\nthing Pump2\n\
                  create-job Job2 {}\nexpect JobExecutionsChangedEvent jobs.QUEUED[0].jobId=Job2\n";
    let sandbox = Sandbox::json().file("a.jobs", script).file("b.jobs", script);
    let output = sandbox.args(["--thing", "Pump1", "-f", "a.jobs", "-f", "b.jobs"]).stderr_any().run();
    let messages = output.messages();
    let created = messages.iter().filter(|message| message.title == "CreateJobResponse");
    let things: Vec<_> = created.map(|message| message.thing.as_deref().unwrap()).collect();
    assert_eq!(things, ["Pump1", "Pump2", "Pump1", "Pump2"]);
}

#[test]
fn after_a_reset_the_thing_that_is_played_exists() {
    let script = "thing Pump2\nreset\ncreate-job Job1 {}\nexpect NextJobExecutionChangedEvent execution.jobId=Job1\n\
                  list-job-executions --until executionSummaries.length=1\n";
    Sandbox::new().script(script).stderr_any().run();
}

#[test]
fn a_thing_that_was_deleted_is_created_anew_when_it_is_played() {
    let again = |thing| format!("delete-thing {thing}\nthing {thing}\ndescribe-thing {thing}\n");
    let script = again("MyThing") + "create-job Job1 {}\nthing Pump2\n" + &again("Pump2");
    let output = Sandbox::new().script(script).stderr_any().run();
    for (thing, times) in [("MyThing", 1), ("Pump2", 2)] {
        let created = format!("created thing arn:aws:iot:us-east-1:123456789012:thing/{thing}\n");
        assert_eq!(output.stderr.matches(&created).count(), times, "{}", output.stderr);
    }
}

/// The second connection of the session is not that of a program which has not connected yet.
#[test]
fn a_connection_of_the_session_is_no_device_program() {
    let program = env!("CARGO_BIN_EXE_jobs-sandbox");
    let device = format!(
        "[ -e begun ] && exec sleep 3600; touch begun; exec '{program}' --client-id pump -c 'sleep 1h'"
    );
    let script = "device stop\ndevice start --no-wait\nthing Pump2\nget-pending-job-executions\ndevice stop\ndelete-job None\n";
    let sandbox = Sandbox::json().file("a.jobs", format!("test it fails\n{script}"));
    let sandbox = sandbox.args(["-f", "a.jobs", "--junit", "report.xml", "--", "sh", "-c", &device]);
    let sandbox = sandbox.status(1).stderr_any();
    let messages = sandbox.run().messages();
    let devices = messages.iter().filter(|message| message.title == "Device");
    let ids: Vec<_> = devices.map(|message| message.value()["clientId"].clone()).collect();
    assert_eq!(ids, ["pump".into(), serde_json::Value::Null, serde_json::Value::Null]);
    let report = fs::read_to_string(sandbox.path("report.xml")).unwrap();
    let (_, seen) = report.split_once("what the local service saw of the device:").unwrap();
    assert!(!seen.contains("-Pump2"), "{report}");
}

#[test]
fn what_happens_to_the_connection_of_another_thing_says_whose_it_is() {
    let script = "thing Pump2\nfault add disconnect --on get --thing Pump2\nget-pending-job-executions\n\
                  thing MyThing\nget-pending-job-executions\n";
    let output = Sandbox::new().script(script).stderr_any().run();
    for told in ["Pump2: connection lost", "Pump2: connection restored", "Pump2: nothing is pending"] {
        assert!(output.stderr.lines().any(|line| line.starts_with(told)), "{told}: {}", output.stderr);
    }
}
