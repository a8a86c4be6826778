//! Certificates, policies, and what is attached to what.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html> and
//! <https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html>

pub mod certificate;
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::certificate::{Certificate, CertificateStatus};
use self::policy::Policy;
use super::{Rejected, State};
use crate::jobs::model::ThingName;
use crate::service::policy::{Document, Thing};
use crate::service::time::Timestamp;

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
    /// Certificates whose connections have to end.
    ended: Vec<String>,
}

impl State {
    /// Where a certificate stands; `None` where it is not registered.
    #[must_use]
    pub fn status_of_certificate(&self, id: &str) -> Option<CertificateStatus> {
        self.credentials.certificates.get(id).map(|certificate| certificate.status)
    }

    /// Whether devices may connect with a certificate.
    pub(crate) fn certificate_is_active(&self, id: &str) -> bool {
        self.status_of_certificate(id) == Some(CertificateStatus::Active)
    }

    /// The policies that a certificate stands under, in their default versions.
    pub(crate) fn policies_of_certificate(&self, id: &str) -> Vec<Arc<Document>> {
        let names = self.credentials.attached.get(&self.settings.arn("cert", id));
        let policies = names.into_iter().flatten().filter_map(|name| self.credentials.policies.get(name));
        policies.map(Policy::document).collect()
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
        policies: &[(String, String)],
    ) -> Result<(), Rejected> {
        let certificate = Certificate::parse(now, certificate_pem, CertificateStatus::Active)?;
        let target = self.settings.arn("cert", &certificate.id);
        self.credentials.certificates.insert(certificate.id.clone(), certificate);
        for (name, text) in policies {
            let document = Document::parse_any_length(text).map_err(|error| policy::malformed(&error))?;
            self.credentials.policies.insert(name.clone(), Policy::new(now, text, document));
            self.credentials.attached.entry(target.clone()).or_default().insert(name.clone());
        }
        Ok(())
    }
}
