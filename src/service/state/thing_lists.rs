//! Lists of things and thing groups, page by page.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-registry.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::group::Group;
use super::groups::GroupNameAndArn;
use super::paging::Page;
use super::thing::Thing;
use super::validate;
use super::{Rejected, State};
use crate::wire::model::{ThingGroupName, ThingName};
use crate::wire::number::VersionNumber;

/// The query of ListThings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListThingsQuery {
    /// Only things with this attribute.
    pub attribute_name: Option<String>,
    /// Only things whose attribute has this value.
    pub attribute_value: Option<String>,
    /// Only things of this type.
    pub thing_type_name: Option<String>,
    /// The attribute's value need only begin with the one given.
    pub use_prefix_attribute_value: Option<bool>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListThings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListThingsResponse {
    /// By name.
    pub things: Vec<ThingAttribute>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A thing in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThingAttribute {
    /// Unique in the account.
    pub thing_name: ThingName,
    /// 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_type_name: Option<String>,
    /// `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// By name.
    pub attributes: BTreeMap<String, String>,
    /// From 1.
    pub version: VersionNumber,
}

/// The query of the lists of thing groups and of the things in one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListThingGroupsQuery {
    /// Only groups below this one.
    pub parent_group: Option<String>,
    /// Only groups whose name begins so.
    pub name_prefix_filter: Option<String>,
    /// Down to the leaves: the default for lists of groups, not for lists of things.
    pub recursive: Option<bool>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListThingGroups and ListThingGroupsForThing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListThingGroupsResponse {
    /// By name.
    pub thing_groups: Vec<GroupNameAndArn>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// The answer to ListThingsInThingGroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListThingsInThingGroupResponse {
    /// By name.
    pub things: Vec<ThingName>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl State {
    /// The things of the registry.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_things(&self, query: &ListThingsQuery) -> Result<ListThingsResponse, Rejected> {
        let page: Page<ThingName> = self.page(query.max_results, query.next_token.as_deref())?;
        let things = self
            .things
            .iter()
            .filter(|(name, _)| page.after.as_ref().is_none_or(|after| *name > after))
            .filter(|(_, thing)| matches(query, thing));
        let (things, next_token) = page.cut(things, |(name, _)| (*name).clone());
        let entry = |(name, thing): (&ThingName, &Thing)| ThingAttribute {
            thing_name: name.clone(),
            thing_type_name: thing.type_name.clone(),
            thing_arn: self.settings.arn("thing", name.as_str()),
            attributes: thing.attributes.clone(),
            version: thing.version,
        };
        Ok(ListThingsResponse { things: things.into_iter().map(entry).collect(), next_token })
    }

    /// The thing groups of the registry, or those below one of them.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such parent group; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_thing_groups(
        &self,
        query: &ListThingGroupsQuery,
    ) -> Result<ListThingGroupsResponse, Rejected> {
        let parent = query.parent_group.as_deref().map(validate::name::<ThingGroupName>).transpose()?;
        if let Some(parent) = &parent {
            self.group(parent)?;
        }
        let prefix = query.name_prefix_filter.as_deref().unwrap_or_default();
        let recursive = query.recursive.unwrap_or(true);
        let below = |name: &ThingGroupName, group: &Group| match &parent {
            Some(parent) if recursive => self.path_up(name).skip(1).any(|above| above == parent),
            Some(parent) => group.parent.as_ref() == Some(parent),
            None => recursive || group.parent.is_none(),
        };
        let groups = self.groups.iter();
        let groups = groups.filter(|(name, group)| name.as_str().starts_with(prefix) && below(name, group));
        self.page_of_groups(groups.map(|(name, _)| name), query)
    }

    /// The groups that a thing is in.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_thing_groups_for_thing(
        &self,
        thing_name: &str,
        query: &ListThingGroupsQuery,
    ) -> Result<ListThingGroupsResponse, Rejected> {
        let thing = validate::name::<ThingName>(thing_name)?;
        if !self.things.contains_key(&thing) {
            return Err(Rejected::ResourceNotFound("thing does not exist".to_owned()));
        }
        self.page_of_groups(self.groups_of(&thing), query)
    }

    /// The things in a group; with `recursive` those in the groups below it too.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing group; [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_things_in_thing_group(
        &self,
        name: &str,
        query: &ListThingGroupsQuery,
    ) -> Result<ListThingsInThingGroupResponse, Rejected> {
        let name = validate::name::<ThingGroupName>(name)?;
        let page: Page<ThingName> = self.page(query.max_results, query.next_token.as_deref())?;
        let group = self.group(&name)?;
        let mut things: Vec<ThingName> = match query.recursive {
            Some(true) => self.things_below(&name),
            _ => group.members.iter().cloned().collect(),
        };
        things.sort_unstable();
        things.dedup();
        let behind = |thing: &ThingName| page.after.as_ref().is_none_or(|after| thing > after);
        let (things, next_token) = page.cut(things.into_iter().filter(behind), ThingName::clone);
        Ok(ListThingsInThingGroupResponse { things, next_token })
    }

    fn page_of_groups<'a>(
        &self,
        groups: impl Iterator<Item = &'a ThingGroupName>,
        query: &ListThingGroupsQuery,
    ) -> Result<ListThingGroupsResponse, Rejected> {
        let page: Page<ThingGroupName> = self.page(query.max_results, query.next_token.as_deref())?;
        let groups = groups.filter(|name| page.after.as_ref().is_none_or(|after| *name > after));
        let (groups, next_token) = page.cut(groups, |name| (*name).clone());
        let thing_groups = groups.into_iter().map(|name| self.name_and_arn(name)).collect();
        Ok(ListThingGroupsResponse { thing_groups, next_token })
    }
}

fn matches(query: &ListThingsQuery, thing: &Thing) -> bool {
    let wanted = query.attribute_value.as_deref();
    let by_prefix = query.use_prefix_attribute_value == Some(true);
    let value_matches = |value: &String| {
        wanted.is_none_or(|wanted| if by_prefix { value.starts_with(wanted) } else { value == wanted })
    };
    let type_matches = query.thing_type_name.is_none() || query.thing_type_name == thing.type_name;
    let name = query.attribute_name.as_ref();
    type_matches && name.is_none_or(|name| thing.attributes.get(name).is_some_and(value_matches))
}
