//! The way back to the first start: what was made is gone, who may stay stays, and hears it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Sandbox, Serve};

/// What the control plane lists, by the member that names each.
#[track_caller]
fn listed(serve: &Serve, path: &str, list: &str, name: &str) -> Vec<Value> {
    serve.get(path)[list].as_array().unwrap().iter().map(|one| one[name].clone()).collect()
}

/// All that a first start makes, and whatever was made since.
#[track_caller]
fn everything(serve: &Serve) -> [Vec<Value>; 4] {
    [
        listed(serve, "/things", "things", "thingName"),
        listed(serve, "/certificates", "certificates", "certificateId"),
        listed(serve, "/policies", "policies", "policyName"),
        listed(serve, "/jobs", "jobs", "jobId"),
    ]
}

#[track_caller]
fn made(serve: &Serve, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = serve.call(method, path, &body.to_string());
    assert_eq!(status, 200, "{path}: {answer}");
    serde_json::from_str(&answer).unwrap_or_default()
}

const CREATE: &str = r#"create-job Job1 {"ToDo":"Reboot"}"#;

#[test]
fn it_is_as_at_the_first_start() {
    let serve = Serve::with(&["--thing", "MyThing", "--thing", "Pump"]);
    let first = everything(&serve);
    let first_events = serve.get("/event-configurations");
    serve.client().args(["-c", CREATE, "-c", "start-next-pending-job-execution"]).run();
    made(&serve, "POST", "/things/Valve", &json!({}));
    made(&serve, "POST", "/keys-and-certificate?setAsActive=true", &json!({}));
    made(&serve, "POST", "/_sandbox/clock", &json!({"advance": "30days"}));
    let events = json!({"eventConfigurations": {"JOB": {"Enabled": true}}});
    made(&serve, "PATCH", "/event-configurations", &events);
    assert_ne!(serve.get("/event-configurations"), first_events);
    let (status, _) = serve.call("DELETE", "/things/Pump", "");
    assert_eq!(status, 200);

    let answer = made(&serve, "POST", "/_sandbox/reset", &json!({"confirm": "reset"}));
    assert_eq!(answer["counts"]["jobs"], 0);
    assert_eq!(everything(&serve), first);
    assert_eq!(serve.get("/event-configurations"), first_events);
    let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let clock = serve.get("/_sandbox/clock")["now"].as_f64().unwrap();
    assert!((system - clock).abs() < 3600.0, "{system} {clock}");
    serve.client().args(["-c", "get-pending-job-executions", "-c", CREATE]).run();
}

/// At the prompt, locally and attached, in the same words.
#[test]
fn who_stays_hears_that_nothing_is_pending() {
    let script = [
        CREATE,
        "reset --confirm",
        "expect JobExecutionsChangedEvent jobs.QUEUED=absent",
        "expect NextJobExecutionChangedEvent execution=absent",
        "! describe-job Job1",
        "reset --confirm",
        "! expect JobExecutionsChangedEvent",
        "get-pending-job-executions",
        CREATE,
    ];
    let script = script.iter().flat_map(|command| ["-c", command]);
    let serve = Serve::start();
    serve.client().args(script.clone()).run();
    Sandbox::new().args(script).run();
}

#[test]
fn a_service_that_keeps_everything_wants_it_confirmed() {
    let serve = Serve::start();
    for body in ["", "{}", r#"{"confirm":"yes"}"#] {
        let (status, answer) = serve.call("POST", "/_sandbox/reset", body);
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains("reset --confirm does it all the same"), "{answer}");
    }
    let refused = serve.client().args(["-c", CREATE, "-c", "reset", "-c", "describe-job Job1"]).status(1);
    let refused = refused.stderr_any().run();
    assert!(refused.summary.unwrap().contains("1 failed: -c:2"), "{}", refused.stderr);
    assert_eq!(serve.get("/_sandbox/health")["kept"], json!(["certificates", "state"]));
    let serve = Serve::with(&["--in-memory"]);
    assert_eq!(serve.get("/_sandbox/health")["kept"], json!(["certificates"]));
    made(&serve, "POST", "/_sandbox/reset", &json!({}));
}

#[test]
fn clients_of_certificates_that_are_gone_are_disconnected() {
    let serve = Serve::start();
    let made_here = made(&serve, "POST", "/keys-and-certificate?setAsActive=true", &json!({}));
    let target = json!({"target": made_here["certificateArn"]});
    made(&serve, "PUT", "/target-policies/jobs-sandbox", &target);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let theirs = serve
        .client()
        .file("cert.pem", text(&made_here["certificatePem"]))
        .file("key.pem", text(&made_here["keyPair"]["PrivateKey"]));
    let (mut ours, mut theirs) = (serve.client().spawn_kept(), theirs.spawn_kept());
    for process in [&mut ours, &mut theirs] {
        process.1.send("get-pending-job-executions\n");
        process.1.stdout_until("GetPendingJobExecutionsResponse");
    }
    made(&serve, "POST", "/_sandbox/reset", &json!({"confirm": "reset"}));
    theirs.1.stderr_until("0x98");
    let finished = ours.1.finish();
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
}

/// Where there is nobody to ask, a person is not.
#[test]
fn it_is_not_for_other_services() {
    let Some(mosquitto) = crate::support::mosquitto::Mosquitto::start() else { return };
    let serve = Serve::start();
    let refused = mosquitto.client(&serve.url()).args(["-c", "reset"]).stderr_any().status(1).run();
    assert!(refused.stderr.contains("reset is for the local Jobs service alone"), "{}", refused.stderr);
}
