//! The job executions of one job: by thing, and by their last change.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound::{Excluded, Unbounded};
use std::str::FromStr;

use super::sequence::Sequence;
use crate::service::time::Timestamp;
use crate::wire::model::ThingName;

/// The keys of a job's executions.
#[derive(Debug, Default)]
pub(crate) struct JobExecutions {
    by_thing: BTreeSet<(ThingName, Sequence)>,
    by_last_update: BTreeSet<LastUpdated>,
}

/// The key of an execution among those of its job; the one that changed last is the first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LastUpdated {
    at: Reverse<Timestamp>,
    pub(crate) thing: ThingName,
    pub(crate) sequence: Sequence,
}

impl JobExecutions {
    pub(crate) fn insert(&mut self, thing: &ThingName, sequence: Sequence, last_updated_at: Timestamp) {
        self.by_thing.insert((thing.clone(), sequence));
        self.by_last_update.insert(LastUpdated::new(thing, sequence, last_updated_at));
    }

    pub(crate) fn update(
        &mut self,
        thing: &ThingName,
        sequence: Sequence,
        before: Timestamp,
        after: Timestamp,
    ) {
        if before != after {
            self.by_last_update.remove(&LastUpdated::new(thing, sequence, before));
            self.by_last_update.insert(LastUpdated::new(thing, sequence, after));
        }
    }

    pub(crate) fn remove(&mut self, thing: &ThingName, sequence: Sequence, last_updated_at: Timestamp) {
        self.by_thing.remove(&(thing.clone(), sequence));
        self.by_last_update.remove(&LastUpdated::new(thing, sequence, last_updated_at));
    }

    pub(crate) fn len(&self) -> usize {
        self.by_thing.len()
    }

    /// By thing, then as created; those behind `after`, or all.
    pub(crate) fn by_thing(
        &self,
        after: Option<&(ThingName, Sequence)>,
    ) -> impl Iterator<Item = &(ThingName, Sequence)> {
        self.by_thing.range((after.map_or(Unbounded, Excluded), Unbounded))
    }

    /// Most recently updated first; those behind `after`, or all.
    pub(crate) fn newest_first(&self, after: Option<&LastUpdated>) -> impl Iterator<Item = &LastUpdated> {
        self.by_last_update.range((after.map_or(Unbounded, Excluded), Unbounded))
    }
}

impl LastUpdated {
    fn new(thing: &ThingName, sequence: Sequence, at: Timestamp) -> Self {
        Self { at: Reverse(at), thing: thing.clone(), sequence }
    }
}

impl fmt::Display for LastUpdated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.at.0.millis(), self.thing, self.sequence)
    }
}

impl FromStr for LastUpdated {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or(());
        let at = Timestamp::from_millis(part()?.parse().map_err(|_| ())?);
        let thing = part()?.parse().map_err(|_| ())?;
        Ok(Self { at: Reverse(at), thing, sequence: part()?.parse().map_err(|_| ())? })
    }
}
