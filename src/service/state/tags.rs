//! Labels on jobs, job templates, thing groups and policies.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::validate::Violations;

/// A label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: Option<String>,
    /// Up to 256 characters.
    pub value: Option<String>,
}

/// The labels of the account's resources, by ARN.
#[derive(Debug, Default)]
pub(crate) struct Tags(pub(super) BTreeMap<String, BTreeMap<String, String>>);

impl Tags {
    /// Adds labels to a resource; one with the same key is replaced.
    pub(crate) fn set(&mut self, arn: &str, tags: Vec<Tag>) {
        let pairs = tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
        self.0.entry(arn.to_owned()).or_default().extend(pairs);
    }

    /// Removes all labels of a resource that was deleted.
    pub(crate) fn remove(&mut self, arn: &str) {
        self.0.remove(arn);
    }
}

pub(super) const MAX_TAGS: usize = 50;

/// Holds labels to AWS's limits.
pub(crate) fn check(tags: Option<&[Tag]>) -> Result<(), Rejected> {
    let mut violations = Violations::default();
    let tags = tags.unwrap_or_default();
    violations.size("tags", tags.len(), 0, MAX_TAGS);
    for (index, tag) in tags.iter().enumerate() {
        let member = |name: &str| format!("tags.{}.member.{name}", index + 1);
        violations.required(&member("key"), tag.key.as_ref());
        violations.length(&member("key"), tag.key.as_deref(), 1, 128);
        violations.length(&member("value"), tag.value.as_deref(), 0, 256);
    }
    violations.finish()
}
