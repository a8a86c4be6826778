//! What only the local service has: its clock, the way back to its first start, and faults.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Dispatcher;
use super::outcome::{CommandError, Failure, Refusal};
use crate::app::command::FaultAction;
use crate::app::command::titles::FAULT_INJECTED;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::times;
use crate::client::sandbox::{self, Advance, Sandbox};

#[derive(Deserialize)]
struct Clock<'a> {
    now: f64,
    #[serde(borrow)]
    timer: Option<&'a RawValue>,
}

/// The faults that are set.
#[derive(Deserialize)]
struct Listed {
    faults: Vec<IgnoredAny>,
}

impl Dispatcher {
    /// What the Jobs clock shows, moved first if it is to be.
    pub(super) async fn clock(&self, advance: Option<Advance>) -> Result<Message, CommandError> {
        let sandbox = self.sandbox("clock")?;
        let body = match advance {
            Some(advance) => sandbox.advance(advance).await,
            None => sandbox.clock().await,
        };
        let body = clock_body(&body?)?;
        Ok(Message::new(MessageKind::Response, "Clock", Some(body)))
    }

    /// Takes the service back to its first start.
    pub(super) async fn reset(&self, confirm: bool) -> Result<Message, CommandError> {
        let body = self.sandbox("reset")?.reset(confirm).await?;
        self.forget_things().await;
        Ok(Message::new(MessageKind::Response, "Reset", Some(body)))
    }

    /// Adds faults, shows them or takes them away; from the first time on the session hears of what they strike.
    pub(super) async fn fault(&self, action: &FaultAction) -> Result<Message, CommandError> {
        let sandbox = self.sandbox("fault")?;
        self.connections.hear_of_faults(sandbox).await?;
        let (title, body) = match action {
            FaultAction::Add(words) => ("Fault", sandbox.add_fault(words).await),
            FaultAction::List => ("Faults", sandbox.faults().await),
            FaultAction::Remove(number) => ("Fault", sandbox.remove_fault(*number).await),
            FaultAction::Clear => ("Faults", sandbox.clear_faults().await),
        };
        Ok(Message::new(MessageKind::Response, title, Some(body?)))
    }

    /// Why no fault can have struck a message; `None` if one can. What has been struck so far is printed.
    pub(super) async fn nothing_strikes(&self) -> Option<String> {
        let sandbox = self.sandbox.as_ref().filter(|_| self.connections.hears_of_faults());
        let Some(sandbox) = sandbox else {
            return Some(format!(
                "this session has not asked for {FAULT_INJECTED}: fault add KIND sets a fault, and fault list \
                 begins with those that are set"
            ));
        };
        let is_set = match sandbox.faults().await {
            Ok(body) => serde_json::from_str(&body).is_ok_and(|Listed { faults }| !faults.is_empty()),
            Err(error) => return Some(format!("it is not known what faults have struck: {error}")),
        };
        self.connections.settle(None, None).await;
        let can_come = is_set || self.transcript.has(FAULT_INJECTED);
        (!can_come).then(|| format!("no fault is set that could bring {FAULT_INJECTED}: fault add KIND"))
    }

    /// What only the local service has.
    fn sandbox(&self, command: &str) -> Result<&Sandbox, Failure> {
        if !self.things.current().client.is_local_service() {
            let why = format!("{command} is for the local Jobs service alone, and this is another one");
            return Err(Failure::new("NotLocal", why));
        }
        self.sandbox.as_ref().ok_or_else(|| {
            let why = "it is not known where the local service's HTTP port is: read its env file, or give \
                       --control-endpoint-url http://HOST:PORT";
            Failure::new("NotLocal", why)
        })
    }
}

/// What the clock shows, and the timer that it was moved to.
fn clock_body(body: &str) -> Result<String, Failure> {
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
        let is_elsewhere = self.things.current().client.is_local_service() && !self.server.is_ours;
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
