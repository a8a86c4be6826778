//! How commands go wrong: refused by the service, or failed otherwise, each in words for people.

use serde_json::value::RawValue;

use crate::app::command::Line;
use crate::app::hints;
use crate::app::output::message::{Kind, Message};
use crate::client::{control_plane, jobs};

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should.
    Passed,
    /// The service refused; that has been shown.
    Refused(Refusal),
    /// It failed otherwise; that is yet to be shown.
    Failed(Failed),
    /// Another message came than was expected, or none; its message has been printed, its words are yet to be.
    Unexpected(Failed),
    /// The session is to end.
    Quit,
}

impl Outcome {
    /// What the `!` of a line makes of it.
    pub(super) fn judged(self, line: &Line) -> Self {
        match self {
            Self::Refused(_) if line.negated => Self::Passed,
            Self::Passed if line.negated => {
                Self::Failed(Failed::new("NotRefused", "the service was to refuse this, but did it"))
            }
            other => other,
        }
    }
}

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// On one line: the operation, the code and the service's words.
    pub text: String,
    /// What may help, if anything is known to.
    pub hint: Option<String>,
}

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// What kind of failure, in one word.
    pub title: &'static str,
    /// What failed and what to do, on one line.
    pub what: String,
    /// What else there is to say, a line each.
    pub details: Vec<String>,
}

impl Failed {
    /// A failure that one line tells.
    #[must_use]
    pub(crate) fn new(title: &'static str, what: impl Into<String>) -> Self {
        Self { title, what: what.into(), details: Vec::new() }
    }

    /// All of it on one line.
    #[must_use]
    pub(crate) fn one_line(&self) -> String {
        let details = self.details.join("; ");
        match self.what.strip_suffix(':') {
            _ if details.is_empty() => self.what.clone(),
            Some(heading) => format!("{heading}: {details}"),
            None => format!("{}; {details}", self.what),
        }
    }
}

/// Why a command has no answer to show.
pub(super) enum Failure {
    /// The service refused, with this message.
    Refused(Box<Message>, Refusal),
    Failed(Failed),
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<jobs::Error> for Failure {
    fn from(error: jobs::Error) -> Self {
        use jobs::Error;
        let text = error.to_string();
        let title = match error {
            Error::Rejected { operation, topic, payload, response } => {
                let body = String::from_utf8_lossy(&payload).into_owned();
                let message = Message::new(Kind::Rejected, format!("{operation}Rejected"), Some(body));
                let message = Message { topic: Some(topic), ..message };
                let hint = hints::data_plane(&response);
                return Self::Refused(Box::new(message), Refusal { text, hint });
            }
            Error::TimedOut { .. } => "TimedOut",
            Error::Malformed { .. } => "Malformed",
            Error::OutcomeUnknown { .. } => "OutcomeUnknown",
            Error::NotConnected { .. } => "NotConnected",
            Error::NotAccepted { .. } => "NotAccepted",
        };
        Failed::new(title, text).into()
    }
}

impl From<control_plane::Error> for Failure {
    fn from(error: control_plane::Error) -> Self {
        use control_plane::Error;
        let text = error.to_string();
        let title = match error {
            Error::Rejected { operation, code, message, request_id, body } => {
                let hint = hints::control_plane(operation, &code, &message);
                let body = refusal_body(&code, &message, request_id.as_deref(), body.as_deref());
                let message = Message::new(Kind::Rejected, format!("{operation}Rejected"), Some(body));
                return Self::Refused(Box::new(message), Refusal { text, hint });
            }
            Error::NotAuthenticated { .. } => "NotAuthenticated",
            Error::NoCredentials { .. } => "NoCredentials",
            Error::NoRegion => "NoRegion",
            Error::Unreachable { .. } => "Unreachable",
            Error::NotTrusted { .. } => "NotTrusted",
            Error::Unavailable { .. } => "Unavailable",
            Error::TimedOut { .. } => "TimedOut",
            Error::OutcomeUnknown { .. } => "OutcomeUnknown",
            Error::Malformed { .. } => "Malformed",
            Error::NotSent { .. } => "NotSent",
        };
        Failed::new(title, text).into()
    }
}

/// The body of a refusal as it came, with the code and the request id of the headers around it.
fn refusal_body(code: &str, message: &str, request_id: Option<&str>, body: Option<&str>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = body
        .filter(|body| serde_json::from_str::<&RawValue>(body).is_ok())
        .and_then(|body| body.trim().strip_prefix('{')?.strip_suffix('}'))
        .map_or_else(|| format!("\"message\":{}", quoted(message)), |members| members.trim().to_owned());
    let mut out = format!("{{\"code\":{}", quoted(code));
    if !members.is_empty() {
        out.extend([",", &members]);
    }
    if let Some(id) = request_id {
        out.extend([",\"requestId\":", &quoted(id)]);
    }
    out + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        crate::app::command::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_bang_passes_only_on_a_refusal() {
        let refused = || Outcome::Refused(Refusal { text: "no".into(), hint: None });
        let failed = || Outcome::Failed(Failed::new("TimedOut", "late"));
        assert_eq!(refused().judged(&line("! delete-job J")), Outcome::Passed);
        assert_eq!(refused().judged(&line("delete-job J")), refused());
        assert_eq!(failed().judged(&line("! delete-job J")), failed());
        assert!(matches!(Outcome::Passed.judged(&line("! delete-job J")), Outcome::Failed(_)));
    }

    #[test]
    fn a_failure_fits_on_one_line() {
        let failed = |what: &str, details: &[&str]| {
            let details = details.iter().map(|&detail| detail.to_owned()).collect();
            Failed { details, ..Failed::new("NotAsExpected", what) }.one_line()
        };
        assert_eq!(failed("late", &[]), "late");
        assert_eq!(failed("these came:", &["a:; b", "c"]), "these came: a:; b; c");
        assert_eq!(failed("lost", &["and this"]), "lost; and this");
    }

    #[test]
    fn a_refusal_keeps_the_wire_and_adds_what_the_headers_said() {
        assert_eq!(
            refusal_body("X", "m", Some("r"), Some(r#" {"message":"m", "resourceId": "J"} "#)),
            r#"{"code":"X","message":"m", "resourceId": "J","requestId":"r"}"#
        );
        assert_eq!(refusal_body("X", "m", None, Some("{}")), r#"{"code":"X"}"#);
        assert_eq!(refusal_body("X", "a\"b", None, Some("<html>")), r#"{"code":"X","message":"a\"b"}"#);
    }
}
