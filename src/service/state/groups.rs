//! Thing groups: a tree of names, with things in it.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attributes::{AttributePayload, check_most, given_attributes};
use super::change::Change;
use super::group::{DeletedGroup, Group};
use super::outcome::Outcome;
use super::tags::{self, Tag};
use super::touched::Record;
use super::validate::{self, check_version};
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, ThingGroupName, ThingName};
use crate::wire::number::VersionNumber;

/// How many groups a thing is in at the most.
const MAX_GROUPS: usize = 10;

/// How many levels a hierarchy of groups has at the most.
const MAX_DEPTH: usize = 7;

/// The body of CreateThingGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateThingGroupRequest {
    /// The group that it is part of.
    pub parent_group_name: Option<String>,
    /// Description and attributes.
    pub thing_group_properties: Option<ThingGroupProperties>,
    /// Labels of the group.
    pub tags: Option<Vec<Tag>>,
}

/// Description and attributes of a thing group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ThingGroupProperties {
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_group_description: Option<String>,
    /// By name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_payload: Option<AttributePayload>,
}

/// The answer to CreateThingGroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateThingGroupResponse {
    /// Unique in the account.
    pub thing_group_name: ThingGroupName,
    /// `arn:aws:iot:<region>:<account>:thinggroup/<name>`.
    pub thing_group_arn: String,
    /// Unlike the name never used again.
    pub thing_group_id: String,
}

/// The answer to DescribeThingGroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeThingGroupResponse {
    /// Unique in the account.
    pub thing_group_name: ThingGroupName,
    /// Unlike the name never used again.
    pub thing_group_id: String,
    /// `arn:aws:iot:<region>:<account>:thinggroup/<name>`.
    pub thing_group_arn: String,
    /// From 1.
    pub version: VersionNumber,
    /// Description and attributes.
    pub thing_group_properties: ThingGroupProperties,
    /// Its place in the tree.
    pub thing_group_metadata: ThingGroupMetadata,
}

/// The place of a thing group in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThingGroupMetadata {
    /// The group that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_group_name: Option<ThingGroupName>,
    /// From the root down to the parent; absent at a root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub root_to_parent_thing_groups: Vec<GroupNameAndArn>,
    /// When it was created.
    pub creation_date: Timestamp,
}

/// A thing group in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupNameAndArn {
    /// Unique in the account.
    pub group_name: ThingGroupName,
    /// `arn:aws:iot:<region>:<account>:thinggroup/<name>`.
    pub group_arn: String,
}

/// The body of AddThingToThingGroup and RemoveThingFromThingGroup: each side by name or by ARN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ThingInThingGroupRequest {
    /// The group, by name; this or its ARN.
    pub thing_group_name: Option<String>,
    /// The group, by ARN; this or its name.
    pub thing_group_arn: Option<String>,
    /// The thing, by name; this or its ARN.
    pub thing_name: Option<String>,
    /// The thing, by ARN; this or its name.
    pub thing_arn: Option<String>,
}

impl State {
    /// Creates a thing group; the same group again is no error.
    pub fn create_thing_group(
        &mut self,
        now: Timestamp,
        name: &str,
        new_group_id: Uuid,
        request: CreateThingGroupRequest,
    ) -> Outcome<CreateThingGroupResponse> {
        Outcome::of(|effects| {
            let name: ThingGroupName = validate::name(name)?;
            let parent =
                request.parent_group_name.as_deref().map(validate::name::<ThingGroupName>).transpose()?;
            if let Some(parent) = parent.as_ref().filter(|parent| !self.groups.contains_key(*parent)) {
                let message = format!("Cannot create group using non-existing group as parent : {parent}");
                return Err(Rejected::InvalidRequest(message));
            }
            if parent.as_ref().is_some_and(|parent| self.path_up(parent).count() >= MAX_DEPTH) {
                let message = format!("A thing group hierarchy cannot be more than {MAX_DEPTH} levels deep.");
                return Err(Rejected::InvalidRequest(message));
            }
            tags::check(request.tags.as_deref(), tags::OF_THING_GROUP)?;
            let properties = request.thing_group_properties.unwrap_or_default();
            let attributes = given_attributes(properties.attribute_payload.as_ref());
            check_most(attributes.len(), "thing group")?;
            let thing_group_arn = self.settings.arn("thinggroup", name.as_str());
            let tags = request.tags.unwrap_or_default();
            let same_tags = self.tags.are(&thing_group_arn, &tags);
            let is_new = !self.groups.contains_key(&name);
            if is_new {
                self.tags.set(&thing_group_arn, tags);
                effects.touched.add(Record::Group(name.clone()));
                effects.touched.add(Record::Tags(thing_group_arn.clone()));
            }
            let group = self.groups.entry(name.clone()).or_insert_with(|| Group {
                id: new_group_id,
                parent: parent.clone(),
                description: properties.thing_group_description.clone(),
                attributes: attributes.clone(),
                version: VersionNumber::FIRST,
                created_at: now,
                members: BTreeSet::new(),
            });
            let same = group.parent == parent
                && group.description == properties.thing_group_description
                && group.attributes == attributes;
            if !same || !is_new && !same_tags {
                let what = if same { "Resource ARN".to_owned() } else { format!("Thing Group {name}") };
                let message = format!("{what} already exists in current account with different properties");
                return Err(Rejected::GroupAlreadyExists(message));
            }
            Ok(CreateThingGroupResponse {
                thing_group_id: group.id.to_string(),
                thing_group_name: name,
                thing_group_arn,
            })
        })
    }

    /// Describes a thing group.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing group; [`Rejected::InvalidRequest`] where the name is none.
    pub fn describe_thing_group(&self, name: &str) -> Result<DescribeThingGroupResponse, Rejected> {
        let name = validate::name::<ThingGroupName>(name)?;
        let group = self.group(&name)?;
        let mut path: Vec<_> = self.path_up(&name).skip(1).map(|above| self.name_and_arn(above)).collect();
        path.reverse();
        let attributes = group.attributes.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
        let attributes: BTreeMap<_, _> = attributes.collect();
        let payload = AttributePayload { attributes: Some(attributes), merge: None };
        Ok(DescribeThingGroupResponse {
            thing_group_id: group.id.to_string(),
            thing_group_arn: self.settings.arn("thinggroup", name.as_str()),
            version: group.version,
            thing_group_properties: ThingGroupProperties {
                thing_group_description: group.description.clone(),
                attribute_payload: Some(payload),
            },
            thing_group_metadata: ThingGroupMetadata {
                parent_group_name: group.parent.clone(),
                root_to_parent_thing_groups: path,
                creation_date: group.created_at,
            },
            thing_group_name: name,
        })
    }

    /// Deletes a thing group without child groups; its things leave it. One that does not exist is no error.
    ///
    /// CONTINUOUS jobs take back, slice by slice, what the things did not start.
    pub fn delete_thing_group(
        &mut self,
        now: Timestamp,
        name: &str,
        expected_version: Option<i64>,
    ) -> Outcome<()> {
        self.change(now, |change| {
            let name = validate::name::<ThingGroupName>(name)?;
            let Some(group) = change.state.groups.get(&name) else { return Ok(()) };
            check_version(&format!("thing group {name}"), expected_version, group.version)?;
            if change.state.groups.values().any(|other| other.parent.as_ref() == Some(&name)) {
                let message = format!(
                    "Cannot delete thing group : {name} when there are still child groups attached to it"
                );
                return Err(Rejected::InvalidRequest(message));
            }
            change.finish_queueing();
            let state = &mut *change.state;
            let path = state.path_up(&name).cloned().collect();
            let Some(Group { id, members, .. }) = state.groups.remove(&name) else { return Ok(()) };
            let arn = state.settings.arn("thinggroup", name.as_str());
            state.tags.remove(&arn);
            state.credentials.remove_target(&arn);
            state.deleted_groups.insert(id, DeletedGroup { name: name.clone(), path, members });
            let touched = &mut change.effects.touched;
            touched.add(Record::Group(name));
            touched.add(Record::Tags(arn.clone()));
            touched.add(Record::AttachedPolicies(arn));
            change.leave_group(id);
            Ok(())
        })
    }

    /// Puts a thing into a group; CONTINUOUS jobs of the group reach it.
    pub fn add_thing_to_thing_group(
        &mut self,
        now: Timestamp,
        request: &ThingInThingGroupRequest,
    ) -> Outcome<()> {
        self.change_member(now, request, true)
    }

    /// Takes a thing out of a group; CONTINUOUS jobs take back what it did not start.
    pub fn remove_thing_from_thing_group(
        &mut self,
        now: Timestamp,
        request: &ThingInThingGroupRequest,
    ) -> Outcome<()> {
        self.change_member(now, request, false)
    }

    fn change_member(
        &mut self,
        now: Timestamp,
        request: &ThingInThingGroupRequest,
        member: bool,
    ) -> Outcome<()> {
        self.change(now, |change| {
            let (thing, name) = change.state.thing_and_group(request)?;
            if member {
                change.state.check_joins(&thing, &name)?;
            }
            change.set_member(&thing, &name, member);
            Ok(())
        })
    }

    /// A thing is in ten groups at the most, and in one of a hierarchy.
    fn check_joins(&self, thing: &ThingName, name: &ThingGroupName) -> Result<(), Rejected> {
        let groups: BTreeSet<&ThingGroupName> = self.groups_of(thing).collect();
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        if groups.contains(name) {
            return Ok(());
        }
        if groups.len() >= MAX_GROUPS {
            return refuse(format!("Thing {thing} cannot be in more than {MAX_GROUPS} thing groups."));
        }
        let root = self.path_up(name).last();
        match groups.into_iter().find(|group| self.path_up(group).last() == root) {
            Some(other) => refuse(format!(
                "Thing {thing} cannot be added to thing group {name}, it is in {other} of the same hierarchy."
            )),
            None => Ok(()),
        }
    }

    /// The group's side is looked at first.
    fn thing_and_group(
        &self,
        request: &ThingInThingGroupRequest,
    ) -> Result<(ThingName, ThingGroupName), Rejected> {
        let group = request.thing_group_name.as_deref();
        let group = self.named(
            ["thinggroup", "ThingGroup", "thingGroup"],
            group,
            request.thing_group_arn.as_deref(),
        )?;
        let thing = request.thing_name.as_deref();
        let thing = self.named(["thing", "Thing", "thing"], thing, request.thing_arn.as_deref())?;
        let (thing, group) = (validate::name(thing)?, validate::name(group)?);
        self.group(&group)?;
        self.thing(&thing)?;
        Ok((thing, group))
    }

    /// A name that is given as such, in an ARN, or both ways alike.
    fn named<'a>(
        &self,
        [kind, word, member]: [&str; 3],
        name: Option<&'a str>,
        arn: Option<&'a str>,
    ) -> Result<&'a str, Rejected> {
        let refuse = |message: String| Err(Rejected::InvalidRequest(message));
        let in_arn = match arn.map(|arn| self.settings.split_arn(arn)) {
            None => None,
            Some(Some((found, name))) if found == kind => Some(name),
            Some(_) => return refuse(format!("Invalid {word}Arn")),
        };
        match (name, in_arn) {
            (Some(name), Some(in_arn)) if name != in_arn => refuse(format!(
                "{word}Name from {member}Arn does not match specified {member}Name in request"
            )),
            (Some(name), _) | (None, Some(name)) => Ok(name),
            (None, None) => refuse(format!(
                "Both {member}Arn and {member}Name are empty. Need to specify at least one of them"
            )),
        }
    }

    pub(super) fn name_and_arn(&self, name: &ThingGroupName) -> GroupNameAndArn {
        let group_arn = self.settings.arn("thinggroup", name.as_str());
        GroupNameAndArn { group_name: name.clone(), group_arn }
    }
}

impl Change<'_> {
    /// Puts a thing into a group or takes it out, unless that is so already.
    fn set_member(&mut self, thing: &ThingName, name: &ThingGroupName, member: bool) {
        self.finish_queueing();
        let before = self.state.groups_above(thing);
        let (Some(group), Some(record)) = (self.state.groups.get_mut(name), self.state.things.get_mut(thing))
        else {
            return;
        };
        let changed = if member {
            record.groups.insert(name.clone());
            group.members.insert(thing.clone())
        } else {
            record.groups.remove(name);
            group.members.remove(thing)
        };
        if changed {
            self.effects.touched.add(Record::Thing(thing.clone()));
            let jobs: Vec<JobId> = self.state.continuous.iter().cloned().collect();
            self.follow_membership(thing, &before, &jobs);
        }
    }
}
