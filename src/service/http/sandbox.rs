//! What AWS does not have: the Jobs clock and the state of the service itself, below `/_sandbox/`.

use std::time::Duration;

use hyper::Method;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Answer;
use super::error::Error;
use crate::service::shared::Shared;
use crate::service::time::Timestamp;

const PREFIX: &str = "/_sandbox/";

/// How far one request may move the clock: further than any timer, schedule or job lasts.
const LONGEST_ADVANCE: Duration = Duration::from_hours(10 * 366 * 24);

#[derive(Debug, Deserialize)]
struct Advance {
    advance: String,
}

/// Whether a request is for the service itself and not for one of its operations.
pub(super) fn is_asked(request: &Parts) -> bool {
    request.uri.path().starts_with(PREFIX)
}

/// Answers a request below `/_sandbox/`.
pub(super) fn answer(shared: &Shared, request: &Parts, body: &[u8]) -> Result<Answer, Error> {
    match (&request.method, request.uri.path().trim_start_matches(PREFIX)) {
        (&Method::GET, "clock") => clock(shared.now()),
        (&Method::POST, "clock") => clock(shared.advance(parse_advance(body)?)),
        (&Method::GET, "health") => {
            Answer::json(&json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
        }
        (method, _) => Err(Error::unknown_operation(method, request.uri.path())),
    }
}

/// The Jobs clock in epoch seconds and as RFC 3339 text.
fn clock(now: Timestamp) -> Result<Answer, Error> {
    let text = OffsetDateTime::from_unix_timestamp(now.seconds())
        .map_err(|error| Error::internal(&error))?
        .format(&Rfc3339)
        .map_err(|error| Error::internal(&error))?;
    Answer::json(&json!({"now": now, "time": text}))
}

fn parse_advance(body: &[u8]) -> Result<Duration, Error> {
    let Advance { advance } = serde_json::from_slice(body).map_err(|error| {
        Error::invalid_request(format!(r#"the body does not read {{"advance":"10m"}}: {error}"#))
    })?;
    let by = humantime::parse_duration(&advance).map_err(|error| {
        Error::invalid_request(format!("'{advance}' is no duration such as 10m or 1h 30m: {error}"))
    })?;
    if by > LONGEST_ADVANCE {
        return Err(Error::invalid_request(format!("'{advance}' is longer than ten years")));
    }
    Ok(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_or_refused() {
        let read = |body: &str| parse_advance(body.as_bytes());
        assert_eq!(read(r#"{"advance":"10m"}"#).unwrap(), Duration::from_mins(10));
        for body in [
            "",
            "{}",
            r#"{"advance":10}"#,
            r#"{"advance":"-1m"}"#,
            r#"{"advance":"soon"}"#,
            r#"{"advance":"99y"}"#,
        ] {
            assert_eq!(read(body).unwrap_err().kind(), "InvalidRequestException", "{body}");
        }
    }
}
