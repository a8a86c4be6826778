//! One request, taken apart: its path, query, headers and body as the operation reads them.

use std::str::FromStr;

use hyper::Method;
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::exception::Exception;
use super::label::Label;
use super::model::{Input, Model, Place, Received};
use super::operations::Matched;
use crate::service::data_plane;
use crate::service::json_words::why_not_json;
use crate::wire::model::InvalidName;

/// How the parts of a signature begin that stand in the query.
const SIGNATURE: &str = "X-Amz-";

/// A request as an operation reads it: it fits AWS's model.
#[derive(Debug)]
pub(super) struct Call {
    received: Received,
    host: Option<String>,
    /// Members that are none of the model's.
    pub(super) ignored: Vec<String>,
}

impl Call {
    /// Reads a request that came for `host`, and holds it against what its operation takes.
    pub(super) fn read(
        model: &Model,
        input: &Input,
        matched: &Matched,
        request: &Parts,
        host: Option<String>,
        body: &[u8],
    ) -> Result<Self, Exception> {
        let body = match request.method {
            // No operation reads the body of these, so whatever it is does no harm.
            Method::GET | Method::DELETE => Map::new(),
            _ => body_members(body)?,
        };
        let mut received = Received { body, ..Received::default() };
        for (name, text) in &matched.labels {
            model.receive(input, &mut received, Place::Path, name, text)?;
        }
        for (name, value) in &request.headers {
            let text = String::from_utf8_lossy(value.as_bytes());
            model.receive(input, &mut received, Place::Header, name.as_str(), &text)?;
        }
        let mut unknown = Vec::new();
        for (name, text) in form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes()) {
            let known = model.receive(input, &mut received, Place::Query, &name, &text)?;
            if !known && !name.starts_with(SIGNATURE) {
                unknown.push(name.into_owned());
            }
        }
        let mut ignored = model.check(input, &mut received)?;
        ignored.extend(unknown);
        Ok(Self { received, host, ignored })
    }

    /// A part of the path, decoded.
    pub(super) fn label(&self, label: Label) -> &str {
        self.received.path.get(label.as_str()).and_then(Value::as_str).unwrap_or_default()
    }

    /// A part of the path that is a number.
    pub(super) fn label_number(&self, label: Label) -> i64 {
        self.received.path.get(label.as_str()).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A part of the path that is a name, as the data plane reads it.
    pub(super) fn name<T: FromStr<Err = InvalidName>>(&self, label: Label) -> Result<T, Exception> {
        self.label(label).parse().map_err(|error: InvalidName| Exception::invalid_request(error.to_string()))
    }

    /// Whether a boolean of the query is true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.received.query.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.received.query.get(name).and_then(Value::as_i64)
    }

    /// A text of the query.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.received.query.get(name).and_then(Value::as_str)
    }

    /// All of the query.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Exception> {
        read(&self.received.query)
    }

    /// All of the body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Exception> {
        read(&self.received.body)
    }

    /// The query, to be read as the data plane reads its requests.
    pub(super) fn device_query(&self) -> data_plane::RequestBody {
        self.received.query.clone().into()
    }

    /// The body, to be read as the data plane reads its requests.
    pub(super) fn device_body(&self) -> data_plane::RequestBody {
        self.received.body.clone().into()
    }

    /// The ARN in the header that names a principal.
    pub(super) fn principal(&self) -> &str {
        self.header("x-amzn-principal")
    }

    /// A header that the operation reads; empty where it is missing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.received.headers.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The host by which the client reached this service, without the port and without the
    /// brackets of an IPv6 address.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

fn body_members(body: &[u8]) -> Result<Map<String, Value>, Exception> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        Exception::serialization(format!("the body is not valid JSON: {}", why_not_json(&error)))
    })?;
    match body {
        Value::Object(members) => Ok(members),
        _ => Err(Exception::serialization("the body is not a JSON object")),
    }
}

/// Reads members that fit the model as a request.
fn read<T: DeserializeOwned>(members: &Map<String, Value>) -> Result<T, Exception> {
    T::deserialize(members).map_err(|error| Exception::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::super::operations::Operations;
    use super::super::plane::Plane;
    use super::*;
    use crate::service::state::cancel_job::CancelJobRequest;
    use crate::service::state::credentials::policies::CreatePolicyRequest;
    use crate::service::state::event_configurations::UpdateEventConfigurationsRequest;

    fn call(method: &str, uri: &str, body: &str) -> Result<Call, Exception> {
        let request = hyper::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0;
        let matched = Operations::of(Plane::Control).find(&request.method, request.uri.path())?;
        let model = Model::read();
        let input = model.input(Plane::Control, matched.name).unwrap();
        Call::read(&model, input, &matched, &request, None, body.as_bytes())
    }

    fn refused(method: &str, uri: &str, body: &str) -> (&'static str, String) {
        let error = call(method, uri, body).unwrap_err();
        (error.kind(), error.message().to_owned())
    }

    #[test]
    fn members_come_from_the_place_that_the_model_gives_them() {
        let cancel = |query: &str, body| call("PUT", &format!("/jobs/J/cancel?{query}"), body).unwrap();
        let both = cancel("force=true&comment=q", r#"{"force":false,"comment":"c"}"#);
        assert!(both.flag("force"));
        assert_eq!(both.label(Label::JobId), "J");
        assert_eq!(both.body::<CancelJobRequest>().unwrap().comment.as_deref(), Some("c"));
        assert_eq!(both.ignored, ["force", "comment"], "each is in the other's place");
        let absent = cancel("", r#"{"force":true,"comment":null}"#);
        assert_eq!((absent.flag("force"), absent.body().unwrap()), (false, CancelJobRequest::default()));
        assert!(call("GET", "/jobs/J", "not read at all").is_ok());
    }

    #[test]
    fn what_the_model_does_not_have_is_ignored_and_named() {
        let signed = "/jobs?X-Amz-Signature=0&maxResults=1&size=2";
        assert_eq!(call("GET", signed, "").unwrap().ignored, ["size"]);
        let body = r#"{"targets":["a"],"abortConfig":{"criteriaList":[],"x":1},"Document":"{}"}"#;
        let refusal = refused("PUT", "/jobs/J", body).1;
        assert!(refusal.contains("'abortConfig.criteriaList'"), "{refusal}");
        let body = r#"{"targets":["a"],"timeoutConfig":{"minutes":[{"x":1}]},"Document":"{}"}"#;
        assert_eq!(call("PUT", "/jobs/J", body).unwrap().ignored, ["Document", "timeoutConfig.minutes"]);
    }

    #[test]
    fn a_member_of_another_operation_is_not_even_read() {
        let document = r#"{"policyDocument":"{}","tags":"none"}"#;
        let version = call("POST", "/policies/P/version", document).unwrap();
        assert_eq!(version.ignored, ["tags"]);
        assert!(version.body::<CreatePolicyRequest>().is_ok());
    }

    #[test]
    fn a_member_that_is_null_is_absent_at_every_depth() {
        let read = |configuration: &str| {
            let body = format!(r#"{{"eventConfigurations":{{"JOB":{configuration}}}}}"#);
            call("PATCH", "/event-configurations", &body).unwrap().body::<UpdateEventConfigurationsRequest>()
        };
        assert_eq!(read(r#"{"Enabled":null}"#).unwrap(), read("{}").unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_a_serialization_exception() {
        for uri in [
            "/jobs?maxResults=ten",
            "/jobs?maxResults=1.0",
            "/jobs?maxResults=3000000000",
            "/jobs?maxResults=",
        ] {
            let text = uri.split_once('=').unwrap().1;
            let said = format!("'{text}' can not be converted to Integer");
            assert_eq!(refused("GET", uri, ""), ("SerializationException", said));
        }
        let uri = "/things/T/jobs/J/executionNumber/x";
        assert_eq!(refused("DELETE", uri, "").1, "'x' can not be converted to Long");
        assert_eq!(refused("DELETE", "/jobs/J?force=yes", "").1, "'yes' can not be converted to Boolean");
        let (object, list) =
            ("Start of structure or map found where not expected", "Start of list found where not expected");
        for (body, said) in [
            (r#"{"targets":["a",3]}"#, "NUMBER_VALUE cannot be converted to String"),
            (r#"{"targets":5}"#, "Unexpected field type"),
            (r#"{"targets":{}}"#, object),
            (r#"{"description":true}"#, "TRUE_VALUE cannot be converted to String"),
            (r#"{"description":[]}"#, list),
            (r#"{"timeoutConfig":"a"}"#, "Unexpected field type"),
            (r#"{"timeoutConfig":[5]}"#, list),
            (
                r#"{"timeoutConfig":{"inProgressTimeoutInMinutes":"5"}}"#,
                "STRING_VALUE cannot be converted to Long",
            ),
            (
                r#"{"timeoutConfig":{"inProgressTimeoutInMinutes":1.5}}"#,
                "DECIMAL_VALUE cannot be converted to Long",
            ),
            (
                r#"{"timeoutConfig":{"inProgressTimeoutInMinutes":18446744073709551615}}"#,
                "NUMBER_VALUE cannot be converted to Long",
            ),
            (r#"{"abortConfig":{"criteriaList":[[5]]}}"#, list),
            (r#"{"documentParameters":{"a":[]}}"#, list),
            ("{", "the body is not valid JSON: it ends too early"),
            ("{a", "the body is not valid JSON: byte 2 of line 1 does not belong there"),
            ("[]", "the body is not a JSON object"),
        ] {
            assert_eq!(
                refused("PUT", "/jobs/J", body),
                ("SerializationException", said.to_owned()),
                "{body}"
            );
        }
        let deep = format!(r#"{{"comment":{}"#, "[".repeat(100_000));
        assert!(refused("PUT", "/jobs/J", &deep).1.ends_with(": it is nested too deeply"));
    }

    #[test]
    fn what_is_not_carried_out_is_refused_by_name_once_it_fits_the_model() {
        let named = |arn: &str| {
            let body = format!(r#"{{"targets":["T"],"destinationPackageVersions":["{arn}"]}}"#);
            refused("PUT", "/jobs/J", &body)
        };
        let said = "The local Jobs service does not offer destinationPackageVersions of CreateJob.";
        let version = "arn:aws:iot:us-east-1:123456789012:package/P/version/1";
        assert_eq!(named(version), ("InvalidRequestException", said.to_owned()));
        assert!(named("").1.contains("failed to satisfy constraint"));
        let body = r#"{"certificatePem":"P","caCertificatePem":"C"}"#;
        let said = "The local Jobs service does not offer caCertificatePem of RegisterCertificate.";
        assert_eq!(refused("POST", "/certificate/register", body).1, said);
    }

    #[test]
    fn violations_are_told_in_the_order_of_aws_with_one_clause_a_member() {
        let body = r#"{
            "targets": ["T"], "document": "{}", "description": "",
            "abortConfig": { "criteriaList": [
                { "failureType": "X", "action": "CANCEL", "thresholdPercentage": 101, "minNumberOfExecutedThings": 0 }
            ] },
            "jobExecutionsRetryConfig": { "criteriaList": [{ "failureType": "REJECTED", "numberOfRetries": 11 }] },
            "presignedUrlConfig": { "expiresInSec": 59 },
            "jobExecutionsRolloutConfig": { "maximumPerMinute": 0 }
        }"#;
        let said = refused("PUT", &format!("/jobs/{}", "a.".repeat(40)), body).1;
        let clauses = [
            ("jobId", format!("'{}'", "a.".repeat(40)), "length less than or equal to 64"),
            ("jobExecutionsRolloutConfig.maximumPerMinute", "'0'".into(), "value greater than or equal to 1"),
            ("description", "''".into(), r"regular expression pattern: [^\p{C}]+"),
            ("presignedUrlConfig.expiresInSec", "'59'".into(), "value greater than or equal to 60"),
        ];
        assert!(said.starts_with("9 validation errors detected: Value "), "{said}");
        let mut rest = said.as_str();
        for (member, value, constraint) in clauses {
            let clause = format!("Value {value} at '{member}' failed to satisfy constraint: Member must ");
            rest = rest.split_once(&clause).unwrap_or_else(|| panic!("{clause} in {said}")).1;
            assert!(rest.contains(constraint), "{rest}");
        }
        assert!(rest.contains("'jobExecutionsRetryConfig.criteriaList.1.member.numberOfRetries'"), "{rest}");
    }

    #[test]
    fn the_values_of_policies_and_certificates_are_not_quoted() {
        let said = refused("GET", "/policies/a%20b", "").1;
        let expected = "1 validation error detected: Value at 'policyName' failed to satisfy constraint: ";
        assert!(said.starts_with(expected), "{said}");
        assert!(refused("GET", "/certificates/x", "").1.contains("Value at 'certificateId'"));
    }
}
