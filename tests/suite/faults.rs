//! What our own client makes of each kind of fault: what it says, what it asks again, and that it goes on.

use std::thread;

use serde_json::json;

use crate::support::{Output, Sandbox, Serve};

const CREATE: &str = r#"create-job J {"ToDo":"Reboot"}"#;
const UPDATE: &str = "update-job-execution J SUCCEEDED";
const GET: &str = "get-pending-job-executions";

/// Looks at each case beside the others: most of them wait for something in vain.
fn each<C: Copy + Send>(cases: impl IntoIterator<Item = C>, look: impl Fn(C) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            let look = &look;
            scope.spawn(move || look(case));
        }
    });
}

/// A session on its own service: a job, the fault, what it strikes, and then whether the client goes on.
#[track_caller]
fn meet(words: &str, command: &str, status: i32) -> Output {
    let script = format!("{CREATE}\nfault add {words}\n{command}\nfault list\n{GET}\n");
    let output = Sandbox::json().args(["--timeout", "5s"]).script(script).status(status).stderr_any().run();
    let messages = output.messages();
    let listed = messages.iter().find(|message| message.title == "Faults").unwrap().value();
    assert_eq!(listed, json!({"faults": [{"number": 1, "fault": words, "struck": 1, "left": 0}]}));
    output
}

/// The errors, warnings and news of a session, without what its service logs.
fn said(output: &Output) -> String {
    let own = |line: &&str| !line.starts_with("local service: ");
    output.stderr.lines().filter(own).collect::<Vec<_>>().join("\n")
}

fn titles(output: &Output) -> Vec<String> {
    output.messages().into_iter().map(|message| message.title).collect()
}

/// The last answer: the client goes on.
#[track_caller]
fn assert_goes_on(words: &str, output: &Output) {
    let titles = titles(output);
    assert_eq!(titles.last().unwrap(), "GetPendingJobExecutionsResponse", "{words}: {titles:?}");
}

#[test]
fn a_change_that_goes_wrong_is_told_and_not_repeated() {
    let no_answer = "UpdateJobExecution: no answer on ";
    let unknown = "UpdateJobExecution: outcome unknown, the connection was lost before the answer; to find out: describe-job-execution J";
    let unreadable = "UpdateJobExecution: the answer on $aws/things/MyThing/jobs/J/update/accepted cannot be read: it is not JSON";
    let cases = [
        (
            "refuse=RequestThrottled --on update",
            "UpdateJobExecution rejected: RequestThrottled: Injected by a fault",
        ),
        ("refuse=NotAuthorized --on publish", "UpdateJobExecution failed: the server refused to publish on "),
        ("drop-request --on update", no_answer),
        ("drop-answer --on update", no_answer),
        ("corrupt --on update", unreadable),
        ("disconnect --on update", unknown),
        ("reset --on update", unknown),
    ];
    each(cases, |(words, expected)| {
        let output = meet(words, UPDATE, 1);
        assert!(said(&output).contains(expected), "{words}:\n{}", output.stderr);
        assert_goes_on(words, &output);
    });
}

#[test]
fn a_read_that_goes_wrong_is_asked_again_where_that_helps() {
    for words in [
        "refuse=RequestThrottled --on get",
        "refuse=InternalError --on get",
        "disconnect --on get",
        "reset --on get",
    ] {
        let output = meet(words, GET, 0);
        assert_goes_on(words, &output);
        let answers =
            titles(&output).iter().filter(|title| *title == "GetPendingJobExecutionsResponse").count();
        assert_eq!(answers, 2, "{words}");
    }
    let cases = [
        ("drop-answer --on get", "GetPendingJobExecutions: no answer on "),
        ("corrupt --on get", "cannot be read: it is not JSON"),
        ("refuse=ResourceNotFound --on get", "GetPendingJobExecutions rejected: ResourceNotFound: "),
    ];
    each(cases, |(words, expected)| {
        let output = meet(words, GET, 1);
        assert!(said(&output).contains(expected), "{words}:\n{}", output.stderr);
        assert_goes_on(words, &output);
    });
}

#[test]
fn what_comes_twice_or_late_or_unacknowledged_does_no_harm() {
    for words in ["duplicate --on update", "delay=500ms --on update", "no-puback --on update"] {
        let output = meet(words, UPDATE, 0);
        assert_eq!(said(&output).lines().next(), None, "{words}");
        assert_eq!(titles(&output).iter().filter(|title| *title == "UpdateJobExecutionResponse").count(), 1);
        assert_goes_on(words, &output);
    }
}

#[test]
fn events_that_go_wrong_are_missed_doubled_or_told() {
    let events = |output: &Output| {
        let after = titles(output).into_iter().skip_while(|title| title != "Fault");
        after.filter(|title| title == "JobExecutionsChangedEvent").count()
    };
    for (words, count) in
        [("drop-event --on notify", 0), ("duplicate --on notify", 2), ("delay=1m --on notify", 0)]
    {
        let output = meet(words, UPDATE, 0);
        assert_eq!((events(&output), said(&output).as_str()), (count, ""), "{words}");
    }
    let output = meet("corrupt --on notify", UPDATE, 1);
    assert!(said(&output).contains("an event that cannot be read: it is not JSON"), "{}", output.stderr);
    for words in ["disconnect --on notify", "reset --on notify"] {
        let output = meet(words, UPDATE, 0);
        assert!(said(&output).contains("meanwhile: J is no longer pending"), "{words}: {}", output.stderr);
        assert_goes_on(words, &output);
    }
}

#[test]
fn a_connection_that_is_taken_over_is_given_up_and_one_that_is_silent_is_named() {
    let output = meet("takeover --on update", UPDATE, 1);
    let expected = "connection lost for good: another client connected with the same client id ";
    assert!(said(&output).contains(expected), "{}", output.stderr);
    let output = meet("silence --on update", UPDATE, 1);
    assert!(said(&output).contains("UpdateJobExecution: no answer on "), "{}", output.stderr);
    assert!(said(&output).contains("GetPendingJobExecutions: no answer on "), "{}", output.stderr);
}

#[test]
fn a_connection_that_does_not_come_about_is_explained() {
    let cases = [
        (
            "refuse-connect=ServerBusy",
            "error: the server refused client id [..]: 0x89 server busy: try again later",
        ),
        (
            "no-connack",
            "error: no CONNACK from localhost:[..] within 5 s: check the endpoint, the port and any firewall",
        ),
        ("disconnect=QuotaExceeded --on connect", "error: the server said DISCONNECT: 0x97 quota exceeded"),
        ("reset --on connect", "error: the connection broke: [..]"),
        ("silence --on connect", "error: no SUBACK from localhost:[..] within 5 s: check [..]"),
        (
            "refuse=QuotaExceeded --on subscribe",
            "error: the server refused to subscribe to [..]: 0x97 quota exceeded",
        ),
        ("drop-answer --on subscribe", "error: no SUBACK from localhost:[..] within 5 s: check [..]"),
    ];
    each(cases, |(words, expected)| {
        let serve = Serve::with(&["--thing", "MyThing", "--fault", words]);
        serve.client().args(["--timeout", "5s", "-c", GET]).status(3).stderr(format!("{expected}\n")).run();
        serve.client().args(["-c", GET]).run();
    });
    for words in ["delay=500ms --on connect", "delay=500ms --on subscribe"] {
        let serve = Serve::with(&["--thing", "MyThing", "--fault", words]);
        serve.client().args(["-c", GET]).run();
    }
}

#[test]
fn calls_that_go_wrong_are_told_and_asked_again_where_that_is_safe() {
    let command = "create-job K {}";
    for words in ["refuse=ThrottlingException --on CreateJob", "delay=500ms --on CreateJob"] {
        let output = meet(words, command, 0);
        assert_eq!(
            titles(&output).iter().filter(|title| *title == "CreateJobResponse").count(),
            2,
            "{words}"
        );
    }
    each(["refuse=503", "drop-request", "drop-answer", "corrupt", "reset", "silence"], |words| {
        let words = format!("{words} --on CreateJob");
        let output = meet(&words, command, 1);
        let expected = "CreateJob: outcome unknown, its answer was lost (";
        assert!(said(&output).contains(expected), "{words}:\n{}", output.stderr);
        assert!(said(&output).contains("to find out: describe-job K"), "{words}:\n{}", output.stderr);
    });
    let output = meet("refuse=LimitExceededException --on CreateJob", command, 1);
    assert!(titles(&output).contains(&"CreateJobRejected".to_owned()), "{}", output.stderr);
}
