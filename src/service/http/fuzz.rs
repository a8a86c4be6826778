//! Whatever is request over HTTP, the answer has the shape of AWS's, and a refusal is one line.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

use super::admission::Admission;
use super::api::{Api, SLOW_OPERATION};
use super::limits::Limits;
use super::operations::Operations;
use super::plane::Plane;
use crate::service::one_line::assert_plain;
use crate::service::shared::Shared;
use crate::service::state::Settings;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct TestRequest<'a> {
    /// The service for which it is signed, and after an `@` the principal that a header names.
    pub(super) service: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

/// Reads a request from each line.
pub(crate) fn check(data: &[u8]) {
    check_all(data.split(|byte| *byte == b'\n').filter_map(TestRequest::read));
}

/// Sends requests to a service that knows the thing and the thing group `a`.
pub(super) fn check_all<'a>(requests: impl IntoIterator<Item = TestRequest<'a>>) {
    let settings = Settings { region: "us-east-1".to_owned(), account: "123456789012".to_owned() };
    let shared = Arc::new(Shared::new(settings));
    let things = ["/things/a", "/thing-groups/a"];
    let things = things.map(|uri| TestRequest { service: "iot", method: "POST", uri, body: b"" });
    SERVER.with_borrow_mut(|(api, runtime)| {
        api.shared = shared;
        for request in things.into_iter().chain(requests) {
            check_one(api, runtime, &request);
        }
    });
}

thread_local! {
    /// What does not change from one service to the next.
    static SERVER: RefCell<(Api, Runtime)> = {
        let settings = Settings { region: String::new(), account: String::new() };
        let runtime = Builder::new_current_thread().enable_time().build().expect("a thread has room for a timer");
        RefCell::new((Api::new(Arc::new(Shared::new(settings)), Admission::default()), runtime))
    };
}

impl<'a> TestRequest<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(4, |byte| *byte == b' ');
        let mut word = || std::str::from_utf8(parts.next()?).ok();
        let (service, method, uri) = (word()?, word()?, word()?);
        Some(Self { service, method, uri, body: parts.next().unwrap_or_default() })
    }

    /// `None` for what the HTTP library refuses before it comes to us.
    fn to_http(&self) -> Option<Request<Full<Bytes>>> {
        let (service, principal) = self.service.split_once('@').unwrap_or((self.service, "nobody"));
        let scope = format!("AKID/20260101/us-east-1/{service}/aws4_request");
        Request::builder()
            .method(self.method)
            .uri(self.uri)
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0"))
            .header("x-amzn-principal", principal)
            .header("host", "localhost")
            .body(Full::new(Bytes::copy_from_slice(self.body)))
            .ok()
    }

    /// Whether it makes an RSA key, which takes its time.
    fn is_slow(&self) -> bool {
        let path = self.uri.split('?').next().unwrap_or_default();
        let matched = |method: &Method| Operations::of(Plane::Control).find(method, path).ok();
        path.contains("keys") && matched(&Method::POST).is_some_and(|matched| matched.name == SLOW_OPERATION)
    }
}

fn check_one(api: &Api, runtime: &Runtime, request: &TestRequest<'_>) {
    if request.is_slow() {
        return;
    }
    let Some(http_request) = request.to_http() else { return };
    let response = runtime.block_on(async {
        tokio::select! {
            response = api.answer(http_request, Limits::DEFAULT, || ()) => response.expect("there are no faults"),
            () = api.shared.run_timers() => unreachable!("timers run for ever"),
        }
    });
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let status = response.status().as_u16();
    let kind = response
        .headers()
        .get("x-amzn-errortype")
        .map(|kind| kind.to_str().expect("it is a word").to_owned());
    let body = runtime.block_on(response.into_body().collect()).expect("the body is in memory").to_bytes();
    match kind {
        None => {
            assert_eq!(status, 200, "{request:?}");
            let object = body.is_empty() || serde_json::from_slice::<Map<_, Value>>(&body).is_ok();
            assert!(object, "{:?} to {request:?}", String::from_utf8_lossy(&body));
        }
        Some(kind) => {
            // 501: an operation of AWS that this service does not offer.
            assert!((400..500).contains(&status) || status == 501, "{status} {kind} to {request:?}");
            let refusal: Value = serde_json::from_slice(&body).expect("a refusal is JSON");
            assert_plain(refusal["message"].as_str().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_answered(
            data in "((iot|iot-jobs-data|s3|@é?) (GET|PUT|POST|DELETE|BREW|.?) [-/a-z?=&%0-9\\$]{0,20} .{0,20}\n){0,6}",
        ) {
            super::check(data.as_bytes());
        }
    }
}
