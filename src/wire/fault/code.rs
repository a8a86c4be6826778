//! With what a message is refused: each plane has its own words.

use std::fmt;

use super::reason::{Packet, Reason};

/// The codes of refusals over MQTT.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-https-api.html#jobs-mqtt-error-response>
pub(super) const JOBS_CODES: [&str; 9] = [
    "RequestThrottled",
    "InternalError",
    "InvalidRequest",
    "InvalidJson",
    "InvalidTopic",
    "InvalidStateTransition",
    "VersionMismatch",
    "ResourceNotFound",
    "TerminalStateReached",
];

/// Exceptions of the HTTP API, with their status.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/apireference/API_Operations.html>
pub(super) const EXCEPTIONS: [(&str, u16); 16] = [
    ("ThrottlingException", 400),
    ("InternalFailureException", 500),
    ("ServiceUnavailableException", 503),
    ("InvalidRequestException", 400),
    ("UnauthorizedException", 401),
    ("AccessDeniedException", 403),
    ("ExpiredTokenException", 403),
    ("ResourceNotFoundException", 404),
    ("CertificateValidationException", 400),
    ("ConflictException", 409),
    ("VersionConflictException", 409),
    ("ResourceAlreadyExistsException", 409),
    ("InvalidStateTransitionException", 409),
    ("TerminalStateException", 410),
    ("LimitExceededException", 410),
    ("NotConfiguredException", 404),
];

/// The code of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Of a request of the data plane over MQTT.
    Jobs(&'static str),
    /// Of SUBACK or PUBACK.
    Reason(Reason),
    /// An exception of the HTTP API.
    Exception {
        /// Its name.
        name: &'static str,
        /// Its HTTP status.
        status: u16,
    },
    /// An HTTP status alone, as something between client and service answers.
    Status(u16),
}

impl Code {
    /// The code that `word` names.
    pub(super) fn find(word: &str) -> Option<Self> {
        let jobs = JOBS_CODES.into_iter().find(|code| *code == word).map(Self::Jobs);
        let reason = || Reason::find(word, &[Packet::Suback, Packet::Puback]).map(Self::Reason);
        let exception = || {
            let found = EXCEPTIONS.into_iter().find(|(name, _)| *name == word);
            found.map(|(name, status)| Self::Exception { name, status })
        };
        let status = || word.parse().ok().filter(|status| (400..600).contains(status)).map(Self::Status);
        jobs.or_else(reason).or_else(exception).or_else(status)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jobs(name) | Self::Exception { name, .. } => f.write_str(name),
            Self::Reason(reason) => reason.fmt(f),
            Self::Status(status) => status.fmt(f),
        }
    }
}
