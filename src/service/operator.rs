//! The operator's own way to the message broker, which leaves the policy of the device as it is.

use std::sync::Arc;

use super::certificates::DeviceCertificate;
use super::shared::Shared;
use super::start_error::StartError;

/// Issues certificates to the operator of a running service.
#[derive(Debug, Clone)]
pub struct Operator(Arc<Shared>);

impl Operator {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// A certificate that may do anything with the message broker. It is registered by now, and again when the service
    /// goes back to its first start.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made.
    pub fn certificate(&self) -> Result<DeviceCertificate, StartError> {
        let certificate = self.0.authority()?.device()?;
        self.0.install_operator(&certificate.certificate_pem)?;
        Ok(certificate)
    }
}
