//! What the device certificate of `serve` may do: anything a device does, for the things or under the policies that
//! were named.

use std::fs;
use std::path::Path;

use crate::support::{Output, Sandbox, Serve};

/// A session that plays the device of a thing, on the certificate of `serve`.
#[track_caller]
fn device(serve: &Serve, thing: &str, status: i32) -> Output {
    let session = serve.client().args(["--thing", thing, "-c", "get-pending-job-executions"]);
    session.stderr_any().status(status).run()
}

#[test]
fn without_things_the_certificate_acts_for_any_and_the_start_says_so() {
    let mut serve = Serve::with(&[]);
    serve.process.stderr_until("local service: the device certificate may act for any thing; --thing NAME");
    for thing in ["MyThing", "Pump"] {
        device(&serve, thing, 0);
    }
}

/// The same actions on the same topics, as the policy that AWS gets.
#[test]
fn for_any_thing_nothing_else_is_allowed_than_for_one() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/device-policy.json");
    let shipped = fs::read_to_string(shipped).unwrap().replace("${partition}", "aws");
    let shipped = shipped
        .replace("${region}", "us-east-1")
        .replace("${account}", "123456789012")
        .replace("${thing}", "*");
    let serve = Serve::with(&[]);
    let policy = serve.get("/policies/jobs-sandbox");
    assert_eq!(policy["policyDocument"], shipped);
    assert_eq!(serve.get("/policies")["policies"].as_array().unwrap().len(), 1);
}

#[test]
fn with_things_the_certificate_acts_for_them_alone() {
    let mut serve = Serve::with(&["--thing", "Pump"]);
    device(&serve, "Pump", 0);
    let refused = device(&serve, "Valve", 3).stderr;
    let statement = "allow iot:Subscribe on topicfilter/$aws/things/Valve/jobs/notify, ";
    assert!(refused.contains(statement), "{refused}");
    serve.process.stderr_until("iot:Subscribe refused on arn:aws:iot:us-east-1:123456789012:topicfilter/");
}

/// Policies, things and jobs name it, and a device that the policy lets in finds its job.
#[test]
fn a_region_in_china_is_part_of_another_partition() {
    let serve = Serve::with(&["--region", "cn-north-1", "--thing", "Pump"]);
    let arn = "arn:aws-cn:iot:cn-north-1:123456789012:thing/Pump";
    assert_eq!(serve.get("/things/Pump")["thingArn"], arn);
    let job = serde_json::json!({ "targets": [arn], "document": "{}" });
    let (status, created) = serve.call("PUT", "/jobs/Job1", &job.to_string());
    assert_eq!(status, 200, "{created}");
    assert!(device(&serve, "Pump", 0).stdout.contains("Job1"));
}

/// What is tested here is what will be deployed.
#[test]
fn policies_of_ones_own_stand_in_the_place_of_the_default() {
    let statement = |action: &str, resource: &str| {
        let resource = format!("arn:aws:iot:us-east-1:123456789012:{resource}");
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
        )
    };
    let sandbox = Sandbox::new()
        .file("connect.json", statement("iot:Connect", "client/*"))
        .file("jobs.json", statement("iot:*", "*/$aws/things/Pump/jobs/*"));
    let serve = Serve::run(sandbox, &["--policy", "connect.json", "--policy", "jobs.json"]);
    device(&serve, "Pump", 0);
    device(&serve, "MyThing", 3);
    let serve = serve.again(&["--thing", "MyThing"]);
    device(&serve, "MyThing", 3);
}

#[test]
fn a_file_that_is_no_policy_is_named() {
    let long = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"iot:*","Resource":"arn:{}"}}}}"#,
        "x".repeat(2048)
    );
    for (contents, said) in [
        (Some("{}"), "Unknown policy document version"),
        (Some("hello"), "not JSON"),
        (Some(&long), "at most 2048 are allowed"),
        (None, "No such file"),
    ] {
        let sandbox = Sandbox::new().args(["serve", "--policy", "my.json"]).status(2).stdout("");
        let sandbox = contents.into_iter().fold(sandbox, |sandbox, text| sandbox.file("my.json", text));
        let refused = sandbox.stderr("error: --policy my.json: [..]").run().stderr;
        assert!(refused.contains(said), "{refused}");
    }
}
