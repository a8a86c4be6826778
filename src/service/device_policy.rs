//! The policies of the certificates that the service itself issues: the device's and the operator's.

use std::str::FromStr;

use super::policy::{Document, Malformed};
use super::state::Settings;
use crate::wire::model::ThingName;

/// The policy that users are told to deploy is the one that the service's own device stands under.
const DEVICE_POLICY: &str = include_str!("../../policies/device-policy.json");

/// The operator's policy and its name: everything is allowed.
const OPERATOR_POLICY: (&str, &str) = (
    "jobs-sandbox-operator",
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}"#,
);

/// The policy of the operator's certificate, with its name.
pub(super) fn of_operator() -> [(String, String); 1] {
    let (name, document) = OPERATOR_POLICY;
    [(name.to_owned(), document.to_owned())]
}

/// Which policies the service's own device certificate stands under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DevicePolicies {
    /// `policies/device-policy.json` for each thing that exists from the start.
    #[default]
    OwnThings,
    /// `policies/device-policy.json` for any thing, with `*` for its name.
    AnyThing,
    /// Policies that the user brings.
    Given(Vec<PolicyDocument>),
}

/// A policy document as CreatePolicy takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument(String);

impl FromStr for PolicyDocument {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Document::parse(text).map(|_| Self(text.to_owned()))
    }
}

impl DevicePolicies {
    /// A name and a document for each policy.
    pub(super) fn documents(&self, settings: &Settings, things: &[ThingName]) -> Vec<(String, String)> {
        let fill = |thing: &str| {
            DEVICE_POLICY
                .replace("${partition}", settings.partition())
                .replace("${region}", &settings.region)
                .replace("${account}", &settings.account)
                .replace("${thing}", thing)
        };
        let documents: Vec<String> = match self {
            Self::OwnThings => things.iter().map(|thing| fill(thing.as_str())).collect(),
            Self::AnyThing => vec![fill("*")],
            Self::Given(documents) => documents.iter().map(|document| document.0.clone()).collect(),
        };
        let name = |number| match number {
            0 => "jobs-sandbox".to_owned(),
            _ => format!("jobs-sandbox-{}", number + 1),
        };
        documents.into_iter().enumerate().map(|(number, document)| (name(number), document)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(policies: &DevicePolicies, things: &[&str]) -> Vec<(String, String)> {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let things: Vec<ThingName> = things.iter().map(|thing| thing.parse().unwrap()).collect();
        policies.documents(&settings, &things)
    }

    #[test]
    fn every_thing_has_a_policy_of_its_own_however_long_its_name() {
        let policies = documents(&DevicePolicies::OwnThings, &["A", &"b".repeat(128)]);
        let names: Vec<&str> = policies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["jobs-sandbox", "jobs-sandbox-2"]);
        for (_, text) in &policies {
            assert!(Document::parse_any_length(text).is_ok() && !text.contains("${"), "{text}");
        }
        assert!(Document::parse(&policies[1].1).is_err(), "AWS itself would not take it");
    }

    #[test]
    fn for_any_thing_nothing_but_its_name_is_another() {
        let [(_, any)] = &documents(&DevicePolicies::AnyThing, &["A"])[..] else { panic!("one policy") };
        let [(_, one)] = &documents(&DevicePolicies::OwnThings, &["A"])[..] else { panic!("one policy") };
        assert_eq!(any.replace("/things/*/", "/things/A/"), *one);
        assert!(Document::parse(any).is_ok(), "AWS takes it");
    }
}
