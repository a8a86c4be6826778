//! Mutual TLS: a client is identified by the fingerprint of its certificate, whoever signed that.
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
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use crate::service::shared::Shared;
use crate::service::state::State;
use crate::service::state::credentials::certificate::{CertificateRefusal, certificate_id};
use crate::service::time::Timestamp;

/// The protocol that clients name in ALPN on port 443; elsewhere they name none.
const ALPN: &[u8] = b"x-amzn-mqtt-ca";

/// How the broker's TLS is set up.
pub(crate) fn server_config(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    shared: Arc<Shared>,
) -> Result<Arc<ServerConfig>, Error> {
    let provider: Arc<CryptoProvider> = ring::default_provider().into();
    let algorithms = provider.signature_verification_algorithms;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(Registered { shared, algorithms }))
        .with_single_cert(vec![certificate], key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// Accepts certificates that are registered, active and currently valid.
#[derive(Debug)]
struct Registered {
    shared: Arc<Shared>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Registered {
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
