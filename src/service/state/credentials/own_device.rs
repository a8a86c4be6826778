//! The certificate and the policies that the service makes for the user's own device.

use super::super::State;
use super::super::outcome::Outcome;
use super::super::touched::{Record, Touched};
use super::attachments::PolicyTargetRequest;
use super::certificate::{Certificate, CertificateStatus};
use super::policies::malformed;
use crate::service::policy::Document;
use crate::service::time::Timestamp;

impl State {
    /// Registers the service's own device certificate, active, unless it is, under policies of any length.
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
            let target = self.settings.arn("cert", &certificate.id);
            if !self.credentials.has_certificate(&certificate.id) {
                self.register(effects, certificate)?;
            }
            for (name, text) in device_policies {
                let document = Document::parse_any_length(text).map_err(|error| malformed(&error))?;
                self.add_policy(effects, now, name, text, document);
                self.credentials.attached.entry(target.clone()).or_default().insert(name.clone());
            }
            effects.touched.add(Record::AttachedPolicies(target));
            Ok(())
        })
    }

    /// Takes from a certificate that the service had made the policies that it had made for it, which are deleted
    /// where nobody has attached them elsewhere.
    pub(crate) fn take_own_policies(
        &mut self,
        certificate_pem: &str,
        policies: &[(String, String)],
    ) -> Touched {
        let mut touched = Touched::default();
        if let Ok(certificate) =
            Certificate::parse(Timestamp::default(), certificate_pem, CertificateStatus::Active)
        {
            let target = PolicyTargetRequest { target: Some(self.settings.arn("cert", &certificate.id)) };
            for (name, _) in policies {
                touched.extend(self.detach_policy(name, &target).effects.touched);
                touched.extend(self.delete_policy(name).effects.touched);
            }
        }
        touched
    }

    /// Forgets a certificate that the service had made.
    pub(crate) fn forget_own_certificate(&mut self, now: Timestamp, certificate_pem: &str) -> Touched {
        let mut touched = Touched::default();
        if let Ok(Certificate { id, .. }) =
            Certificate::parse(now, certificate_pem, CertificateStatus::Active)
        {
            let arn = self.settings.arn("cert", &id);
            let things: Vec<_> = self.things_of_certificate(&id).cloned().collect();
            for thing in things {
                touched.extend(self.detach_thing_principal(thing.as_str(), &arn).effects.touched);
            }
            touched.extend(self.update_certificate(now, &id, Some("INACTIVE")).effects.touched);
            touched.extend(self.delete_certificate(&id, true).effects.touched);
        }
        touched
    }
}
