//! Which account the service plays, and what its resources are called across AWS.

/// Which account the service plays.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Such as `us-east-1`; part of every ARN.
    pub region: String,
    /// Twelve digits; part of every ARN.
    pub account: String,
}

impl Settings {
    /// The ARN of a resource, such as `thing/MyThing`.
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        format!("arn:aws:iot:{}:{}:{kind}/{name}", self.region, self.account)
    }

    /// The kind and the name in an ARN of this account and region.
    pub(crate) fn split_arn<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = arn.strip_prefix("arn:aws:iot:")?.strip_prefix(self.region.as_str())?;
        rest.strip_prefix(':')?.strip_prefix(self.account.as_str())?.strip_prefix(':')?.split_once('/')
    }
}
