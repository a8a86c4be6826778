//! Why the service refuses a request: one error for both planes.

use crate::service::choices::StateException;
use crate::wire::model::JobExecutionState;
use crate::wire::number::VersionNumber;

/// A refusal. The data plane knows it by [`Rejected::code`], the control plane by an exception's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The content of the request is wrong.
    #[error("{0}")]
    InvalidRequest(String),
    /// What the request names does not exist.
    #[error("{0}")]
    ResourceNotFound(String),
    /// A device expected another version of the job execution.
    #[error("Expected version {expected} but found version {}", .state.version_number)]
    VersionMismatch {
        /// The version that the request named.
        expected: VersionNumber,
        /// Where the job execution stands.
        state: JobExecutionState,
    },
    /// The change is not allowed from the present status.
    #[error("{message}")]
    InvalidStateTransition {
        /// What was not allowed.
        message: String,
        /// Where the job execution stands; on the data plane only.
        state: Option<JobExecutionState>,
    },
    /// The data plane describes pending job executions only.
    #[error("Job Execution has reached terminal state. It is neither IN_PROGRESS nor QUEUED")]
    TerminalStateReached,
    /// An operator expected another version.
    #[error("{0}")]
    VersionConflict(String),
    /// The name is taken.
    #[error("{message}")]
    ResourceAlreadyExists {
        /// What exists.
        message: String,
        /// Its name.
        resource_id: String,
        /// Its ARN.
        resource_arn: String,
    },
    /// The name is taken, as thing groups report it: AWS names neither its id nor its ARN.
    #[error("{0}")]
    GroupAlreadyExists(String),
    /// The name is taken, as job templates report it.
    #[error("{0}")]
    Conflict(String),
    /// A limit of the account is reached.
    #[error("{0}")]
    LimitExceeded(String),
    /// A policy document is not one.
    #[error("{0}")]
    MalformedPolicy(String),
    /// A policy has as many versions as it can have.
    #[error("{0}")]
    VersionsLimitExceeded(String),
    /// What should be deleted is in use.
    #[error("{0}")]
    DeleteConflict(String),
    /// The certificate's status does not allow it.
    #[error("{0}")]
    CertificateState(String),
    /// The certificate cannot be read.
    #[error("{0}")]
    CertificateValidation(String),
    /// The certificate is registered with other particulars.
    #[error("{0}")]
    CertificateConflict(String),
}

impl Rejected {
    /// A refusal of what does not fit the state of a job or job execution, as this exception.
    pub(crate) fn as_exception(exception: StateException, message: String) -> Self {
        match exception {
            StateException::InvalidRequest => Self::InvalidRequest(message),
            StateException::InvalidStateTransition => Self::InvalidStateTransition { message, state: None },
        }
    }

    /// The data plane's error code.
    ///
    /// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-api.html>
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ResourceNotFound(_) => "ResourceNotFound",
            Self::VersionMismatch { .. } => "VersionMismatch",
            Self::InvalidStateTransition { .. } => "InvalidStateTransition",
            Self::TerminalStateReached => "TerminalStateReached",
            _ => "InvalidRequest",
        }
    }

    /// Where the job execution stands, which the data plane reports with some of the codes.
    #[must_use]
    pub fn execution_state(&self) -> Option<&JobExecutionState> {
        match self {
            Self::VersionMismatch { state, .. } => Some(state),
            Self::InvalidStateTransition { state, .. } => state.as_ref(),
            _ => None,
        }
    }
}
