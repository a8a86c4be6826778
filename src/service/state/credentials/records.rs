//! The certificates and policies of the account as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::certificate::Certificate;
use super::policy::Policy;
use crate::wire::model::ThingName;

/// The account's certificates and policies.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    /// By certificate id.
    pub(super) certificates: BTreeMap<String, Certificate>,
    /// By name.
    pub(super) policies: BTreeMap<String, Policy>,
    /// The names of the policies that are attached to a target, by its ARN.
    pub(super) attached: BTreeMap<String, BTreeSet<String>>,
    /// The ids of the certificates that are attached to a thing.
    pub(super) principals: BTreeMap<ThingName, BTreeSet<String>>,
    /// The same the other way round: the things of a certificate.
    pub(super) things: BTreeMap<String, BTreeSet<ThingName>>,
    /// The ids of the certificates that belong to one thing alone.
    pub(super) exclusive: BTreeSet<String>,
    /// How many certificates were registered.
    pub(super) registered: u64,
    /// How many policies were created.
    pub(super) created: u64,
}

impl Credentials {
    pub(in super::super) fn certificate_ids(&self) -> impl Iterator<Item = &String> {
        self.certificates.keys()
    }

    pub(in super::super) fn has_certificate(&self, id: &str) -> bool {
        self.certificates.contains_key(id)
    }

    pub(in super::super) fn counts(&self) -> (usize, usize) {
        (self.certificates.len(), self.policies.len())
    }

    /// A certificate belongs to a thing.
    pub(super) fn attach(&mut self, thing: ThingName, certificate: String) {
        self.things.entry(certificate.clone()).or_default().insert(thing.clone());
        self.principals.entry(thing).or_default().insert(certificate);
    }

    /// A certificate or a thing group is gone, and with it what was attached to it.
    pub(in super::super) fn remove_target(&mut self, arn: &str) {
        self.attached.remove(arn);
    }
}
