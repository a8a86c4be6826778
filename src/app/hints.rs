//! Hints on what to do after a refusal.

use serde::Deserialize;

use crate::app::listed::{Execution, Listed};
use crate::app::output::escape;
use crate::wire::model::{JobExecutionStatus, JobId, RejectedResponse};

/// A hint for a refusal of the data plane.
#[must_use]
pub(crate) fn data_plane(response: &RejectedResponse) -> Option<String> {
    let state = response.execution_state.as_ref();
    Some(match response.code.as_str() {
        "TerminalStateReached" => {
            "it is finished; describe-job-execution --control-plane reads it".to_owned()
        }
        "VersionMismatch" => {
            let version = state?.version_number;
            format!("it is at version {version}: --expected-version {version}")
        }
        "InvalidStateTransition" if response.message.contains("CANCELED") => {
            "a device cannot cancel; the operator does: cancel-job".to_owned()
        }
        "InvalidStateTransition" if state?.status.known().is_some_and(JobExecutionStatus::is_terminal) => {
            format!("it is {} already, which no update changes", state?.status)
        }
        "ResourceNotFound" => "get-pending-job-executions lists what is pending for this thing".to_owned(),
        "RequestThrottled" => "the service asks for a pause; try again in a moment".to_owned(),
        _ => return None,
    })
}

/// A hint for a refusal of the control plane.
#[must_use]
pub(crate) fn control_plane(operation: &str, code: &str, message: &str) -> Option<String> {
    Some(match (operation, code) {
        (_, "AccessDeniedException" | "AccessDenied" | "UnauthorizedException" | "ForbiddenException") => {
            access_denied(operation, message)
        }
        ("CreateJob", "ResourceAlreadyExistsException") => {
            "delete-job frees the id; describe-job shows the job that has it".to_owned()
        }
        ("DeleteJob", "InvalidStateTransitionException") => {
            "an execution is not terminal: list-job-executions shows which; --force deletes all the same"
                .to_owned()
        }
        (
            "DescribeJob"
            | "GetJobDocument"
            | "UpdateJob"
            | "AssociateTargetsWithJob"
            | "CancelJob"
            | "DeleteJob"
            | "ListJobExecutionsForJob",
            "ResourceNotFoundException",
        ) => "list-jobs shows which jobs there are".to_owned(),
        (
            "DescribeJobExecution" | "CancelJobExecution" | "DeleteJobExecution",
            "ResourceNotFoundException",
        ) => "list-job-executions shows which there are".to_owned(),
        ("DescribeJobTemplate" | "DeleteJobTemplate", "ResourceNotFoundException") => {
            "list-job-templates shows which there are".to_owned()
        }
        ("DescribeManagedJobTemplate", "ResourceNotFoundException") => {
            "list-managed-job-templates shows which there are".to_owned()
        }
        ("DescribeThing" | "UpdateThing", "ResourceNotFoundException") => {
            "list-things shows which there are".to_owned()
        }
        ("AddThingToThingGroup" | "RemoveThingFromThingGroup", "ResourceNotFoundException") => {
            "list-things and list-thing-groups show which there are".to_owned()
        }
        ("ListThingsInThingGroup", "ResourceNotFoundException") => {
            "list-thing-groups shows which there are".to_owned()
        }
        ("CancelJob", "InvalidRequestException") => "describe-job shows how far it is".to_owned(),
        (_, "ThrottlingException") => "the service asks for a pause; try again in a moment".to_owned(),
        _ => return None,
    })
}

/// A hint on which executions keep a job from being deleted, from the answer to ListJobExecutionsForJob.
#[must_use]
pub(crate) fn not_terminal(job: &JobId, executions: Option<&str>) -> String {
    let things =
        executions.and_then(|body| serde_json::from_str::<Listed<Summary>>(body).ok()).map(|executions| {
            let open = executions.execution_summaries.iter().filter_map(if_pending);
            open.collect::<Vec<_>>().join(", ")
        });
    let which = match things {
        Some(things) if !things.is_empty() => format!("not terminal yet: {things}"),
        _ => format!("list-job-executions {job} shows which executions are not terminal"),
    };
    format!("{which}; delete-job {job} --force deletes all the same")
}

/// The statement to add to the IAM policy. AWS names the action and the resource in its message:
/// `User: … is not authorized to perform: iot:CreateJob on resource: arn:…`.
fn access_denied(operation: &str, message: &str) -> String {
    let after = |marker: &str| {
        let word = message.split_once(marker)?.1.split_whitespace().next()?;
        Some(escape::excerpt(word.trim_end_matches(['.', ',']), 300))
    };
    let action = after("to perform: ").unwrap_or_else(|| format!("iot:{operation}"));
    let resource = after("on resource: ").unwrap_or_else(|| "*".to_owned());
    let statement = serde_json::json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    format!("add to the IAM policy: {statement}")
}

/// The statements to add to the policy of the certificate, for actions on kinds of resources; `thing_arn` names the
/// region and the account.
#[must_use]
pub(crate) fn policy(needs: &[(&str, &str, &str)], thing_arn: Option<&str>) -> String {
    let of_account = thing_arn.and_then(|arn| arn.split_once(":thing/")).map(|(begin, _)| begin);
    let begin = of_account.unwrap_or("arn:aws:iot:*:*");
    let statements = needs.iter().map(|(action, resource, name)| {
        let resource = format!("{begin}:{resource}/{}", in_policy(name));
        serde_json::json!({ "Effect": "Allow", "Action": action, "Resource": resource }).to_string()
    });
    format!("add to the policy of the certificate: {}", statements.collect::<Vec<_>>().join(", "))
}

/// A filter as a policy covers it.
#[must_use]
pub(crate) fn in_policy(filter: &str) -> String {
    filter.replace(['+', '#'], "*")
}

#[derive(Deserialize)]
struct Summary {
    status: JobExecutionStatus,
}

fn if_pending(execution: &Execution<Summary>) -> Option<String> {
    let status = execution.job_execution_summary.status;
    status.is_pending().then(|| format!("{} is {status}", escape::line(execution.thing())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model::JobExecutionState;

    fn rejected(code: &str, message: &str, state: Option<(JobExecutionStatus, u64)>) -> RejectedResponse {
        RejectedResponse {
            client_token: None,
            timestamp: 1,
            code: code.into(),
            message: message.into(),
            execution_state: state.map(|(status, version_number)| JobExecutionState {
                status: status.into(),
                status_details: None,
                version_number: version_number.into(),
            }),
        }
    }

    #[test]
    fn a_refusal_of_the_data_plane_leads_on() {
        let hint = |code, message, state| data_plane(&rejected(code, message, state)).unwrap();
        assert!(hint("TerminalStateReached", "", None).contains("--control-plane"));
        assert_eq!(
            hint("VersionMismatch", "", Some((JobExecutionStatus::Queued, 3))),
            "it is at version 3: --expected-version 3"
        );
        let canceled = "The status of job execution cannot be changed to be CANCELED";
        assert!(hint("InvalidStateTransition", canceled, None).contains("cancel-job"));
        assert!(
            hint("InvalidStateTransition", "x", Some((JobExecutionStatus::Failed, 2)))
                .starts_with("it is FAILED already")
        );
        assert_eq!(data_plane(&rejected("VersionMismatch", "", None)), None);
        assert_eq!(data_plane(&rejected("Whatever", "", None)), None);
    }

    #[test]
    fn what_keeps_a_job_is_named() {
        let job = "J".parse().unwrap();
        let body = r#"{"executionSummaries":[
            {"thingArn":"arn:aws:iot:r:1:thing/A","jobExecutionSummary":{"status":"IN_PROGRESS"}},
            {"thingArn":"arn:aws:iot:r:1:thing/B","jobExecutionSummary":{"status":"SUCCEEDED"}}]}"#;
        assert_eq!(
            not_terminal(&job, Some(body)),
            "not terminal yet: A is IN_PROGRESS; delete-job J --force deletes all the same"
        );
        assert!(not_terminal(&job, None).starts_with("list-job-executions J shows"));
    }

    #[test]
    fn a_denied_access_names_the_statement_to_add() {
        let message = "User: arn:aws:iam::1:user/u is not authorized to perform: iot:CreateJob on resource: arn:aws:iot:r:1:job/J because no identity-based policy allows it";
        assert_eq!(
            control_plane("CreateJob", "AccessDeniedException", message).unwrap(),
            r#"add to the IAM policy: {"Effect":"Allow","Action":"iot:CreateJob","Resource":"arn:aws:iot:r:1:job/J"}"#
        );
        for operation in ["DeleteJob", "AssociateTargetsWithJob", "CreateThingGroup"] {
            let hint = control_plane(operation, "AccessDeniedException", "no").unwrap();
            assert!(hint.contains(&format!("\"Action\":\"iot:{operation}\"")), "{hint}");
        }
    }

    #[test]
    fn a_refused_filter_names_both_statements() {
        let needs = [("iot:Subscribe", "topicfilter", "a/+/#"), ("iot:Receive", "topic", "a/+/#")];
        assert_eq!(
            policy(&needs, Some("arn:aws:iot:r:1:thing/T")),
            r#"add to the policy of the certificate: {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:r:1:topicfilter/a/*/*"}, {"Effect":"Allow","Action":"iot:Receive","Resource":"arn:aws:iot:r:1:topic/a/*/*"}"#
        );
        assert!(policy(&needs[..1], None).contains("arn:aws:iot:*:*:topicfilter/a/*/*"));
    }

    #[test]
    fn jobs_are_listed_only_where_a_job_is_missing() {
        let hint = |operation| control_plane(operation, "ResourceNotFoundException", "no");
        assert!(hint("DescribeJob").unwrap().contains("list-jobs"));
        assert!(hint("DescribeJobExecution").unwrap().contains("list-job-executions"));
        assert_eq!(hint("ListJobExecutionsForThing"), None);
        assert_eq!(hint("CreateJob"), None);
    }
}
