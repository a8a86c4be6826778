//! What a service begins with, and goes back to when it is reset.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::device_policy;
use super::row::{Kind, Row, RowKey};
use super::s3::Presigner;
use super::start_error::StartError;
use super::state::rollout::RolloutRate;
use super::state::things::CreateThingRequest;
use super::state::{Settings, State, Touched};
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

/// What the options of the last start said of it, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LastStart {
    certificate: String,
    policies: Vec<(String, String)>,
    things: Vec<String>,
    operator: Option<String>,
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

    fn options(&self) -> LastStart {
        let (certificate, policies) = self.device.clone().unwrap_or_default();
        let things = self.things.iter().map(ToString::to_string).collect();
        LastStart { certificate, policies, things, operator: self.operator.get().cloned() }
    }

    /// What is kept of it, for the next start.
    pub(super) fn row(&self) -> Row {
        let value =
            serde_json::to_string(&self.options()).expect("options hold nothing that JSON cannot write");
        Row { key: RowKey::Named(Kind::FirstState, String::new()), value: Some(value) }
    }

    /// Makes of an account that was kept what the options say otherwise than those of the `last` start did.
    ///
    /// What they say again may have been changed meanwhile, and stays as it is.
    pub(super) fn carry_on(
        &self,
        state: &mut State,
        now: Timestamp,
        last: &LastStart,
    ) -> Result<Touched, StartError> {
        let mut touched = Touched::default();
        if let Some(operator) = &last.operator {
            touched.extend(state.take_own_policies(operator, &device_policy::of_operator()));
            touched.extend(state.forget_own_certificate(now, operator));
        }
        if let Some((certificate, policies)) = &self.device
            && (certificate, policies) != (&last.certificate, &last.policies)
        {
            touched.extend(state.take_own_policies(&last.certificate, &last.policies));
            if *certificate != last.certificate {
                touched.extend(state.forget_own_certificate(now, &last.certificate));
            }
            let installed = state.install_device(now, certificate, policies);
            installed.reply?;
            touched.extend(installed.effects.touched);
        }
        for thing in self.things.iter().map(ThingName::as_str) {
            if !last.things.iter().any(|known| known == thing) && state.describe_thing(thing).is_err() {
                let request = CreateThingRequest::default();
                let created = state.create_thing(now, thing, Uuid::new_v4(), &request);
                created.reply.map_err(StartError::Thing)?;
                touched.extend(created.effects.touched);
            }
        }
        Ok(touched)
    }
}
