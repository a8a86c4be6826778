//! Calls of a device, from its connection to the answer.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::admission::Admission;
use super::super::api::Api;
use super::super::data;
use super::super::limits::Limits;
use super::*;
use crate::service::access_key::AccessKey;
use crate::service::choices::Choices;
use crate::service::state::Settings;

/// The four calls on the thing `T`.
const CALLS: [(&str, &str, &str, &str); 4] = [
    ("GetPendingJobExecutions", "GET", "/things/T/jobs", ""),
    ("StartNextPendingJobExecution", "PUT", "/things/T/jobs/$next", "{}"),
    ("DescribeJobExecution", "GET", "/things/T/jobs/J", ""),
    ("UpdateJobExecution", "POST", "/things/T/jobs/J", r#"{"status":"IN_PROGRESS"}"#),
];

/// A service with the things `T` and `Other`, a job for both, and a certificate that is attached to `T`.
struct Bench {
    api: Api,
    certificate: Arc<str>,
}

impl Bench {
    /// The certificate stands under one policy, of these statements.
    fn new(statements: &str) -> Self {
        Self::with(statements, Choices::default(), Admission::default())
    }

    fn with(statements: &str, choices: Choices, admission: Admission) -> Self {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let shared = Arc::new(Shared::new(settings.clone()));
        let pem = shared.authority().unwrap().device().unwrap().certificate_pem;
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let certificate = shared.requests(|requests| {
            let (mut state, now) = (State::with_choices(settings, choices), requests.jobs_now);
            for thing in ["T", "Other"] {
                let request = serde_json::from_value(json!({})).unwrap();
                let _ = state.create_thing(now, thing, Uuid::nil(), &request).reply.unwrap();
            }
            state.install_device(now, &pem, &[("P".to_owned(), policy)]).reply.unwrap();
            let listed = state.list_certificates(&serde_json::from_value(json!({})).unwrap()).unwrap();
            let certificate = &listed.certificates[0];
            state.attach_thing_principal("T", &certificate.certificate_arn, None).reply.unwrap();
            let targets =
                ["T", "Other"].map(|thing| format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}"));
            let job = json!({ "targets": targets, "document": "{}" });
            state.create_job(now, "J", serde_json::from_value(job).unwrap()).reply.unwrap();
            *requests.state = state;
            certificate.certificate_id.as_str().into()
        });
        Self { api: Api::new(shared, admission), certificate }
    }

    /// The status of the answer, its exception and its body.
    async fn ask(&self, request: Request<Full<Bytes>>) -> (u16, String, Value) {
        let response = self.api.answer(request, Limits::DEFAULT, || ()).await.unwrap();
        let status = response.status().as_u16();
        let exception = response.headers().get("x-amzn-errortype");
        let exception = exception.map_or("", |name| name.to_str().unwrap()).to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, exception, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// What comes of a call over TLS, with or without a certificate.
    async fn call(&self, method: &str, path: &str, body: &str, shown: bool) -> (u16, String, Value) {
        let certificate = shown.then(|| self.certificate.clone());
        let peer = Peer { address: [192, 0, 2, 7].into(), over: Over::Tls { certificate } };
        let request = Request::builder().method(method).uri(path).header("host", "localhost").extension(peer);
        self.ask(request.body(Full::new(body.to_owned().into())).unwrap()).await
    }

    /// The statuses of the four calls on the thing `T`.
    async fn statuses(&self) -> [u16; 4] {
        let mut statuses = [0; 4];
        for (status, (_, method, path, body)) in statuses.iter_mut().zip(CALLS) {
            *status = self.call(method, path, body, true).await.0;
        }
        statuses
    }
}

fn allow(action: &str, resource: &str) -> String {
    let resource = format!("arn:aws:iot:us-east-1:123456789012:{resource}");
    json!({ "Effect": "Allow", "Action": action, "Resource": resource }).to_string()
}

#[test]
fn every_operation_of_the_data_plane_is_an_action() {
    for (operation, _) in data::HANDLERS {
        let action = Action::of_data_plane(operation).unwrap_or_else(|| panic!("{operation}"));
        assert_eq!(action.name(), format!("iotjobsdata:{operation}"));
    }
    assert_eq!(Action::of_data_plane("Connect"), None);
}

#[tokio::test]
async fn each_call_needs_its_own_action_on_the_thing() {
    assert_eq!(Bench::new(&allow("iotjobsdata:*", "thing/T")).statuses().await, [200; 4]);
    for (at, (operation, ..)) in CALLS.into_iter().enumerate() {
        let mut expected = [403; 4];
        expected[at] = 200;
        let bench = Bench::new(&allow(&format!("iotjobsdata:{operation}"), "thing/T"));
        assert_eq!(bench.statuses().await, expected, "{operation}");
    }
    for statement in [
        allow("iot:*", "*"),
        allow("iotjobsdata:*", "thing/Other"),
        allow("iotjobsdata:*", "topic/T"),
        allow("iotjobsdata:*", "thing/*").replace('}', r#"},{"Effect":"Deny","Action":"*","Resource":"*"}"#),
    ] {
        assert_eq!(Bench::new(&statement).statuses().await, [403; 4], "{statement}");
    }
}

/// A refusal tells the device no more than AWS does, and the log what a statement would have to allow.
#[tokio::test]
async fn a_refusal_changes_nothing_and_is_told_in_the_log() {
    let lines: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let log = lines.clone();
    let mut bench = Bench::new(&allow("iotjobsdata:D*", "thing/*"));
    let Ok(shared) = Arc::try_unwrap(bench.api.shared) else { panic!("it has one owner") };
    bench.api.shared =
        Arc::new(shared.logging_to(Arc::new(move |line| log.lock().unwrap().push(line.into()))));
    let update = bench.call("POST", "/things/Other/jobs/J", r#"{"status":"FAILED"}"#, true).await;
    assert_eq!(update, (403, "ForbiddenException".to_owned(), json!({ "message": "Forbidden" })));
    let (_, _, described) = bench.call("GET", "/things/Other/jobs/J", "", true).await;
    assert_eq!(described["execution"]["status"], "QUEUED");
    assert_eq!(
        *lines.lock().unwrap(),
        [format!(
            "certificate {}: iotjobsdata:UpdateJobExecution refused on \
             arn:aws:iot:us-east-1:123456789012:thing/Other: no attached policy allows it",
            bench.certificate
        )]
    );
}

#[tokio::test]
async fn variables_stand_for_what_is_known_without_an_mqtt_connection() {
    let statement = |resource: &str, condition: Value| {
        let resource = format!("arn:aws:iot:us-east-1:123456789012:thing/{resource}");
        let statement = json!({
            "Effect": "Allow", "Action": "iotjobsdata:*", "Resource": resource, "Condition": condition,
        });
        statement.to_string()
    };
    let name = "iot:Certificate.Subject.CommonName";
    for (statement, expected) in [
        (statement("T", json!({ "StringEquals": { name: "AWS IoT Certificate" } })), 200),
        (statement("T", json!({ "StringEquals": { name: "another" } })), 403),
        (statement("T", json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } })), 200),
        (statement("T", json!({ "IpAddress": { "aws:SourceIp": "198.51.100.0/24" } })), 403),
        (statement("T", json!({ "StringLike": { "iot:CertificateId": "*" } })), 200),
        // AWS knows the client, and by it the thing, from the CONNECT alone.
        (statement("${iot:Connection.Thing.ThingName}", json!({})), 403),
        (statement("T", json!({ "Bool": { "iot:Connection.Thing.IsAttached": "true" } })), 403),
        (statement("T${iot:ClientId}", json!({})), 403),
        (statement("T", json!({ "StringEquals": { "iot:ClientId": "" } })), 403),
    ] {
        assert_eq!(Bench::new(&statement).statuses().await, [expected; 4], "{statement}");
    }
}

#[tokio::test]
async fn a_certificate_is_looked_at_again_for_each_call() {
    let bench = Bench::new(&allow("iotjobsdata:*", "thing/T"));
    let set = |status: &'static str| {
        let certificate = bench.certificate.clone();
        bench
            .api
            .shared
            .write(|state, now| state.update_certificate(now, &certificate, Some(status)))
            .unwrap();
    };
    set("INACTIVE");
    let refused = bench.call("GET", "/things/T/jobs", "", true).await;
    let message = json!({ "message": "The certificate is invalid." });
    assert_eq!(refused, (400, "CertificateValidationException".to_owned(), message));
    set("ACTIVE");
    assert_eq!(bench.call("GET", "/things/T/jobs", "", true).await.0, 200);
    let policy = serde_json::from_value(json!({
        "target": format!("arn:aws:iot:us-east-1:123456789012:cert/{}", bench.certificate)
    }));
    bench.api.shared.write(|state, _| state.detach_policy("P", &policy.unwrap())).unwrap();
    assert_eq!(bench.call("GET", "/things/T/jobs", "", true).await.0, 403);
}

#[tokio::test]
async fn without_a_certificate_a_device_is_refused_with_one_exception_or_another() {
    let other = Choices { refused_device_exception: "AccessDeniedException", ..Choices::default() };
    for (choices, exception) in [(Choices::default(), "ForbiddenException"), (other, "AccessDeniedException")]
    {
        let bench = Bench::with(&allow("iot:*", "*"), choices, Admission::default());
        for (_, method, path, body) in CALLS {
            for shown in [false, true] {
                let (status, kind, body) = bench.call(method, path, body, shown).await;
                assert_eq!((status, kind.as_str()), (403, exception), "{path}");
                assert_eq!(body["message"] == "Forbidden", shown, "{body}");
            }
        }
    }
}

/// Whoever has the key of a registered certificate needs no other, but for what is no device's to do.
#[tokio::test]
async fn where_a_key_is_required_a_device_calls_with_its_certificate_and_no_more() {
    let key = AccessKey::random();
    let id = key.as_str().to_owned();
    let admission = Admission { hostnames: Vec::new(), access_key: Some(key) };
    let bench = Bench::with(&allow("iotjobsdata:*", "thing/T"), Choices::default(), admission);
    assert_eq!(bench.call("GET", "/things/T/jobs", "", true).await.0, 200);
    assert_eq!(bench.call("GET", "/things/T/jobs", "", false).await.0, 403);
    assert_eq!(bench.call("POST", "/_sandbox/reset", "", true).await.0, 403);
    assert_eq!(bench.call("GET", "/things/T/jobs", "", true).await.0, 200, "nothing was reset");
    for (credential, status) in [(id.as_str(), 200), ("local", 403)] {
        for service in ["iot", "iot-jobs-data"] {
            let over = Over::Tls { certificate: Some(bench.certificate.clone()) };
            let scope = format!("{credential}/20260101/us-east-1/{service}/aws4_request");
            let request = Request::get("/things/Other/jobs")
                .header("host", "localhost")
                .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0"))
                .extension(Peer { address: [127, 0, 0, 1].into(), over });
            // What is signed is no device's call: its policies are not asked.
            assert_eq!(bench.ask(request.body(Full::default()).unwrap()).await.0, status, "{scope}");
        }
    }
}

/// The plain port knows no devices.
#[tokio::test]
async fn over_tcp_an_unsigned_request_is_for_the_control_plane() {
    let bench = Bench::new(&allow("iot:*", "*"));
    let peer = Peer { address: [127, 0, 0, 1].into(), over: Over::Tcp };
    let request = Request::get("/jobs/J").header("host", "localhost").extension(peer);
    assert_eq!(bench.ask(request.body(Full::default()).unwrap()).await.0, 200);
    let (_, _, refused) = bench.call("GET", "/jobs/J", "", true).await;
    assert_eq!(refused["message"], "no operation of the iot-jobs-data API answers GET /jobs/J");
}
