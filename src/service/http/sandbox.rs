//! What AWS does not have: the Jobs clock and the state of the service itself, below `/_sandbox/`.

use std::time::Duration;

use hyper::Method;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::exception::Exception;
use super::handler::Output;
use crate::service::shared::Shared;
use crate::service::time::Timestamp;

const PREFIX: &str = "/_sandbox/";

/// How far one request may move the clock: further than any timer, schedule or job lasts.
const LONGEST_ADVANCE: Duration = Duration::from_hours(10 * 366 * 24);

/// The end of the year 9998: RFC 3339 writes years of four digits, and what is due later must be written too.
const LAST: Timestamp = Timestamp::from_millis(253_370_764_799_999);

#[derive(Debug, Deserialize)]
struct Advance {
    advance: String,
}

/// Whether a request is for the service itself and not for one of its operations.
pub(super) fn is_asked(request: &Parts) -> bool {
    request.uri.path().starts_with(PREFIX)
}

/// Answers a request below `/_sandbox/`.
pub(super) async fn answer(shared: &Shared, request: &Parts, body: &[u8]) -> Result<Output, Exception> {
    let path = request.uri.path();
    match (&request.method, path.strip_prefix(PREFIX).unwrap_or(path)) {
        (&Method::GET, "clock") => clock(shared.now()),
        (&Method::POST, "clock") => {
            let by = parse_advance(body)?;
            if shared.now().plus(by) > LAST {
                return Err(Exception::invalid_request("the clock goes as far as the year 9998"));
            }
            clock(shared.advance(by).await)
        }
        (&Method::GET, "health") => {
            Output::json(&json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
        }
        (method, _) => Err(Exception::unknown_operation(method, request.uri.path())),
    }
}

/// The Jobs clock in epoch seconds and as RFC 3339 text.
fn clock(now: Timestamp) -> Result<Output, Exception> {
    let text = OffsetDateTime::from_unix_timestamp(now.seconds())
        .map_err(|error| Exception::internal(&error))?
        .format(&Rfc3339)
        .map_err(|error| Exception::internal(&error))?;
    Output::json(&json!({"now": now, "time": text}))
}

fn parse_advance(body: &[u8]) -> Result<Duration, Exception> {
    let Advance { advance } = serde_json::from_slice(body).map_err(|error| {
        Exception::invalid_request(format!(r#"the body does not read {{"advance":"10m"}}: {error}"#))
    })?;
    let by = humantime::parse_duration(&advance).map_err(|error| {
        Exception::invalid_request(format!("'{advance}' is no duration such as 10m or 1h 30m: {error}"))
    })?;
    if by > LONGEST_ADVANCE {
        return Err(Exception::invalid_request(format!("'{advance}' is longer than ten years")));
    }
    Ok(by)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::service::state::Settings;

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

    #[tokio::test]
    async fn the_prefix_stands_once() {
        let shared = Shared::new(Settings { region: "us-east-1".into(), account: "123456789012".into() });
        let answer = async |path: &str| {
            let request = hyper::Request::get(path).body(()).unwrap().into_parts().0;
            answer(&shared, &request, b"").await.map_err(|error| error.kind())
        };
        assert!(answer("/_sandbox/clock").await.is_ok());
        for path in ["/_sandbox//_sandbox/clock", "/_sandbox//clock", "/_sandbox/clock/", "/_sandbox/"] {
            assert_eq!(answer(path).await.unwrap_err(), "UnknownOperationException", "{path}");
        }
    }

    #[tokio::test]
    async fn the_clock_stops_where_its_time_can_no_longer_be_written() {
        let shared =
            Arc::new(Shared::new(Settings { region: "us-east-1".into(), account: "123456789012".into() }));
        let timers = shared.clone();
        let timers = tokio::spawn(async move { timers.run_timers().await });
        let request = hyper::Request::post("/_sandbox/clock").body(()).unwrap().into_parts().0;
        let body = br#"{"advance":"3650days"}"#;
        let mut moves = 0;
        let refused = loop {
            moves += 1;
            assert!(moves < 1000, "it is still moved");
            match answer(&shared, &request, body).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), "InvalidRequestException");
        assert!(clock(shared.now()).is_ok());
        timers.abort();
    }
}
