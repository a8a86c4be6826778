//! Faults, below `/_sandbox/faults`: added, listed, taken away, and what they have struck.

use std::time::Duration;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::time::timeout;

use super::read_text;
use crate::service::faults::read_fault;
use crate::service::http::exception::Exception;
use crate::service::http::handler::Output;
use crate::service::shared::Shared;

/// How long a request waits until a fault strikes, unless it says so.
const WAIT: u64 = 20;

/// How long it may wait.
const LONGEST_WAIT: u64 = 60;

/// The path below `faults`, if `path` is there.
pub(super) fn path(path: &str) -> Option<&str> {
    path.strip_prefix("faults").filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request for `path` below `faults`.
pub(super) async fn answer(
    shared: &Shared,
    request: &Parts,
    path: &str,
    body: &[u8],
) -> Result<Output, Exception> {
    match (&request.method, path) {
        (&Method::GET, "") => list(shared),
        (&Method::POST, "") => add(shared, body),
        (&Method::DELETE, "") => {
            shared.requests(|requests| requests.faults.clear());
            list(shared)
        }
        (&Method::GET, "/struck") => struck(shared, request.uri.query().unwrap_or_default()).await,
        (&Method::DELETE, path) if let Some(number) = path.strip_prefix('/') => remove(shared, number),
        (method, _) => Err(Exception::unknown_operation("AWS IoT", method, request.uri.path())),
    }
}

fn list(shared: &Shared) -> Result<Output, Exception> {
    Output::json(&json!({"faults": shared.requests(|requests| requests.faults.list())}))
}

fn add(shared: &Shared, body: &[u8]) -> Result<Output, Exception> {
    let words = read_text(body, "fault").map_err(|why| {
        Exception::invalid_request(format!(
            r#"the body must be such as {{"fault":"drop-answer --on update"}}: {why}"#
        ))
    })?;
    let fault = read_fault(&words).map_err(Exception::invalid_request)?;
    let added = shared.requests(|requests| requests.faults.add(fault));
    Output::json(&added.map_err(|error| Exception::invalid_request(error.to_string()))?)
}

fn remove(shared: &Shared, number: &str) -> Result<Output, Exception> {
    let removed =
        number.parse().ok().and_then(|number| shared.requests(|requests| requests.faults.remove(number)));
    let missing = || {
        let message = format!("there is no fault '{number}': fault list shows their numbers");
        Exception::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    };
    Output::json(&removed.ok_or_else(missing)?)
}

/// What was struck after a number, once there is something or the wait is over.
async fn struck(shared: &Shared, query: &str) -> Result<Output, Exception> {
    let number = |name: &str, most: u64| {
        let given = form_urlencoded::parse(query.as_bytes()).find(|(given, _)| given == name);
        let number = given.map(|(_, text)| {
            let number = text.parse().ok().filter(|number| *number <= most);
            number.ok_or_else(|| {
                Exception::invalid_request(format!(
                    "'{text}' at '{name}' is no whole number from 0 to {most}"
                ))
            })
        });
        number.transpose()
    };
    let after = number("after", u64::MAX)?.unwrap_or(0);
    let wait = Duration::from_secs(number("wait", LONGEST_WAIT)?.unwrap_or(WAIT));
    // In vain or not: there may be something now.
    let _ = timeout(wait, shared.until_struck_after(after)).await;
    let (last, struck) =
        shared.requests(|requests| (requests.faults.last_struck(), requests.faults.struck_after(after)));
    Output::json(&json!({"service": shared.id(), "last": last, "struck": struck}))
}
