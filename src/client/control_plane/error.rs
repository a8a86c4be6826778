//! Why the control plane did not do what was asked: one line each, with what to do.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_iot::error::{ProvideErrorMetadata, SdkError};
use http_body_util::LengthLimitError;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use super::endpoint::Endpoint;
use super::exchange::{Exchange, MAX_ANSWER};
use crate::client::connection;
use crate::wire::system_error::{TOO_MANY_OPEN_FILES, in_words, too_many_open_files};

/// The HTTP status of a server that did not look at a request because there are too many.
pub(super) const TOO_MANY_REQUESTS: u16 = 429;

/// How hyper begins what it says about a proxy; it does not export the type.
const TUNNEL: &str = "tunnel error: ";

/// What hyper says where something else than HTTP answers; it does not export the type.
const NO_HTTP: [&str; 2] = ["connection closed before message completed", "invalid HTTP version parsed"];

/// Why the control plane did not do what was asked; `Display` is one line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The service refused.
    #[error("{operation} refused: {code}: {message} (request id {})", request_id.as_deref().unwrap_or("unknown"))]
    Rejected {
        /// The API's name of the operation.
        operation: &'static str,
        /// AWS's exception, such as `ResourceNotFoundException`.
        code: String,
        /// The service's own words.
        message: String,
        /// What AWS support asks for.
        request_id: Option<String>,
        /// The body as it came.
        body: Option<String>,
    },
    /// The service does not accept the credentials, or the signature made with them; it did not look at what
    /// was asked. Its words are cut to the first line: what follows may quote the request, session token included.
    #[error("{operation} refused: {code}: {message} (request id {}): {}", request_id.as_deref().unwrap_or("unknown"), what_to_do(code, message))]
    NotAuthenticated {
        /// The API's name of the operation.
        operation: &'static str,
        /// AWS's exception, such as `ExpiredTokenException`.
        code: String,
        /// The first line of the service's own words.
        message: String,
        /// What AWS support asks for.
        request_id: Option<String>,
    },
    /// No credentials were found, or they could not be fetched.
    #[error(
        "no AWS credentials ({reason}): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws sso login"
    )]
    NoCredentials {
        /// What came of looking for them.
        reason: String,
    },
    /// No region is configured, for which requests could be signed.
    #[error("no AWS region is known: give --region, or set AWS_REGION or a profile's region")]
    NoRegion,
    /// The endpoint did not answer at all; nothing was sent.
    #[error("cannot reach the control plane at {endpoint}: {reason}{}", endpoint.what_to_check(reason))]
    Unreachable {
        /// Where it should be.
        endpoint: Endpoint,
        /// Why not.
        reason: String,
    },
    /// What answers at the endpoint could not prove that it is who it should be; nothing was sent.
    #[error("the certificate of the control plane at {endpoint} is not trusted: {reason}")]
    NotTrusted {
        /// Where it should be.
        endpoint: Endpoint,
        /// Why not, and what to do.
        reason: String,
    },
    /// No answer in time.
    #[error("{operation}: no answer from the control plane within {} s: try again, or raise --timeout", after.as_secs_f32())]
    TimedOut {
        /// The API's name of the operation.
        operation: &'static str,
        /// How long it waited.
        after: Duration,
    },
    /// The request may have been carried out; its answer was lost.
    #[error("{operation}: outcome unknown, its answer was lost ({reason}); to find out: {find_out}")]
    OutcomeUnknown {
        /// The API's name of the operation.
        operation: &'static str,
        /// How it was lost.
        reason: String,
        /// The command to find out with.
        find_out: String,
    },
    /// The server is too busy or in trouble, and says so by the HTTP status alone.
    #[error(
        "{operation}: HTTP status {status} from {endpoint}: the server is too busy or in trouble: try again later"
    )]
    Unavailable {
        /// The API's name of the operation.
        operation: &'static str,
        /// 429, or 500 and above.
        status: u16,
        /// Where it came from.
        endpoint: Endpoint,
    },
    /// An answer that is not one.
    #[error(
        "{operation}: the answer of {endpoint} makes no sense: {reason}: is that an AWS IoT control plane?"
    )]
    Malformed {
        /// The API's name of the operation.
        operation: &'static str,
        /// Where it came from.
        endpoint: Endpoint,
        /// What is wrong with it.
        reason: String,
    },
    /// A list that goes on beyond what is read.
    #[error(
        "{operation}: the list has more than {most} pages, too many to show: read it page by page with the AWS CLI"
    )]
    TooManyPages {
        /// The API's name of the operation.
        operation: &'static str,
        /// How many are read.
        most: usize,
    },
    /// The request could not be made.
    #[error("{operation} was not sent: {reason}")]
    NotSent {
        /// The API's name of the operation.
        operation: &'static str,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whether the service is throttling, so that the same request may succeed a moment later.
    pub(super) fn is_throttling(&self) -> bool {
        match self {
            Self::Rejected { code, .. } => {
                matches!(code.as_str(), "ThrottlingException" | "TooManyRequestsException")
            }
            Self::Unavailable { status, .. } => *status == TOO_MANY_REQUESTS,
            _ => false,
        }
    }

    /// The same for an operation that changes something, and that may have been carried out.
    pub(super) fn of_a_change(self, find_out: String) -> Self {
        let (operation, reason) = match self {
            Self::TimedOut { operation, after } => {
                (operation, format!("no answer within {} s", after.as_secs_f32()))
            }
            Self::Malformed { operation, reason, .. } => (operation, reason),
            Self::Unavailable { operation, status, endpoint } if status != TOO_MANY_REQUESTS => {
                (operation, format!("HTTP status {status} from {endpoint}"))
            }
            other => return other,
        };
        Self::OutcomeUnknown { operation, reason, find_out }
    }

    /// The error for what the SDK reports.
    pub(super) fn from_sdk<E, R>(
        operation: &'static str,
        error: &SdkError<E, R>,
        exchange: Exchange,
        after: Duration,
    ) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        let endpoint = exchange.endpoint.clone().unwrap_or_default();
        if let Some(reason) = credentials_error(error) {
            return Self::NoCredentials { reason };
        }
        if let Some(reason) = why_not_trusted(error) {
            return Self::NotTrusted { endpoint, reason };
        }
        let reason = root_cause(error);
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut { operation, after },
            SdkError::DispatchFailure(_) if never_left(error) => {
                let reason = reason.strip_prefix(TUNNEL).unwrap_or(&reason).to_owned();
                Self::Unreachable { endpoint, reason: connect_reason(error).unwrap_or(reason) }
            }
            _ if is_too_long(error) => {
                let reason = format!("it is longer than {} MiB", MAX_ANSWER >> 20);
                Self::Malformed { operation, endpoint, reason }
            }
            SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                let reason = if NO_HTTP.contains(&reason.as_str()) { endpoint.why_no_http() } else { reason };
                Self::Malformed { operation, endpoint, reason }
            }
            SdkError::ServiceError(refusal) => {
                let Some(code) = refusal.err().code() else {
                    let status = exchange.status.unwrap_or_default();
                    if status == TOO_MANY_REQUESTS || status >= 500 {
                        return Self::Unavailable { operation, status, endpoint };
                    }
                    let reason = format!("HTTP status {status}");
                    return Self::Malformed { operation, endpoint, reason };
                };
                let (code, request_id) = (code.to_owned(), exchange.request_id);
                let message = refusal.err().message().unwrap_or("no message");
                if is_about_credentials(&code) {
                    let message = message.lines().next().unwrap_or_default().to_owned();
                    return Self::NotAuthenticated { operation, code, message, request_id };
                }
                let message = message.to_owned();
                Self::Rejected { operation, code, message, request_id, body: exchange.body }
            }
            _ => Self::NotSent { operation, reason },
        }
    }
}

/// AWS's exceptions for who we are or how we signed, not for what we asked.
///
/// AWS: <https://docs.aws.amazon.com/iot/latest/apireference/CommonErrors.html>
fn is_about_credentials(code: &str) -> bool {
    matches!(
        code,
        "ExpiredTokenException"
            | "ExpiredToken"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationTokenException"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
    )
}

fn what_to_do(code: &str, message: &str) -> &'static str {
    match code {
        "ExpiredTokenException" | "ExpiredToken" => {
            "the credentials have expired: sign in again (aws sso login), or fetch new ones"
        }
        "RequestExpired" | "RequestTimeTooSkewed" => SET_THE_CLOCK,
        // This is how AWS reports a signature made too early or too late.
        _ if message.starts_with("Signature expired") || message.starts_with("Signature not yet current") => {
            SET_THE_CLOCK
        }
        _ if message.contains("scoped to a valid region") => {
            "that is another region's endpoint: check --region"
        }
        "UnrecognizedClientException" | "InvalidClientTokenId" | "MissingAuthenticationTokenException" => {
            "AWS does not know these credentials: check AWS_PROFILE or the AWS_* variables"
        }
        _ => "check the secret key, and this machine's clock",
    }
}

const SET_THE_CLOCK: &str = "this machine's clock is wrong: set it right";

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The message of the innermost error.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let root = chain(error).last().map(in_words).unwrap_or_default();
    root.lines().next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// Why no connection came about, where the innermost error has no person's words for it.
fn connect_reason(error: &(dyn StdError + 'static)) -> Option<String> {
    if io_errors(error).any(|error| too_many_open_files(innermost(error))) {
        return Some(TOO_MANY_OPEN_FILES.to_owned());
    }
    Some(match tls_error(error)? {
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            "what answers there does not speak HTTP".to_owned()
        }
        other => connection::why_tls_failed(other),
    })
}

/// Why there are no credentials, if that is what went wrong.
fn credentials_error(error: &(dyn StdError + 'static)) -> Option<String> {
    let found = chain(error).find_map(|error| error.downcast_ref::<CredentialsError>())?;
    Some(match found {
        CredentialsError::CredentialsNotLoaded(_) => "none were found".to_owned(),
        other => root_cause(other),
    })
}

/// Why the server's certificate was not accepted, if that is what went wrong.
fn why_not_trusted(error: &(dyn StdError + 'static)) -> Option<String> {
    let rustls::Error::InvalidCertificate(problem) = tls_error(error)? else { return None };
    Some(match problem {
        // A wrong signature is that of an authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "it was issued by an authority that is not trusted here: name a file with that authority's certificate in AWS_CA_BUNDLE"
                .to_owned()
        }
        other => connection::why_not_trusted(other, "AWS_CA_BUNDLE"),
    })
}

/// What TLS failed of, if it did.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|error| match error.downcast_ref::<io::Error>() {
        Some(error) => innermost(error).get_ref()?.downcast_ref(),
        None => error.downcast_ref(),
    })
}

fn io_errors<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a io::Error> {
    chain(error).filter_map(|error| error.downcast_ref())
}

/// An I/O error may be wrapped in others, none of which it calls its source.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    error
}

/// Whether the answer has more bytes than we read.
pub(super) fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(<dyn StdError>::is::<LengthLimitError>)
}

/// Whether the connection was never made: refused, not resolved, not trusted.
pub(super) fn never_left(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| {
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
            // Neither the SDK nor hyper exports a type that distinguishes a failed connect from a broken exchange.
            || error.to_string() == "client error (Connect)"
            || error.to_string().contains("HTTP connect timeout")
    })
}
