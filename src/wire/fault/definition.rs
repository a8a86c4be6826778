//! A fault, and which messages it is for.

use std::num::NonZeroU32;

use super::kind::Kind;
use super::on::On;
use super::pattern::Pattern;
use super::table::fits;
use crate::wire::model::{JobExecutionStatus, JobId, ThingName};

/// A fault: each message that fits all that is said here suffers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// With which message; where it is not said, with every message over MQTT that the kind goes with.
    pub on: Option<On>,
    /// The thing that the message is about.
    pub thing: Option<ThingName>,
    /// The MQTT client that sends or gets it.
    pub client_id: Option<Pattern>,
    /// The job that it names.
    pub job: Option<JobId>,
    /// The status that it asks for or tells of.
    pub status: Option<JobExecutionStatus>,
    /// How often at most; without a bound if there is none.
    pub times: Option<NonZeroU32>,
    /// How many messages of each client pass before.
    pub after: u32,
    /// How likely it is; certain if it is not said.
    pub chance: Option<Chance>,
}

/// How likely a fault is to strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    /// In a hundred.
    pub percent: u8,
    /// The same seed strikes the same messages of a client.
    pub seed: u64,
}

impl Fault {
    /// Whether it is for messages such as `on`.
    #[must_use]
    pub fn is_on(&self, on: &On) -> bool {
        match &self.on {
            Some(On::Publish) => on.is_publish(),
            Some(own) => own == on,
            None if matches!(on, On::Call(_)) => false,
            None => fits(&self.kind, on) || (on.is_publish() && fits(&self.kind, &On::Publish)),
        }
    }
}
