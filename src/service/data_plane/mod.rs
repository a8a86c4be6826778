//! The MQTT side of the Jobs service: a topic and a payload in, an answer and events out.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod request;

use serde::Serialize;

pub(crate) use self::request::{RequestBody, status_asked};
use super::choices::Choices;
use super::one_line::{MESSAGE, one_line};
use super::rates::Rate;
use super::state::{Effects, Outcome, Rejected, State};
use super::time::Timestamp;
use crate::wire::model::{JobId, RejectedResponse, ThingName};
use crate::wire::topics::{Channel, Operation, Topic, split_jobs_topic};

/// What follows from a message of a device: the answer, for the sender alone, then the effects, for all.
#[derive(Debug)]
#[must_use]
pub(crate) struct Handled {
    /// The topic and the payload of the answer.
    pub answer: Option<(String, Vec<u8>)>,
    /// What is done after the answer was sent.
    pub effects: Effects,
}

/// Does what a message to `topic` asks for; `None` where the topic is not below a thing's `jobs`.
///
/// The order of checks: the topic, JSON, the members and their limits, existence, the expected version,
/// the transition.
pub(crate) fn handle(state: &mut State, now: Timestamp, topic: &str, payload: &[u8]) -> Option<Handled> {
    let (thing, rest) = split_jobs_topic(topic)?;
    let Some(Topic { thing, channel: Channel::Request(operation) }) = Topic::parse(topic) else {
        return Some(refuse_topic(state.choices(), now, topic, thing, rest, payload));
    };
    let Ok(body) = RequestBody::parse(payload) else {
        return Some(rejected(now, topic.to_owned() + "/rejected", None, INVALID_JSON, INVALID_JSON_MESSAGE));
    };
    let token = body.client_token();
    let responder = Responder { now, topic, token };
    Some(match operation {
        Operation::GetPendingJobExecutions => responder.read(
            body.get_pending_job_executions()
                .and_then(|request| state.get_pending_job_executions(now, &thing, request)),
        ),
        Operation::StartNextPendingJobExecution => responder.write(
            body.start_next_pending_job_execution()
                .map(|request| state.start_next_pending_job_execution(now, &thing, request)),
        ),
        Operation::DescribeJobExecution(job) => responder.read(
            body.describe_job_execution()
                .and_then(|request| state.describe_job_execution(now, &thing, &job, request)),
        ),
        Operation::UpdateJobExecution(job) => responder.write(
            body.update_job_execution().map(|request| state.update_job_execution(now, &thing, &job, request)),
        ),
    })
}

/// How often the request that a message to `topic` is may be made; none where it is no request.
pub(crate) fn rate(topic: &str) -> Option<Rate> {
    match Topic::parse(topic)?.channel {
        Channel::Request(operation) => Some(Rate::of_data_plane(operation.name())),
        _ => None,
    }
}

/// The answer to a request that is refused unseen.
pub(crate) fn refuse(now: Timestamp, topic: &str, payload: &[u8], code: &str, message: &str) -> Handled {
    let token = RequestBody::parse(payload).ok().and_then(|body| body.client_token());
    rejected(now, format!("{topic}/rejected"), token, code, message)
}

const INVALID_JSON: &str = "InvalidJson";
const INVALID_JSON_MESSAGE: &str =
    "The contents of the request could not be interpreted as valid UTF-8-encoded JSON";
const INVALID_TOPIC: &str = "InvalidTopic";

/// Writes the answer to one request.
struct Responder<'a> {
    now: Timestamp,
    topic: &'a str,
    token: Option<String>,
}

impl Responder<'_> {
    /// The answer to a request that changes nothing.
    fn read<T: Serialize>(self, reply: Result<T, Rejected>) -> Handled {
        self.write(reply.map(|response| Ok(response).into()))
    }

    /// The answer to a request that changes something, with what follows from it.
    fn write<T: Serialize>(self, outcome: Result<Outcome<T>, Rejected>) -> Handled {
        let Outcome { reply, effects } = outcome.unwrap_or_else(|rejected| Err(rejected).into());
        match reply {
            Ok(response) => {
                let payload =
                    serde_json::to_vec(&response).expect("an answer holds nothing that JSON cannot write");
                Handled { answer: Some((format!("{}/accepted", self.topic), payload)), effects }
            }
            Err(reason) => {
                let response = RejectedResponse {
                    client_token: self.token,
                    timestamp: self.now.seconds(),
                    code: reason.code().to_owned(),
                    message: one_line(&reason.to_string(), MESSAGE),
                    execution_state: reason.execution_state().cloned(),
                };
                refusal(format!("{}/rejected", self.topic), &response)
            }
        }
    }
}

/// The topic lies in the Jobs name space, but names no operation, or one of an impossible job or thing.
fn refuse_topic(
    choices: &Choices,
    now: Timestamp,
    topic: &str,
    thing: &str,
    rest: &str,
    payload: &[u8],
) -> Handled {
    let token = RequestBody::parse(payload).ok().and_then(|body| body.client_token());
    let segments: Vec<&str> = rest.split('/').collect();
    let bad_name = match segments[..] {
        ["get" | "start-next"] => thing.parse::<ThingName>().err(),
        [job, "get" | "update"] if !job.starts_with('$') => {
            thing.parse::<ThingName>().err().or_else(|| job.parse::<JobId>().err())
        }
        _ => None,
    };
    if let Some(reason) = bad_name {
        return rejected(now, format!("{topic}/rejected"), token, "InvalidRequest", &reason.to_string());
    }
    if !choices.invalid_topic_is_answered {
        return Handled { answer: None, effects: Effects::default() };
    }
    let message = "The topic names no operation of AWS IoT Jobs.";
    rejected(now, format!("{topic}/rejected"), token, INVALID_TOPIC, message)
}

fn rejected(now: Timestamp, topic: String, token: Option<String>, code: &str, message: &str) -> Handled {
    let response = RejectedResponse {
        client_token: token,
        timestamp: now.seconds(),
        code: code.to_owned(),
        message: message.to_owned(),
        execution_state: None,
    };
    refusal(topic, &response)
}

fn refusal(topic: String, response: &RejectedResponse) -> Handled {
    let payload = serde_json::to_vec(response).expect("a refusal holds nothing that JSON cannot write");
    Handled { answer: Some((topic, payload)), effects: Effects::default() }
}

#[cfg(test)]
mod tests;
