//! One registered certificate: what can be read from it, and where it stands.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate, parse_x509_pem};

use super::super::Rejected;
use crate::service::policy::CertificateNames;
use crate::service::time::Timestamp;

/// Where a certificate stands; devices connect with active ones only.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_CertificateDescription.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateStatus {
    /// `ACTIVE`
    Active,
    /// `INACTIVE`
    Inactive,
    /// `REVOKED`
    Revoked,
}

impl CertificateStatus {
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Revoked].into_iter().find(|status| status.as_str() == word)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Revoked => "REVOKED",
        }
    }
}

impl fmt::Display for CertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a client is refused for its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum CertificateRefusal {
    /// Nobody registered it.
    #[error("a client was refused: its certificate {id} is not registered")]
    Unknown { id: String },
    /// It was deactivated.
    #[error("a client was refused: its certificate {id} is {status}, not ACTIVE")]
    NotActive { id: String, status: CertificateStatus },
    /// Its time is over.
    #[error("a client was refused: its certificate {id} has expired")]
    Expired { id: String },
    /// Its time has not begun.
    #[error("a client was refused: its certificate {id} is not valid yet")]
    NotValidYet { id: String },
}

/// A registered certificate.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) id: String,
    pub(super) pem: String,
    pub(super) status: CertificateStatus,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) names: Arc<CertificateNames>,
    /// How many certificates were registered before it.
    pub(super) sequence: u64,
}

impl Certificate {
    /// Reads the first certificate of a PEM text.
    pub(super) fn parse(now: Timestamp, pem: &str, status: CertificateStatus) -> Result<Self, Rejected> {
        let invalid = || {
            Rejected::CertificateValidation("The certificate is not a valid X.509 certificate in PEM.".into())
        };
        let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|_| invalid())?;
        let (_, certificate) = X509Certificate::from_der(&block.contents).map_err(|_| invalid())?;
        let validity = certificate.validity();
        let moment = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        Ok(Self {
            id: certificate_id(&block.contents),
            pem: pem.to_owned(),
            status,
            created: now,
            modified: now,
            not_before: moment(validity.not_before.timestamp()),
            not_after: moment(validity.not_after.timestamp()),
            names: Arc::new(CertificateNames::of(&certificate)),
            sequence: 0,
        })
    }
}

/// A certificate's id: the SHA-256 of its DER form in hexadecimal.
#[must_use]
pub fn certificate_id(der: &[u8]) -> String {
    digest(&SHA256, der).as_ref().iter().fold(String::new(), |mut id, byte| {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}
