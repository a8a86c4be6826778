//! TagResource, UntagResource and ListTagsForResource.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/tagging-iot.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejected;
use super::State;
use super::job::no_such_job;
use super::outcome::Outcome;
use super::tags::{self, MAX_TAGS, Tag};
use super::template::no_such_template;
use super::thing_type::no_such_type;
use super::touched::Record;

/// The body of TagResource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagResourceRequest {
    /// The ARN of something that can be tagged: a job, a job template, a policy, a thing group, a thing type.
    pub resource_arn: Option<String>,
    /// What to add.
    pub tags: Option<Vec<Tag>>,
}

/// The body of UntagResource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UntagResourceRequest {
    /// The ARN of something that can be tagged: a job, a job template, a policy, a thing group, a thing type.
    pub resource_arn: Option<String>,
    /// What to remove.
    pub tag_keys: Option<Vec<String>>,
}

/// The answer to ListTagsForResource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListTagsForResourceResponse {
    /// By key.
    pub tags: Vec<Tag>,
    /// Always null: all are on one page.
    #[serde(rename = "nextToken")]
    pub next_token: Option<String>,
}

impl State {
    /// Labels a resource.
    pub fn tag_resource(&mut self, request: TagResourceRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let arn = request.resource_arn.unwrap_or_default();
            let tags = request.tags.unwrap_or_default();
            if tags.is_empty() {
                return Err(Rejected::InvalidRequest("The validated collection is empty".to_owned()));
            }
            tags::check(Some(&tags), tags::OF_RESOURCE)?;
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
            effects.touched.add(Record::Tags(arn));
            Ok(())
        })
    }

    /// Removes labels from a resource.
    pub fn untag_resource(&mut self, request: UntagResourceRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let arn = request.resource_arn.unwrap_or_default();
            let keys = request.tag_keys.unwrap_or_default();
            self.check_tagged(&arn)?;
            self.tags.remove_keys(&arn, &keys);
            effects.touched.add(Record::Tags(arn));
            Ok(())
        })
    }

    /// The labels of a resource; one that does not exist has none.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the ARN is none of something that can be tagged.
    pub fn list_tags_for_resource(&self, arn: &str) -> Result<ListTagsForResourceResponse, Rejected> {
        self.tagged(arn)?;
        let pairs = self.tags.0.get(arn).into_iter().flatten();
        let tag =
            |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
        Ok(ListTagsForResourceResponse { tags: pairs.map(tag).collect(), next_token: None })
    }

    /// Refuses the ARN of something that does not exist.
    fn check_tagged(&self, arn: &str) -> Result<(), Rejected> {
        let (kind, name) = self.tagged(arn)?;
        let not_found = |message: String| Rejected::ResourceNotFound(message);
        let (exists, missing) = match kind {
            "job" => (name.parse().is_ok_and(|id| self.jobs.contains_key(&id)), no_such_job(name)),
            "jobtemplate" => {
                (name.parse().is_ok_and(|id| self.templates.contains_key(&id)), no_such_template(name))
            }
            "thingtype" => (self.thing_types.contains_key(name), no_such_type(&self.settings.account, name)),
            "policy" => (self.has_policy(name), not_found("This resource is not found".to_owned())),
            _ => (
                name.parse().is_ok_and(|name| self.groups.contains_key(&name)),
                not_found(format!("Thing Group {name} does not exist.")),
            ),
        };
        if exists { Ok(()) } else { Err(missing) }
    }

    /// The kind and the name of something that can be tagged.
    fn tagged<'a>(&self, arn: &'a str) -> Result<(&'a str, &'a str), Rejected> {
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _, "iot", _, _, resource] = parts[..] else {
            return refuse("Invalid arn in request".to_owned());
        };
        if self.settings.split_arn(arn).is_none() && resource.contains('/') {
            return refuse("ResourceArn doesn't belong in requester's account".to_owned());
        }
        match resource.split_once('/') {
            Some((kind @ ("job" | "jobtemplate" | "policy" | "thinggroup" | "thingtype"), name)) => {
                Ok((kind, name))
            }
            Some((kind, _)) => refuse(format!("Invalid resource type in ARN: {kind}")),
            None => refuse("Invalid arn in request".to_owned()),
        }
    }
}
