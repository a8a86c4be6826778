//! Policies and their versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Rejected;
use crate::service::policy::{Document, Malformed};
use crate::service::time::Timestamp;

/// A policy.
#[expect(dead_code, reason = "for the operations that tell it")]
#[derive(Debug)]
pub(super) struct Policy {
    created: Timestamp,
    modified: Timestamp,
    versions: BTreeMap<u64, PolicyVersion>,
    default_version: u64,
}

#[expect(dead_code, reason = "for the operations that tell it")]
#[derive(Debug)]
struct PolicyVersion {
    /// As it was given.
    text: String,
    document: Arc<Document>,
    created: Timestamp,
}

impl Policy {
    pub(super) fn new(now: Timestamp, text: &str, document: Document) -> Self {
        let version = PolicyVersion { text: text.to_owned(), document: Arc::new(document), created: now };
        Self { created: now, modified: now, versions: [(1, version)].into(), default_version: 1 }
    }

    /// What it says in its default version.
    pub(super) fn document(&self) -> Arc<Document> {
        self.versions.get(&self.default_version).map(|version| version.document.clone()).unwrap_or_default()
    }
}

pub(super) fn malformed(malformed: &Malformed) -> Rejected {
    Rejected::MalformedPolicy(malformed.to_string())
}
