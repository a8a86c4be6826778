//! The reserved MQTT topics of AWS IoT Jobs: one type that formats them and reads them back.
//!
//! Routing goes by the number of segments, so that a job may be called `get` or `notify`:
//! `$aws/things/T/jobs/X` speaks about the thing, `$aws/things/T/jobs/J/get` about one job.
//!
//! AWS: <https://docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html>

use std::fmt;

use super::model::{JobId, JobRef, ThingName};

/// A request that a device can send.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `get`
    GetPendingJobExecutions,
    /// `start-next`
    StartNextPendingJobExecution,
    /// `{jobId}/get`, or `$next/get`
    DescribeJobExecution(JobRef),
    /// `{jobId}/update`
    UpdateJobExecution(JobId),
}

impl Operation {
    /// The API's name of the operation, such as `UpdateJobExecution`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GetPendingJobExecutions => "GetPendingJobExecutions",
            Self::StartNextPendingJobExecution => "StartNextPendingJobExecution",
            Self::DescribeJobExecution(_) => "DescribeJobExecution",
            Self::UpdateJobExecution(_) => "UpdateJobExecution",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GetPendingJobExecutions => f.write_str("get"),
            Self::StartNextPendingJobExecution => f.write_str("start-next"),
            Self::DescribeJobExecution(job) => write!(f, "{job}/get"),
            Self::UpdateJobExecution(job) => write!(f, "{job}/update"),
        }
    }
}

/// What a topic of a thing's Jobs name space is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A device asks.
    Request(Operation),
    /// The service did what was asked.
    Accepted(Operation),
    /// The service refused.
    Rejected(Operation),
    /// `JobExecutionsChanged` events.
    Notify,
    /// `NextJobExecutionChanged` events.
    NotifyNext,
}

/// A topic below `$aws/things/{thingName}/jobs`.
///
/// ```
/// use jobs_sandbox::wire::topics::Topic;
///
/// let topic = Topic::parse("$aws/things/MyThing/jobs/Job1/update").unwrap();
/// assert_eq!(topic.to_string(), "$aws/things/MyThing/jobs/Job1/update");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The thing whose jobs the topic is about.
    pub thing: ThingName,
    /// What the topic is for.
    pub channel: Channel,
}

impl Topic {
    /// The topic of `thing` for `channel`.
    #[must_use]
    pub fn new(thing: &ThingName, channel: Channel) -> Self {
        Self { thing: thing.clone(), channel }
    }

    /// Parses a topic name; `None` if it is not a topic of AWS IoT Jobs.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (thing, rest) = split_jobs_topic(name)?;
        let thing = thing.parse().ok()?;
        let segments: Vec<&str> = rest.split('/').collect();
        let channel = match segments[..] {
            ["notify"] => Channel::Notify,
            ["notify-next"] => Channel::NotifyNext,
            ["get"] => Channel::Request(Operation::GetPendingJobExecutions),
            ["start-next"] => Channel::Request(Operation::StartNextPendingJobExecution),
            ["get", answer] if is_answer(answer) => answered(answer, Operation::GetPendingJobExecutions)?,
            ["start-next", answer] if is_answer(answer) => {
                answered(answer, Operation::StartNextPendingJobExecution)?
            }
            [job, "get"] => Channel::Request(Operation::DescribeJobExecution(job.parse().ok()?)),
            [job, "update"] => Channel::Request(Operation::UpdateJobExecution(job.parse().ok()?)),
            [job, "get", answer] => answered(answer, Operation::DescribeJobExecution(job.parse().ok()?))?,
            [job, "update", answer] => answered(answer, Operation::UpdateJobExecution(job.parse().ok()?))?,
            _ => return None,
        };
        Some(Self { thing, channel })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$aws/things/{}/jobs/", self.thing)?;
        match &self.channel {
            Channel::Request(operation) => write!(f, "{operation}"),
            Channel::Accepted(operation) => write!(f, "{operation}/accepted"),
            Channel::Rejected(operation) => write!(f, "{operation}/rejected"),
            Channel::Notify => f.write_str("notify"),
            Channel::NotifyNext => f.write_str("notify-next"),
        }
    }
}

/// The thing name and the rest of a topic below `$aws/things/{thingName}/jobs/`, neither checked.
#[must_use]
pub fn split_jobs_topic(name: &str) -> Option<(&str, &str)> {
    let (thing, rest) = name.strip_prefix("$aws/things/")?.split_once('/')?;
    Some((thing, rest.strip_prefix("jobs/")?))
}

/// The six filters that cover every answer and event of a thing, whatever its jobs are called.
#[must_use]
pub fn device_filters(thing: &ThingName) -> Vec<String> {
    ["notify", "notify-next", "get/+", "start-next/+", "+/get/+", "+/update/+"]
        .map(|filter| format!("$aws/things/{thing}/jobs/{filter}"))
        .to_vec()
}

fn is_answer(segment: &str) -> bool {
    matches!(segment, "accepted" | "rejected")
}

fn answered(segment: &str, operation: Operation) -> Option<Channel> {
    match segment {
        "accepted" => Some(Channel::Accepted(operation)),
        "rejected" => Some(Channel::Rejected(operation)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rest: &str) -> Option<Channel> {
        Topic::parse(&format!("$aws/things/T/jobs/{rest}")).map(|topic| topic.channel)
    }

    #[test]
    fn every_topic_that_is_formatted_parses_to_itself() {
        for rest in [
            "get",
            "get/accepted",
            "get/rejected",
            "start-next",
            "start-next/accepted",
            "start-next/rejected",
            "J/get",
            "J/get/accepted",
            "J/get/rejected",
            "$next/get",
            "$next/get/accepted",
            "J/update",
            "J/update/accepted",
            "J/update/rejected",
            "notify",
            "notify-next",
        ] {
            let name = format!("$aws/things/a:b_c-D/jobs/{rest}");
            assert_eq!(Topic::parse(&name).unwrap().to_string(), name);
        }
    }

    #[test]
    fn a_job_may_be_called_like_a_thing_level_topic() {
        let update = |job: &str| Some(Channel::Request(Operation::UpdateJobExecution(job.parse().unwrap())));
        assert_eq!(parse("get/update"), update("get"));
        assert_eq!(parse("notify/update"), update("notify"));
        assert_eq!(parse("start-next/update"), update("start-next"));
        assert_eq!(
            parse("notify-next/get/accepted"),
            Some(Channel::Accepted(Operation::DescribeJobExecution("notify-next".parse().unwrap())))
        );
    }

    #[test]
    fn what_names_no_operation_is_none() {
        for rest in
            ["", "foo", "$next/update", "$next", "J/foo", "J/get/foo", "get/accepted/x", "J//get", "a b/get"]
        {
            assert_eq!(parse(rest), None, "{rest}");
        }
        assert!(Topic::parse("$aws/things//jobs/get").is_none());
        assert!(Topic::parse("$aws/things/T/shadow/get").is_none());
    }
}
