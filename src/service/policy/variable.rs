//! Policy variables: what they are called and what they stand for on one connection.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/basic-policy-variables.html> and
//! <https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html>

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::certificate::{CertificateNames, CertificatePart};

/// What policy variables and conditions are resolved against: one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The MQTT client id; HTTPS knows none.
    pub client_id: Option<String>,
    /// Where the client connects from.
    pub source_ip: Option<IpAddr>,
    /// The id of the client's certificate.
    pub certificate_id: String,
    /// Whom that certificate names.
    pub certificate: Option<Arc<CertificateNames>>,
    /// The thing that the client is: its certificate is attached to it and its client id is the thing's name.
    pub thing: Option<ConnectedThing>,
    /// `iot:ConnectAttributes`: `PersistentConnect` and `LastWill`, as far as the CONNECT asks for them.
    pub connect_attributes: Vec<&'static str>,
}

/// A thing, as far as policy variables can name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ConnectedThing {
    /// `${iot:Connection.Thing.ThingName}`
    pub name: String,
    /// `${iot:Connection.Thing.ThingTypeName}`
    pub type_name: Option<String>,
    /// `${iot:Connection.Thing.Attributes[name]}`
    pub attributes: BTreeMap<String, String>,
}

/// A policy variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    ClientId,
    SourceIp,
    ThingName,
    ThingTypeName,
    ThingAttribute(String),
    ThingIsAttached,
    CertificateId,
    CertificatePart(CertificatePart),
    /// A name that this service does not know: it never resolves.
    Unknown,
}

impl Variable {
    /// Reads the name between `${` and `}`.
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "iot:ClientId" => Self::ClientId,
            "aws:SourceIp" => Self::SourceIp,
            "iot:Connection.Thing.ThingName" => Self::ThingName,
            "iot:Connection.Thing.ThingTypeName" => Self::ThingTypeName,
            "iot:Connection.Thing.IsAttached" => Self::ThingIsAttached,
            "iot:CertificateId" => Self::CertificateId,
            _ => Self::attribute(name).or_else(|| Self::part(name)).unwrap_or(Self::Unknown),
        }
    }

    fn attribute(name: &str) -> Option<Self> {
        let attribute = name.strip_prefix("iot:Connection.Thing.Attributes[")?.strip_suffix(']')?;
        Some(Self::ThingAttribute(attribute.to_owned()))
    }

    fn part(name: &str) -> Option<Self> {
        CertificatePart::parse(name.strip_prefix("iot:Certificate.")?).map(Self::CertificatePart)
    }

    /// All that the variable stands for, as the key of a condition.
    pub(super) fn values<'a>(&self, context: &'a Context) -> Vec<Cow<'a, str>> {
        match (self, &context.certificate) {
            (Self::CertificatePart(part), Some(names)) => {
                part.values(names).into_iter().map(Cow::Borrowed).collect()
            }
            _ => self.resolve(context).into_iter().collect(),
        }
    }

    /// What the variable stands for; `None` where it stands for nothing, so that its statement does not match.
    pub(super) fn resolve<'a>(&self, context: &'a Context) -> Option<Cow<'a, str>> {
        let thing = context.thing.as_ref();
        match self {
            Self::ClientId => context.client_id.as_deref().map(Cow::Borrowed),
            Self::SourceIp => context.source_ip.map(|ip| Cow::Owned(ip.to_string())),
            Self::ThingName => thing.map(|thing| Cow::Borrowed(thing.name.as_str())),
            Self::ThingTypeName => thing?.type_name.as_deref().map(Cow::Borrowed),
            Self::ThingAttribute(name) => {
                thing?.attributes.get(name).map(|value| Cow::Borrowed(value.as_str()))
            }
            Self::ThingIsAttached => Some(Cow::Borrowed(if thing.is_some() { "true" } else { "false" })),
            Self::CertificateId => Some(Cow::Borrowed(&context.certificate_id)),
            Self::CertificatePart(part) if part.is_list() => None,
            Self::CertificatePart(part) => {
                part.values(context.certificate.as_ref()?).first().copied().map(Cow::Borrowed)
            }
            Self::Unknown => None,
        }
    }
}
