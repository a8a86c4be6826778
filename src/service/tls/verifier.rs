//! Which certificates are let in: a client is identified by the fingerprint of its certificate, whoever signed that.
//!
//! AWS takes any certificate that is registered, active and within its time, with or without a registered
//! authority. A client that resumed a TLS session would not show its certificate again, so none is resumed: each
//! connection is let in by what its certificate is worth then.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html>

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
};

use crate::service::shared::Shared;
use crate::service::state::State;
use crate::service::state::credentials::certificate::{CertificateRefusal, certificate_id};
use crate::service::time::Timestamp;

/// Accepts certificates that are registered, active and currently valid.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) shared: Arc<Shared>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    /// Whether a client that shows none is refused.
    pub(super) is_required: bool,
}

impl ClientCertVerifier for Registered {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let id = certificate_id(end_entity);
        let time = Timestamp::default().plus(Duration::from_secs(now.as_secs()));
        let check = |state: &State, _| {
            state.check_certificate(&id)?;
            state.check_validity(&id, time)
        };
        self.shared.read(check).map_err(|refusal| {
            self.shared.note(&refusal.to_string());
            match refusal {
                CertificateRefusal::Unknown { .. } => CertificateError::UnknownIssuer,
                CertificateRefusal::NotActive { .. } => CertificateError::Revoked,
                CertificateRefusal::Expired { .. } => CertificateError::Expired,
                CertificateRefusal::NotValidYet { .. } => CertificateError::NotValidYet,
            }
        })?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
