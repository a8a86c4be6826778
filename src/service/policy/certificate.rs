//! What policies can name of a certificate.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html>

use x509_parser::certificate::X509Certificate;
use x509_parser::x509::X509Name;

/// The parts of a distinguished name that policies know, with their object identifiers.
const PARTS: [(&str, &str); 13] = [
    ("DistinguishedNameQualifier", "2.5.4.46"),
    ("Country", "2.5.4.6"),
    ("Organization", "2.5.4.10"),
    ("OrganizationalUnit", "2.5.4.11"),
    ("State", "2.5.4.8"),
    ("CommonName", "2.5.4.3"),
    ("SerialNumber", "2.5.4.5"),
    ("Title", "2.5.4.12"),
    ("Surname", "2.5.4.4"),
    ("GivenName", "2.5.4.42"),
    ("Initials", "2.5.4.43"),
    ("Pseudonym", "2.5.4.65"),
    ("GenerationQualifier", "2.5.4.44"),
];

/// Whom a certificate names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CertificateNames {
    subject: DistinguishedName,
    issuer: DistinguishedName,
}

/// The parts of a distinguished name in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DistinguishedName(Vec<(&'static str, String)>);

/// A part of a certificate's names: `iot:Certificate.Subject.CommonName`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificatePart {
    of_issuer: bool,
    part: &'static str,
    which: Which,
}

/// Which values of a part that a name has more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// This one, counted from 0. The guide's example takes `.1` for the second one.
    One(usize),
    /// `.List`, for `ForAllValues` and `ForAnyValue`.
    All,
}

impl CertificateNames {
    /// Reads the names of a certificate.
    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Self {
        Self {
            subject: DistinguishedName::read(certificate.subject()),
            issuer: DistinguishedName::read(certificate.issuer()),
        }
    }
}

impl DistinguishedName {
    fn read(name: &X509Name<'_>) -> Self {
        let parts = name.iter_attributes().filter_map(|attribute| {
            let identifier = attribute.attr_type().to_id_string();
            let (part, _) = PARTS.into_iter().find(|(_, known)| *known == identifier)?;
            Some((part, attribute.as_str().ok()?.to_owned()))
        });
        Self(parts.collect())
    }
}

impl CertificatePart {
    /// Reads what follows `iot:Certificate.` in the name of a variable.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (owner, part) = name.split_once('.')?;
        let of_issuer = match owner {
            "Subject" => false,
            "Issuer" => true,
            _ => return None,
        };
        let (part, which) = match part.split_once('.') {
            None => (part, Which::One(0)),
            Some((part, "List")) => (part, Which::All),
            Some((part, index)) => (part, Which::One(index.parse().ok()?)),
        };
        let (part, _) = PARTS.into_iter().find(|(known, _)| *known == part)?;
        Some(Self { of_issuer, part, which })
    }

    /// Its values in a certificate.
    pub(super) fn values<'a>(&self, names: &'a CertificateNames) -> Vec<&'a str> {
        let name = if self.of_issuer { &names.issuer } else { &names.subject };
        let values = name.0.iter().filter(|(part, _)| *part == self.part).map(|(_, value)| value.as_str());
        match self.which {
            Which::All => values.collect(),
            Which::One(index) => values.skip(index).take(1).collect(),
        }
    }

    /// Whether it stands for a list, which is for conditions alone.
    pub(super) fn is_list(&self) -> bool {
        self.which == Which::All
    }
}
