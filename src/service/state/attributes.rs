//! Attributes of things and thing groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::validate::{Alphabet, Violations};

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

const ATTRIBUTE_NAME: Alphabet = Alphabet {
    text: "[a-zA-Z0-9_.,@/:#-]+",
    allows: |c| c.is_ascii_alphanumeric() || "_.,@/:#-".contains(c),
};

const ATTRIBUTE_VALUE: Alphabet = Alphabet {
    text: r"[a-zA-Z0-9_.,@/:#=\[\]-]*",
    allows: |c| c.is_ascii_alphanumeric() || "_.,@/:#=[]-".contains(c),
};

pub(super) fn check_attributes(violations: &mut Violations, payload: Option<&AttributePayload>) {
    let attributes = payload.and_then(|payload| payload.attributes.as_ref());
    for (name, value) in attributes.into_iter().flatten() {
        violations.text("attributePayload.attributes.member.key", Some(name), 1, 128, ATTRIBUTE_NAME);
        let member = format!("attributePayload.attributes.{name}.member");
        violations.text(&member, value.as_deref(), 0, 800, ATTRIBUTE_VALUE);
    }
}

/// The attributes with a value.
pub(super) fn given_attributes(payload: Option<&AttributePayload>) -> BTreeMap<String, String> {
    let attributes = payload.and_then(|payload| payload.attributes.as_ref());
    let with_value = |(name, value): (&String, &Option<String>)| {
        value.as_ref().filter(|value| !value.is_empty()).map(|value| (name.clone(), value.clone()))
    };
    attributes.into_iter().flatten().filter_map(with_value).collect()
}
