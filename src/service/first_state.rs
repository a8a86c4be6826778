//! What a service begins with, and goes back to when it is reset.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::device_policy;
use super::s3::Presigner;
use super::start_error::StartError;
use super::state::rollout::RolloutRate;
use super::state::things::CreateThingRequest;
use super::state::{Settings, State};
use super::time::Timestamp;
use crate::wire::model::ThingName;

/// The account at the first start.
#[derive(Debug)]
pub(crate) struct FirstState {
    pub(super) settings: Settings,
    /// The service's own device certificate in PEM, and its policies by name.
    pub(super) device: Option<(String, Vec<(String, String)>)>,
    /// The certificate of the operator in PEM, once there is one.
    pub(super) operator: OnceLock<String>,
    pub(super) things: Vec<ThingName>,
    /// How fast jobs reach their things whose rollout is not configured.
    pub(super) rollout_rate: RolloutRate,
    /// Signs URLs to what plays S3, if anything does.
    pub(super) presigner: Option<Arc<Presigner>>,
    /// Whether the next start finds the certificates again.
    pub(super) is_kept: bool,
}

impl FirstState {
    /// An account in which nothing is.
    pub(super) fn empty(settings: Settings) -> Self {
        let (operator, rollout_rate) = (OnceLock::new(), RolloutRate::default());
        Self {
            settings,
            device: None,
            operator,
            things: Vec::new(),
            rollout_rate,
            presigner: None,
            is_kept: false,
        }
    }

    /// The account as it is at `now`, if that is when it begins.
    pub(super) fn make(&self, now: Timestamp) -> Result<State, StartError> {
        let mut state = State::new(self.settings.clone()).rolling_out_at(self.rollout_rate);
        state = state.presigning_with(self.presigner.clone());
        if let Some((certificate_pem, policies)) = &self.device {
            state.install_device(now, certificate_pem, policies).reply?;
        }
        if let Some(certificate_pem) = self.operator.get() {
            state.install_device(now, certificate_pem, &device_policy::of_operator()).reply?;
        }
        for thing in &self.things {
            let request = CreateThingRequest::default();
            let created = state.create_thing(now, thing.as_str(), Uuid::new_v4(), &request);
            created.reply.map_err(StartError::Thing)?;
        }
        Ok(state)
    }
}
