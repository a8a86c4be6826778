//! A message that a fault may strike.

use crate::wire::fault::{Fault, Kind, On};
use crate::wire::model::JobExecutionStatus;

/// A message, and what there is to say of it.
#[derive(Debug, Clone)]
pub(crate) struct Occasion<'a> {
    /// What it is.
    pub(crate) on: On,
    /// The MQTT client that sends or gets it.
    pub(crate) client_id: Option<&'a str>,
    pub(crate) thing: Option<&'a str>,
    pub(crate) job: Option<&'a str>,
    pub(crate) status: Option<JobExecutionStatus>,
    pub(crate) topic: Option<&'a str>,
    /// Whether MQTT acknowledges it with a PUBACK.
    pub(crate) has_puback: bool,
}

impl<'a> Occasion<'a> {
    /// A message of which no more is known.
    pub(crate) fn new(on: On, client_id: Option<&'a str>) -> Self {
        Self { on, client_id, thing: None, job: None, status: None, topic: None, has_puback: false }
    }

    /// Whether it is one of those that `fault` is for.
    pub(super) fn fits(&self, fault: &Fault) -> bool {
        let Fault { kind, thing, client_id, job, status, .. } = fault;
        fault.is_on(&self.on)
            && (self.has_puback || *kind != Kind::NoPuback)
            && thing.as_ref().is_none_or(|thing| self.thing == Some(thing.as_str()))
            && client_id.as_ref().is_none_or(|pattern| self.client_id.is_some_and(|id| pattern.matches(id)))
            && job.as_ref().is_none_or(|job| self.job == Some(job.as_str()))
            && status.is_none_or(|status| self.status == Some(status))
    }
}
