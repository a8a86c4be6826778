//! The policy of a device: this program's own or the user's, with its placeholders filled in, as long as AWS takes it.

use std::fmt::Write as _;

use serde_json::Value;

use super::calls::Error;
use crate::app::cli::PolicySource;
use crate::service::policy::{MAX_DOCUMENT_CHARS, length};
use crate::service::{DEVICE_POLICY, Placeholders, PolicyDocument};

impl PolicySource {
    /// The policy with its placeholders filled in, and whether it is the short form of this program's own.
    pub(super) fn document(&self, fill: &Placeholders<'_>) -> (String, bool) {
        match self {
            Self::Given(document) => (fill.fill(document), false),
            Self::Own(client_ids) => {
                let policy = DEVICE_POLICY.replace(":client/*\"", &format!(":client/{client_ids}\""));
                let document = fill.fill(&policy);
                match length(&document) {
                    0..=MAX_DOCUMENT_CHARS => (document, false),
                    _ => (fill.fill(&short(&policy)), true),
                }
            }
        }
    }

    /// The same, refused where AWS would.
    pub(super) fn checked(&self, fill: &Placeholders<'_>) -> Result<(String, bool), Error> {
        let (document, is_short) = self.document(fill);
        let checked = document.parse::<PolicyDocument>();
        checked.map_err(|malformed| Error::Refused(format!("the policy is refused: {malformed}")))?;
        Ok((document, is_short))
    }
}

/// The policy with one resource in the place of each list: all topics of jobs of the thing.
fn short(policy: &str) -> String {
    const JOBS: &str = "/jobs/";
    let mut document: Value = serde_json::from_str(policy).expect("the policy of this program is JSON");
    for statement in document["Statement"].as_array_mut().into_iter().flatten() {
        let resource = &mut statement["Resource"];
        let jobs = resource[0].as_str().and_then(|first| first.split_once(JOBS));
        if let Some((thing, _)) = jobs {
            *resource = Value::from(format!("{thing}{JOBS}*"));
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    let _ = writeln!(text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(thing: &str) -> (String, bool) {
        let fill = Placeholders { partition: "aws", region: "us-east-1", account: "123456789012", thing };
        PolicySource::Own("pump-*".to_owned()).checked(&fill).unwrap()
    }

    #[test]
    fn a_long_name_makes_the_short_form_which_aws_takes() {
        let (own, is_short) = document("Pump");
        assert!(!is_short && own.contains(":client/pump-*\"") && own.contains("/Pump/jobs/start-next\""));
        let name = "x".repeat(128);
        let (short, is_short) = document(&name);
        assert!(is_short && length(&short) < MAX_DOCUMENT_CHARS, "{short}");
        let topic = format!("\"arn:aws:iot:us-east-1:123456789012:topic/$aws/things/{name}/jobs/*\"");
        assert_eq!(short.matches(&topic).count(), 2, "{short}");
        assert!(short.contains(":client/pump-*\"") && short.ends_with("}\n"));
    }

    #[test]
    fn a_policy_of_the_user_s_is_filled_in_and_refused_where_aws_would() {
        let fill = Placeholders { partition: "aws", region: "r", account: "1", thing: "T" };
        let statement = r#"{"Effect":"Allow","Action":"iot:*","Resource":"arn:${partition}:iot:${region}:${account}:topic/${thing}"}"#;
        let policy = |resource: &str| format!(r#"{{"Version":"2012-10-17","Statement":{resource}}}"#);
        let (filled, _) = PolicySource::Given(policy(statement)).checked(&fill).unwrap();
        assert!(filled.contains("arn:aws:iot:r:1:topic/T\""), "{filled}");
        let given = PolicySource::Given("{".to_owned());
        assert!(given.checked(&fill).unwrap_err().to_string().contains("not JSON: it ends too early"));
    }
}
