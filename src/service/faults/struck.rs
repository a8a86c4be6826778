//! What was struck, for whoever wants to be told.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

use super::occasion::Occasion;
use crate::wire::fault::{Fault, On};

/// How many records are kept.
const KEPT: usize = 1000;

/// How many are told at once.
const TOLD: usize = 50;

/// A fault has struck a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Struck {
    /// Counts these records.
    pub(crate) number: u64,
    /// That of the last numbered message that the service had sent before, to whichever client.
    pub(crate) sequence: u64,
    /// The number of the fault.
    pub(crate) fault: u64,
    pub(crate) words: String,
    pub(crate) kind: String,
    /// Which message.
    pub(crate) on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thing: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// The operation of a call over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    /// How often the fault may strike again, if there is a bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<u32>,
}

/// For the log.
impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault {} strikes, {}: {}", self.fault, self.words, self.on)?;
        if let Some(client_id) = &self.client_id {
            write!(f, " of client {}", client_id.escape_debug())?;
        }
        self.topic.as_ref().map_or(Ok(()), |topic| write!(f, " on {}", topic.escape_debug()))
    }
}

/// The latest records.
#[derive(Debug, Default)]
pub(super) struct Records {
    kept: VecDeque<Struck>,
    last: u64,
}

impl Records {
    /// The number of the last record; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn put(
        &mut self,
        occasion: &Occasion<'_>,
        sequence: u64,
        (number, fault): (u64, &Fault),
        left: Option<u32>,
    ) -> &Struck {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.last += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Struck {
            number: self.last,
            sequence,
            fault: number,
            words: fault.to_string(),
            kind: fault.kind.to_string(),
            on: occasion.on.to_string(),
            client_id: owned(occasion.client_id),
            thing: owned(occasion.thing),
            job: owned(occasion.job),
            topic: owned(occasion.topic),
            operation: if let On::Call(operation) = &occasion.on { Some(operation.clone()) } else { None },
            left,
        });
        self.kept.back().expect("it was just put there")
    }

    /// The first records after number `after`, as many as are told at once.
    pub(super) fn after(&self, after: u64) -> Vec<Struck> {
        self.kept.iter().filter(|struck| struck.number > after).take(TOLD).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(words: &str, occasion: &Occasion<'_>) -> Struck {
        Records::default().put(occasion, 9, (4, &words.parse().unwrap()), Some(2)).clone()
    }

    #[test]
    fn a_record_tells_which_fault_and_which_message() {
        let update = Occasion {
            thing: Some("T"),
            job: Some("J"),
            topic: Some("a/b"),
            ..Occasion::new(On::Update, Some("c"))
        };
        let told: Value = serde_json::to_value(record("delay=2s --times 3", &update)).unwrap();
        let expected = json!({
            "number": 1, "sequence": 9, "fault": 4, "words": "delay=2s --times 3", "kind": "delay=2s", "on": "update",
            "clientId": "c", "thing": "T", "job": "J", "topic": "a/b", "left": 2,
        });
        assert_eq!(told, expected);
        let call = Occasion::new(On::Call("ListJobs".into()), None);
        let told: Value = serde_json::to_value(record("reset --on ListJobs", &call)).unwrap();
        let expected = json!({
            "number": 1, "sequence": 9, "fault": 4, "words": "reset --on ListJobs", "kind": "reset",
            "on": "ListJobs", "operation": "ListJobs", "left": 2,
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn the_log_gets_one_line_whatever_clients_are_called() {
        let hostile = Occasion { topic: Some("a\u{1b}b"), ..Occasion::new(On::Publish, Some("c\nd")) };
        let line = r"fault 4 strikes, reset: publish of client c\nd on a\u{1b}b";
        assert_eq!(record("reset", &hostile).to_string(), line);
    }
}
