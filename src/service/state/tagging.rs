//! TagResource, UntagResource and ListTagsForResource.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::State;
use super::outcome::Outcome;
use super::tags::{MAX_TAGS, Tag, check};
use super::validate;

/// The body of TagResource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagResourceRequest {
    /// The ARN of something that can be tagged: a job, a job template, a policy, a thing group.
    pub resource_arn: Option<String>,
    /// What to add.
    pub tags: Option<Vec<Tag>>,
}

/// The body of UntagResource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UntagResourceRequest {
    /// The ARN of something that can be tagged: a job, a job template, a policy, a thing group.
    pub resource_arn: Option<String>,
    /// What to remove.
    pub tag_keys: Option<Vec<String>>,
}

/// The answer to ListTagsForResource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListTagsForResourceResponse {
    /// By key.
    pub tags: Vec<Tag>,
}

impl State {
    /// Labels a resource.
    pub fn tag_resource(&mut self, request: TagResourceRequest) -> Outcome<()> {
        Outcome::of(|| {
            let arn = required("resourceArn", request.resource_arn)?;
            let tags = required("tags", request.tags)?;
            check(Some(&tags))?;
            self.check_tagged(&arn)?;
            let stored = self.tags.0.get(&arn);
            let is_new = |tag: &&Tag| {
                stored.zip(tag.key.as_ref()).is_none_or(|(stored, key)| !stored.contains_key(key))
            };
            let added = tags.iter().filter(is_new).count();
            if stored.map_or(0, BTreeMap::len) + added > MAX_TAGS {
                return Err(Rejected::LimitExceeded(format!("{arn} cannot have more than {MAX_TAGS} tags.")));
            }
            self.tags.set(&arn, tags);
            Ok(())
        })
    }

    /// Removes labels from a resource.
    pub fn untag_resource(&mut self, request: UntagResourceRequest) -> Outcome<()> {
        Outcome::of(|| {
            let arn = required("resourceArn", request.resource_arn)?;
            let keys = required("tagKeys", request.tag_keys)?;
            self.check_tagged(&arn)?;
            if let Some(tags) = self.tags.0.get_mut(&arn) {
                tags.retain(|key, _| !keys.contains(key));
            }
            Ok(())
        })
    }

    /// The labels of a resource.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such resource; [`Rejected::InvalidRequest`] where the ARN is not one.
    pub fn list_tags_for_resource(&self, arn: &str) -> Result<ListTagsForResourceResponse, Rejected> {
        self.check_tagged(arn)?;
        let pairs = self.tags.0.get(arn).into_iter().flatten();
        let tag =
            |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
        Ok(ListTagsForResourceResponse { tags: pairs.map(tag).collect() })
    }

    /// Refuses the ARN of something that does not exist.
    fn check_tagged(&self, arn: &str) -> Result<(), Rejected> {
        if !arn.starts_with("arn:") {
            return Err(Rejected::InvalidRequest(format!("{arn} is not an ARN.")));
        }
        let exists = self.settings.split_arn(arn).is_some_and(|(kind, name)| match kind {
            "job" => name.parse().is_ok_and(|id| self.jobs.contains_key(&id)),
            "jobtemplate" => name.parse().is_ok_and(|id| self.templates.contains_key(&id)),
            "policy" => self.has_policy(name),
            "thinggroup" => name.parse().is_ok_and(|name| self.groups.contains_key(&name)),
            _ => false,
        });
        if exists { Ok(()) } else { Err(Rejected::ResourceNotFound(format!("{arn} cannot be found."))) }
    }
}

fn required<T>(member: &str, value: Option<T>) -> Result<T, Rejected> {
    validate::parsed(|violations| {
        violations.required(member, value.as_ref());
        value
    })
}
