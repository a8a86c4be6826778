//! What was made in an account for a device: written before and after each call that makes something.

use serde::{Deserialize, Serialize};

use crate::wire::folders::MADE_BY;
use crate::wire::model::ThingName;

/// What was made, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    made_by: String,
    /// The region of all that follows; none where it is the user's default and no answer has told it yet.
    pub region: Option<String>,
    /// The host name of the message broker, which is the account's own.
    pub endpoint: Option<String>,
    /// The thing.
    pub thing: Resource,
    /// The certificate; its name is its id, and empty until that is known.
    pub certificate: Resource,
    /// The policy.
    pub policy: Resource,
    /// The client ids that the policy lets connect, if it is this program's.
    pub client_ids: Option<String>,
}

/// Something in the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resource {
    /// What the account calls it.
    pub name: String,
    /// Its ARN, as soon as it is known.
    pub arn: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where something in the account comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Origin {
    /// It is not there, as far as is known.
    #[default]
    Nowhere,
    /// It was there before.
    Found,
    /// It was asked for, and no answer has come yet: it may be there.
    Begun,
    /// It was made for this device.
    Made,
}

impl Manifest {
    /// That of a device for which nothing has been made yet.
    pub(crate) fn new(thing: &ThingName) -> Self {
        Self {
            made_by: MADE_BY.to_owned(),
            region: None,
            endpoint: None,
            thing: Resource::named(thing.to_string()),
            certificate: Resource::default(),
            policy: Resource::named(policy_name(thing)),
            client_ids: None,
        }
    }

    /// Whether anything may be in the account that was made for this device.
    pub(crate) fn is_anything_made(&self) -> bool {
        [&self.thing, &self.certificate, &self.policy].into_iter().any(Resource::is_made)
    }
}

impl Resource {
    fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// Whether it was made for this device, or may have been.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.origin, Origin::Begun | Origin::Made)
    }

    /// That it is not there any more; its name stays, to be used again.
    pub(crate) fn gone(&mut self) {
        self.arn = None;
        self.origin = Origin::Nowhere;
    }
}

/// The most characters that AWS lets the name of a policy have.
const MAX_POLICY_NAME: usize = 128;

/// The name of a thing's policy. Names of policies have no colon, and those of things no full stop.
fn policy_name(thing: &ThingName) -> String {
    let thing = thing.as_str().replace(':', ".");
    let name = format!("jobs-sandbox-{thing}");
    if name.len() > MAX_POLICY_NAME { thing } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_has_a_policy_whose_name_aws_takes() {
        for (thing, policy) in [("Pump", "jobs-sandbox-Pump"), ("a:b", "jobs-sandbox-a.b")] {
            assert_eq!(policy_name(&thing.parse().unwrap()), policy);
        }
        let long: ThingName = "x".repeat(128).parse().unwrap();
        assert_eq!(policy_name(&long), long.as_str());
    }
}
