//! An answer, as it came and as it reads.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use crate::wire::model::{JobExecutionStatus, RejectedResponse};

/// An accepted answer.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The topic it came on.
    pub topic: String,
    /// The payload as it came, UTF-8 JSON.
    pub payload: Bytes,
    /// The payload, parsed.
    pub response: T,
}

impl<T: Serialize> Answer<T> {
    /// The statuses and members that AWS has added since this was written.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        unknown(&self.payload, &self.response)
    }
}

impl Error {
    /// The statuses and members of a refusal that AWS has added since this was written.
    #[must_use]
    pub fn unknown(&self) -> Vec<String> {
        match self {
            Self::Rejected { payload, response, .. } => unknown(payload, response),
            _ => Vec::new(),
        }
    }
}

/// What came for a request, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawAnswer {
    /// The topic it came on.
    pub(super) topic: String,
    pub(super) body: RawBody,
}

/// The payload of a [`RawAnswer`], by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RawBody {
    /// An accepted answer, UTF-8 JSON with our client token.
    Accepted(Bytes),
    /// A rejected answer, UTF-8 JSON.
    Rejected(Bytes),
    /// It is ours but cannot be read, for this reason.
    Unreadable(String),
}

/// Parses an answer to `operation`.
///
/// `note` is called for each accepted answer, with the response if that could be parsed.
pub(super) fn parse<R: DeserializeOwned>(
    operation: &'static str,
    RawAnswer { topic, body }: RawAnswer,
    note: impl FnOnce(Option<&R>),
) -> Result<Answer<R>, Error> {
    match body {
        RawBody::Accepted(payload) => {
            let parsed = serde_json::from_slice(&payload);
            note(parsed.as_ref().ok());
            match parsed {
                Ok(response) => Ok(Answer { topic, payload, response }),
                Err(error) => Err(Error::Malformed { operation, topic, reason: reason(&error) }),
            }
        }
        RawBody::Rejected(payload) => match serde_json::from_slice::<RejectedResponse>(&payload) {
            Ok(response) => Err(Error::Rejected { operation, topic, payload, response: Box::new(response) }),
            Err(error) => Err(Error::Malformed { operation, topic, reason: reason(&error) }),
        },
        RawBody::Unreadable(reason) => Err(Error::Malformed { operation, topic, reason }),
    }
}

/// Why an answer is not what AWS sends.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((member, _)) => format!("it has no {member}"),
        None => "one of its members is not what AWS sends there".to_owned(),
    }
}

/// What the parsed answer does not show of its payload: statuses and members that AWS has added since.
fn unknown(payload: &[u8], parsed: &impl Serialize) -> Vec<String> {
    let (Ok(came), Ok(parsed)) = (serde_json::from_slice(payload), serde_json::to_value(parsed)) else {
        return Vec::new();
    };
    let mut unknown = Vec::new();
    compare(&came, &parsed, "", &mut unknown);
    unknown
}

fn compare(came: &Value, parsed: &Value, path: &str, unknown: &mut Vec<String>) {
    match (came, parsed) {
        (Value::Object(came), Value::Object(parsed)) => {
            // What the user wrote is not the service's.
            let ours = |name: &str| matches!(name, "jobDocument" | "statusDetails");
            for (name, value) in came.iter().filter(|(name, value)| !ours(name) && !value.is_null()) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match (parsed.get(name), value) {
                    (None, _) => unknown.push(format!("the member {path}")),
                    (_, Value::String(status))
                        if name == "status" && status.parse::<JobExecutionStatus>().is_err() =>
                    {
                        unknown.push(format!("the status {status}"));
                    }
                    (Some(parsed), _) => compare(value, parsed, &path, unknown),
                }
            }
        }
        (Value::Array(came), Value::Array(parsed)) => {
            for (at, (came, parsed)) in came.iter().zip(parsed).enumerate() {
                compare(came, parsed, &format!("{path}[{at}]"), unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model::{GetPendingJobExecutionsResponse, UpdateJobExecutionResponse};

    fn parsed(payload: &'static str, note: impl FnOnce(bool)) -> Result<(), Error> {
        let body = RawBody::Accepted(payload.as_bytes().into());
        let raw = RawAnswer { topic: "t/accepted".to_owned(), body };
        let note = |list: Option<&GetPendingJobExecutionsResponse>| note(list.is_some());
        parse("GetPendingJobExecutions", raw, note).map(drop)
    }

    #[test]
    fn an_accepted_answer_that_cannot_be_parsed_says_nothing() {
        let mut noted = None;
        let list = r#"{"timestamp":1,"inProgressJobs":[],"queuedJobs":[]}"#;
        assert!(parsed(list, |said| noted = Some(said)).is_ok());
        assert_eq!(noted, Some(true));
        assert!(matches!(parsed("{}", |said| noted = Some(said)), Err(Error::Malformed { .. })));
        assert_eq!(noted, Some(false));
    }

    #[test]
    fn a_status_that_is_not_known_is_no_broken_answer() {
        let read = |body| {
            let raw = RawAnswer { topic: "t".to_owned(), body };
            parse::<UpdateJobExecutionResponse>("UpdateJobExecution", raw, |_| ())
        };
        let state = |status| format!(r#"{{"status":{status},"versionNumber":1}}"#);
        let accepted =
            |state| RawBody::Accepted(format!(r#"{{"timestamp":1,"executionState":{state}}}"#).into());
        let answer = read(accepted(state("\"PAUSED\""))).unwrap();
        assert_eq!(answer.unknown(), ["the status PAUSED"]);
        for broken in [state("1"), r#"{"status":"PAUSED"}"#.to_owned(), "[]".to_owned()] {
            assert!(matches!(read(accepted(broken.clone())), Err(Error::Malformed { .. })), "{broken}");
        }
        let state = state("\"PAUSED\"");
        let rejected = format!(r#"{{"timestamp":1,"code":"C","message":"m","executionState":{state}}}"#);
        let error = read(RawBody::Rejected(rejected.into())).unwrap_err();
        assert_eq!(error.unknown(), ["the status PAUSED"]);
    }
}
