//! An answer, as it came and as it reads.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use crate::wire::model::{JobExecutionStatus, RejectedResponse};

/// How much of a status that is not known is told.
const MAX_STATUS: usize = 40;

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
    /// It has our client token but cannot be read, for this reason.
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
                Err(error) => Err(match take_unknown_status(&payload) {
                    Some((status, rest)) if serde_json::from_str::<R>(&rest).is_ok() => {
                        Error::UnknownStatus { operation, topic, payload, status }
                    }
                    _ => Error::Malformed { operation, topic, reason: error.to_string() },
                }),
            }
        }
        RawBody::Rejected(payload) => match read_rejection(&payload) {
            Ok(response) => Err(Error::Rejected { operation, topic, payload, response: Box::new(response) }),
            Err(error) => Err(Error::Malformed { operation, topic, reason: error.to_string() }),
        },
        RawBody::Unreadable(reason) => Err(Error::Malformed { operation, topic, reason }),
    }
}

/// A refusal; without the state of the job execution where that has a status that is not known.
fn read_rejection(payload: &[u8]) -> Result<RejectedResponse, serde_json::Error> {
    serde_json::from_slice(payload).or_else(|error| {
        let (_, rest) = take_unknown_status(payload).ok_or(error)?;
        let rejection: RejectedResponse = serde_json::from_str(&rest)?;
        Ok(RejectedResponse { execution_state: None, ..rejection })
    })
}

/// The beginning of a status that AWS has added since, and the answer with a known one in its place.
fn take_unknown_status(payload: &[u8]) -> Option<(String, String)> {
    let mut answer: Value = serde_json::from_slice(payload).ok()?;
    let members = answer.as_object_mut()?;
    let member = ["execution", "executionState"].into_iter().find(|name| members.contains_key(*name))?;
    let status = members.get_mut(member)?.get_mut("status")?;
    let unknown = status.as_str().filter(|status| status.parse::<JobExecutionStatus>().is_err())?;
    let unknown = unknown.chars().take(MAX_STATUS).collect();
    *status = JobExecutionStatus::Queued.as_str().into();
    Some((unknown, answer.to_string()))
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
            parse::<UpdateJobExecutionResponse>("UpdateJobExecution", raw, |_| ()).unwrap_err()
        };
        let state = |status| format!(r#"{{"status":{status},"versionNumber":1}}"#);
        let accepted =
            |state| RawBody::Accepted(format!(r#"{{"timestamp":1,"executionState":{state}}}"#).into());
        let error = read(accepted(state("\"PAUSED\"")));
        assert!(matches!(error, Error::UnknownStatus { status, .. } if status == "PAUSED"));
        for broken in [state("1"), r#"{"status":"PAUSED"}"#.to_owned(), "[]".to_owned()] {
            assert!(matches!(read(accepted(broken.clone())), Error::Malformed { .. }), "{broken}");
        }
        let state = state("\"PAUSED\"");
        let rejected = format!(r#"{{"timestamp":1,"code":"C","message":"m","executionState":{state}}}"#);
        let error = read(RawBody::Rejected(rejected.into()));
        assert!(matches!(error, Error::Rejected { response, .. } if response.execution_state.is_none()));
    }
}
