//! How commands end: passed, refused by the service, or failed, with a text for people.

use serde_json::value::RawValue;

use crate::app::command::{Line, ParseError, Place, UsagesShown};
use crate::app::hints;
use crate::app::output::escape;
use crate::app::output::message::{Message, MessageKind};
use crate::app::output::printer::Printer;
use crate::client::{control_plane, jobs};

/// How many characters of a warning quote an answer.
const MAX_WARNING: usize = 300;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    /// It succeeded.
    Passed,
    /// The service refused it, which has been shown.
    Refused(Refusal),
    /// It failed otherwise, which has yet to be shown.
    Failed(Failure),
    /// The expected message did not come, or an unwanted one did. In JSON that has been shown, as text it has
    /// yet to be.
    Unexpected(Failure),
    /// The session is to end.
    Quit,
}

impl CommandOutcome {
    /// The outcome of the line, whose `!` turns a refusal into success.
    pub(super) fn negated_by(self, line: &Line) -> Self {
        match self {
            Self::Refused(_) if line.negated => Self::Passed,
            Self::Passed if line.negated => {
                Self::Failed(Failure::new("NotRefused", "the service was to refuse this, but did it"))
            }
            other => other,
        }
    }
}

/// A refusal, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The operation, the code and the service's message, on one line.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A failure, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The kind of failure, in one word.
    pub title: &'static str,
    /// What failed and what to do, on one line.
    pub what: String,
    /// Where it is, if it is in a text.
    pub place: Option<Box<Place>>,
    /// More about it, line by line.
    pub details: Vec<String>,
}

impl Failure {
    /// A failure described by one line.
    #[must_use]
    pub(crate) fn new(title: &'static str, what: impl Into<String>) -> Self {
        Self { title, what: what.into(), place: None, details: Vec::new() }
    }

    /// A line that is no command.
    #[must_use]
    pub(crate) fn of_usage(error: &ParseError, usages_shown: &UsagesShown) -> Self {
        let what = usages_shown.describe(error);
        Self { place: error.place().cloned().map(Box::new), ..Self::new("UsageError", what) }
    }

    /// Prints it on stderr, and as JSON on stdout; `origin` says which command it is from.
    pub(crate) fn show(&self, printer: &Printer, origin: &str, number: Option<usize>) {
        printer.message(&Message::with_text(MessageKind::Error, self.title, number, &self.one_line()));
        self.show_details(printer, origin);
    }

    /// Prints it on stderr only.
    pub(crate) fn show_details(&self, printer: &Printer, origin: &str) {
        printer.failure(origin, &self.what);
        let place = self.place.as_ref().map(|place| place.lines(printer.theme()));
        for line in place.iter().flatten() {
            printer.diagnostic(&format!("    {line}"));
        }
        self.details.iter().for_each(|detail| printer.diagnostic(&format!("    {detail}")));
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

/// An answer to show.
pub(super) struct Answered {
    pub(super) message: Message,
    /// A note on it for a person.
    pub(super) note: Option<&'static str>,
    /// What is to be known about it before.
    pub(super) warning: Option<String>,
}

impl From<Message> for Answered {
    fn from(message: Message) -> Self {
        Self { message, note: None, warning: None }
    }
}

/// Why a command has no answer to show.
pub(super) enum CommandError {
    /// The service refused, with this message.
    Refused {
        message: Box<Message>,
        refusal: Refusal,
        warning: Option<String>,
    },
    Failed(Failure),
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<jobs::Error> for CommandError {
    fn from(error: jobs::Error) -> Self {
        let text = error.to_string();
        let unknown = error.unknown();
        let title = match error {
            jobs::Error::Rejected { operation, topic, payload, response } => {
                let body = String::from_utf8_lossy(&payload).into_owned();
                let message = Message::new(MessageKind::Rejected, format!("{operation}Rejected"), Some(body));
                let message = Message { topic: Some(topic), ..message };
                let refusal = Refusal { text, hint: hints::data_plane(&response) };
                return Self::Refused {
                    message: Box::new(message),
                    refusal,
                    warning: newer_than_us(operation, &unknown),
                };
            }
            jobs::Error::TimedOut { .. } => "TimedOut",
            jobs::Error::Malformed { .. } => "Malformed",
            jobs::Error::OutcomeUnknown { .. } => "OutcomeUnknown",
            jobs::Error::NotConnected { .. } => "NotConnected",
            jobs::Error::NotAccepted { .. } => "NotAccepted",
        };
        Failure::new(title, text).into()
    }
}

impl From<control_plane::Error> for CommandError {
    fn from(error: control_plane::Error) -> Self {
        let text = error.to_string();
        let title = match error {
            control_plane::Error::Rejected { operation, code, message, request_id, body } => {
                let hint = hints::control_plane(operation, &code, &message);
                let body = refusal_body(&code, &message, request_id.as_deref(), body.as_deref());
                let message = Message::new(MessageKind::Rejected, format!("{operation}Rejected"), Some(body));
                let refusal = Refusal { text, hint };
                return Self::Refused { message: Box::new(message), refusal, warning: None };
            }
            control_plane::Error::NotAuthenticated { .. } => "NotAuthenticated",
            control_plane::Error::NoCredentials { .. } => "NoCredentials",
            control_plane::Error::NoRegion => "NoRegion",
            control_plane::Error::Unreachable { .. } => "Unreachable",
            control_plane::Error::NotTrusted { .. } => "NotTrusted",
            control_plane::Error::Unavailable { .. } => "Unavailable",
            control_plane::Error::TimedOut { .. } => "TimedOut",
            control_plane::Error::OutcomeUnknown { .. } => "OutcomeUnknown",
            control_plane::Error::Malformed { .. } => "Malformed",
            control_plane::Error::TooManyPages { .. } => "TooManyPages",
            control_plane::Error::NotSent { .. } => "NotSent",
        };
        Failure::new(title, text).into()
    }
}

/// A warning that an answer has statuses or members that AWS has added since this was written, if it has.
pub(super) fn newer_than_us(operation: &str, unknown: &[String]) -> Option<String> {
    let shown = || escape::excerpt(&unknown.join(", "), MAX_WARNING);
    (!unknown.is_empty()).then(|| {
        format!("warning: {operation}: shown as it came, but not known to this program: {}", shown())
    })
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
        let refused = || CommandOutcome::Refused(Refusal { text: "no".into(), hint: None });
        let failed = || CommandOutcome::Failed(Failure::new("TimedOut", "late"));
        assert_eq!(refused().negated_by(&line("! delete-job J")), CommandOutcome::Passed);
        assert_eq!(refused().negated_by(&line("delete-job J")), refused());
        assert_eq!(failed().negated_by(&line("! delete-job J")), failed());
        assert!(matches!(
            CommandOutcome::Passed.negated_by(&line("! delete-job J")),
            CommandOutcome::Failed(_)
        ));
    }

    #[test]
    fn a_failure_fits_on_one_line() {
        let failed = |what: &str, details: &[&str]| {
            let details = details.iter().map(|&detail| detail.to_owned()).collect();
            Failure { details, ..Failure::new("NotAsExpected", what) }.one_line()
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
