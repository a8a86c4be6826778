//! An answer, as it came and as it reads.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::error::Error;
use crate::wire::model::RejectedResponse;

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
                Err(error) => Err(Error::Malformed { operation, topic, reason: error.to_string() }),
            }
        }
        RawBody::Rejected(payload) => match serde_json::from_slice::<RejectedResponse>(&payload) {
            Ok(response) => Err(Error::Rejected { operation, topic, payload, response: Box::new(response) }),
            Err(error) => Err(Error::Malformed { operation, topic, reason: error.to_string() }),
        },
        RawBody::Unreadable(reason) => Err(Error::Malformed { operation, topic, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model::GetPendingJobExecutionsResponse;

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
}
