//! Who signs the links to S3 in a job document, and for how long.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_PresignedUrlConfig.html>

use std::str::FromStr;

use aws_sdk_iot::types::PresignedUrlConfig as Sent;

/// Who signs links to S3, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedUrlConfig {
    /// The ARN of a role that may read the objects.
    pub role_arn: String,
    /// 60 to 3600 seconds.
    pub expires_in_sec: Option<i64>,
}

impl From<PresignedUrlConfig> for Sent {
    fn from(config: PresignedUrlConfig) -> Self {
        Self::builder().role_arn(config.role_arn).set_expires_in_sec(config.expires_in_sec).build()
    }
}

/// Reads the AWS CLI's shorthand; the error goes on from the name of what holds it.
impl FromStr for PresignedUrlConfig {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str =
            "must read roleArn=ARN, or roleArn=ARN,expiresInSec=N with a number of seconds from 60 to 3600";
        let (mut role_arn, mut expires_in_sec) = (None, None);
        for member in text.split(',') {
            match member.split_once('=').ok_or(SHAPE)? {
                ("roleArn", arn) if role_arn.is_none() && !arn.is_empty() => role_arn = Some(arn.to_owned()),
                ("expiresInSec", seconds) if expires_in_sec.is_none() => {
                    let seconds = seconds.parse().ok().filter(|seconds| (60..=3600).contains(seconds));
                    expires_in_sec = Some(seconds.ok_or(SHAPE)?);
                }
                _ => return Err(SHAPE),
            }
        }
        role_arn.map(|role_arn| Self { role_arn, expires_in_sec }).ok_or(SHAPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_the_aws_cli_reads_it_and_nothing_else_is_taken() {
        let read = |text: &str| text.parse::<PresignedUrlConfig>().ok();
        let role_arn = "arn:aws:iam::123456789012:role/r".to_owned();
        let config = |expires_in_sec| Some(PresignedUrlConfig { role_arn: role_arn.clone(), expires_in_sec });
        assert_eq!(read(&format!("roleArn={role_arn}")), config(None));
        assert_eq!(read(&format!("expiresInSec=60,roleArn={role_arn}")), config(Some(60)));
        for wrong in ["", "roleArn=", "arn:aws", "expiresInSec=60", "roleArn=a,roleArn=b", "roleArn=a,x=1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for seconds in ["59", "3601", "", "1m"] {
            assert_eq!(read(&format!("roleArn=a,expiresInSec={seconds}")), None, "{seconds}");
        }
    }
}
