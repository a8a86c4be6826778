//! Thing types: what things of a kind have in common.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html>

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::outcome::{Effects, Outcome};
use super::paging::Page;
use super::tags::{self, Tag};
use super::thing_type::{ThingType, no_such_type};
use super::touched::Record;
use super::{Rejected, State};
use crate::service::time::Timestamp;

/// How many attributes of a thing type can be searched.
const MAX_SEARCHABLE: usize = 3;

/// How long a thing type is kept after its deprecation, in minutes.
const KEPT_MINUTES: i64 = 5;

/// The body of CreateThingType.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateThingTypeRequest {
    /// Description and searchable attributes.
    pub thing_type_properties: Option<ThingTypeProperties>,
    /// Labels of the thing type.
    pub tags: Option<Vec<Tag>>,
}

/// The body of UpdateThingType.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateThingTypeRequest {
    /// What is given replaces what is stored.
    pub thing_type_properties: Option<ThingTypeProperties>,
}

/// The body of DeprecateThingType.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeprecateThingTypeRequest {
    /// New things can have it again.
    pub undo_deprecate: Option<bool>,
}

/// Description and searchable attributes of a thing type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ThingTypeProperties {
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_type_description: Option<String>,
    /// Up to three names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searchable_attributes: Option<Vec<String>>,
    /// Refused: what it asks for is not carried out.
    #[serde(skip_serializing)]
    pub mqtt5_configuration: Option<serde_json::Value>,
}

/// The answer to CreateThingType.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateThingTypeResponse {
    /// Unique in the account.
    pub thing_type_name: String,
    /// `arn:aws:iot:<region>:<account>:thingtype/<name>`.
    pub thing_type_arn: String,
    /// Unlike the name never used again.
    pub thing_type_id: String,
}

/// The answer to DescribeThingType, and an entry of ListThingTypes, which has no id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThingTypeDefinition {
    /// Unique in the account.
    pub thing_type_name: String,
    /// Unlike the name never used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing_type_id: Option<String>,
    /// `arn:aws:iot:<region>:<account>:thingtype/<name>`.
    pub thing_type_arn: String,
    /// Description and searchable attributes.
    pub thing_type_properties: ThingTypeProperties,
    /// Since when it exists, and whether new things can have it.
    pub thing_type_metadata: ThingTypeMetadata,
}

/// Since when a thing type exists, and whether new things can have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThingTypeMetadata {
    /// New things cannot.
    pub deprecated: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecation_date: Option<Timestamp>,
    /// When it was created.
    pub creation_date: Timestamp,
}

/// The query of ListThingTypes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListThingTypesQuery {
    /// Only this one.
    pub thing_type_name: Option<String>,
    /// 1 to 250.
    pub max_results: Option<i64>,
    /// From the page before.
    pub next_token: Option<String>,
}

/// The answer to ListThingTypes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListThingTypesResponse {
    /// By name.
    pub thing_types: Vec<ThingTypeDefinition>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

impl State {
    /// Creates a thing type; the same thing type again is no error.
    pub fn create_thing_type(
        &mut self,
        now: Timestamp,
        name: &str,
        new_type_id: Uuid,
        request: CreateThingTypeRequest,
    ) -> Outcome<CreateThingTypeResponse> {
        Outcome::of(|effects| {
            tags::check(request.tags.as_deref(), tags::OF_RESOURCE)?;
            let properties = request.thing_type_properties.unwrap_or_default();
            let searchable_attributes = properties.searchable_attributes.unwrap_or_default();
            check_properties(&searchable_attributes, properties.mqtt5_configuration.as_ref())?;
            let thing_type_arn = self.settings.arn("thingtype", name);
            let tags = request.tags.unwrap_or_default();
            let same_tags = self.tags.are(&thing_type_arn, &tags);
            let description = properties.thing_type_description;
            let id = match self.thing_types.get(name) {
                Some(known)
                    if known.description == description
                        && known.searchable_attributes == searchable_attributes
                        && same_tags =>
                {
                    known.id
                }
                Some(_) => {
                    return Err(Rejected::ResourceAlreadyExists {
                        message: format!(
                            "Thing Type {name} already exists in account with different properties"
                        ),
                        resource_id: name.to_owned(),
                        resource_arn: thing_type_arn,
                    });
                }
                None => {
                    self.tags.set(&thing_type_arn, tags);
                    let made = ThingType {
                        id: new_type_id,
                        description,
                        searchable_attributes,
                        created_at: now,
                        deprecated_at: None,
                    };
                    self.thing_types.insert(name.to_owned(), made);
                    effects.touched.add(Record::ThingType(name.to_owned()));
                    effects.touched.add(Record::Tags(thing_type_arn.clone()));
                    new_type_id
                }
            };
            Ok(CreateThingTypeResponse {
                thing_type_name: name.to_owned(),
                thing_type_arn,
                thing_type_id: id.to_string(),
            })
        })
    }

    /// Describes a thing type.
    ///
    /// # Errors
    /// [`Rejected::ResourceNotFound`] where there is no such thing type.
    pub fn describe_thing_type(&self, name: &str) -> Result<ThingTypeDefinition, Rejected> {
        let known = self.thing_type(name)?;
        Ok(ThingTypeDefinition { thing_type_id: Some(known.id.to_string()), ..self.definition(name, known) })
    }

    /// The thing types of the registry.
    ///
    /// # Errors
    /// [`Rejected::InvalidRequest`] where the token of the query is not one of ours.
    pub fn list_thing_types(&self, query: &ListThingTypesQuery) -> Result<ListThingTypesResponse, Rejected> {
        let page: Page<String> = self.page(query.max_results, query.next_token.as_deref())?;
        let types = self
            .thing_types
            .iter()
            .filter(|(name, _)| page.after.as_ref().is_none_or(|after| *name > after))
            .filter(|(name, _)| query.thing_type_name.as_ref().is_none_or(|wanted| *name == wanted));
        let (types, next_token) = page.cut(types, |(name, _)| (*name).clone());
        let thing_types = types.into_iter().map(|(name, known)| self.definition(name, known)).collect();
        Ok(ListThingTypesResponse { thing_types, next_token })
    }

    /// Changes the description and the searchable attributes of a thing type.
    pub fn update_thing_type(&mut self, name: &str, request: UpdateThingTypeRequest) -> Outcome<()> {
        Outcome::of(|effects| {
            let ThingTypeProperties { thing_type_description, searchable_attributes, mqtt5_configuration } =
                request.thing_type_properties.unwrap_or_default();
            let given = searchable_attributes.as_deref().unwrap_or_default();
            check_properties(given, mqtt5_configuration.as_ref())?;
            let known = self.thing_type_mut(effects, name)?;
            known.description = thing_type_description.or(known.description.take());
            if let Some(searchable_attributes) = searchable_attributes {
                known.searchable_attributes = searchable_attributes;
            }
            Ok(())
        })
    }

    /// Keeps new things from having a thing type, or lets them have it again.
    pub fn deprecate_thing_type(
        &mut self,
        now: Timestamp,
        name: &str,
        request: &DeprecateThingTypeRequest,
    ) -> Outcome<()> {
        Outcome::of(|effects| {
            let known = self.thing_type_mut(effects, name)?;
            let undo = request.undo_deprecate == Some(true);
            known.deprecated_at = (!undo).then(|| known.deprecated_at.unwrap_or(now));
            Ok(())
        })
    }

    /// Deletes a thing type that no thing has, five minutes after its deprecation.
    pub fn delete_thing_type(&mut self, now: Timestamp, name: &str) -> Outcome<()> {
        Outcome::of(|effects| {
            let known = self.thing_type(name)?;
            let may_go = known.deprecated_at.is_some_and(|since| now >= since.plus_minutes(KEPT_MINUTES));
            let refusal = if !may_go {
                format!("Please wait for {KEPT_MINUTES} minutes after deprecation and then retry")
            } else if self.things.values().any(|thing| thing.type_name.as_deref() == Some(name)) {
                "There are still things associated with it".to_owned()
            } else {
                self.thing_types.remove(name);
                let arn = self.settings.arn("thingtype", name);
                self.tags.remove(&arn);
                effects.touched.add(Record::ThingType(name.to_owned()));
                effects.touched.add(Record::Tags(arn));
                return Ok(());
            };
            Err(Rejected::InvalidRequest(format!("Cannot delete thing type : {name}. {refusal}")))
        })
    }

    /// Refuses a thing type that a thing cannot be given.
    pub(super) fn check_thing_type(&self, name: &str) -> Result<(), Rejected> {
        if self.thing_type(name)?.deprecated_at.is_some() {
            let message = format!("Cannot associate a thing with the deprecated thing type : {name}");
            return Err(Rejected::InvalidRequest(message));
        }
        Ok(())
    }

    pub(super) fn thing_type(&self, name: &str) -> Result<&ThingType, Rejected> {
        self.thing_types.get(name).ok_or_else(|| no_such_type(&self.settings.account, name))
    }

    /// A thing type that is about to be edited.
    fn thing_type_mut(&mut self, effects: &mut Effects, name: &str) -> Result<&mut ThingType, Rejected> {
        effects.touched.add(Record::ThingType(name.to_owned()));
        self.thing_types.get_mut(name).ok_or_else(|| no_such_type(&self.settings.account, name))
    }

    fn definition(&self, name: &str, known: &ThingType) -> ThingTypeDefinition {
        ThingTypeDefinition {
            thing_type_name: name.to_owned(),
            thing_type_id: None,
            thing_type_arn: self.settings.arn("thingtype", name),
            thing_type_properties: ThingTypeProperties {
                thing_type_description: known.description.clone(),
                searchable_attributes: Some(known.searchable_attributes.clone()),
                mqtt5_configuration: None,
            },
            thing_type_metadata: ThingTypeMetadata {
                deprecated: known.deprecated_at.is_some(),
                deprecation_date: known.deprecated_at,
                creation_date: known.created_at,
            },
        }
    }
}

fn check_properties(
    searchable: &[String],
    mqtt5_configuration: Option<&serde_json::Value>,
) -> Result<(), Rejected> {
    if mqtt5_configuration.is_some() {
        let message = "The local Jobs service does not offer mqtt5Configuration of a thing type.";
        return Err(Rejected::InvalidRequest(message.to_owned()));
    }
    if searchable.len() > MAX_SEARCHABLE {
        return Err(Rejected::InvalidRequest(format!(
            "Too many searchable attributes specified. The maximum number allowed for a thing type is {MAX_SEARCHABLE}"
        )));
    }
    Ok(())
}
