//! Certificates that the local service makes: an authority of its own, and what it signs.
//!
//! The only file that uses `rcgen`, `rsa` and `getrandom`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    SignatureAlgorithm,
};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::hostname::Hostname;

/// The common name of the authority.
pub(super) const AUTHORITY: &str = "jobs-sandbox local authority";

/// The common name of device certificates, as in AWS's own.
const DEVICE: &str = "AWS IoT Certificate";

/// A certificate or key could not be made.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The certificate library refused.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The key library refused.
    #[error("cannot make an RSA key: {0}")]
    RsaKey(String),
}

/// The certificate authority of a service; P-256.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

/// A certificate for a server, and its private key.
pub(crate) type ServerCertificate = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A certificate for a device, and its private key.
pub struct DeviceCertificate {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The private key in PEM, PKCS#8.
    pub private_key_pem: String,
}

/// What CreateKeysAndCertificate hands out.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_CreateKeysAndCertificate.html>
pub(crate) struct KeysAndCertificate {
    /// The certificate in PEM.
    pub certificate: String,
    /// The RSA public key in PEM.
    pub public_key: String,
    /// The RSA private key in PEM, PKCS#1.
    pub private_key: String,
}

impl Authority {
    /// Makes an authority.
    pub(crate) fn new() -> Result<Self, CertificateError> {
        let mut params = params(AUTHORITY);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem })
    }

    /// The authority with this certificate and this private key, which belong together.
    pub(super) fn from_pem(certificate_pem: String, private_key_pem: &str) -> Result<Self, CertificateError> {
        let key = KeyPair::from_pem(private_key_pem)?;
        Ok(Self { issuer: Issuer::from_ca_cert_pem(&certificate_pem, key)?, certificate_pem })
    }

    /// The authority's certificate in PEM: what clients must trust.
    #[must_use]
    pub(crate) fn pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The authority's private key in PEM, PKCS#8.
    pub(super) fn private_key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// A server certificate for the loopback names, for `hostnames` and, where it is another one, for `listen`.
    pub(crate) fn server(
        &self,
        listen: IpAddr,
        hostnames: &[Hostname],
    ) -> Result<ServerCertificate, CertificateError> {
        let mut params = params("localhost");
        let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let named = hostnames.iter().filter_map(Hostname::address);
        for address in named.chain([listen].into_iter().filter(|listen| !listen.is_unspecified())) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        params.subject_alt_names = addresses.into_iter().map(SanType::IpAddress).collect();
        for name in
            ["localhost".to_owned()].into_iter().chain(hostnames.iter().filter_map(Hostname::in_certificate))
        {
            params.subject_alt_names.push(SanType::DnsName(name.try_into()?));
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Apple's TLS accepts no server certificate that is valid for longer than 825 days.
        params.not_after = OffsetDateTime::now_utc() + Duration::days(365);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.into(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }

    /// A device certificate with a P-256 key.
    pub(crate) fn device(&self) -> Result<DeviceCertificate, CertificateError> {
        let key = KeyPair::generate()?;
        let certificate_pem = self.sign_device(params(DEVICE), &key)?;
        Ok(DeviceCertificate { certificate_pem, private_key_pem: key.serialize_pem() })
    }

    /// A device certificate with an RSA key of 2048 bits, as AWS makes them. Takes up to a second.
    pub(crate) fn keys_and_certificate(&self) -> Result<KeysAndCertificate, CertificateError> {
        let failed = |error: &dyn fmt::Display| CertificateError::RsaKey(error.to_string());
        let private = rsa::PrivateKey::new(&mut getrandom::SysRng, 2048).map_err(|e| failed(&e))?;
        let public = private.to_public_key();
        let der = public.to_pkcs1_der().map_err(|e| failed(&e))?;
        Ok(KeysAndCertificate {
            certificate: self.sign_device(params(DEVICE), &RsaPublicKey(der.as_bytes()))?,
            public_key: public.to_public_key_pem(LineEnding::LF).map_err(|e| failed(&e))?,
            private_key: private.to_pkcs1_pem(LineEnding::LF).map_err(|e| failed(&e))?.to_string(),
        })
    }

    /// A device certificate for who made a certificate signing request in PEM: its key, and the subject that it asks
    /// for. None where it is no such request, or not signed with its own key.
    pub(crate) fn sign_request(&self, request: &str) -> Option<Result<String, CertificateError>> {
        let request = CertificateSigningRequestParams::from_pem(request).ok()?;
        let mut params = params(DEVICE);
        params.distinguished_name = request.params.distinguished_name;
        Some(self.sign_device(params, &request.public_key))
    }

    fn sign_device(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<String, CertificateError> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(params.signed_by(key, &self.issuer)?.pem())
    }
}

/// A new private key for a device, P-256, in PEM.
#[cfg(feature = "app")]
pub(crate) fn device_key() -> Result<String, CertificateError> {
    Ok(KeyPair::generate()?.serialize_pem())
}

/// A certificate signing request in PEM for a device with this private key, which it does not hold.
#[cfg(feature = "app")]
pub(crate) fn signing_request(private_key_pem: &str) -> Result<String, CertificateError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, DEVICE);
    Ok(params.serialize_request(&KeyPair::from_pem(private_key_pem)?)?.pem()?)
}

/// Whether a certificate in PEM is for this private key.
#[cfg(feature = "app")]
pub(crate) fn is_for_key(certificate_pem: &str, private_key_pem: &str) -> bool {
    let certificate = x509_parser::pem::parse_x509_pem(certificate_pem.as_bytes());
    let Ok((_, certificate)) = certificate else { return false };
    let Ok(certificate) = certificate.parse_x509() else { return false };
    public_key(private_key_pem).is_some_and(|key| certificate.public_key().subject_public_key.data == key)
}

/// The public half of a private key in PEM, as certificates hold it; none where it is no key.
pub(super) fn public_key(private_key_pem: &str) -> Option<Vec<u8>> {
    KeyPair::from_pem(private_key_pem).ok().map(|key| key.public_key_raw().to_vec())
}

/// What all our certificates have in common; valid to the end of 2049, as AWS's are.
fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = rcgen::date_time_ymd(2049, 12, 31);
    params.use_authority_key_identifier_extension = true;
    params
}

/// An RSA public key in PKCS#1: rcgen with ring can sign one but not make one.
struct RsaPublicKey<'a>(&'a [u8]);

impl PublicKeyData for RsaPublicKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

// The keys stay out of every log.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

impl fmt::Debug for DeviceCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCertificate")
    }
}

impl fmt::Debug for KeysAndCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeysAndCertificate")
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::*;

    use super::*;

    #[test]
    fn what_the_authority_signs_verifies_against_it() {
        let authority = Authority::new().unwrap();
        let pem = authority.pem().to_owned();
        let (_, ca) = parse_x509_pem(pem.as_bytes()).unwrap();
        let ca = ca.parse_x509().unwrap();
        assert!(ca.is_ca());
        let identity = authority.device().unwrap();
        let rsa = authority.keys_and_certificate().unwrap();
        let (server, _) = authority.server("127.0.0.1".parse().unwrap(), &[]).unwrap();
        for der in [
            parse_x509_pem(identity.certificate_pem.as_bytes()).unwrap().1.contents,
            parse_x509_pem(rsa.certificate.as_bytes()).unwrap().1.contents,
            server.to_vec(),
        ] {
            let (_, certificate) = parse_x509_certificate(&der).unwrap();
            assert_eq!(certificate.issuer(), ca.subject());
            assert_eq!(certificate.version(), X509Version::V3);
            assert!(certificate.validity().is_valid());
            // Signed by the authority's own key, which ring can tell.
            let key = ring::signature::UnparsedPublicKey::new(
                &ring::signature::ECDSA_P256_SHA256_ASN1,
                &ca.public_key().subject_public_key.data,
            );
            key.verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data).unwrap();
        }
    }

    #[test]
    fn the_server_is_named_as_loopback_as_what_it_listens_on_and_as_it_is_told() {
        let authority = Authority::new().unwrap();
        let hostnames = ["sandbox", ".example.com", "192.0.2.7"].map(|name| name.parse().unwrap());
        let names = |listen: &str, hostnames: &[Hostname]| {
            let (der, _) = authority.server(listen.parse().unwrap(), hostnames).unwrap();
            let (_, certificate) = parse_x509_certificate(&der).unwrap();
            certificate.subject_alternative_name().unwrap().unwrap().value.general_names.len()
        };
        assert_eq!(names("127.0.0.1", &[]), 3);
        assert_eq!(names("0.0.0.0", &[]), 3);
        assert_eq!(names("192.0.2.1", &[]), 4);
        assert_eq!(names("192.0.2.7", &hostnames), 6);
    }

    #[test]
    fn keys_are_of_the_kind_that_aws_hands_out() {
        let keys = Authority::new().unwrap().keys_and_certificate().unwrap();
        assert!(keys.private_key.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
        assert!(keys.public_key.starts_with("-----BEGIN PUBLIC KEY-----"));
        let (_, pem) = parse_x509_pem(keys.certificate.as_bytes()).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let x509_parser::public_key::PublicKey::RSA(key) = certificate.public_key().parsed().unwrap() else {
            panic!("not an RSA key");
        };
        assert_eq!(key.key_size(), 2048);
        assert_eq!(format!("{keys:?}"), "KeysAndCertificate");
    }
}
