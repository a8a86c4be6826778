//! The registry of things.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-registry.html>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attributes::{AttributePayload, check_most, given_attributes, merged_attributes};
use super::outcome::Outcome;
use super::thing::{Thing, no_such_thing};
use super::touched::Record;
use super::validate::{self, check_version};
use super::{Rejected, State};
use crate::service::time::Timestamp;
use crate::wire::model::ThingName;
use crate::wire::number::VersionNumber;

/// The body of CreateThing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateThingRequest {
    /// The thing's type.
    pub thing_type_name: Option<String>,
    /// Names and values of the operator's own choice.
    pub attribute_payload: Option<AttributePayload>,
    /// Refused as unknown: the service has no billing groups.
    pub billing_group_name: Option<String>,
}

/// The body of UpdateThing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateThingRequest {
    /// Replaces the type; 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    pub thing_type_name: Option<String>,
    /// Replaces the attributes, or adds to them with `merge`.
    pub attribute_payload: Option<AttributePayload>,
    /// The version that the operator believes current.
    pub expected_version: Option<i64>,
    /// The thing has no type any more.
    pub remove_thing_type: Option<bool>,
}

/// The answer to CreateThing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateThingResponse {
    /// Unique in the account.
    pub thing_name: ThingName,
    /// `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// Unlike the name never used again.
    pub thing_id: String,
}

/// The answer to DescribeThing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeThingResponse {
    /// The thing's name.
    pub default_client_id: ThingName,
    /// Unique in the account.
    pub thing_name: ThingName,
    /// Unlike the name never used again.
    pub thing_id: String,
    /// `arn:aws:iot:<region>:<account>:thing/<name>`.
    pub thing_arn: String,
    /// 1 to 128 characters of `[a-zA-Z0-9:_-]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_type_name: Option<String>,
    /// By name.
    pub attributes: BTreeMap<String, String>,
    /// From 1, raised with each update.
    pub version: VersionNumber,
}

impl State {
    /// Registers a thing; the same thing again is no error.
    pub fn create_thing(
        &mut self,
        _now: Timestamp,
        name: &str,
        new_thing_id: Uuid,
        request: &CreateThingRequest,
    ) -> Outcome<CreateThingResponse> {
        Outcome::of(|effects| {
            let name = validate::name::<ThingName>(name)?;
            let thing_arn = self.settings.arn("thing", name.as_str());
            let attributes = given_attributes(request.attribute_payload.as_ref());
            check_number(attributes.len(), request.thing_type_name.is_some())?;
            if let Some(group) = &request.billing_group_name {
                let account = &self.settings.account;
                let message = format!("Billing Group {account}:{group} not found.");
                return Err(Rejected::ResourceNotFound(message));
            }
            if let Some(type_name) = &request.thing_type_name {
                match self.things.get(&name) {
                    // It may have been deprecated since.
                    Some(_) => self.thing_type(type_name).map(drop)?,
                    None => self.check_thing_type(type_name)?,
                }
            }
            effects.touched.add(Record::Thing(name.clone()));
            let thing = self.things.entry(name.clone()).or_insert_with(|| Thing {
                id: new_thing_id,
                type_name: request.thing_type_name.clone(),
                attributes: attributes.clone(),
                version: VersionNumber::FIRST,
                groups: BTreeSet::new(),
            });
            let same = thing.type_name == request.thing_type_name && thing.attributes == attributes;
            if !same {
                return Err(Rejected::ResourceAlreadyExists {
                    message: format!("Thing {name} already exists in account with different attributes"),
                    resource_id: name.to_string(),
                    resource_arn: thing_arn,
                });
            }
            Ok(CreateThingResponse { thing_id: thing.id.to_string(), thing_name: name, thing_arn })
        })
    }

    /// Describes a thing of the registry.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing; [`Rejected::InvalidRequest`] where the name is none.
    pub fn describe_thing(&self, name: &str) -> Result<DescribeThingResponse, Rejected> {
        let name = validate::name::<ThingName>(name)?;
        let account = &self.settings.account;
        let unknown = || Rejected::ResourceNotFound(format!("Thing {account}:{name} not found."));
        let thing = self.things.get(&name).ok_or_else(unknown)?;
        Ok(DescribeThingResponse {
            default_client_id: name.clone(),
            thing_id: thing.id.to_string(),
            thing_arn: self.settings.arn("thing", name.as_str()),
            thing_type_name: thing.type_name.clone(),
            attributes: thing.attributes.clone(),
            version: thing.version,
            thing_name: name,
        })
    }

    /// Changes the type and the attributes of a thing.
    pub fn update_thing(&mut self, name: &str, request: UpdateThingRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let name = validate::name::<ThingName>(name)?;
            let thing = self.things.get(&name).ok_or_else(|| no_such_thing(&name))?;
            check_version(&format!("thing {name}"), request.expected_version, thing.version)?;
            let mut type_name = thing.type_name.clone();
            if request.remove_thing_type == Some(true) {
                if request.thing_type_name.is_some() {
                    let message = "thingTypeName cannot be set while removeThingType is true.";
                    return Err(Rejected::InvalidRequest(message.to_owned()));
                }
                type_name = None;
            }
            if let Some(given) = request.thing_type_name {
                if type_name.as_ref() != Some(&given) {
                    self.check_thing_type(&given)?;
                }
                type_name = Some(given);
            }
            let attributes = merged_attributes(&thing.attributes, request.attribute_payload);
            check_number(attributes.len(), type_name.is_some())?;
            if let Some(thing) = self.things.get_mut(&name) {
                (thing.attributes, thing.type_name) = (attributes, type_name);
                thing.version = thing.version.next();
            }
            effects.touched.add(Record::Thing(name));
            Ok(())
        })
    }

    /// Takes a thing out of the registry; its job executions stay. One that does not exist is no error.
    pub fn delete_thing(&mut self, name: &str, expected_version: Option<i64>) -> Outcome<()> {
        Outcome::of(|effects| {
            let name = validate::name::<ThingName>(name)?;
            let Some(thing) = self.things.get(&name) else { return Ok(()) };
            check_version(&format!("thing {name}"), expected_version, thing.version)?;
            self.check_no_principals(&name)?;
            for group in thing.groups.clone() {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.members.remove(&name);
                }
            }
            for group in self.deleted_groups.values_mut() {
                group.members.remove(&name);
            }
            self.things.remove(&name);
            effects.touched.add(Record::Thing(name));
            Ok(())
        })
    }
}

/// A thing without a type has few attributes.
fn check_number(attributes: usize, has_type: bool) -> Result<(), Rejected> {
    if attributes > 3 && !has_type {
        let message = "To use more than 3 attributes, a thing must have a type specified.";
        return Err(Rejected::InvalidRequest(message.to_owned()));
    }
    check_most(attributes, "thing")
}
