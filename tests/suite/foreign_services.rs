//! The program against services that we did not write: mosquitto as broker, moto as control plane, and behind
//! them the test, which answers as AWS did, or late, twice, out of order, nonsense, or not at all.

use serde_json::json;

use crate::support::http::http_server;
use crate::support::mosquitto::{Mosquitto, Service};
use crate::support::moto::Moto;
use crate::support::wire::walkthrough;
use crate::support::{Message, Process, Sandbox, Serve};

#[test]
fn the_walkthrough_shows_what_aws_sent() {
    let (Some(moto), Some(mosquitto)) = (Moto::start(), Mosquitto::start()) else { return };
    let service = mosquitto.service();
    let sandbox = mosquitto.client(&moto.url).arg("--json");
    let mut process = sandbox.spawn();
    process.stderr_until("created thing arn:aws:iot:us-east-1:123456789012:thing/MyThing");
    for step in walkthrough() {
        process.send(format!("{}\n", step.command));
        if step.messages.first().is_none_or(|first| !first.is_answer()) {
            let answer = next(&mut process);
            assert_eq!((answer.r#type.as_str(), answer.topic), ("response", None), "{}", step.command);
        }
        for message in step.messages {
            let payload = if message.is_answer() {
                message.with_token(service.request().token())
            } else {
                message.payload.clone()
            };
            service.publish(&message.topic(&step.command), payload.as_str());
            let shown = next(&mut process);
            assert_eq!(shown.title, message.kind);
            assert_eq!(shown.body.unwrap().get(), payload);
        }
    }
    let finished = process.finish();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(0), ""), "{}", finished.stderr);
}

/// moto's own quirks, seen through our eyes: what it refuses is shown as a refusal.
#[test]
fn a_refusal_of_another_control_plane_is_shown_with_its_code() {
    let (Some(moto), Some(mosquitto)) = (Moto::start(), Mosquitto::start()) else { return };
    let _service = mosquitto.service();
    let sandbox = mosquitto.client(&moto.url).arg("--json").script("describe-job Nope\n").status(1);
    let output = sandbox
        .stderr("created thing [..]\nstdin:1: DescribeJob refused: ResourceNotFoundException: [..]")
        .run();
    let [refusal] = &output.messages()[..] else { panic!("{}", output.stdout) };
    assert_eq!((refusal.r#type.as_str(), refusal.title.as_str()), ("rejected", "DescribeJobRejected"));
}

/// A session on mosquitto, our own control plane beside it.
struct Session {
    process: Process,
    service: Service,
    _sandbox: Sandbox,
    _mosquitto: Mosquitto,
    _control_plane: Serve,
}

impl Session {
    fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    fn start_with(arguments: &[&str]) -> Option<Self> {
        let mosquitto = Mosquitto::start()?;
        let control_plane = Serve::start();
        let sandbox = mosquitto.client(&control_plane.url()).arg("--json").args(arguments);
        let process = sandbox.spawn();
        let service = mosquitto.service();
        Some(Self {
            process,
            service,
            _sandbox: sandbox,
            _mosquitto: mosquitto,
            _control_plane: control_plane,
        })
    }

    #[track_caller]
    fn next(&mut self) -> Message {
        next(&mut self.process)
    }

    /// One more request, answered properly: whatever came before did no harm, and nothing more of it is shown.
    #[track_caller]
    fn works(&mut self) {
        self.works_while(|_| ());
    }

    /// The same, and what happens while the answer is awaited.
    #[track_caller]
    fn works_while(&mut self, happens: impl FnOnce(&Service)) {
        self.process.send("start-next-pending-job-execution\n");
        let request = self.service.request();
        assert_eq!(request.topic, "start-next");
        happens(&self.service);
        let answer = json!({"clientToken": request.token(), "timestamp": 1_719_940_632}).to_string();
        self.service.publish("start-next/accepted", answer.as_str());
        let shown = self.next();
        assert_eq!(shown.title, "StartNextPendingJobExecutionResponse");
        assert_eq!(shown.body.unwrap().get(), answer);
    }
}

#[track_caller]
fn next(process: &mut Process) -> Message {
    Message::parse(&process.stdout_line())
}

#[test]
fn a_late_answer_resolves_no_other_request() {
    let Some(mut session) = Session::start_with(&["--timeout", "5s"]) else { return };
    session.process.send("get-pending-job-executions\n");
    let late = session.service.request();
    let error = session.next();
    assert_eq!((error.r#type.as_str(), error.line), ("error", Some(1)));
    assert!(error.value().to_string().contains("$aws/things/MyThing/jobs/get/accepted"), "{error:?}");

    session.process.send("get-pending-job-executions\n");
    let request = session.service.request();
    assert_ne!(request.token(), late.token());
    session.service.publish("get/accepted", late.list(&[]));
    session.service.publish("get/accepted", request.list(&[]));
    assert_eq!(session.next().body.unwrap().get(), request.list(&[]));
    session.works();
    assert_eq!(session.process.finish().status.code(), Some(1));
}

#[test]
fn a_doubled_answer_is_shown_once() {
    let Some(mut session) = Session::start() else { return };
    session.process.send("get-pending-job-executions\n");
    let request = session.service.request();
    for _ in 0..2 {
        session.service.publish("get/accepted", request.list(&[]));
    }
    assert_eq!(session.next().title, "GetPendingJobExecutionsResponse");
    session.works();
    assert_eq!(session.process.finish().status.code(), Some(0));
}

#[test]
fn answers_to_others_are_not_ours() {
    let Some(mut session) = Session::start() else { return };
    session.process.send("update-job-execution Job1 SUCCEEDED\n");
    let request = session.service.request();
    assert_eq!(request.topic, "Job1/update");
    let token = request.token();
    for (topic, payload) in [
        ("Job1/update/accepted", json!({"clientToken": "somebody-else's", "timestamp": 1})),
        ("Job1/update/accepted", json!({"timestamp": 1})),
        ("Job2/update/accepted", json!({"clientToken": token, "timestamp": 1})),
        ("Job1/get/accepted", json!({"clientToken": token, "timestamp": 1})),
    ] {
        session.service.publish(topic, payload.to_string());
    }
    let answer = json!({"clientToken": token, "timestamp": 2}).to_string();
    session.service.publish("Job1/update/accepted", answer.as_str());
    assert_eq!(session.next().body.unwrap().get(), answer);
    session.works();
}

#[test]
fn a_rejected_request_shows_what_the_service_said() {
    let Some(mut session) = Session::start() else { return };
    session.process.send("describe-job-execution Job1\n");
    let request = session.service.request();
    let refusal = json!({
        "clientToken": request.token(), "timestamp": 1, "code": "ResourceNotFound", "message": "no such job\u{1b}[2J",
    });
    session.service.publish("Job1/get/rejected", refusal.to_string());
    let shown = session.next();
    assert_eq!((shown.r#type.as_str(), shown.title.as_str()), ("rejected", "DescribeJobExecutionRejected"));
    assert_eq!(shown.topic.as_deref(), Some("$aws/things/MyThing/jobs/Job1/get/rejected"));
    assert_eq!(shown.value(), refusal);
    session.works();
    assert_eq!(session.process.finish().status.code(), Some(1));
}

/// A service that is newer than we are.
#[test]
fn members_that_nobody_knows_are_shown_as_they_came() {
    let Some(mut session) = Session::start() else { return };
    session.process.send("describe-job-execution Job1\n");
    let request = session.service.request();
    let answer = format!(
        r#"{{"clientToken":"{}","timestamp":1,"new":[1.50,null],"execution":{{"jobId":"Job1","status":"QUEUED","queuedAt":1,"lastUpdatedAt":1,"versionNumber":1,"executionNumber":1,"x":{{}}}}}}"#,
        request.token()
    );
    session.service.publish("Job1/get/accepted", answer.as_str());
    let shown = session.next();
    assert_eq!((shown.r#type.as_str(), shown.body.unwrap().get()), ("response", answer.as_str()));
    session.works();
    assert_eq!(session.process.finish().status.code(), Some(0));
}

/// AWS may add a status tomorrow.
#[test]
fn what_is_newer_than_this_program_is_shown_as_it_came_with_a_warning() {
    let Some(mut session) = Session::start() else { return };
    session.process.send("describe-job-execution Job1\n");
    let answer = format!(
        r#"{{"clientToken":"{}","timestamp":1,"execution":{{"jobId":"Job1","status":"PAUSED","queuedAt":1,"lastUpdatedAt":1,"versionNumber":1,"executionNumber":1,"why":{{}},"jobDocument":{{"status":"x"}}}}}}"#,
        session.service.request().token()
    );
    session.service.publish("Job1/get/accepted", answer.as_str());
    let shown = session.next();
    assert_eq!((shown.r#type.as_str(), shown.body.unwrap().get()), ("response", answer.as_str()));

    session.process.send("update-job-execution Job1 SUCCEEDED\n");
    let refusal = format!(
        r#"{{"clientToken":"{}","timestamp":1,"code":"InvalidStateTransition","message":"m","executionState":{{"status":"PAUSED","versionNumber":1}}}}"#,
        session.service.request().token()
    );
    session.service.publish("Job1/update/rejected", refusal.as_str());
    let shown = session.next();
    assert_eq!((shown.r#type.as_str(), shown.body.unwrap().get()), ("rejected", refusal.as_str()));
    let finished = session.process.finish();
    for warning in [
        "warning: DescribeJobExecution: shown as it came, but not known to this program: the status PAUSED, the member execution.why\n",
        "warning: UpdateJobExecution: shown as it came, but not known to this program: the status PAUSED\n",
    ] {
        assert_eq!(finished.stderr.matches(warning).count(), 1, "{}", finished.stderr);
    }
}

#[test]
fn nonsense_on_any_topic_is_never_fatal() {
    let Some(mut session) = Session::start() else { return };
    session.works();
    for payload in [&b""[..], b"{", b"[]", b"3", b"\xff\xfe", b"{\"clientToken\":7}", &b"[".repeat(100_000)] {
        for topic in
            ["get/accepted", "start-next/rejected", "Job1/update/accepted", "Job1/get/rejected", "x/y/z"]
        {
            session.service.publish(topic, payload);
        }
    }
    session.works();
    assert_eq!(session.process.finish().status.code(), Some(0));
}

#[test]
fn an_event_that_cannot_be_read_fails_the_script_and_the_next_one_is_shown() {
    let Some(mut session) = Session::start() else { return };
    // After an answer its command may or may not be over, which is then failed by what is noticed.
    session.works_while(|service| {
        service.publish("notify", b"{\"jobs\":\xff}");
        service.publish("notify", br#"{"timestamp":1,"jobs":{}}"#);
    });
    let [broken, shown, failure] = [(); 3].map(|()| session.next());
    assert_eq!((broken.r#type.as_str(), broken.title.as_str()), ("error", "JobExecutionsChangedEvent"));
    assert_eq!((shown.r#type.as_str(), shown.body.unwrap().get()), ("event", r#"{"timestamp":1,"jobs":{}}"#));
    assert_eq!((failure.title.as_str(), failure.line), ("EventsLost", Some(1)));
    session.works();
    let finished = session.process.finish();
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stderr.contains("$aws/things/MyThing/jobs/notify: "), "{}", finished.stderr);
}

/// AWS may add a status tomorrow.
#[test]
fn what_is_newer_in_an_answer_of_the_control_plane_is_shown_as_it_came_with_a_warning() {
    const JOBS: &str = r#"{"jobs":[{"jobId":"A","status":"PAUSED","cause":"x"}]}"#;
    let service = Serve::start();
    let control_plane = http_server(|request| {
        let list = request.head.starts_with("GET /jobs");
        (200, String::new(), if list { JOBS } else { r#"{"thingArn":"arn"}"# }.to_owned())
    });
    let sandbox = Sandbox::aws_mode(service.mqtt.port(), &format!("http://{control_plane}"), service.dir());
    let output = sandbox
        .args(["--json", "-c", "list-jobs"])
        .stderr(
            "warning: ListJobs: shown as it came, but not known to this program: the status PAUSED, \
             the member jobs.cause\n",
        )
        .run();
    assert_eq!(output.messages()[0].body.as_ref().unwrap().get(), JOBS);
}

#[test]
fn a_thing_that_may_have_been_created_is_told() {
    let service = Serve::start();
    let control_plane = http_server(|request| {
        if request.head.starts_with("GET ") {
            let class = "x-amzn-ErrorType: ResourceNotFoundException\r\n".to_owned();
            (404, class, r#"{"message":"no such thing"}"#.to_owned())
        } else {
            (200, String::new(), "{}".to_owned())
        }
    });
    let url = format!("http://{control_plane}");
    let output =
        Sandbox::aws_mode(service.mqtt.port(), &url, service.dir()).args(["-c", "help"]).stderr_any().run();
    let said = "warning: CreateThing: outcome unknown, its answer was lost (it has no thingArn); \
                to find out: aws iot describe-thing --thing-name MyThing; ";
    assert!(output.stderr.contains(said), "{}", output.stderr);
}
