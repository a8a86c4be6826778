//! Labels on jobs, job templates, thing groups and policies.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejected;

/// A label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: Option<String>,
    /// Up to 256 characters.
    pub value: Option<String>,
}

/// The labels of the account's resources, by ARN; never empty.
#[derive(Debug, Default)]
pub(crate) struct Tags(pub(super) BTreeMap<String, BTreeMap<String, String>>);

impl Tags {
    /// Adds labels to a resource; one with the same key is replaced.
    pub(crate) fn set(&mut self, arn: &str, tags: Vec<Tag>) {
        let pairs = tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
        let mut pairs = pairs.peekable();
        if pairs.peek().is_some() {
            self.0.entry(arn.to_owned()).or_default().extend(pairs);
        }
    }

    /// Removes labels of a resource by their keys.
    pub(super) fn remove_keys(&mut self, arn: &str, keys: &[String]) {
        if let Some(tags) = self.0.get_mut(arn) {
            tags.retain(|key, _| !keys.contains(key));
            if tags.is_empty() {
                self.0.remove(arn);
            }
        }
    }

    /// Whether these are the labels of a resource.
    pub(super) fn are(&self, arn: &str, tags: &[Tag]) -> bool {
        let given: BTreeMap<_, _> = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let stored = self.0.get(arn).into_iter().flatten();
        stored.map(|(key, value)| (Some(key.clone()), Some(value.clone()))).eq(given)
    }

    /// Removes all labels of a resource that was deleted.
    pub(crate) fn remove(&mut self, arn: &str) {
        self.0.remove(arn);
    }
}

pub(super) const MAX_TAGS: usize = 50;

/// What AWS says of a tag without a value, in one word or another by what it is for.
pub(super) const OF_JOB: &str = "Invalid tag parameter exception. Please check the input.";
pub(super) const OF_THING_GROUP: &str = "All tags in request should have keys and values.";
pub(super) const OF_RESOURCE: &str = "Invalid request exception. Please check the input.";

/// Holds labels to the rules beyond their lengths.
pub(super) fn check(tags: Option<&[Tag]>, without_value: &str) -> Result<(), Rejected> {
    let refuse = |message: String| Err(Rejected::InvalidRequest(message));
    let tags = tags.unwrap_or_default();
    if tags.len() > MAX_TAGS {
        return refuse("Too many tags provided in the request. Please check the input.".to_owned());
    }
    for tag in tags {
        let key = tag.key.as_deref().unwrap_or_default();
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return refuse(format!("Tags cannot begin with \"aws:\", offending tag: {key}"));
        }
        if tag.value.is_none() {
            return refuse(without_value.to_owned());
        }
    }
    Ok(())
}
