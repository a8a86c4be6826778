//! The certificate and the policies that the service makes for the user's own device.

use super::super::State;
use super::super::outcome::Outcome;
use super::super::touched::Record;
use super::certificate::{Certificate, CertificateStatus};
use super::policies::malformed;
use crate::service::policy::Document;
use crate::service::time::Timestamp;

impl State {
    /// Registers the service's own device certificate, active, under policies of any length.
    ///
    /// The policy that the samples ship grows beyond AWS's limit when a long thing name is spelled out in it.
    pub(crate) fn install_device(
        &mut self,
        now: Timestamp,
        certificate_pem: &str,
        device_policies: &[(String, String)],
    ) -> Outcome<()> {
        Outcome::of(|effects| {
            let certificate = Certificate::parse(now, certificate_pem, CertificateStatus::Active)?;
            let target = self.register(effects, certificate)?.certificate_arn;
            for (name, text) in device_policies {
                let document = Document::parse_any_length(text).map_err(|error| malformed(&error))?;
                self.add_policy(effects, now, name, text, document);
                self.credentials.attached.entry(target.clone()).or_default().insert(name.clone());
            }
            effects.touched.add(Record::AttachedPolicies(target));
            Ok(())
        })
    }
}
