//! Commands that are one operation of the control plane.

use serde_json::{Value, json};

use super::outcome::{Answered, CommandError, Failure};
use super::{Dispatcher, document, is_refusal, response};
use crate::app::command::titles::DRY_RUN;
use crate::app::command::{Call, Member};
use crate::app::device_folder;
use crate::app::hints;
use crate::app::output::known_names::Named;
use crate::app::output::message::{Message, MessageKind};
use crate::client::control_plane::{self, Operation, Request};
use crate::wire::model::{ThingGroupName, ThingName};

/// The operations that are about this thing, unless another one is named.
const ABOUT_A_THING: [Operation; 5] = [
    Operation::CancelJobExecution,
    Operation::DeleteJobExecution,
    Operation::ListJobExecutionsForThing,
    Operation::AddThingToThingGroup,
    Operation::RemoveThingFromThingGroup,
];

/// A kind of target, and how one is looked up.
struct Kind {
    prefix: &'static str,
    operation: Operation,
    name: &'static str,
    arn: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind { prefix: "thing/", operation: Operation::DescribeThing, name: "thingName", arn: "thingArn" },
    Kind {
        prefix: "thinggroup/",
        operation: Operation::DescribeThingGroup,
        name: "thingGroupName",
        arn: "thingGroupArn",
    },
];

impl Dispatcher {
    /// Calls the operation, or shows what it would be asked for.
    pub(super) async fn call_operation(&self, call: &Call) -> Result<Answered, CommandError> {
        let request = self.request(call).await?;
        if call.is("--dry-run") {
            return Ok(Message::new(MessageKind::Response, DRY_RUN, Some(request.to_json())).into());
        }
        if let Some(reach) = self.unconfirmed(call, &request).await? {
            let what = format!("{reach}: nothing was done; --yes does it unasked");
            return Err(Failure::new("NotConfirmed", what).into());
        }
        match self.control_plane.call(&request).await {
            Ok(reply) => {
                if is_deletion(call.operation) {
                    self.forget(&request);
                }
                if call.operation == Operation::CreateJob {
                    self.note_job(&request);
                }
                Ok(response(reply))
            }
            Err(error) => {
                if is_refusal(&error, "ResourceNotFoundException") {
                    self.forget(&request);
                }
                Err(self.explained(&request, error).await)
            }
        }
    }

    /// Notes a job in the folder of the device that is played, so that clean-up finds it.
    fn note_job(&self, request: &Request) {
        let Some(dir) = &self.device_folder else { return };
        if let Err(error) = device_folder::note_job(dir, &request.plain("jobId")) {
            self.printer().diagnostic(&format!("warning: clean-up --jobs will not find this job: {error}"));
        }
    }

    /// What the operation is asked for: documents read, names of targets looked up, and what is left out filled in.
    pub(super) async fn request(&self, call: &Call) -> Result<Request, CommandError> {
        let mut request = Request::new(call.operation);
        for (name, member) in &call.members {
            request = match member {
                Member::Json(json) => request.json(name, json),
                Member::Document(document) if name == "document" => {
                    let names = call.is("--substitute").then(|| self.names().clone());
                    let text = document::read("the job document", document, names).await?;
                    if let Some(doubt) = document::doubt(&text) {
                        let job = request.plain("jobId");
                        self.printer().diagnostic(&format!("warning: the document of {job} is {doubt}"));
                    }
                    request.text(name, &text)
                }
                Member::Document(document) => {
                    request.json(name, document::read(&option_name(name), document, None).await?)
                }
                Member::Targets(targets) => request.json(name, self.target_arns(targets).await?),
            };
        }
        if call.operation == Operation::CreateJob {
            if !request.has("targets") {
                request = request.json("targets", json!([self.thing_arn().await?]).to_string());
            }
            if !request.has("targetSelection") {
                request = request.text("targetSelection", "SNAPSHOT");
            }
        }
        if ABOUT_A_THING.contains(&call.operation) && !request.has("thingName") {
            request = request.text("thingName", self.things.current().name.as_str());
        }
        Ok(request)
    }

    /// The ARNs of things and groups, as a JSON list.
    async fn target_arns(&self, targets: &[String]) -> Result<String, CommandError> {
        let mut arns = Vec::new();
        for target in targets {
            arns.push(self.target_arn(target).await?);
        }
        Ok(json!(arns).to_string())
    }

    async fn target_arn(&self, target: &str) -> Result<String, CommandError> {
        if target.starts_with("arn:") {
            return Ok(target.to_owned());
        }
        if target == self.things.current().name.as_str() {
            return Ok(self.thing_arn().await?);
        }
        let kinds = KINDS.iter().filter(|kind| target.starts_with(kind.prefix)).chain(&KINDS);
        let (mut found, mut is_prefixed) = (Vec::new(), false);
        for kind in kinds {
            if is_prefixed {
                break;
            }
            is_prefixed = target.starts_with(kind.prefix);
            let name = target.strip_prefix(kind.prefix).unwrap_or(target);
            check_name(kind, name)?;
            found.extend(self.look_up(kind, name).await?);
        }
        match &found[..] {
            [arn] => Ok(arn.clone()),
            [] => {
                let what = format!(
                    "there is neither a thing nor a group called {target}: create-thing makes a thing"
                );
                Err(Failure::new("UsageError", what).into())
            }
            _ => {
                let what =
                    format!("{target} is a thing and a group: write thing/{target} or thinggroup/{target}");
                Err(Failure::new("UsageError", what).into())
            }
        }
    }

    async fn look_up(&self, kind: &Kind, name: &str) -> Result<Option<String>, CommandError> {
        let described = self.control_plane.call(&Request::new(kind.operation).text(kind.name, name)).await;
        match described {
            Ok(reply) => {
                let body: Value = serde_json::from_str(&reply.body.unwrap_or_default()).unwrap_or_default();
                Ok(body[kind.arn].as_str().map(str::to_owned))
            }
            Err(error) if is_refusal(&error, "ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What does not exist any more is no longer offered for completion.
    fn forget(&self, request: &Request) {
        let subject = ["jobId", "jobTemplateId", "thingName", "thingGroupName"];
        let subject = subject.into_iter().find(|member| request.has(member));
        if let Some((member, named)) = subject.and_then(|member| Some((member, Named::by_member(member)?))) {
            self.transcript.known_names().remove(named, &request.plain(member));
        }
    }

    /// The error; at a terminal with the executions that keep a job from being deleted.
    async fn explained(&self, request: &Request, error: control_plane::Error) -> CommandError {
        let not_terminal = is_refusal(&error, "InvalidStateTransitionException");
        let mut error = CommandError::from(error);
        if let CommandError::Refused { refusal, .. } = &mut error
            && not_terminal
            && request.operation == Operation::DeleteJob
            && self.printer().is_terminal()
            && let Ok(job) = request.plain("jobId").parse()
        {
            let executions = self.control_plane.list_job_executions_for_job(&job).await.ok();
            let hint = hints::not_terminal(&job, executions.and_then(|reply| reply.body).as_deref());
            refusal.hint = Some(hint);
        }
        error
    }
}

/// Whether what is named first is gone afterwards.
fn is_deletion(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::DeleteJob
            | Operation::DeleteJobTemplate
            | Operation::DeleteThing
            | Operation::DeleteThingGroup
    )
}

/// The option that gives a member of this name.
fn option_name(member: &str) -> String {
    member.chars().fold("--".to_owned(), |mut option, letter| {
        if letter.is_ascii_uppercase() {
            option.push('-');
        }
        option.push(letter.to_ascii_lowercase());
        option
    })
}

fn check_name(kind: &Kind, name: &str) -> Result<(), Failure> {
    let checked = match kind.operation {
        Operation::DescribeThing => name.parse::<ThingName>().map(drop),
        _ => name.parse::<ThingGroupName>().map(drop),
    };
    checked.map_err(|error| Failure::new("UsageError", format!("--targets: {error}, not \"{name}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_as_it_was_typed() {
        assert_eq!(option_name("jobExecutionsRolloutConfig"), "--job-executions-rollout-config");
    }
}
