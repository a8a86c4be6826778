//! The messages that a fault can strike.

use std::fmt;

/// The words for what goes over MQTT; operations of the HTTP API go by their own names.
pub const MESSAGES: [&str; 9] =
    ["get", "start-next", "describe", "update", "notify", "notify-next", "connect", "subscribe", "publish"];

/// A message that a fault can strike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// GetPendingJobExecutions over MQTT, or its answer.
    Get,
    /// StartNextPendingJobExecution over MQTT, or its answer.
    StartNext,
    /// DescribeJobExecution over MQTT, or its answer.
    Describe,
    /// UpdateJobExecution over MQTT, or its answer.
    Update,
    /// A JobExecutionsChanged event for one client.
    Notify,
    /// A NextJobExecutionChanged event for one client.
    NotifyNext,
    /// CONNECT, or its CONNACK.
    Connect,
    /// SUBSCRIBE, or its SUBACK.
    Subscribe,
    /// Any PUBLISH of a client, the four requests too.
    Publish,
    /// A call of this operation over HTTP, or its answer.
    Call(String),
}

impl On {
    /// The message that `word` names; `None` where it can be none.
    pub(super) fn find(word: &str) -> Option<Self> {
        Some(match word {
            "get" => Self::Get,
            "start-next" => Self::StartNext,
            "describe" => Self::Describe,
            "update" => Self::Update,
            "notify" => Self::Notify,
            "notify-next" => Self::NotifyNext,
            "connect" => Self::Connect,
            "subscribe" => Self::Subscribe,
            "publish" => Self::Publish,
            word => {
                let is_operation = word.starts_with(|first: char| first.is_ascii_uppercase())
                    && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
                return is_operation.then(|| Self::Call(word.to_owned()));
            }
        })
    }

    /// Whether a client sends it with a PUBLISH.
    pub(super) fn is_publish(&self) -> bool {
        matches!(self, Self::Publish | Self::Get | Self::StartNext | Self::Describe | Self::Update)
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "get",
            Self::StartNext => "start-next",
            Self::Describe => "describe",
            Self::Update => "update",
            Self::Notify => "notify",
            Self::NotifyNext => "notify-next",
            Self::Connect => "connect",
            Self::Subscribe => "subscribe",
            Self::Publish => "publish",
            Self::Call(operation) => operation,
        })
    }
}
