//! The policies of the certificates that the service itself issues: the device's and the operator's.

use std::str::FromStr;

use super::policy::{Document, Malformed};
use super::state::Settings;
use crate::wire::model::ThingName;

/// The policy that users are told to deploy is the one that the service's own device stands under.
pub(crate) const DEVICE_POLICY: &str = include_str!("../../policies/device-policy.json");

/// The policy that users are told to deploy beside it for a device that uses HTTPS.
const HTTPS_POLICY: &str = include_str!("../../policies/device-https-policy.json");

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

/// What stands in a policy in the place of `${partition}` and its like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placeholders<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// Such as `us-east-1`.
    pub region: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// The name of the thing.
    pub thing: &'a str,
}

impl Placeholders<'_> {
    /// A policy with all of them filled in.
    pub(crate) fn fill(&self, policy: &str) -> String {
        policy
            .replace("${partition}", self.partition)
            .replace("${region}", self.region)
            .replace("${account}", self.account)
            .replace("${thing}", self.thing)
    }
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
    /// A name and a document for each policy; those of a device that uses HTTPS too, if `over_https`.
    pub(super) fn documents(
        &self,
        settings: &Settings,
        things: &[ThingName],
        over_https: bool,
    ) -> Vec<(String, String)> {
        let fill = |policy: &str, thing: &str| {
            let (partition, region, account) = (settings.partition(), &settings.region, &settings.account);
            Placeholders { partition, region, account, thing }.fill(policy)
        };
        let things: Vec<&str> = match self {
            Self::OwnThings => things.iter().map(ThingName::as_str).collect(),
            Self::AnyThing => vec!["*"],
            Self::Given(documents) => {
                return named("jobs-sandbox", documents.iter().map(|document| document.0.clone())).collect();
            }
        };
        let own = |name, policy| named(name, things.iter().map(move |thing| fill(policy, thing)));
        let over_https = over_https.then(|| own("jobs-sandbox-https", HTTPS_POLICY));
        own("jobs-sandbox", DEVICE_POLICY).chain(over_https.into_iter().flatten()).collect()
    }
}

/// Each document with a name, which is numbered from the second one on.
fn named(name: &str, documents: impl Iterator<Item = String>) -> impl Iterator<Item = (String, String)> {
    documents.enumerate().map(move |(number, document)| match number {
        0 => (name.to_owned(), document),
        _ => (format!("{name}-{}", number + 1), document),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(policies: &DevicePolicies, things: &[&str]) -> Vec<(String, String)> {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let things: Vec<ThingName> = things.iter().map(|thing| thing.parse().unwrap()).collect();
        policies.documents(&settings, &things, false)
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
    fn over_https_there_is_one_more_for_each_thing_beside_the_default_alone() {
        let settings = Settings { region: "us-east-1".into(), account: "123456789012".into() };
        let things = ["A", "B"].map(|thing| thing.parse().unwrap());
        let policies = |policies: DevicePolicies| policies.documents(&settings, &things, true);
        let names: Vec<String> =
            policies(DevicePolicies::OwnThings).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["jobs-sandbox", "jobs-sandbox-2", "jobs-sandbox-https", "jobs-sandbox-https-2"]);
        let any = policies(DevicePolicies::AnyThing);
        assert!(any[1].1.contains(":thing/*\"") && Document::parse(&any[1].1).is_ok(), "{}", any[1].1);
        let given =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}"#;
        let given = DevicePolicies::Given(vec![given.parse().unwrap()]);
        assert_eq!(policies(given).len(), 1, "what is tested is what is deployed");
    }

    #[test]
    fn for_any_thing_nothing_but_its_name_is_another() {
        let [(_, any)] = &documents(&DevicePolicies::AnyThing, &["A"])[..] else { panic!("one policy") };
        let [(_, one)] = &documents(&DevicePolicies::OwnThings, &["A"])[..] else { panic!("one policy") };
        assert_eq!(any.replace("/things/*/", "/things/A/"), *one);
        assert!(Document::parse(any).is_ok(), "AWS takes it");
    }
}
