//! What a connection is judged by: its certificate, the policies of that certificate, and its thing.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/iot-authorization.html>

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::State;
use super::certificate::{CertificateRefusal, CertificateStatus};
use super::policy::Policy;
use crate::service::policy::{CertificateNames, ConnectedThing, Document};
use crate::service::time::Timestamp;
use crate::wire::model::ThingName;

impl State {
    /// Whether devices may connect with a certificate.
    pub(crate) fn check_certificate(&self, id: &str) -> Result<(), CertificateRefusal> {
        match self.credentials.certificates.get(id).map(|certificate| certificate.status) {
            Some(CertificateStatus::Active) => Ok(()),
            Some(status) => Err(CertificateRefusal::NotActive { id: id.to_owned(), status }),
            None => Err(CertificateRefusal::Unknown { id: id.to_owned() }),
        }
    }

    /// Whether a certificate is valid by its own account at `time`, which is not the Jobs clock's.
    pub(crate) fn check_validity(&self, id: &str, time: Timestamp) -> Result<(), CertificateRefusal> {
        match self.credentials.certificates.get(id) {
            None => Err(CertificateRefusal::Unknown { id: id.to_owned() }),
            Some(known) if time > known.not_after => Err(CertificateRefusal::Expired { id: id.to_owned() }),
            Some(known) if time < known.not_before => {
                Err(CertificateRefusal::NotValidYet { id: id.to_owned() })
            }
            Some(_) => Ok(()),
        }
    }

    /// Whom a certificate names.
    pub(crate) fn names_of_certificate(&self, id: &str) -> Option<Arc<CertificateNames>> {
        self.credentials.certificates.get(id).map(|certificate| Arc::clone(&certificate.names))
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

    /// The thing that a client is: attached to its certificate, and named like the client unless it is the only
    /// thing that the certificate may have.
    ///
    /// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html>
    pub(crate) fn thing_of_connection(&self, certificate: &str, client_id: &str) -> Option<ConnectedThing> {
        let name: ThingName = if self.credentials.exclusive.contains(certificate) {
            self.things_of_certificate(certificate).next()?.clone()
        } else {
            client_id.parse().ok()?
        };
        let thing = self.things.get(&name)?;
        self.credentials.principals.get(&name).is_some_and(|ids| ids.contains(certificate)).then(|| {
            ConnectedThing {
                name: name.to_string(),
                type_name: thing.type_name.clone(),
                attributes: thing.attributes.clone(),
            }
        })
    }
}
