//! Things, thing types and thing groups.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::State;
use super::super::group::{DeletedGroup, Group};
use super::super::small_set::SmallSet;
use super::super::thing::Thing;
use super::super::thing_type::ThingType;
use super::damaged_row::Damage;
use super::restoring::{Restoring, named};
use super::text::{Millis, read, write};
use crate::service::time::Timestamp;
use crate::wire::model::{ThingGroupName, ThingName};
use crate::wire::number::VersionNumber;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThingRow<'a> {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    attributes: Cow<'a, BTreeMap<String, String>>,
    version: VersionNumber,
    /// The ids of the groups that it was added to, and has not yet left although they were deleted. A name may be
    /// another group's by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Uuid>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThingTypeRow<'a> {
    id: Uuid,
    description: Option<Cow<'a, str>>,
    searchable_attributes: Cow<'a, [String]>,
    created_at: Millis,
    deprecated_at: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupRow<'a> {
    id: Uuid,
    parent: Option<Cow<'a, ThingGroupName>>,
    description: Option<Cow<'a, str>>,
    attributes: Cow<'a, BTreeMap<String, String>>,
    version: VersionNumber,
    created_at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeletedGroupRow<'a> {
    name: Cow<'a, ThingGroupName>,
    /// Itself and the groups that were above it.
    path: Cow<'a, BTreeSet<ThingGroupName>>,
}

fn is_empty(attributes: &BTreeMap<String, String>) -> bool {
    attributes.is_empty()
}

impl State {
    pub(super) fn thing_row(&self, name: &ThingName) -> Option<String> {
        let thing = self.things.get(name)?;
        let added = self.groups_of(name).filter_map(|group| Some(self.groups.get(group)?.id));
        let leaving = self.deleted_groups.iter().filter(|(_, group)| group.members.contains(name));
        Some(write(&ThingRow {
            id: thing.id,
            type_name: thing.type_name.as_deref().map(Cow::Borrowed),
            attributes: Cow::Borrowed(&thing.attributes),
            version: thing.version,
            groups: added.chain(leaving.map(|(id, _)| *id)).collect(),
        }))
    }

    pub(super) fn thing_type_row(&self, name: &str) -> Option<String> {
        let known = self.thing_types.get(name)?;
        Some(write(&ThingTypeRow {
            id: known.id,
            description: known.description.as_deref().map(Cow::Borrowed),
            searchable_attributes: Cow::Borrowed(&known.searchable_attributes),
            created_at: known.created_at.into(),
            deprecated_at: known.deprecated_at.map(Millis::from),
        }))
    }

    pub(super) fn group_row(&self, name: &ThingGroupName) -> Option<String> {
        let group = self.groups.get(name)?;
        Some(write(&GroupRow {
            id: group.id,
            parent: group.parent.as_ref().map(Cow::Borrowed),
            description: group.description.as_deref().map(Cow::Borrowed),
            attributes: Cow::Borrowed(&group.attributes),
            version: group.version,
            created_at: group.created_at.into(),
        }))
    }

    pub(super) fn deleted_group_row(&self, id: &Uuid) -> Option<String> {
        let DeletedGroup { name, path, .. } = self.deleted_groups.get(id)?;
        Some(write(&DeletedGroupRow { name: Cow::Borrowed(name), path: Cow::Borrowed(path) }))
    }
}

impl Restoring {
    pub(super) fn take_thing_type(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let row: ThingTypeRow<'_> = read(value)?;
        let known = ThingType {
            id: row.id,
            description: row.description.map(Cow::into_owned),
            searchable_attributes: row.searchable_attributes.into_owned(),
            created_at: row.created_at.into(),
            deprecated_at: row.deprecated_at.map(Timestamp::from),
        };
        self.state.thing_types.insert(name.to_owned(), known);
        Ok(())
    }

    pub(super) fn take_group(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let name: ThingGroupName = named(name)?;
        let row: GroupRow<'_> = read(value)?;
        let group = Group {
            id: row.id,
            parent: row.parent.map(Cow::into_owned),
            description: row.description.map(Cow::into_owned),
            attributes: row.attributes.into_owned(),
            version: row.version,
            created_at: row.created_at.into(),
            members: BTreeSet::new(),
        };
        self.groups.insert(group.id, name.clone());
        self.state.groups.insert(name, group);
        Ok(())
    }

    pub(super) fn take_deleted_group(&mut self, id: &str, value: &str) -> Result<(), Damage> {
        let row: DeletedGroupRow<'_> = read(value)?;
        let (name, path) = (row.name.into_owned(), row.path.into_owned());
        self.state.deleted_groups.insert(named(id)?, DeletedGroup { name, path, members: BTreeSet::new() });
        Ok(())
    }

    pub(super) fn take_thing(&mut self, name: &str, value: &str) -> Result<(), Damage> {
        let name: ThingName = named(name)?;
        let row: ThingRow<'_> = read(value)?;
        let mut groups = SmallSet::default();
        for id in row.groups {
            let state = &mut self.state;
            let known = self.groups.get(&id).and_then(|group| Some((group, state.groups.get_mut(group)?)));
            let (group, members) = match (known, state.deleted_groups.get_mut(&id)) {
                (Some((group, record)), _) => (group, &mut record.members),
                (None, Some(deleted)) => (&deleted.name, &mut deleted.members),
                (None, None) => return Err(Damage::UnknownGroup(id)),
            };
            members.insert(name.clone());
            groups.insert(group.clone());
        }
        let thing = Thing {
            id: row.id,
            type_name: row.type_name.map(Cow::into_owned),
            attributes: row.attributes.into_owned(),
            version: row.version,
            groups,
        };
        self.state.things.insert(name, thing);
        Ok(())
    }
}
