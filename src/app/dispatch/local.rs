//! What the local service answers to its own requests, as the session shows it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Dispatcher;
use super::outcome::{CommandError, Failure, Refusal};
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::times;
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

impl Dispatcher {
    /// Lets a person read how long ago something was by the clock of a local service of another process, where the
    /// answer does not say when it was sent.
    pub(super) async fn follow_clock(&self, answer: &Message) {
        let is_elsewhere = self.client.is_local_service() && !self.server.is_ours;
        if !is_elsewhere || !self.printer().is_terminal() || answer.timestamp().is_some() {
            return;
        }
        let Some(sandbox) = &self.sandbox else { return };
        // Without an answer it is still where it was.
        let Ok(body) = sandbox.clock().await else { return };
        if let Ok(Clock { now, .. }) = serde_json::from_str(&body)
            && let Some(millis) = times::millis(&now.to_string())
        {
            self.printer().follow_clock(millis);
        }
    }
}

impl From<sandbox::Error> for CommandError {
    fn from(error: sandbox::Error) -> Self {
        let text = error.to_string();
        let title = match error {
            sandbox::Error::Refused { message, .. } => {
                let body = serde_json::json!({ "message": message }).to_string();
                let message = Message::new(MessageKind::Rejected, "SandboxRejected", Some(body));
                return Self::Refused(Box::new(message), Refusal { text, hint: None });
            }
            sandbox::Error::TimedOut { .. } => "TimedOut",
            sandbox::Error::Url { .. } => "NotLocal",
            sandbox::Error::Unreachable { .. } => "Unreachable",
        };
        Failure::new(title, text).into()
    }
}
