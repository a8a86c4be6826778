//! Mutual TLS: who connects is told by the certificate's fingerprint, not by who signed it.
//!
//! AWS takes any certificate that is registered and active, with or without a registered authority.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html>

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use crate::service::shared::Shared;
use crate::service::state::credentials::certificate::{Unusable, certificate_id};

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
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// Lets in whose certificate is registered and active.
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
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let id = certificate_id(end_entity);
        self.shared.read(|state, _| state.check_certificate(&id)).map_err(|unusable| {
            self.shared.note(&unusable.to_string());
            match unusable {
                Unusable::Unknown { .. } => CertificateError::UnknownIssuer,
                Unusable::NotActive { .. } => CertificateError::Revoked,
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
