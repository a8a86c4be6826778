//! What is asked of the control plane: an operation and its members, as AWS's API names them.

use std::fmt::Write as _;

use serde_json::Value;

/// How an operation is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It reads: in this object of the answer, or in all of it where that is empty, these members always are.
    Read(&'static str, &'static [&'static str]),
    /// It reads a list, perhaps on several pages.
    List(&'static str),
    /// It changes something, and these members of its answer always are; that command shows what came of it.
    Change(&'static [&'static str], &'static str),
}

macro_rules! operations {
    ($($name:ident: $answer:expr;)+) => {
        /// An operation of the control plane.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation {
            $(#[doc = concat!("AWS's `", stringify!($name), "`.")] $name,)+
        }

        impl Operation {
            /// Its name in the API.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            pub(super) fn answer(self) -> Answer {
                match self { $(Self::$name => $answer,)+ }
            }
        }
    };
}

/// What AWS sends after it has created or canceled a job. It also sends a description, which other servers leave out
/// where there is none.
const CHANGED: &[&str] = &["jobArn", "jobId"];

operations! {
    CreateJob: Answer::Change(CHANGED, "describe-job {jobId}");
    UpdateJob: Answer::Change(&[], "describe-job {jobId}");
    AssociateTargetsWithJob: Answer::Change(CHANGED, "describe-job {jobId}");
    CancelJob: Answer::Change(CHANGED, "describe-job {jobId}");
    DeleteJob: Answer::Change(&[], "describe-job {jobId}");
    CancelJobExecution: Answer::Change(&[], "list-job-executions {jobId}");
    DeleteJobExecution: Answer::Change(&[], "list-job-executions {jobId}");
    DescribeJob: Answer::Read("job", &["jobArn", "jobId", "status", "targets"]);
    GetJobDocument: Answer::Read("", &["document"]);
    DescribeJobExecution:
        Answer::Read("execution", &["executionNumber", "jobId", "status", "thingArn", "versionNumber"]);
    ListJobs: Answer::List("jobs");
    ListJobExecutionsForJob: Answer::List("executionSummaries");
    ListJobExecutionsForThing: Answer::List("executionSummaries");
    CreateJobTemplate: Answer::Change(&["jobTemplateArn"], "describe-job-template {jobTemplateId}");
    DeleteJobTemplate: Answer::Change(&[], "describe-job-template {jobTemplateId}");
    DescribeJobTemplate: Answer::Read("", &["jobTemplateArn"]);
    ListJobTemplates: Answer::List("jobTemplates");
    DescribeManagedJobTemplate: Answer::Read("", &["templateName"]);
    ListManagedJobTemplates: Answer::List("managedJobTemplates");
    CreateThing: Answer::Change(&["thingArn"], "describe-thing {thingName}");
    UpdateThing: Answer::Change(&[], "describe-thing {thingName}");
    DeleteThing: Answer::Change(&[], "describe-thing {thingName}");
    DescribeThing: Answer::Read("", &["thingArn"]);
    ListThings: Answer::List("things");
    CreateThingGroup: Answer::Change(&["thingGroupArn"], "list-thing-groups");
    DeleteThingGroup: Answer::Change(&[], "list-thing-groups");
    DescribeThingGroup: Answer::Read("", &["thingGroupArn"]);
    AddThingToThingGroup: Answer::Change(&[], "list-things-in-thing-group {thingGroupName}");
    RemoveThingFromThingGroup: Answer::Change(&[], "list-things-in-thing-group {thingGroupName}");
    ListThingsInThingGroup: Answer::List("things");
    ListThingGroups: Answer::List("thingGroups");
    AttachThingPrincipal: Answer::Change(&[], "aws iot list-thing-principals --thing-name {thingName}");
    DetachThingPrincipal: Answer::Change(&[], "aws iot list-thing-principals --thing-name {thingName}");
    ListThingPrincipals: Answer::List("principals");
    ListPrincipalThings: Answer::List("things");
    CreateCertificateFromCsr:
        Answer::Change(&["certificateArn", "certificateId", "certificatePem"], "aws iot list-certificates");
    UpdateCertificate: Answer::Change(&[], "aws iot describe-certificate --certificate-id {certificateId}");
    DeleteCertificate: Answer::Change(&[], "aws iot describe-certificate --certificate-id {certificateId}");
    DescribeCertificate: Answer::Read("certificateDescription", &["certificateArn", "certificatePem", "status"]);
    ListCertificates: Answer::Read("", &["certificates"]);
    CreatePolicy: Answer::Change(&["policyArn"], "aws iot get-policy --policy-name {policyName}");
    DeletePolicy: Answer::Change(&[], "aws iot get-policy --policy-name {policyName}");
    GetPolicy: Answer::Read("", &["policyArn", "policyDocument"]);
    ListPolicyVersions: Answer::Read("", &["policyVersions"]);
    DeletePolicyVersion: Answer::Change(&[], "aws iot list-policy-versions --policy-name {policyName}");
    AttachPolicy: Answer::Change(&[], "aws iot list-targets-for-policy --policy-name {policyName}");
    DetachPolicy: Answer::Change(&[], "aws iot list-targets-for-policy --policy-name {policyName}");
    ListAttachedPolicies: Answer::Read("", &["policies"]);
    ListTargetsForPolicy: Answer::Read("", &["targets"]);
    DescribeEndpoint: Answer::Read("", &["endpointAddress"]);
}

impl Operation {
    /// Whether it changes something.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(self.answer(), Answer::Change(..))
    }

    /// Whether its answer is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self.answer(), Answer::List(_))
    }
}

/// An operation with its members, each by the API's name and with its value as JSON, which goes out byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The operation.
    pub operation: Operation,
    members: Vec<(String, String)>,
}

/// What a new job is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateJob {
    /// The ARN of the thing that is to execute it.
    pub target_arn: String,
    /// The job document, JSON, sent byte for byte.
    pub document: String,
    /// Free text for the operator.
    pub description: Option<String>,
    /// Minutes that an execution may be in progress, 1 to 10080.
    pub timeout_minutes: Option<i64>,
    /// How often a failed or timed-out execution is tried again, 0 to 10.
    pub retries: Option<i32>,
}

impl Request {
    /// A request without members.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        Self { operation, members: Vec::new() }
    }

    /// With a member whose value is this text.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: &str) -> Self {
        self.json(name, Value::from(value).to_string())
    }

    /// With a member whose value is this JSON.
    #[must_use]
    pub fn json(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.members.push((name.into(), value.into()));
        self
    }

    /// The same where there is a value.
    #[must_use]
    pub fn json_if<V: Into<String>>(self, name: &str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.json(name, value),
            None => self,
        }
    }

    /// AWS's `timeoutConfig`: an execution in progress times out after so many minutes.
    #[must_use]
    pub fn timeout_config(minutes: i64) -> String {
        serde_json::json!({ "inProgressTimeoutInMinutes": minutes }).to_string()
    }

    /// AWS's `jobExecutionsRetryConfig`: so many retries after FAILED or TIMED_OUT.
    #[must_use]
    pub fn retry_config(retries: i64) -> String {
        serde_json::json!({ "criteriaList": [{ "failureType": "ALL", "numberOfRetries": retries }] })
            .to_string()
    }

    /// Whether a member of this name is given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The text, number or word that a member is; empty if it is not given.
    #[must_use]
    pub fn plain(&self, name: &str) -> String {
        self.find(name).map(plain).unwrap_or_default()
    }

    /// All members as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        object(self.members.iter())
    }

    /// The members for the body: all but those of the path, and those that [`Request::query`] has.
    pub(super) fn body(&self, labels: &[String]) -> String {
        object(self.members.iter().filter(|(name, _)| !labels.contains(name) && !is_in_query(name)))
    }

    /// The members for the query, which are all but those of the path where there is no body.
    pub(super) fn query(&self, labels: &[String], has_body: bool) -> String {
        let members = self.members.iter().filter(|(name, _)| !labels.contains(name));
        let mut query = String::new();
        for (name, value) in members.filter(|(name, _)| !has_body || is_in_query(name)) {
            let separator = if query.is_empty() { "" } else { "&" };
            query.extend([separator, name, "=", &escaped(&plain(value))]);
        }
        query
    }

    /// The command that tells what came of it, with values in the place of `{member}`.
    pub(super) fn find_out(&self, command: &str) -> String {
        let Some((begin, rest)) = command.split_once('{') else { return command.to_owned() };
        format!("{begin}{}", self.plain(rest.trim_end_matches('}')))
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The members that AWS has in the query even where there is a body.
fn is_in_query(name: &str) -> bool {
    matches!(name, "force" | "setAsActive")
}

/// A name with separators in camel case, as AWS's API names what its CLI calls `job-id` and its SDK `job_id`.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut upper = false;
    name.chars()
        .filter_map(|c| match c {
            '-' | '_' => {
                upper = true;
                None
            }
            c if std::mem::take(&mut upper) => Some(c.to_ascii_uppercase()),
            c => Some(c),
        })
        .collect()
}

fn plain(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn object<'a>(members: impl Iterator<Item = &'a (String, String)>) -> String {
    let members: Vec<String> =
        members.map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
    format!("{{{}}}", members.join(","))
}

/// A value for the query of a URI.
fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_go_where_aws_has_them() {
        let request = Request::new(Operation::CancelJobExecution)
            .text("jobId", "J")
            .json("force", "true")
            .json("statusDetails", r#"{"a" : "1"}"#)
            .json("expectedVersion", "2");
        let labels = ["jobId".to_owned()];
        assert_eq!(request.query(&labels, true), "force=true");
        assert_eq!(request.body(&labels), r#"{"statusDetails":{"a" : "1"},"expectedVersion":2}"#);
        let list = Request::new(Operation::ListThings).text("attributeValue", "a b&c/é");
        assert_eq!(list.query(&[], false), "attributeValue=a%20b%26c%2F%C3%A9");
        assert_eq!(list.to_json(), r#"{"attributeValue":"a b&c/é"}"#);
    }

    #[test]
    fn a_lost_answer_is_looked_for_with_a_command() {
        let request = Request::new(Operation::CreateThing).text("thingName", "T");
        assert_eq!(request.find_out("describe-thing {thingName}"), "describe-thing T");
        assert_eq!(request.find_out("list-thing-groups"), "list-thing-groups");
    }

    #[test]
    fn names_are_those_of_the_api() {
        assert_eq!(
            camel_case("--job-executions-rollout-config".trim_matches('-')),
            "jobExecutionsRolloutConfig"
        );
        assert_eq!(camel_case("thing_group_name"), "thingGroupName");
    }
}
