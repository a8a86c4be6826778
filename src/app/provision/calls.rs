//! Calls of the control plane, each said before it is made, and why they failed.

use serde_json::Value;

use crate::app::device_folder;
use crate::app::exit::ExitStatus;
use crate::app::output::escape;
use crate::client::control_plane::{self, ControlPlane, Operation, Request};

/// How many characters of a member are said.
const SHOWN: usize = 200;

/// Why a device could not be provisioned or cleaned up; `Display` is one line, with what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] device_folder::Error),
    /// A call failed; what was done before it is kept.
    #[error("{0}{hint}", hint = hint(.0))]
    Call(#[from] control_plane::Error),
    /// It cannot be done so.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// How the program ends.
    pub(crate) fn exit_status(&self) -> ExitStatus {
        use control_plane::Error as Call;
        match self {
            Self::Folder(device_folder::Error::System { .. }) | Self::Refused(_) => ExitStatus::Failure,
            Self::Folder(_) => ExitStatus::Usage,
            Self::Call(
                Call::NoCredentials { .. }
                | Call::NoRegion
                | Call::Unreachable { .. }
                | Call::NotTrusted { .. },
            ) => ExitStatus::NotConnected,
            Self::Call(_) => ExitStatus::Failure,
        }
    }
}

/// What to do about a call that failed.
fn hint(error: &control_plane::Error) -> String {
    match error {
        control_plane::Error::Rejected { operation, code, .. } if is_about_rights(code) => {
            format!("; allow iot:{operation} to who calls, then the same command goes on from here")
        }
        control_plane::Error::Rejected { code, .. } if code == "DeleteConflictException" => {
            "; AWS takes up to five minutes to know what is detached: then the same command goes on from here"
                .to_owned()
        }
        _ => "; the same command goes on from here".to_owned(),
    }
}

fn is_about_rights(code: &str) -> bool {
    matches!(
        code,
        "AccessDeniedException"
            | "AccessDenied"
            | "UnauthorizedException"
            | "NotAuthorizedException"
            | "ForbiddenException"
    )
}

/// A control plane, and who hears what is asked of it.
pub(super) struct Calls<'a> {
    plane: &'a ControlPlane,
    say: &'a dyn Fn(&str),
}

impl<'a> Calls<'a> {
    pub(super) fn new(plane: &'a ControlPlane, say: &'a dyn Fn(&str)) -> Self {
        Self { plane, say }
    }

    /// Tells something else than a call.
    pub(super) fn say(&self, line: &str) {
        (self.say)(line);
    }

    /// Says a call, makes it, and reads the answer; null where there is none.
    pub(super) async fn make(&self, request: &Request) -> Result<Value, Error> {
        self.say(&said(request));
        let reply = self.plane.call(request).await?;
        Ok(reply.body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default())
    }

    /// The same for what may not be there.
    pub(super) async fn find(&self, request: &Request) -> Result<Option<Value>, Error> {
        match self.make(request).await {
            Err(Error::Call(control_plane::Error::Rejected { code, .. }))
                if code == "ResourceNotFoundException" =>
            {
                Ok(None)
            }
            found => found.map(Some),
        }
    }
}

/// A call in one line: the operation and its members, but for those of many lines.
pub(super) fn said(request: &Request) -> String {
    let mut line = request.operation.name().to_owned();
    for name in members(request.operation) {
        let value = escape::excerpt(&request.plain(name), SHOWN);
        line.extend([" ", name, "=", &value]);
    }
    line
}

fn members(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::DescribeEndpoint => &["endpointType"],
        Operation::CreateCertificateFromCsr => &["setAsActive"],
        Operation::DescribeCertificate | Operation::DeleteCertificate => &["certificateId"],
        Operation::UpdateCertificate => &["certificateId", "newStatus"],
        Operation::CreatePolicy
        | Operation::DeletePolicy
        | Operation::GetPolicy
        | Operation::ListPolicyVersions
        | Operation::ListTargetsForPolicy => &["policyName"],
        Operation::DeletePolicyVersion => &["policyName", "policyVersionId"],
        Operation::AttachPolicy | Operation::DetachPolicy => &["policyName", "target"],
        Operation::ListAttachedPolicies => &["target"],
        Operation::AttachThingPrincipal | Operation::DetachThingPrincipal => &["thingName", "principal"],
        Operation::ListPrincipalThings => &["principal"],
        Operation::DescribeJob | Operation::DeleteJob => &["jobId"],
        Operation::ListCertificates => &[],
        _ => &["thingName"],
    }
}

/// A text in an answer; empty where there is none.
pub(super) fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The texts in a list of an answer, each there in its member `name` if it has one.
pub(super) fn texts(answer: &Value, list: &str, name: Option<&str>) -> Vec<String> {
    let items = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let items = items.iter().filter_map(|item| match name {
        Some(name) => item[name].as_str(),
        None => item.as_str(),
    });
    items.map(str::to_owned).collect()
}
