//! Errors as AWS writes them: a status, the exception's name in a header, a message in the body.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/apireference/CommonErrors.html>

use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::service::one_line::{MESSAGE, one_line};
use crate::service::state::Rejected;

/// An exception of AWS: the refusal of a request.
#[derive(Debug)]
pub(super) struct Exception {
    status: StatusCode,
    kind: &'static str,
    message: String,
    members: Vec<(&'static str, Option<String>)>,
}

impl Exception {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: one_line(&message.into(), MESSAGE), members: Vec::new() }
    }

    /// Adds a member beside the message, such as `resourceId`.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Option<String>>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequestException", message)
    }

    /// A request that cannot be read as what its operation takes.
    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "SerializationException", message)
    }

    /// A request that is for no operation of `api`.
    pub(super) fn unknown_operation(api: &str, method: &Method, path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            format!("no operation of {api} answers {method} {path}"),
        )
    }

    pub(super) fn not_offered(service: &str, operation: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "UnknownOperationException",
            format!("the local Jobs service does not offer {operation} of the {service} API"),
        )
    }

    pub(super) fn wrong_service(service: &str) -> Self {
        let service: String = service.chars().take(64).collect();
        Self::new(
            StatusCode::FORBIDDEN,
            "InvalidSignatureException",
            format!(
                "the request is signed for the service '{service}'; the local Jobs service answers \
                 'iot' and 'iot-jobs-data' alone"
            ),
        )
    }

    /// A request that this service wants nothing to do with.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    pub(super) fn incomplete_signature(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "IncompleteSignatureException", message)
    }

    /// A fault of this service, for what should not happen.
    pub(super) fn internal(reason: &impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailureException",
            format!("the local Jobs service failed: {reason}"),
        )
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "InvalidRequestException",
            format!("the body is larger than {limit} bytes"),
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "InvalidRequestException", "the body did not arrive in time")
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The exception's name, as AWS's model has it; empty where a fault answers with a status alone.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("message".to_owned(), Value::from(self.message()));
        for (name, value) in &self.members {
            body.insert((*name).to_owned(), Value::from(value.clone()));
        }
        Value::Object(body).to_string().into_bytes()
    }
}

impl From<Rejected> for Exception {
    fn from(rejected: Rejected) -> Self {
        let (status, kind) = exception(&rejected);
        let error = Self::new(status, kind, rejected.to_string());
        match rejected {
            Rejected::ResourceAlreadyExists { resource_id, resource_arn, .. } => {
                error.with("resourceId", resource_id).with("resourceArn", resource_arn)
            }
            Rejected::GroupAlreadyExists(_) => error.with("resourceId", None).with("resourceArn", None),
            Rejected::Conflict(_) => error.with("resourceId", None),
            _ => error,
        }
    }
}

/// The HTTP status and the exception for each refusal of the state.
fn exception(rejected: &Rejected) -> (StatusCode, &'static str) {
    let (status, kind) = match rejected {
        Rejected::InvalidRequest(_) => (400, "InvalidRequestException"),
        Rejected::ResourceNotFound(_) => (404, "ResourceNotFoundException"),
        // The first does not get here: UpdateJobExecution has put another in its place.
        Rejected::VersionMismatch { .. } | Rejected::InvalidStateTransition { .. } => {
            (409, "InvalidStateTransitionException")
        }
        Rejected::TerminalStateReached => (410, "TerminalStateException"),
        Rejected::VersionConflict(_) => (409, "VersionConflictException"),
        Rejected::ResourceAlreadyExists { .. } | Rejected::GroupAlreadyExists(_) => {
            (409, "ResourceAlreadyExistsException")
        }
        Rejected::Conflict(_) => (409, "ConflictException"),
        Rejected::LimitExceeded(_) => (410, "LimitExceededException"),
        Rejected::MalformedPolicy(_) => (400, "MalformedPolicyException"),
        Rejected::VersionsLimitExceeded(_) => (409, "VersionsLimitExceededException"),
        Rejected::DeleteConflict(_) => (409, "DeleteConflictException"),
        Rejected::CertificateState(_) => (406, "CertificateStateException"),
        Rejected::CertificateValidation(_) => (400, "CertificateValidationException"),
        Rejected::CertificateConflict(_) => (409, "CertificateConflictException"),
    };
    (StatusCode::from_u16(status).expect("the table has HTTP statuses"), kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let error = Exception::invalid_request(format!("a\n{}", "é".repeat(5000)));
        assert!(error.message().starts_with("a\\néé") && error.message().ends_with("é…"));
        assert_eq!(error.message().chars().count(), MESSAGE + 1, "the mark is one more");
    }

    #[test]
    fn members_stand_beside_the_message() {
        let error = Exception::invalid_request("no").with("resourceId", "J\"1".to_owned());
        assert_eq!(String::from_utf8(error.body()).unwrap(), r#"{"message":"no","resourceId":"J\"1"}"#);
    }
}
