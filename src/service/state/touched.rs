//! Which records a change touched, so that they are written again and no others.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::sequence::Sequence;
use super::timers::Timer;
use crate::service::time::Timestamp;
use crate::wire::model::{JobId, JobTemplateId, ThingGroupName, ThingName};

/// A record of the account that is kept, by its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Record {
    /// How many jobs and so on there ever were.
    Account,
    EventConfigurations,
    ThingType(String),
    Group(ThingGroupName),
    DeletedGroup(Uuid),
    /// A thing, and the groups that it is in.
    Thing(ThingName),
    /// The number of a thing that ever had a job execution.
    ThingNumber(ThingName),
    Template(JobTemplateId),
    /// A job as it was created and updated.
    Job(JobId),
    /// Where a job stands, without what its executions tell.
    JobProgress(JobId),
    /// A block of the queue of a job, which is named by its number too.
    JobQueue {
        job: u64,
        block: u64,
        id: JobId,
    },
    /// A job execution, by the numbers of its job and its thing first.
    Execution {
        job: u64,
        thing: u64,
        sequence: Sequence,
        name: ThingName,
    },
    /// Anything that falls due but the time-out of a job execution, which is part of its record.
    Timer(Timestamp, Timer),
    /// By ARN.
    Tags(String),
    /// By id.
    Certificate(String),
    Policy(String),
    /// By the ARN of the target.
    AttachedPolicies(String),
    /// A thing, and the id of a certificate.
    ThingPrincipal(ThingName, String),
}

/// The records that were created, edited or deleted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub(super) records: BTreeSet<Record>,
    all: bool,
}

impl Touched {
    /// All of the account is another one.
    pub(crate) fn all() -> Self {
        Self { records: BTreeSet::new(), all: true }
    }

    /// Whether everything that was known before is gone.
    pub(crate) fn are_all(&self) -> bool {
        self.all
    }

    /// Whether nothing was touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && !self.all
    }

    /// What another change touched too.
    pub(crate) fn extend(&mut self, mut other: Self) {
        self.records.append(&mut other.records);
        self.all |= other.all;
    }

    pub(crate) fn add(&mut self, record: Record) {
        self.records.insert(record);
    }
}
