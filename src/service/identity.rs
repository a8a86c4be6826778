//! The identity of a service: its authority, the device's certificate and their keys, made once in a folder and
//! found there again.

use x509_parser::prelude::{FromDer, X509Certificate, parse_x509_pem};

use super::certificates::{AUTHORITY, Authority, DeviceCertificate, public_key};
use super::files::{CA, CA_KEY, CERTIFICATE, Files, KEY, STATE, TOGETHER};
use super::start_error::StartError;

/// Who signs for the service, and who its own device is.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) authority: Authority,
    pub(super) device: DeviceCertificate,
}

impl Identity {
    /// The identity that `files` hold, or a new one where they hold none.
    ///
    /// Refused where a part of it is missing or does not go with the others, and where jobs and things are kept without
    /// it: a device may have it still.
    pub(super) fn find_or_make(files: &Files) -> Result<Self, StartError> {
        let [ca, ca_key, certificate, key] = TOGETHER.map(|name| files.read(name));
        match (ca?, ca_key?, certificate?, key?) {
            (None, None, None, None) if !files.path(STATE).exists() => Self::make(files),
            (Some(ca), Some(ca_key), Some(certificate), Some(key)) => {
                Self::found(ca, &ca_key, certificate, key)
                    .map_err(|(name, why)| StartError::Damaged { path: files.path(name), why })
            }
            (ca, ca_key, certificate, key) => {
                let missing = TOGETHER.into_iter().zip([ca, ca_key, certificate, key]);
                let paths = missing.filter(|(_, text)| text.is_none()).map(|(name, _)| files.path(name));
                Err(StartError::Missing { paths: paths.collect() })
            }
        }
    }

    /// A new identity, in place of the one that `files` hold.
    ///
    /// Refused where they hold a private key that is no part of it: somebody's, and perhaps the only copy.
    pub(super) fn replace(files: &Files) -> Result<Self, StartError> {
        for (certificate, name) in [(CA, CA_KEY), (CERTIFICATE, KEY)] {
            let (certificate, key) = (files.read(certificate)?, files.read(name)?);
            let key = key.filter(|key| key.contains("PRIVATE KEY-----"));
            if key.is_some_and(|key| !certificate.is_some_and(|of| is_key_of_ours(&of, &key))) {
                return Err(StartError::AnotherKey { path: files.path(name) });
            }
        }
        Self::make(files)
    }

    fn make(files: &Files) -> Result<Self, StartError> {
        let authority = Authority::new()?;
        let device = authority.device()?;
        files.put_together([
            authority.pem(),
            &authority.private_key_pem(),
            &device.certificate_pem,
            &device.private_key_pem,
        ])?;
        Ok(Self { authority, device })
    }

    /// What was read, or the file that does not go with the others, and why.
    fn found(
        ca: String,
        ca_key: &str,
        certificate: String,
        key: String,
    ) -> Result<Self, (&'static str, &'static str)> {
        let (_, block) = parse_x509_pem(ca.as_bytes()).map_err(|_| (CA, NO_CERTIFICATE))?;
        let (_, issuer) = X509Certificate::from_der(&block.contents).map_err(|_| (CA, NO_CERTIFICATE))?;
        if !issuer.is_ca() {
            return Err((CA, "holds a certificate that is no authority's"));
        }
        check_key(&issuer, ca_key, "holds another key than that of ca.pem").map_err(|why| (CA_KEY, why))?;

        let (_, block) = parse_x509_pem(certificate.as_bytes()).map_err(|_| (CERTIFICATE, NO_CERTIFICATE))?;
        let (_, device) =
            X509Certificate::from_der(&block.contents).map_err(|_| (CERTIFICATE, NO_CERTIFICATE))?;
        if device.verify_signature(Some(issuer.public_key())).is_err() {
            return Err((CERTIFICATE, "holds a certificate that the authority of ca.pem did not sign"));
        }
        check_key(&device, &key, "holds another key than that of cert.pem").map_err(|why| (KEY, why))?;

        let authority = Authority::from_pem(ca, ca_key).map_err(|_| (CA, NO_CERTIFICATE))?;
        Ok(Self {
            authority,
            device: DeviceCertificate { certificate_pem: certificate, private_key_pem: key },
        })
    }
}

/// Whether a certificate is one that this program has made, and the private key its own.
fn is_key_of_ours(certificate: &str, private_key_pem: &str) -> bool {
    let Ok((_, block)) = parse_x509_pem(certificate.as_bytes()) else { return false };
    let Ok((_, certificate)) = X509Certificate::from_der(&block.contents) else { return false };
    let issuer = certificate.issuer().iter_common_name().next().and_then(|name| name.as_str().ok());
    issuer == Some(AUTHORITY) && check_key(&certificate, private_key_pem, "").is_ok()
}

const NO_CERTIFICATE: &str = "holds no certificate in PEM";

/// Refuses a private key that is none, or, for the reason `another`, not the certificate's.
fn check_key(
    certificate: &X509Certificate<'_>,
    private_key_pem: &str,
    another: &'static str,
) -> Result<(), &'static str> {
    let public = public_key(private_key_pem).ok_or("holds no private key in PEM")?;
    let is_its_own = certificate.public_key().subject_public_key.data == public;
    is_its_own.then_some(()).ok_or(another)
}
