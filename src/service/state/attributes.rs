//! Attributes of things and thing groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rejected;

/// Attributes of a thing or a thing group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttributePayload {
    /// By name; on an update an empty value removes the attribute.
    pub attributes: Option<BTreeMap<String, Option<String>>>,
    /// Whether an update keeps the attributes that it does not name.
    #[serde(skip_serializing)]
    pub merge: Option<bool>,
}

/// The attributes with a value.
pub(super) fn given_attributes(payload: Option<&AttributePayload>) -> BTreeMap<String, String> {
    let attributes = payload.and_then(|payload| payload.attributes.as_ref());
    let with_value = |(name, value): (&String, &Option<String>)| {
        value.as_ref().filter(|value| !value.is_empty()).map(|value| (name.clone(), value.clone()))
    };
    attributes.into_iter().flatten().filter_map(with_value).collect()
}

/// The attributes that an update leaves: those of the payload alone, or added to those that were there.
pub(super) fn merged_attributes(
    before: &BTreeMap<String, String>,
    payload: Option<AttributePayload>,
) -> BTreeMap<String, String> {
    let mut attributes = before.clone();
    let Some(payload) = payload else { return attributes };
    if payload.merge != Some(true) {
        attributes.clear();
    }
    for (name, value) in payload.attributes.into_iter().flatten() {
        match value.filter(|value| !value.is_empty()) {
            Some(value) => attributes.insert(name, value),
            None => attributes.remove(&name),
        };
    }
    attributes
}

/// Refuses more attributes than a thing or a thing group can have.
pub(super) fn check_most(attributes: usize, what: &str) -> Result<(), Rejected> {
    const MOST: usize = 50;
    if attributes > MOST {
        return Err(Rejected::InvalidRequest(format!(
            "Too many attributes specified. The maximum number of attributes allowed for a {what} is {MOST}"
        )));
    }
    Ok(())
}
