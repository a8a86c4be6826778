//! `serve --require-key`: who cannot read the env file cannot use the HTTP port.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use crate::support::{Sandbox, Serve, connect, peers};

/// The status and the body of the answer to a request with these headers.
fn ask(serve: &Serve, path: &str, headers: &str) -> (String, String) {
    let mut stream = connect(serve.http);
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

fn signed(id: &str, service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={id}/20260101/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=00\r\n"
    )
}

/// The access key id of the env file.
fn access_key_id(serve: &Serve) -> String {
    let env = fs::read_to_string(serve.file("env")).unwrap();
    let id = env.lines().find_map(|line| line.strip_prefix("export AWS_ACCESS_KEY_ID="));
    id.unwrap().to_owned()
}

#[test]
fn no_request_is_answered_without_the_key_on_any_path() {
    let serve = Serve::with(&["--require-key"]);
    let mode = fs::metadata(serve.file("env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let id = access_key_id(&serve);
    assert_ne!(id, access_key_id(&Serve::with(&["--require-key"])), "each service has its own");
    for (path, service) in
        [("/jobs", "iot"), ("/things/MyThing/jobs", "iot-jobs-data"), ("/_sandbox/clock", "iot")]
    {
        for headers in [String::new(), signed("local", service)] {
            let (status, body) = ask(&serve, path, &headers);
            assert_eq!(status, "403", "{path}");
            assert!(body.starts_with(r#"{"message":""#) && body.contains("--require-key"), "{body}");
            assert!(!body.contains(&id), "{body}");
        }
        assert_eq!(ask(&serve, path, &signed(&id, service)).0, "200", "{path}");
        let presigned =
            format!("{path}?X-Amz-Credential={id}%2F20260101%2Fus-east-1%2F{service}%2Faws4_request");
        assert_eq!(ask(&serve, &presigned, "").0, "200", "{path}");
    }
}

#[test]
fn a_program_that_read_the_env_file_notices_nothing() {
    let serve = Serve::with(&["--require-key"]);
    let mut session = serve.shell(env!("CARGO_BIN_EXE_jobs-sandbox"));
    let output = session.args(["-c", "create-job Job1 {}", "-c", "describe-job Job1"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    // Without the file, AWS's tools have other credentials, if any.
    let refused = serve.client().args(["-c", "create-job Job2 {}"]).stderr_any().status(1).run();
    assert!(refused.stderr.contains("--require-key"), "{}", refused.stderr);
    let Some(python) = peers::python("boto3") else { return };
    let mut boto3 = serve.shell(python);
    let program = "import boto3; iot, device = boto3.client('iot'), boto3.client('iot-jobs-data'); \
                   iot.describe_job(jobId='Job1'); device.describe_job_execution(jobId='Job1', thingName='MyThing')";
    let output = boto3.args(["-c", program]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_variable_asks_for_it_too() {
    for (value, status) in [("1", "403"), ("true", "403"), ("0", "200"), ("", "200")] {
        let serve = Serve::run(Sandbox::new().env("JOBS_SANDBOX_REQUIRE_KEY", value), &[]);
        assert_eq!(ask(&serve, "/jobs", "").0, status, "{value}");
    }
}
