//! Certificates, policies, and what is attached to what.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html> and
//! <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

pub mod attachments;
pub mod certificate;
pub mod certificates;
pub mod paged;
pub mod policies;
mod policy;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::certificate::{Certificate, CertificateStatus, Unusable};
use self::policy::Policy;
use super::{Rejected, State};
use crate::service::policy::{Document, Thing};
use crate::service::time::Timestamp;
use crate::wire::model::ThingName;

/// The account's certificates and policies.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    /// By certificate id.
    certificates: BTreeMap<String, Certificate>,
    /// By name.
    policies: BTreeMap<String, Policy>,
    /// The names of the policies that are attached to a target, by its ARN.
    attached: BTreeMap<String, BTreeSet<String>>,
    /// The ids of the certificates that are attached to a thing.
    principals: BTreeMap<ThingName, BTreeSet<String>>,
    /// The same the other way round: the things of a certificate.
    things: BTreeMap<String, BTreeSet<ThingName>>,
    /// Certificates whose connections have to end.
    ended: Vec<String>,
    /// How many certificates were registered.
    registered: u64,
    /// How many policies were created.
    created: u64,
}

impl Credentials {
    fn add_policy(&mut self, now: Timestamp, name: &str, text: &str, document: Document) {
        self.created += 1;
        self.policies.insert(name.to_owned(), Policy::new(now, self.created, text, document));
    }

    /// A certificate or a thing group is gone, and with it what was attached to it.
    pub(super) fn forget_target(&mut self, arn: &str) {
        self.attached.remove(arn);
    }
}

impl State {
    /// Whether devices may connect with a certificate.
    pub(crate) fn check_certificate(&self, id: &str) -> Result<(), Unusable> {
        match self.credentials.certificates.get(id).map(|certificate| certificate.status) {
            Some(CertificateStatus::Active) => Ok(()),
            Some(status) => Err(Unusable::NotActive { id: id.to_owned(), status }),
            None => Err(Unusable::Unknown { id: id.to_owned() }),
        }
    }

    /// Whether a certificate is valid by its own account at `time`, which is not the Jobs clock's.
    pub(crate) fn check_validity(&self, id: &str, time: Timestamp) -> Result<(), Unusable> {
        match self.credentials.certificates.get(id) {
            None => Err(Unusable::Unknown { id: id.to_owned() }),
            Some(known) if time > known.not_after => Err(Unusable::Expired { id: id.to_owned() }),
            Some(known) if time < known.not_before => Err(Unusable::NotValidYet { id: id.to_owned() }),
            Some(_) => Ok(()),
        }
    }

    /// The policies that a certificate stands under, in their default versions: its own, and those of all groups
    /// that its things belong to.
    pub(crate) fn policies_of_certificate(&self, id: &str) -> Vec<Arc<Document>> {
        let groups: BTreeSet<_> =
            self.things_of_certificate(id).flat_map(|thing| self.groups_above(thing)).collect();
        let mut targets = vec![self.settings.arn("cert", id)];
        targets.extend(groups.iter().map(|group| self.settings.arn("thinggroup", group.as_str())));
        let names: BTreeSet<&String> =
            targets.iter().filter_map(|target| self.credentials.attached.get(target)).flatten().collect();
        let policies = names.into_iter().filter_map(|name| self.credentials.policies.get(name));
        policies.filter_map(Policy::document).cloned().collect()
    }

    /// The thing that a client is: attached to its certificate, and named like the client.
    ///
    /// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html>
    pub(crate) fn thing_of_connection(&self, certificate: &str, client_id: &str) -> Option<Thing> {
        let name: ThingName = client_id.parse().ok()?;
        let thing = self.things.get(&name)?;
        self.credentials.principals.get(&name).is_some_and(|ids| ids.contains(certificate)).then(|| Thing {
            name: name.to_string(),
            type_name: thing.type_name.clone(),
            attributes: thing.attributes.clone(),
        })
    }

    /// The certificates whose connections have to end, since the last call.
    pub(crate) fn take_ended_certificates(&mut self) -> Vec<String> {
        std::mem::take(&mut self.credentials.ended)
    }

    /// Registers the service's own device certificate, active, under policies of any length.
    ///
    /// The policy that the samples ship grows beyond AWS's limit when a long thing name is spelled out in it.
    pub(crate) fn install_device(
        &mut self,
        now: Timestamp,
        certificate_pem: &str,
        device_policies: &[(String, String)],
    ) -> Result<(), Rejected> {
        let certificate = Certificate::parse(now, certificate_pem, CertificateStatus::Active)?;
        let target = self.register(certificate)?.certificate_arn;
        for (name, text) in device_policies {
            let document = Document::parse_any_length(text).map_err(|error| policies::malformed(&error))?;
            self.credentials.add_policy(now, name, text, document);
            self.credentials.attached.entry(target.clone()).or_default().insert(name.clone());
        }
        Ok(())
    }
}
