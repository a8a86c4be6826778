//! Job documents that lead to S3: read from there, and with URLs that are signed for each delivery.

#![expect(clippy::needless_pass_by_value, reason = "requests are written where they are passed")]

use std::sync::Arc;

use serde_json::{Value, json};

use super::bench::{ARN, Bench, from, message};
use crate::service::s3::{Presigner, Unsigned};
use crate::service::state::{Event, Rejected};

const ROLE: &str = "arn:aws:iam::123456789012:role/iot-jobs-s3";
const DOCUMENT: &str =
    r#"{"url":"${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/bucket/a b.bin}"}"#;

fn presigner() -> Presigner {
    Presigner::new("http://localhost:9443".into(), "us-east-1", "KEY", "secret".into())
}

impl Bench {
    /// With something that plays S3.
    fn storing(mut self) -> Self {
        self.state = self.state.presigning_with(Some(Arc::new(presigner())));
        self
    }

    /// Whether the URL in a document that a device has is good now.
    fn check(&self, document: &Value) -> Result<(), Unsigned> {
        let url = document["url"].as_str().unwrap();
        let rest = url.strip_prefix("http://localhost:9443/_sandbox/files/bucket/a%20b.bin?").unwrap();
        presigner().check(self.now, "GET", "/_sandbox/files/bucket/a%20b.bin", rest)
    }
}

fn signed(more: Value) -> Value {
    let mut body = json!({ "document": DOCUMENT, "presignedUrlConfig": { "roleArn": ROLE } });
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

#[test]
fn each_delivery_to_a_device_has_a_url_of_its_own() {
    let mut bench = Bench::with_things(["T"]).storing();
    let config = json!({ "presignedUrlConfig": { "roleArn": ROLE, "expiresInSec": 60 } });
    bench.create("J", "thing/T", signed(config)).unwrap();
    let events = bench.take_published();
    let next = events.iter().find_map(|event| match event {
        Event::NextJobExecutionChanged(_, _, event) => Some(serde_json::to_value(event).unwrap()),
        _ => None,
    });
    let announced = next.unwrap()["execution"]["jobDocument"].clone();
    assert_eq!(bench.check(&announced), Ok(()));

    bench.wait_seconds(60);
    let started = bench.device("start-next", json!({})).unwrap()["execution"]["jobDocument"].clone();
    bench.wait_seconds(1);
    assert!(matches!(bench.check(&announced), Err(Unsigned::Expired { seconds: 60, .. })));
    assert_eq!(bench.check(&started), Ok(()));
    for (topic, body, member) in [
        ("J/get", json!({}), "/execution/jobDocument"),
        ("$next/get", json!({}), "/execution/jobDocument"),
        ("J/update", json!({ "status": "IN_PROGRESS", "includeJobDocument": true }), "/jobDocument"),
    ] {
        let document = bench.device(topic, body).unwrap().pointer(member).unwrap().clone();
        assert_ne!(document, started, "{topic}");
        assert_eq!(bench.check(&document), Ok(()), "{topic}");
    }
    assert_eq!(bench.state.get_job_document("J", false).unwrap().document, DOCUMENT);
}

#[test]
fn a_url_is_good_for_an_hour_unless_the_job_says() {
    let mut bench = Bench::with_things(["T"]).storing();
    bench.create("J", "thing/T", signed(json!({}))).unwrap();
    let document = bench.device("J/get", json!({})).unwrap()["execution"]["jobDocument"].clone();
    bench.wait_seconds(3600);
    assert_eq!(bench.check(&document), Ok(()));
    bench.wait_seconds(1);
    assert!(bench.check(&document).is_err());
}

#[test]
fn a_document_without_placeholders_reaches_the_device_as_it_is() {
    let mut bench = Bench::with_things(["T"]).storing();
    bench.create("J", "thing/T", json!({ "document": r#"{"a":"${aws:iot:parameter:b}"}"# })).unwrap();
    let described = bench.device("J/get", json!({})).unwrap();
    assert_eq!(described["execution"]["jobDocument"], json!({ "a": "${aws:iot:parameter:b}" }));
}

#[test]
fn what_could_never_be_signed_is_refused_at_creation() {
    let mut bench = Bench::with_things(["T"]).storing();
    let config = |config: Value| signed(json!({ "presignedUrlConfig": config }));
    let link = |url: &str| {
        signed(json!({ "document": format!("{{\"a\":\"${{aws:iot:s3-presigned-url:{url}}}\"}}") }))
    };
    let no_role = "Role must be provided for pre-sign S3 urls in job document of job J.";
    for (body, said) in [
        (config(json!(null)), no_role),
        (config(json!({ "expiresInSec": 60 })), no_role),
        (config(json!({ "roleArn": "a-role-of-mine-12345" })), "Given role a-role-of-mine-12345 is invalid."),
        (link("https://example.com/k"), "Given S3 url https://example.com/k is invalid."),
        (
            signed(json!({ "document": DOCUMENT.replace("bin}", "bin") })),
            "One or more parameters or placeholders are not terminated.",
        ),
    ] {
        assert_eq!(message(bench.create("J", "thing/T", body)), said);
    }
    let template = from(json!({ "description": "d", "document": DOCUMENT }));
    let refused = bench.state.create_job_template(bench.now, "tpl", template).reply;
    assert_eq!(message(refused), no_role.replace(" J.", " tpl."));

    // The template may have what the job leaves out.
    let template = signed(json!({ "description": "d" }));
    bench.state.create_job_template(bench.now, "tpl", from(template)).reply.unwrap();
    let arn = format!("{ARN}jobtemplate/tpl");
    bench.create("J", "thing/T", json!({ "document": null, "jobTemplateArn": arn })).unwrap();
    let document = bench.device("J/get", json!({})).unwrap()["execution"]["jobDocument"].clone();
    assert_eq!(bench.check(&document), Ok(()));
}

#[test]
fn without_files_the_refusal_names_the_option() {
    let mut bench = Bench::with_things(["T"]);
    let source = json!({ "document": null, "documentSource": "s3://bucket/job.json" });
    for body in [signed(json!({})), source] {
        let said = message(bench.create("J", "thing/T", body));
        assert!(said.contains("start it with --files DIR"), "{said}");
    }
}

#[test]
fn a_document_is_taken_from_where_its_source_leads() {
    let mut bench = Bench::with_things(["T"]).storing();
    let create = |bench: &mut Bench, text: Result<String, Rejected>| {
        let body = signed(json!({ "document": null, "documentSource": "s3://bucket/job.json" }));
        let mut request =
            crate::service::state::create_job::CreateJobRequest { source_text: Some(text), ..from(body) };
        request.targets = Some(vec![format!("{ARN}thing/T")]);
        let outcome = bench.state.create_job(bench.now, "J", request);
        bench.take(outcome)
    };
    let invalid = "Job document located at s3://bucket/job.json is an invalid JSON document.";
    assert_eq!(message(create(&mut bench, Ok("{".into()))), invalid);
    let missing = Rejected::InvalidRequest("missing".into());
    assert_eq!(create(&mut bench, Err(missing.clone())), Err(missing));
    create(&mut bench, Ok(DOCUMENT.into())).unwrap();
    let described = serde_json::to_value(bench.state.describe_job(bench.now, "J").unwrap()).unwrap();
    assert_eq!(described["documentSource"], "s3://bucket/job.json");
    assert_eq!(bench.state.get_job_document("J", false).unwrap().document, DOCUMENT);
    let document = bench.device("J/get", json!({})).unwrap()["execution"]["jobDocument"].clone();
    assert_eq!(bench.check(&document), Ok(()));

    let template = json!({ "description": "d", "documentSource": "s3://bucket/job.json" });
    let request = crate::service::state::templates::CreateJobTemplateRequest {
        source_text: Some(Ok("{}".into())),
        ..from(template)
    };
    bench.state.create_job_template(bench.now, "tpl", request).reply.unwrap();
    let described = bench.state.describe_job_template("tpl").unwrap();
    assert_eq!(described.document_source.as_deref(), Some("s3://bucket/job.json"));
    assert_eq!(described.document, "{}");
}
