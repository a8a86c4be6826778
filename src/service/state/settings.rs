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
        format!("arn:{}:iot:{}:{}:{kind}/{name}", self.partition(), self.region, self.account)
    }

    /// The part of AWS that the region belongs to.
    ///
    /// AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
    pub(crate) fn partition(&self) -> &'static str {
        match &*self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The kind and the name in an ARN of this account and region.
    pub(crate) fn split_arn<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = arn.strip_prefix("arn:")?.strip_prefix(self.partition())?.strip_prefix(":iot:")?;
        let rest = rest.strip_prefix(self.region.as_str())?;
        rest.strip_prefix(':')?.strip_prefix(self.account.as_str())?.strip_prefix(':')?.split_once('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_the_region_is_in_every_arn_that_is_made_and_taken() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-gove-1", "aws"),
        ] {
            let settings = Settings { region: region.into(), account: "123456789012".into() };
            let arn = settings.arn("job", "J");
            assert_eq!(arn, format!("arn:{partition}:iot:{region}:123456789012:job/J"));
            assert_eq!(settings.split_arn(&arn), Some(("job", "J")));
            let other = arn.replacen(partition, if partition == "aws" { "aws-cn" } else { "aws" }, 1);
            assert_eq!(settings.split_arn(&other), None, "{other}");
        }
    }
}
