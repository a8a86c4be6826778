//! One policy and its versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Rejected;
use crate::service::policy::Document;
use crate::service::time::Timestamp;

/// How many versions a policy has at the most.
const MAX_VERSIONS: usize = 5;

/// A policy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) versions: BTreeMap<u64, PolicyVersion>,
    pub(super) default_version: u64,
    /// The number of the latest version that was ever made.
    pub(super) last_version: u64,
    /// How many policies were created before it.
    pub(super) sequence: u64,
}

#[derive(Debug)]
pub(super) struct PolicyVersion {
    /// As it was given.
    pub(super) text: String,
    pub(super) document: Arc<Document>,
    pub(super) created: Timestamp,
}

impl Policy {
    pub(super) fn new(now: Timestamp, sequence: u64, text: &str, document: Document) -> Self {
        let version = PolicyVersion { text: text.to_owned(), document: Arc::new(document), created: now };
        let versions = [(1, version)].into();
        Self { created: now, modified: now, versions, default_version: 1, last_version: 1, sequence }
    }

    /// What it says in its default version.
    pub(super) fn document(&self) -> Option<&Arc<Document>> {
        self.versions.get(&self.default_version).map(|version| &version.document)
    }

    /// Adds a version and returns its number.
    pub(super) fn add(&mut self, now: Timestamp, text: &str, document: Document) -> Result<u64, Rejected> {
        if self.versions.len() >= MAX_VERSIONS {
            let message = format!("The policy already has {MAX_VERSIONS} versions; delete one first.");
            return Err(Rejected::VersionsLimitExceeded(message));
        }
        self.last_version += 1;
        self.modified = now;
        let version = PolicyVersion { text: text.to_owned(), document: Arc::new(document), created: now };
        self.versions.insert(self.last_version, version);
        Ok(self.last_version)
    }
}
