//! A certificate authority for tests, and certificates of it.

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// A throw-away certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its private key, in PEM.
#[derive(Debug)]
pub(crate) struct Pem {
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, which others must trust.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Its private key, for openssl to sign with.
    pub(crate) fn key_pem(&self) -> String {
        self.0.key().serialize_pem()
    }

    /// A certificate for a server on loopback.
    pub(crate) fn server(&self) -> Pem {
        self.sign(CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap())
    }

    /// A certificate for a device.
    pub(crate) fn device(&self) -> Pem {
        self.sign(CertificateParams::default())
    }

    /// A certificate with these parameters and a key of its own.
    pub(crate) fn sign(&self, mut params: CertificateParams) -> Pem {
        params.distinguished_name.push(DnType::CommonName, "a test's certificate");
        let key = KeyPair::generate().unwrap();
        let cert: Certificate = params.signed_by(&key, &self.0).unwrap();
        Pem { cert: cert.pem(), key: key.serialize_pem() }
    }
}
