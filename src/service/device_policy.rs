//! The policies of the service's own device certificate.

use super::options::Options;
use crate::wire::model::ThingName;

/// The policy that users are told to deploy is the one that the service's own device stands under.
const DEVICE_POLICY: &str = include_str!("../../policies/device-policy.json");

/// A name and a document for each thing.
pub(super) fn device_policies(options: &Options) -> Vec<(String, String)> {
    let fill = |thing: &ThingName| {
        DEVICE_POLICY
            .replace("${region}", &options.region)
            .replace("${account}", &options.account)
            .replace("${thing}", thing.as_str())
    };
    let name =
        |number| if number == 0 { "jobs-sandbox".to_owned() } else { format!("jobs-sandbox-{}", number + 1) };
    options.things.iter().enumerate().map(|(number, thing)| (name(number), fill(thing))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::policy::Document;
    use super::*;

    #[test]
    fn every_thing_has_a_policy_of_its_own_however_long_its_name() {
        let things = vec!["A".parse().unwrap(), "b".repeat(128).parse().unwrap()];
        let policies = device_policies(&Options { things, ..Options::default() });
        let names: Vec<&str> = policies.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["jobs-sandbox", "jobs-sandbox-2"]);
        for (_, text) in &policies {
            assert!(Document::parse_any_length(text).is_ok() && !text.contains("${"), "{text}");
        }
        assert!(Document::parse(&policies[1].1).is_err(), "AWS itself would not take it");
    }
}
