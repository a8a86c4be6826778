//! Certificates, policies and attachments as rows that are kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::State;
use super::super::kept::{Damage, Millis, Restoring, read, write};
use super::super::touched::Record;
use super::certificate::{Certificate, CertificateStatus};
use super::policy::{Policy, PolicyVersion};
use super::records::Credentials;
use crate::service::policy::Document;
use crate::wire::model::ThingName;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CertificateRow<'a> {
    number: u64,
    pem: Cow<'a, str>,
    status: CertificateStatus,
    created_at: Millis,
    last_modified_at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRow<'a> {
    number: u64,
    versions: BTreeMap<u64, PolicyVersionRow<'a>>,
    default_version: u64,
    /// The latest that was ever made.
    last_version: u64,
    created_at: Millis,
    last_modified_at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyVersionRow<'a> {
    document: Cow<'a, str>,
    created_at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
struct ThingPrincipalRow {
    #[serde(default)]
    exclusive: bool,
}

impl Credentials {
    /// The keys of all records.
    pub(in super::super) fn records(&self) -> impl Iterator<Item = Record> {
        let certificates = self.certificates.keys().cloned().map(Record::Certificate);
        let policies = self.policies.keys().cloned().map(Record::Policy);
        let attached = self.attached.keys().cloned().map(Record::AttachedPolicies);
        let pairs = self.principals.iter().flat_map(|(thing, ids)| ids.iter().map(move |id| (thing, id)));
        let principals = pairs.map(|(thing, id)| Record::ThingPrincipal(thing.clone(), id.clone()));
        certificates.chain(policies).chain(attached).chain(principals)
    }

    /// How many certificates and policies there ever were.
    pub(in super::super) fn last_numbers(&self) -> (u64, u64) {
        (self.registered, self.created)
    }

    pub(in super::super) fn set_last_numbers(&mut self, certificates: u64, policies: u64) {
        (self.registered, self.created) = (certificates, policies);
    }
}

impl State {
    pub(in super::super) fn certificate_row(&self, id: &str) -> Option<String> {
        let certificate = self.credentials.certificates.get(id)?;
        Some(write(&CertificateRow {
            number: certificate.sequence,
            pem: Cow::Borrowed(&certificate.pem),
            status: certificate.status,
            created_at: certificate.created.into(),
            last_modified_at: certificate.modified.into(),
        }))
    }

    pub(in super::super) fn policy_row(&self, name: &str) -> Option<String> {
        let policy = self.credentials.policies.get(name)?;
        let version = |(number, version): (&u64, &PolicyVersion)| {
            let document = Cow::Owned(version.text.clone());
            (*number, PolicyVersionRow { document, created_at: version.created.into() })
        };
        Some(write(&PolicyRow {
            number: policy.sequence,
            versions: policy.versions.iter().map(version).collect(),
            default_version: policy.default_version,
            last_version: policy.last_version,
            created_at: policy.created.into(),
            last_modified_at: policy.modified.into(),
        }))
    }

    pub(in super::super) fn attached_row(&self, target: &str) -> Option<String> {
        self.credentials.attached.get(target).map(write)
    }

    /// All that there is to say is that they belong together, and whether to no others.
    pub(in super::super) fn principal_row(&self, thing: &ThingName, id: &str) -> Option<String> {
        let principals = self.credentials.principals.get(thing)?;
        let row = || write(&ThingPrincipalRow { exclusive: self.credentials.exclusive.contains(id) });
        principals.contains(id).then(row)
    }
}

impl Restoring {
    pub(in super::super) fn take_certificate(&mut self, id: &str, value: &str) -> Result<(), Damage> {
        let row: CertificateRow<'_> = read(value)?;
        let certificate = Certificate::parse(row.created_at.into(), &row.pem, row.status);
        let certificate = Certificate {
            sequence: row.number,
            modified: row.last_modified_at.into(),
            ..certificate.map_err(|_| Damage::Unreadable)?
        };
        if certificate.id != id {
            return Err(Damage::Name);
        }
        self.state.credentials.certificates.insert(id.to_owned(), certificate);
        Ok(())
    }

    pub(in super::super) fn take_policy(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let row: PolicyRow<'_> = read(value)?;
        let mut versions = BTreeMap::new();
        for (number, PolicyVersionRow { document, created_at }) in row.versions {
            let text = document.into_owned();
            // Those that the service makes itself may be longer than others.
            let document = Document::parse_any_length(&text).map_err(|_| Damage::Unreadable)?;
            let version = PolicyVersion { text, document: Arc::new(document), created: created_at.into() };
            versions.insert(number, version);
        }
        let policy = Policy {
            created: row.created_at.into(),
            modified: row.last_modified_at.into(),
            versions,
            default_version: row.default_version,
            last_version: row.last_version,
            sequence: row.number,
        };
        self.state.credentials.policies.insert(name.to_owned(), policy);
        Ok(())
    }

    pub(in super::super) fn take_attached(&mut self, target: &str, value: &str) -> Result<(), Damage> {
        let names: BTreeSet<String> = read(value)?;
        self.state.credentials.attached.insert(target.to_owned(), names);
        Ok(())
    }

    pub(in super::super) fn take_principal(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let (thing, id) = name.split_once('/').ok_or(Damage::Name)?;
        let row: ThingPrincipalRow = read(value)?;
        if row.exclusive {
            self.state.credentials.exclusive.insert(id.to_owned());
        }
        self.state.credentials.attach(thing.parse().map_err(|_| Damage::Name)?, id.to_owned());
        Ok(())
    }
}
