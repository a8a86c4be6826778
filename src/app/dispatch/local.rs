//! What the local service answers to its own requests, as the session shows it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::outcome::{CommandError, Failure, Refusal};
use crate::app::output::message::{Message, MessageKind};
use crate::client::sandbox;

#[derive(Deserialize)]
struct Clock<'a> {
    now: f64,
    #[serde(borrow)]
    timer: Option<&'a RawValue>,
}

/// What the clock shows, and the timer that it was moved to.
pub(super) fn clock(body: &str) -> Result<String, Failure> {
    let Clock { now, timer } = serde_json::from_str(body).map_err(|_| {
        Failure::new("Malformed", "the local service answered with something else than its clock")
    })?;
    let timer = timer.map_or_else(String::new, |timer| format!(",\"timer\":{timer}"));
    Ok(format!("{{\"timestamp\":{now:.3}{timer}}}"))
}

impl From<sandbox::Error> for CommandError {
    fn from(error: sandbox::Error) -> Self {
        let text = error.to_string();
        let title = match error {
            sandbox::Error::Refused { message, .. } => {
                let body = serde_json::json!({ "message": message }).to_string();
                let message = Message::new(MessageKind::Rejected, "SandboxRejected", Some(body));
                let refusal = Refusal { text, hint: None };
                return Self::Refused { message: Box::new(message), refusal, warning: None };
            }
            sandbox::Error::TimedOut { .. } => "TimedOut",
            sandbox::Error::Url { .. } => "NotLocal",
            sandbox::Error::Unreachable { .. } => "Unreachable",
        };
        Failure::new(title, text).into()
    }
}
