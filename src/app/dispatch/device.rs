//! The device program beside the local service: the command `device`, and what scripts and sessions do with it
//! unasked.

use serde_json::json;

use super::Dispatcher;
use super::outcome::{CommandError, Failure};
use crate::app::command::DeviceAction;
use crate::app::device::{Device, Error, NO_DEVICE, Stop};
use crate::app::exit::ExitStatus;
use crate::app::output::message::{Message, MessageKind};

impl Dispatcher {
    /// Starts the device program, or stops it; the answer names the client that it is or was.
    pub(super) async fn device_command(&self, action: DeviceAction) -> Result<Message, CommandError> {
        let device = self.device.as_ref().ok_or_else(|| Failure::new("NoDevice", NO_DEVICE))?;
        let client_id = carry_out(device, action).await.map_err(Failure::from)?;
        let body = json!({ "clientId": client_id }).to_string();
        Ok(Message::new(MessageKind::Response, "Device", Some(body)))
    }

    /// Starts the device program, if there is one, and where it `waits` says as whom it has connected. The error is
    /// with how the program ends.
    pub(crate) async fn start_device(&self, waits: bool) -> Result<(), (Failure, ExitStatus)> {
        let Some(device) = &self.device else { return Ok(()) };
        match carry_out(device, DeviceAction::Start { waits }).await {
            Ok(Some(client_id)) => self.printer().notice(&format!("device: connected as {client_id}")),
            Ok(None) => {}
            Err(error @ Error::NotStarted { .. }) => return Err((error.into(), ExitStatus::Usage)),
            Err(error) => return Err((error.into(), ExitStatus::Failure)),
        }
        Ok(())
    }

    /// Waits until a device program that must not end has ended, which is an incident.
    pub(crate) async fn device_lost(&self) {
        match &self.device {
            Some(_) => self.transcript.incident_came().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the device program, if one runs.
    pub(crate) async fn end_device(&self, how: Stop) {
        if let Some(device) = &self.device {
            device.end(how).await;
        }
    }
}

async fn carry_out(device: &Device, action: DeviceAction) -> Result<Option<String>, Error> {
    match action {
        DeviceAction::Start { waits } => start(device, waits).await,
        DeviceAction::Restart { waits } => match device.stop(Stop::Terminate).await {
            Ok(_) | Err(Error::NotRunning) => start(device, waits).await,
            Err(error) => Err(error),
        },
        DeviceAction::Stop => device.stop(Stop::Terminate).await,
        DeviceAction::Kill => device.stop(Stop::Kill).await,
    }
}

async fn start(device: &Device, waits: bool) -> Result<Option<String>, Error> {
    if waits { device.start().await.map(Some) } else { device.start_alone().await.map(|()| None) }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let title = error.title();
        let (what, details) = error.told();
        Self { details, ..Self::new(title, what) }
    }
}
