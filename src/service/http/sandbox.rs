//! What AWS does not have, below `/_sandbox/`: the Jobs clock, the way back to the first start, faults, the authority
//! and the state of the service itself.

mod faults;

use std::time::Duration;

use hyper::Method;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::exception::Exception;
use super::handler::Output;
use crate::service::json_words::why_not_json;
use crate::service::shared::Shared;
use crate::service::time::Timestamp;

/// Why a reset is refused where it was not confirmed.
const KEPT: &str = "this service keeps what would be gone: reset --confirm does it all the same, as does the body \
                    {\"confirm\":\"reset\"}; a service that is started with --in-memory keeps no jobs";

const PREFIX: &str = "/_sandbox/";

/// How far one request may move the clock: further than any timer, schedule or job lasts.
const LONGEST_ADVANCE: Duration = Duration::from_hours(10 * 366 * 24);

/// The end of the year 9998: RFC 3339 writes years of four digits, and what is due later must be written too.
const LAST: Timestamp = Timestamp::from_millis(253_370_764_799_999);

/// How far the clock is to be moved.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    By(Duration),
    NextTimer,
}

/// Whether a request is for the service itself and not for one of its operations.
pub(super) fn is_asked(request: &Parts) -> bool {
    request.uri.path().starts_with(PREFIX)
}

/// Whether a request asks how the service is.
pub(super) fn asks_health(request: &Parts) -> bool {
    request.method == Method::GET && request.uri.path().strip_prefix(PREFIX) == Some("health")
}

/// How the service is, for who may know no more: that it is ready is no secret, and a health check has no key.
pub(super) fn ready() -> Result<Output, Exception> {
    Output::json(&json!({"status": "ok"}))
}

/// Answers a request below `/_sandbox/`.
pub(super) async fn answer(shared: &Shared, request: &Parts, body: &[u8]) -> Result<Output, Exception> {
    let path = request.uri.path();
    match (&request.method, path.strip_prefix(PREFIX).unwrap_or(path)) {
        (&Method::GET, "clock") => clock(shared.now()),
        (&Method::POST, "clock") => match parse_advance(body)? {
            Move::NextTimer => next_timer(shared).await,
            Move::By(by) if shared.now().plus(by) > LAST => {
                Err(Exception::invalid_request("the clock goes as far as the year 9998"))
            }
            Move::By(by) => clock(shared.advance(by).await),
        },
        (&Method::POST, "reset") => {
            if shared.keeps_all() && read_text(body, "confirm").as_deref() != Ok("reset") {
                return Err(Exception::invalid_request(KEPT));
            }
            shared.reset().map_err(|error| Exception::internal(&error))?;
            health(shared)
        }
        (&Method::GET, "health") => health(shared),
        (_, path) if let Some(path) = faults::path(path) => faults::answer(shared, request, path, body).await,
        (&Method::GET, "ca.pem") => {
            let authority = shared.authority().map_err(|error| Exception::internal(&error))?;
            Ok(Output { body: authority.pem().into(), content_type: "application/x-pem-file" })
        }
        (method, _) => Err(Exception::unknown_operation("AWS IoT", method, request.uri.path())),
    }
}

/// That the service is ready, how much there is of everything, and what the next start finds again.
fn health(shared: &Shared) -> Result<Output, Exception> {
    let (counts, clients) = shared.counts();
    let kept: &[&str] = match (shared.is_kept(), shared.keeps_all()) {
        (true, true) => &["certificates", "state"],
        (true, false) => &["certificates"],
        (false, _) => &[],
    };
    Output::json(&json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "counts": counts,
        "clients": clients,
        "kept": kept,
    }))
}

/// The Jobs clock in epoch seconds and as RFC 3339 text.
fn clock(now: Timestamp) -> Result<Output, Exception> {
    Output::json(&json!({"now": now, "time": text(now)?}))
}

/// The same when the next timer was reached, and which that was.
async fn next_timer(shared: &Shared) -> Result<Output, Exception> {
    let Some((timer, now)) = shared.advance_to_next_timer().await else {
        return Err(Exception::invalid_request("no timer runs: nothing is due at any time"));
    };
    Output::json(&json!({"now": now, "time": text(now)?, "timer": timer}))
}

fn text(now: Timestamp) -> Result<String, Exception> {
    OffsetDateTime::from_unix_timestamp(now.seconds())
        .map_err(|error| Exception::internal(&error))?
        .format(&Rfc3339)
        .map_err(|error| Exception::internal(&error))
}

/// The text of the only member of the body that is read, or why there is none.
fn read_text(body: &[u8], name: &str) -> Result<String, String> {
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    let body: Value =
        serde_json::from_slice(body).map_err(|error| format!("it is not JSON: {}", why_not_json(&error)))?;
    let members = body.as_object().ok_or("it is no object")?;
    let text = members.get(name).ok_or_else(|| format!("it has no {name}"))?;
    Ok(text.as_str().ok_or_else(|| format!("{name} is not a string"))?.to_owned())
}

fn parse_advance(body: &[u8]) -> Result<Move, Exception> {
    let advance = read_text(body, "advance").map_err(|why| {
        Exception::invalid_request(format!(r#"the body must be such as {{"advance":"10m"}}: {why}"#))
    })?;
    if advance == "next" {
        return Ok(Move::NextTimer);
    }
    let by = humantime::parse_duration(&advance).map_err(|_| {
        Exception::invalid_request(format!("'{advance}' is no duration such as 10m or 1h 30m, and not next"))
    })?;
    if by > LONGEST_ADVANCE {
        return Err(Exception::invalid_request(format!("'{advance}' is longer than ten years")));
    }
    Ok(Move::By(by))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::service::state::Settings;

    #[test]
    fn a_duration_is_read_or_refused() {
        let read = |body: &str| parse_advance(body.as_bytes());
        assert_eq!(read(r#"{"advance":"10m"}"#).unwrap(), Move::By(Duration::from_mins(10)));
        assert_eq!(read(r#"{"advance":"next"}"#).unwrap(), Move::NextTimer);
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

    #[test]
    fn what_is_no_duration_is_told_in_a_persons_words() {
        let said = |body: &str| parse_advance(body.as_bytes()).unwrap_err().message().to_owned();
        for (body, why) in [
            ("", "it is empty"),
            ("{", "it is not JSON: it ends too early"),
            (r#""x""#, "it is no object"),
            ("null", "it is no object"),
            (r#"["10m"]"#, "it is no object"),
            ("{}", "it has no advance"),
            (r#"{"advance":10}"#, "advance is not a string"),
        ] {
            assert_eq!(said(body), format!(r#"the body must be such as {{"advance":"10m"}}: {why}"#));
        }
        for by in
            ["-5m", "", "5", "soon", "1 parsec", "99999999999999999999999999d", "5m x", "9999999999999999h"]
        {
            let said = said(&format!(r#"{{"advance":"{by}"}}"#));
            assert_eq!(said, format!("'{by}' is no duration such as 10m or 1h 30m, and not next"));
        }
        assert_eq!(said(r#"{"advance":"99y"}"#), "'99y' is longer than ten years");
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
