//! `provision`, `--device`, `clean-up` and `policy` as a person types them: against the local service, moto and MiniStack.

use std::fs;
use std::path::Path;

use crate::support::ministack::MiniStack;
use crate::support::moto::Moto;
use crate::support::{Finished, Sandbox, Serve};

/// The program beside a control plane.
struct Account {
    home: Sandbox,
    url: String,
}

impl Account {
    fn new(url: String) -> Self {
        Self { home: Sandbox::new(), url }
    }

    fn device(&self) -> std::path::PathBuf {
        self.home.path("device")
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], status: i32) -> Finished {
        let device = self.device();
        let arguments = arguments.iter().map(|argument| match *argument {
            "DEVICE" => device.as_os_str().to_owned(),
            argument => argument.into(),
        });
        let run = Sandbox::new()
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
        let finished = run.spawn().finish();
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert_eq!(finished.status.code(), Some(status), "{run:?}: {said}");
        finished
    }
}

#[test]
fn a_device_is_made_used_and_deleted() {
    let serve = Serve::start();
    let account = Account::new(serve.url());
    let make = ["provision", "--thing", "Pump", "--device", "DEVICE", "--client-ids", "pump-*"];
    let calls = account.run(&[&make[..], &["--dry-run"]].concat(), 0).stdout;
    assert!(!account.device().exists() && calls.lines().count() == 8, "{calls}");
    account.run(&make, 0);

    let port = serve.mqtt.port().to_string();
    let ca = serve.file("ca.pem");
    let session = ["--device", "DEVICE", "--port", &port, "--ca-file", ca.to_str().unwrap(), "--json"];
    let theirs = r#"{"targets":["arn:aws:iot:us-east-1:123456789012:thing/Pump"],"document":"{}"}"#;
    assert_eq!(serve.call("PUT", "/jobs/Theirs", theirs).0, 200);
    let commands = ["-c", "create-job Job1 {}", "-c", "start-next-pending-job-execution", "-c", "status"];
    let session = account.run(&[&session[..], &commands].concat(), 0).stdout;
    assert!(session.contains(r#""clientId":"pump-"#) && session.contains("IN_PROGRESS"), "{session}");

    for (arguments, status, said) in [
        (&["--dir", "DEVICE", "-c", "help"][..], 3, "is the folder of a device on AWS"),
        (&["--device", serve.dir().to_str().unwrap(), "-c", "help"], 2, "is a local service's folder"),
        (&["--device", "nowhere", "-c", "help"], 2, "there is no device in nowhere"),
        (&["--device", "DEVICE", "--thing", "Other"], 2, "--thing (or its environment variable) contradicts"),
        (&["--device", "DEVICE", "--dir", "d"], 2, "--dir belongs to the local service"),
        (&["provision", "--thing", "Other", "--device", "DEVICE"], 1, "is Pump, not Other"),
        (
            &["provision", "--device", "DEVICE", "--region", "eu-west-1"],
            1,
            "is in us-east-1, not in eu-west-1",
        ),
        (&["provision", "--device", "other"], 1, "holds no device yet: name its thing with --thing"),
        (&["clean-up", "--device", "DEVICE"], 1, "nothing was deleted: --yes deletes without asking"),
    ] {
        let refused = account.run(arguments, status).stderr;
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
    let policy = serve.get("/policies/jobs-sandbox-Pump")["policyDocument"].take();
    let version = serde_json::json!({ "policyDocument": policy }).to_string();
    let (status, _) = serve.call("POST", "/policies/jobs-sandbox-Pump/version?setAsDefault=true", &version);
    assert_eq!(status, 200);
    let cleaned = account.run(&["clean-up", "--device", "DEVICE", "--yes", "--jobs"], 0).stdout;
    let delete_version = "\nDeletePolicyVersion policyName=jobs-sandbox-Pump policyVersionId=1\n";
    assert!(cleaned.contains(delete_version), "{cleaned}");
    assert!(cleaned.contains("\nDeleteJob jobId=Job1\n") && !account.device().exists(), "{cleaned}");
    assert!(!cleaned.contains("Theirs") && serve.call("GET", "/jobs/Theirs", "").0 == 200, "{cleaned}");
    let again = account.run(&["clean-up", "--device", "DEVICE", "--yes"], 0).stdout;
    assert!(again.starts_with("nothing to delete"), "{again}");
}

/// What others make of the same calls.
#[track_caller]
fn on_a_service_of_others(url: &str) {
    let account = Account::new(url.to_owned());
    account.run(&["provision", "--thing", "Pump", "--device", "DEVICE"], 0);
    account.run(&["provision", "--device", "DEVICE"], 0);
    assert!(is_private(&account.device().join("key.pem")));
    account.run(&["clean-up", "--device", "DEVICE", "--yes"], 0);
    assert!(!account.device().exists());
}

fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[test]
fn moto_makes_and_deletes_it() {
    let Some(moto) = Moto::start() else { return };
    on_a_service_of_others(&moto.url);
}

#[test]
fn ministack_makes_and_deletes_it() {
    let Some(ministack) = MiniStack::start() else { return };
    on_a_service_of_others(&ministack.url);
}

#[test]
fn a_policy_that_does_not_do_says_what_it_lacks() {
    let own = Sandbox::new().args(["policy", "print", "--thing", "Other", "--region", "cn-north-1"]).run();
    assert!(own.stdout.contains("arn:aws-cn:iot:cn-north-1:${account}:"), "{}", own.stdout);
    let check = Sandbox::new().file("policy.json", own.stdout);
    let check = check.args(["policy", "check", "policy.json", "--thing", "MyThing"]).status(1);
    let said = check.run().stdout;
    assert!(said.starts_with("allowed  iot:Connect    client/test-"), "{said}");
    let line = "\nmissing  iot:Publish    topic/$aws/things/MyThing/jobs/get\n";
    let add = r#"add {"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws-cn:iot:cn-north-1:123456789012:topic/"#;
    assert!(said.contains(line) && said.contains(add), "{said}");
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"},
        {"Effect":"Deny","Action":"iot:Receive","Resource":"arn:aws:iot:us-east-1:123456789012:topic/*/notify"}]}"#;
    let all = Sandbox::new().file("policy.json", all).args(["policy", "check", "policy.json"]).status(1);
    let said = all.run().stdout;
    assert!(said.contains("\nwider    iot:Subscribe  topicfilter/#\n"), "{said}");
    assert!(said.contains("\ndenied   iot:Receive    topic/$aws/things/MyThing/jobs/notify\n"), "{said}");
}
