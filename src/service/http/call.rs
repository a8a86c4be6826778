//! One request, taken apart: its path, query, headers and body as the operation reads them.

use std::collections::HashMap;
use std::str::FromStr;

use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::exception::Exception;
use super::label::Label;
use super::members;
use super::operations::Matched;
use crate::service::data_plane;
use crate::service::json_words::why_not_json;
use crate::wire::model::InvalidName;

/// Query members that are whole numbers.
const NUMBERS: [&str; 4] = ["executionNumber", "expectedVersion", "maxResults", "pageSize"];

const WHOLE_NUMBER: &str = "Member must be a whole number";

/// Query members that are booleans.
const BOOLEANS: [&str; 9] = [
    "beforeSubstitution",
    "force",
    "forceDelete",
    "includeJobDocument",
    "isAscendingOrder",
    "recursive",
    "setAsActive",
    "setAsDefault",
    "usePrefixAttributeValue",
];

/// A request as an operation reads it.
#[derive(Debug)]
pub(super) struct Call {
    labels: HashMap<String, String>,
    query: Map<String, Value>,
    body: Map<String, Value>,
    headers: HeaderMap,
    host: Option<String>,
}

impl Call {
    /// Reads a request that came for `host`.
    pub(super) fn read(
        matched: Matched,
        request: Parts,
        host: Option<String>,
        body: &[u8],
    ) -> Result<Self, Exception> {
        let body = match request.method {
            // No operation reads the body of these, so whatever it is does no harm.
            Method::GET | Method::DELETE => Map::new(),
            _ => body_members(body)?,
        };
        let query = query_members(request.uri.query().unwrap_or_default())?;
        Ok(Self { labels: matched.labels, query, body, headers: request.headers, host })
    }

    /// A part of the path, decoded.
    pub(super) fn label(&self, label: Label) -> &str {
        self.labels.get(label.as_str()).map_or("", String::as_str)
    }

    /// A part of the path that is a number.
    pub(super) fn label_number(&self, label: Label) -> Result<i64, Exception> {
        let text = self.label(label);
        text.parse().map_err(|_| Exception::validation(text, label.as_str(), WHOLE_NUMBER))
    }

    /// A part of the path that is a name, as the data plane reads it.
    pub(super) fn name<T: FromStr<Err = InvalidName>>(&self, label: Label) -> Result<T, Exception> {
        self.label(label).parse().map_err(|error: InvalidName| Exception::invalid_request(error.to_string()))
    }

    /// Whether a boolean of the query is true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.query.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A number of the query.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.query.get(name).and_then(Value::as_i64)
    }

    /// A text of the query.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).and_then(Value::as_str)
    }

    /// All of the query.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Exception> {
        members::read(&self.query)
    }

    /// All of the body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Exception> {
        members::read(&self.body)
    }

    /// The query, to be read as the data plane reads its requests.
    pub(super) fn device_query(&self) -> data_plane::RequestBody {
        self.query.clone().into()
    }

    /// The body, to be read as the data plane reads its requests.
    pub(super) fn device_body(&self) -> data_plane::RequestBody {
        self.body.clone().into()
    }

    /// The ARN in the header that names a principal.
    pub(super) fn principal(&self) -> Result<&str, Exception> {
        let header = self.headers.get("x-amzn-principal").ok_or_else(|| Exception::missing("principal"))?;
        header
            .to_str()
            .map_err(|_| Exception::invalid_request("the header x-amzn-principal is not ASCII text"))
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
        Exception::invalid_request(format!("the body is not valid JSON: {}", why_not_json(&error)))
    })?;
    let Value::Object(mut members) = body else {
        return Err(Exception::invalid_request("the body is not a JSON object"));
    };
    members.retain(|_, value| !value.is_null());
    Ok(members)
}

fn query_members(query: &str) -> Result<Map<String, Value>, Exception> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, text)| {
            let value = if NUMBERS.contains(&&*name) {
                let number: Result<i64, _> = text.parse();
                number.map(Value::from).map_err(|_| Exception::validation(&text, &name, WHOLE_NUMBER))?
            } else if BOOLEANS.contains(&&*name) {
                let truth: Result<bool, _> = text.parse();
                truth
                    .map(Value::from)
                    .map_err(|_| Exception::validation(&text, &name, "Member must be true or false"))?
            } else {
                Value::from(text.into_owned())
            };
            Ok((name.into_owned(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", default)]
    struct Members {
        max_results: Option<i64>,
        comment: Option<String>,
        targets: Option<Vec<String>>,
        timeout: Option<Timeout>,
        limits: Option<HashMap<String, Timeout>>,
        all: Option<Vec<Timeout>>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Timeout {
        minutes: Option<i32>,
    }

    fn call(method: &str, uri: &str, body: &str) -> Result<Call, Exception> {
        let request = hyper::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0;
        Call::read(Matched { name: "Test", labels: HashMap::new() }, request, None, body.as_bytes())
    }

    fn refused(method: &str, uri: &str, body: &str) -> String {
        let error = call(method, uri, body).and_then(|call| call.body::<Members>()).unwrap_err();
        assert_eq!(error.kind(), "InvalidRequestException");
        error.message().to_owned()
    }

    #[test]
    fn members_come_from_the_place_that_the_model_gives_them() {
        let both = call("PUT", "/?maxResults=7&force=true", r#"{"force":false,"comment":"c","unknown":[1]}"#)
            .unwrap();
        assert_eq!(both.query::<Members>().unwrap(), Members { max_results: Some(7), ..Members::default() });
        assert_eq!(both.body::<Members>().unwrap().comment.as_deref(), Some("c"));
        assert!(both.flag("force") && !both.flag("forceDelete"));
        let absent = call("PUT", "/", r#"{"force":true,"comment":null}"#).unwrap();
        assert_eq!((absent.flag("force"), absent.body::<Members>().unwrap()), (false, Members::default()));
        assert!(call("GET", "/", "not read at all").is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(
            refused("GET", "/?maxResults=ten", ""),
            "1 validation error detected: Value 'ten' at 'maxResults' failed to satisfy constraint: \
             Member must be a whole number"
        );
        assert!(refused("GET", "/?force=yes", "").contains("'yes' at 'force'"));
        for (body, said) in [
            (
                r#"{"targets":["a",3]}"#,
                "the member 'targets' cannot be read: it has 3 where a string belongs",
            ),
            (r#"{"targets":5}"#, "the member 'targets' cannot be read: it has 5 where a list belongs"),
            (
                r#"{"targets":{}}"#,
                "the member 'targets' cannot be read: it has an object where a list belongs",
            ),
            (
                r#"{"comment":true}"#,
                "the member 'comment' cannot be read: it has true where a string belongs",
            ),
            (
                r#"{"comment":[]}"#,
                "the member 'comment' cannot be read: it has a list where a string belongs",
            ),
            (
                r#"{"timeout":"a"}"#,
                "the member 'timeout' cannot be read: it has \"a\" where an object belongs",
            ),
            (
                r#"{"timeout":{"minutes":", expected i32"}}"#,
                "the member 'timeout' cannot be read: it has \", expected i32\" where a whole number belongs",
            ),
            (
                r#"{"maxResults":1e20}"#,
                "the member 'maxResults' cannot be read: it has 1e+20 where a whole number belongs",
            ),
            (
                r#"{"maxResults":18446744073709551615}"#,
                "the member 'maxResults' cannot be read: it has 18446744073709551615 where a whole number belongs",
            ),
            (
                r#"{"maxResults":1.5}"#,
                "the member 'maxResults' cannot be read: it has 1.5 where a whole number belongs",
            ),
            (
                r#"{"timeout":[5]}"#,
                "the member 'timeout' cannot be read: it has a list where an object belongs",
            ),
            (
                r#"{"limits":{"first":[5]}}"#,
                "the member 'limits' cannot be read: it has a list where an object belongs",
            ),
            (
                r#"{"all":[{"minutes":5},[5]]}"#,
                "the member 'all' cannot be read: it has a list where an object belongs",
            ),
            ("{", "the body is not valid JSON: it ends too early"),
            ("{a", "the body is not valid JSON: byte 2 of line 1 does not belong there"),
        ] {
            assert_eq!(refused("PUT", "/", body), said, "{body}");
        }
        assert_eq!(refused("PUT", "/", "[]"), "the body is not a JSON object");
        let deep = format!(r#"{{"comment":{}"#, "[".repeat(100_000));
        assert!(refused("PUT", "/", &deep).ends_with(": it is nested too deeply"));
    }
}
