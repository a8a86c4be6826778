//! UpdateThingGroup.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateThingGroup.html>

use serde::{Deserialize, Serialize};

use super::State;
use super::attributes::{check_most, merged_attributes};
use super::groups::ThingGroupProperties;
use super::outcome::Outcome;
use super::touched::Record;
use super::validate::{self, check_version};
use crate::wire::model::ThingGroupName;
use crate::wire::number::VersionNumber;

/// The body of UpdateThingGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateThingGroupRequest {
    /// What is given replaces what is stored; attributes are merged if the request says so.
    pub thing_group_properties: Option<ThingGroupProperties>,
    /// The version that the operator believes current.
    pub expected_version: Option<i64>,
}

/// The answer to UpdateThingGroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpdateThingGroupResponse {
    /// The new version.
    pub version: VersionNumber,
}

impl State {
    /// Changes the description and the attributes of a thing group.
    pub fn update_thing_group(
        &mut self,
        name: &str,
        request: UpdateThingGroupRequest,
    ) -> Outcome<UpdateThingGroupResponse> {
        Outcome::of(|effects| {
            let name: ThingGroupName = validate::name(name)?;
            let group = self.group(&name)?;
            check_version(&format!("thing group {name}"), request.expected_version, group.version)?;
            let given = request.thing_group_properties.unwrap_or_default();
            let attributes = merged_attributes(&group.attributes, given.attribute_payload);
            check_most(attributes.len(), "thing group")?;
            let version = group.version.next();
            if let Some(group) = self.groups.get_mut(&name) {
                group.description = given.thing_group_description.or(group.description.take());
                (group.attributes, group.version) = (attributes, version);
            }
            effects.touched.add(Record::Group(name));
            Ok(UpdateThingGroupResponse { version })
        })
    }
}
