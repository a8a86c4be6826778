//! Topics of the user's choice: what is printed, what `expect` sees, and what is refused.

use std::fs;

use tokio::runtime::Runtime;

use crate::support::http::http_server;
use crate::support::proxy::Proxy;
use crate::support::{Sandbox, Serve};

/// Lets a client do anything.
const ANYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}"#;

const SCRIPT: &str = r#"subscribe plant/+
publish plant/pump {"on": true,  "timestamp": 1748981603} --retain
publish plant/fan on --qos 0
publish plant/fan file://bytes
publish plant/fan file://hostile
publish plant/fan
subscribe plant/pump
unsubscribe plant/+
publish plant/fan unseen
"#;

const TRANSCRIPT: &str = r#"─── SubscribeResponse ───
{
  "filter": "plant/+"
}

─── PublishResponse ───
{
  "topic": "plant/pump"
}

─── Message ───
{
  "topic": "plant/pump",
  "qos": 1,
  "retain": false,
  "format": "json",
  "payload": {
    "on": true,
    "timestamp": 1748981603
  }
}

─── PublishResponse ───
{
  "topic": "plant/fan"
}

─── Message ───
{
  "topic": "plant/fan",
  "qos": 0,
  "retain": false,
  "format": "text",
  "payload": "on"
}

─── PublishResponse ───
{
  "topic": "plant/fan"
}

─── Message ───
{
  "topic": "plant/fan",
  "qos": 1,
  "retain": false,
  "format": "base64",
  "payload": "AP8Q"
}

─── PublishResponse ───
{
  "topic": "plant/fan"
}

─── Message ───
{
  "topic": "plant/fan",
  "qos": 1,
  "retain": false,
  "format": "text",
  "payload": "\u001b[2J\u009b\u202e\nplain"
}

─── PublishResponse ───
{
  "topic": "plant/fan"
}

─── Message ───
{
  "topic": "plant/fan",
  "qos": 1,
  "retain": false,
  "format": "text",
  "payload": ""
}

─── SubscribeResponse ───
{
  "filter": "plant/pump"
}

─── Message ───
{
  "topic": "plant/pump",
  "qos": 1,
  "retain": true,
  "format": "json",
  "payload": {
    "on": true,
    "timestamp": 1748981603
  }
}

─── UnsubscribeResponse ───
{
  "filter": "plant/+"
}

─── PublishResponse ───
{
  "topic": "plant/fan"
}

"#;

#[test]
fn messages_are_printed_after_the_command_that_caused_them() {
    Sandbox::new()
        .file("bytes", [0, 0xff, 0x10])
        .file("hostile", "\u{1b}[2J\u{9b}\u{202e}\nplain")
        .file("topics.jobs", SCRIPT)
        .args(["-f", "topics.jobs"])
        .stdout(TRANSCRIPT)
        .run();
}

#[test]
fn in_json_a_message_says_how_it_came_beside_where() {
    let script = "publish a/b {\"x\":1.0} --retain\nsubscribe a/b\n";
    let output = Sandbox::json().script(script).run();
    let message = output.messages().pop().unwrap();
    assert_eq!((message.qos, message.retain), (Some(1), Some(true)));
    let line = output.stdout.lines().last().unwrap();
    assert_eq!(
        line,
        r#"{"type":"message","title":"Message","line":null,"thing":null,"topic":"a/b","qos":1,"retain":true,"body":{"topic":"a/b","qos":1,"retain":true,"format":"json","payload":{"x":1.0}}}"#
    );
}

#[test]
fn messages_are_expected_in_any_order_once_each_and_until_the_test_ends() {
    let script = "\
subscribe a/#
test in any order
publish a/1 {\"n\":1}
publish a/2 {\"n\":2}
create-job J {}
list-jobs
expect Message topic=a/2 payload.n=2
expect JobExecutionsChangedEvent
delete-job J --force
expect Message topic=a/1
! expect Message topic=a/1
! expect Message
capture N payload.n
publish a/3 {{N}}
expect Message payload=1
test nothing is left of the one before
! expect Message topic=a/3
";
    Sandbox::new().script(script).run();
    let failing =
        "subscribe a\npublish a x\n! expect Message topic=a\nexpect Message payload=y --within 1ms\n";
    let output = Sandbox::new().script(failing).status(1).stderr_any().run();
    let unwanted = "stdin:3: ! expect Message topic=\"a\", but it came: {\"topic\":\"a\",";
    assert!(output.stderr.contains(unwanted), "{}", output.stderr);
    let instead = "    Message, which an earlier expect has used up\n";
    assert!(
        !output.stderr.contains(instead) && output.stderr.contains("payload is \"x\""),
        "{}",
        output.stderr
    );
}

/// Also with `!`, which would otherwise pass whatever happened.
#[test]
fn what_no_subscription_brings_is_a_failure_that_says_what_to_switch_on() {
    let job = "subscribe $aws/events/job/#, and update-event-configurations --event-configurations \
               {\"JOB\":{\"Enabled\":true}}";
    for (commands, title, what) in [
        ("", "Message", "subscribe <filter>"),
        ("", "JobEvent", job),
        ("subscribe $aws/events/presence/#\n", "JobEvent", job),
        ("subscribe $aws/events/job/#\n", "Message", "subscribe <filter>"),
        ("subscribe a/#\nunsubscribe a/#\n", "Message", "subscribe <filter>"),
        ("subscribe #\n", "PresenceEvent", "subscribe $aws/events/presence/#"),
        ("", "SubscriptionEvent", "subscribe $aws/events/subscriptions/#"),
    ] {
        for negation in ["", "! "] {
            let script = format!("{commands}{negation}expect {title}\n");
            let output = Sandbox::new().script(script).status(1).stderr_any().run();
            let line = 1 + commands.lines().count();
            let said = format!("stdin:{line}: no subscription brings {title}: {what}\n");
            assert!(output.stderr.ends_with(&said), "{}", output.stderr);
        }
    }
    // One that has come could come.
    let script = "subscribe a\npublish a\nunsubscribe a\nexpect Message topic=a\n! expect Message\n";
    Sandbox::new().script(script).run();
}

/// A control plane that answers only for things and for the configurations of events, and a broker that allows
/// everything.
#[test]
fn an_event_that_is_not_sent_is_a_failure_that_says_what_to_switch_on() {
    let serve = Serve::run(Sandbox::new().file("policy.json", ANYTHING), &["--policy", "policy.json"]);
    let control_plane = http_server(|request| {
        let body = match request.head.split(' ').nth(1).unwrap() {
            "/event-configurations" if request.head.starts_with("GET") => {
                r#"{"eventConfigurations":{"JOB":{"Enabled":false},"JOB_EXECUTION":{"Enabled":true}}}"#
            }
            "/event-configurations" => "{}",
            _ => r#"{"thingName":"MyThing","thingArn":"arn:aws:iot:us-east-1:123456789012:thing/MyThing"}"#,
        };
        (200, String::new(), body.to_owned())
    });
    let session = |script: &str| {
        let url = format!("http://{control_plane}");
        Sandbox::aws_mode(serve.mqtt.port(), &url, serve.dir()).script(script)
    };
    for negation in ["", "! "] {
        let script = format!("subscribe $aws/events/#\n{negation}expect JobEvent\n");
        let output = session(&script).status(1).stderr_any().run();
        let said = "stdin:2: nothing sends JobEvent: update-event-configurations --event-configurations \
                    {\"JOB\":{\"Enabled\":true}}\n";
        assert!(output.stderr.ends_with(said), "{}", output.stderr);
    }
    let script = "update-event-configurations --event-configurations {\"JOB\": {\"Enabled\": true}}\n\
                  expect UpdateEventConfigurationsResponse\n\
                  describe-event-configurations --until eventConfigurations.JOB_EXECUTION.Enabled=true\n\
                  subscribe $aws/events/jobExecution/#\n! expect JobExecutionEvent --within 1ms\n";
    session(script).run();
}

#[test]
fn nothing_that_is_no_topic_gets_to_the_service() {
    for (command, said) in [
        (
            "subscribe a#",
            "subscribe: <filter> \"a#\" holds a # that is not its whole last level; usage: subscribe <filter>",
        ),
        ("subscribe a/+b", "<filter> \"a/+b\" holds a + that is not a whole level"),
        ("publish a/+ x", "publish: <topic> \"a/+\" holds a wildcard, + or #"),
        ("publish /////////", "<topic> \"/////////\" has more than 7 slashes"),
        ("publish a two words", "publish: extra argument \"words\""),
        ("publish a x --qos 2", "\"2\" is none of 0, 1"),
        ("unsubscribe a", "there is no subscription to a"),
        ("publish a file://none", "cannot take the payload from none: "),
        ("update-event-configurations", "update-event-configurations: --event-configurations is missing"),
        (
            "update-event-configurations --event-configurations {\"JOB\":true}",
            "--event-configurations must be an object such as {\"JOB\": {\"Enabled\": true}}",
        ),
    ] {
        let output = Sandbox::new().script(command).status(1).stderr_any().run();
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    let large = Sandbox::new().file("large", vec![b'x'; 128 * 1024 + 1]);
    let output = large.script("publish a file://large").status(1).stderr_any().run();
    assert!(output.stderr.contains("it is larger than 128 KiB"), "{}", output.stderr);
}

/// The policy of the device is the one that is deployed, whatever the operator of a session may do.
#[test]
fn a_refusal_names_what_the_policy_must_allow() {
    let serve = Serve::start();
    let refused = "subscribe plant/+\npublish plant/pump x --retain\npublish plant/pump x --qos 0\n";
    let output = serve.client().script(refused).status(1).stderr_any().run();
    for said in [
        "stdin:1: the server refused to subscribe to plant/+: 0x87 not authorized: allow iot:Subscribe on \
         topicfilter/plant/* in the certificate's policy, and iot:Receive on topic/plant/*\n",
        "stdin:2: the server refused to publish on plant/pump: 0x87 not authorized: allow iot:Publish on \
         topic/plant/pump in the certificate's policy, and iot:RetainPublish on topic/plant/pump\n",
        "stdin:3: the server refused to publish on plant/pump: 0x87 not authorized: allow iot:Publish on \
         topic/plant/pump in the certificate's policy\n",
    ] {
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    let script = "! subscribe plant/+\nexpect SubscribeRejected filter=plant/+ code=0x87 message=\"not authorized\"\n\
                  ! publish plant/pump x\nexpect PublishRejected topic=plant/pump code=0x87\n\
                  ! expect PublishResponse\n";
    serve.client().script(script).run();
}

#[test]
fn where_the_certificate_may_not_connect_again_that_is_said() {
    let no = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iot:Connect","Resource":"arn:aws:iot:us-east-1:123456789012:client/*-topics"}}"#;
    let policies = Sandbox::new().file("policy.json", ANYTHING).file("no.json", no);
    let serve = Serve::run(policies, &["--policy", "policy.json", "--policy", "no.json"]);
    let output =
        serve.client().args(["--client-id", "me"]).script("subscribe a").status(1).stderr_any().run();
    let said =
        "stdin:1: no connection for topics: the server refused client id me-topics: 0x87 not authorized";
    assert!(output.stderr.contains(said), "{}", output.stderr);
    assert!(
        output.stderr.contains("allow iot:Connect on client/me-topics in its policy"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_operator_of_a_session_watches_everything_and_the_device_can_do_no_more_than_before() {
    let session = Sandbox::new().args(["--dir", "service"]);
    let script = "subscribe $aws/events/#\nsubscribe #\npublish plant/pump x\nexpect Message topic=plant/pump\n\
                  reset\npublish plant/pump y\nexpect Message payload=y\n";
    session.script(script).run();
}

#[test]
fn a_script_begins_without_subscriptions_of_the_one_before() {
    let sandbox = Sandbox::new()
        .file("a.jobs", "subscribe a\npublish a 1\nexpect Message\npublish a 2\n")
        .file("b.jobs", "publish a 3\n! expect Message\n")
        .file("c.jobs", "subscribe a\npublish a 4\nexpect Message payload=4\n! expect Message\n")
        .args(["-f", "a.jobs", "-f", "b.jobs", "-f", "c.jobs"]);
    let output = sandbox.status(1).stderr_any().run();
    assert!(output.stderr.contains("b.jobs:2: no subscription brings Message"), "{}", output.stderr);
    assert_eq!(output.summary.unwrap(), "6 commands, 4 expectations, 1 failed: b.jobs:2");
    assert!(!output.stdout.contains("\"payload\": 3"), "{}", output.stdout);
}

/// Each on a connection of its own; the broken one is made again with its subscriptions, and since something may
/// have been missed, the script fails.
#[test]
fn after_a_reset_of_the_line_the_subscriptions_are_made_again() {
    let policy = Sandbox::new().file("policy.json", ANYTHING);
    let serve = Serve::run(policy, &["--policy", "policy.json"]);
    let runtime = Runtime::new().unwrap();
    let proxy = runtime.block_on(Proxy::start(serve.mqtt));
    let sandbox = serve.client_through(proxy.address.port());
    let mut process = sandbox.spawn();
    // More than one SUBSCRIBE may hold.
    for number in 0..20 {
        process.send(format!("subscribe t/{number}\n"));
    }
    process.stdout_until("t/19");
    process.send("unsubscribe t/3\n");
    process.stdout_until("UnsubscribeResponse");
    proxy.reset();
    let mut told = process.stderr_until("topics: connection lost: ");
    proxy.pass();
    while !told.ends_with("topics: connection restored") {
        told += &process.stderr_line();
    }
    process.send("publish t/3 gone\npublish t/19 back\n");
    let finished = process.finish();
    assert!(finished.stdout.contains("\"back\"") && !finished.stdout.contains("gone"), "{}", finished.stdout);
    assert_eq!(finished.status.code(), Some(1));
    told += &finished.stderr;
    assert!(told.contains("messages may have been missed"), "{told}");
}

#[test]
fn nothing_is_opened_before_it_is_needed() {
    let serve = Serve::start();
    let clients = || serve.get("/_sandbox/health")["clients"].clone();
    let session = serve.client();
    let mut process = session.spawn();
    process.send("create-job J {}\n");
    process.stdout_until("NextJobExecutionChangedEvent");
    let before = clients();
    process.send("! subscribe a\n");
    process.stdout_until("SubscribeRejected");
    assert_eq!((before, clients()), (1.into(), 2.into()));
    assert_eq!(process.finish().status.code(), Some(0));
}

#[test]
fn the_schema_names_every_title_of_a_message() {
    let schema = fs::read_to_string(".github/docs/json-output.schema.json").unwrap();
    for title in ["JobEvent", "JobExecutionEvent", "PresenceEvent", "SubscriptionEvent", "Message"] {
        assert!(schema.contains(&format!("\"{title}\"")), "{title}");
    }
}
