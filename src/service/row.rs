//! What is kept of the account, as a store sees it: records by key, each of them a piece of JSON.
//!
//! An operation says which records it touched (`Effects::touched`), and `State::rows` writes those as rows. A store
//! keeps the last row of each key, and forgets a key whose row has no value. Where all are touched
//! (`Touched::are_all`: after a reset, or where the caller asks for the rows of `Touched::all` since the account is
//! new to the store), it forgets everything before it writes them.
//!
//! At the start the rows go into `State::restoring`, one by one as they are read: those of job executions last, in
//! the order of their keys; the others before, in any order. Then `Restoring::finish` hands out the account, whose
//! timers that fell due meanwhile are handled next, each at its own due time. Rows of [`Kind::RetainedMessage`],
//! [`Kind::Clock`] and [`Kind::FirstState`] are the broker's, the clock's and the start's, and passed over. The region and
//! the account of ARNs are not in rows: what is kept goes with the settings that it was written under.
//!
//! A row is small, but for the document of a job, a template or a policy, which are written when those change. Any
//! later version reads it again: members keep their names, and ones that are not known are passed over.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What is kept of one record, or that it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: RowKey,
    /// JSON; none where the record is gone.
    pub(crate) value: Option<String>,
}

/// Which record a row is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowKey {
    /// A record by its kind, and its name among those of that kind: empty where there is only one.
    Named(Kind, String),
    /// A job execution by numbers, in whose order a job is rolled out.
    Execution {
        /// The number of its job, never used again.
        job: u64,
        /// The number of its thing, never used again.
        thing: u64,
        /// Its place among all that its thing ever got.
        sequence: u64,
    },
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// What a record is, in the order in which they are restored.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The kind as a store writes it, for good.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }
        }
    };
}

kinds! {
    /// How many jobs and so on there ever were; one row.
    Account = "account",
    /// Which events are published; one row.
    EventConfigurations = "eventConfigurations",
    /// A thing type by name.
    ThingType = "thingType",
    /// A thing group by name, without its members.
    ThingGroup = "thingGroup",
    /// A thing group by id that things have yet to leave.
    DeletedThingGroup = "deletedThingGroup",
    /// A thing by name, with the groups that it is in.
    Thing = "thing",
    /// The number of a thing, by its name, that ever had a job execution. It outlives the thing.
    ThingNumber = "thingNumber",
    /// A job template by id.
    JobTemplate = "jobTemplate",
    /// A job by id, as it was created and updated.
    Job = "job",
    /// Where a job stands, by its id.
    JobProgress = "jobProgress",
    /// A block of the things that a job has yet to reach, by the number of the job and that of the block.
    JobQueue = "jobQueue",
    /// What falls due, but for the time-outs of job executions.
    Timer = "timer",
    /// The tags of a resource by its ARN.
    Tags = "tags",
    /// A certificate by id.
    Certificate = "certificate",
    /// A policy by name.
    Policy = "policy",
    /// The policies that are attached to a target, by its ARN.
    AttachedPolicies = "attachedPolicies",
    /// That a certificate is attached to a thing, by both.
    ThingPrincipal = "thingPrincipal",
    /// A retained message by topic; the broker's.
    RetainedMessage = "retainedMessage",
    /// How far the clock is ahead; one row, the clock's.
    Clock = "clock",
    /// What the options said at the last start; one row, the first state's.
    FirstState = "firstState",
}

/// A store holds a kind of record that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is a record of the kind {0:?}, which this version does not know")]
pub(crate) struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.iter().find(|kind| kind.as_str() == text);
        known.copied().ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(kind, name) if name.is_empty() => f.write_str(kind.as_str()),
            Self::Named(kind, name) => write!(f, "{} {name:?}", kind.as_str()),
            Self::Execution { job, thing, sequence } => write!(f, "job execution {job}/{thing}/{sequence}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_text_and_no_other_is() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let unknown = "shadow".parse::<Kind>().unwrap_err().to_string();
        assert_eq!(unknown, r#"there is a record of the kind "shadow", which this version does not know"#);
    }
}
