//! The job executions of one thing: all of them, and the pending ones in their order.

use std::collections::{BTreeMap, VecDeque};

use super::execution::{Execution, PendingOrder};
use super::sequence::Sequence;
use super::small_set::SmallSet;
use crate::wire::model::{JobId, ThingName};
use crate::wire::number::ExecutionNumber;

/// Every job execution of one thing, terminal ones included.
///
/// The pending list is kept in order while executions change, so that neither its head nor its first
/// entries cost more for a thing with a long history. All are arrays: most things have one execution, and a node of a
/// tree has room for eleven.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    /// The number of the thing among all that ever had an execution.
    number: u64,
    /// By sequence number, the order of creation.
    records: Vec<(Sequence, Box<Execution>)>,
    /// The same, by job.
    by_job: SmallSet<(JobId, Sequence)>,
    /// In their order.
    pending: VecDeque<PendingOrder>,
    pub(super) last_sequence: Sequence,
    /// Grows whenever an execution enters or leaves the pending set.
    pending_changes: u64,
}

impl Executions {
    /// No executions yet of a thing that is not among `known`, whose records are never removed.
    pub(crate) fn of_next_thing(known: &BTreeMap<ThingName, Self>) -> Self {
        Self { number: known.len() as u64 + 1, ..Self::default() }
    }

    /// No executions yet of the thing of that number, which once got as many as the last one's place says.
    pub(crate) fn restored(number: u64, last_sequence: Sequence) -> Self {
        Self { number, last_sequence, ..Self::default() }
    }

    /// Puts an execution back to its place, behind all of the same job.
    pub(crate) fn restore(&mut self, sequence: Sequence, execution: Execution) {
        self.last_sequence = self.last_sequence.max(sequence);
        self.put(sequence, execution);
    }

    /// The number of the thing among all that ever had an execution, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the newest of all executions that the thing ever got is still there.
    pub(crate) fn has_newest(&self) -> bool {
        self.records.last().is_some_and(|(newest, _)| *newest == self.last_sequence)
    }

    /// Differs from an earlier one if the set of pending executions does.
    pub(crate) fn pending_changes(&self) -> u64 {
        self.pending_changes
    }

    /// The pending executions: IN_PROGRESS first, then by `queuedAt`, then as created.
    pub(crate) fn pending(&self) -> impl Iterator<Item = (Sequence, &Execution)> {
        self.pending.iter().filter_map(|order| Some((order.sequence, self.get(order.sequence)?)))
    }

    /// The execution of `job` with `number`, or its newest one.
    pub(crate) fn find(
        &self,
        job: &JobId,
        number: Option<ExecutionNumber>,
    ) -> Option<(Sequence, &Execution)> {
        let by_job = self.by_job.as_slice();
        by_job[..by_job.partition_point(|(other, _)| other <= job)]
            .iter()
            .rev()
            .take_while(|(other, _)| other == job)
            .filter_map(|(_, sequence)| Some((*sequence, self.get(*sequence)?)))
            .find(|(_, execution)| number.is_none_or(|number| execution.number == number))
    }

    pub(crate) fn get(&self, sequence: Sequence) -> Option<&Execution> {
        Some(&*self.records[self.place(sequence)?].1)
    }

    /// All executions, or those created before `end`, newest first.
    pub(crate) fn before(&self, end: Option<Sequence>) -> impl Iterator<Item = (Sequence, &Execution)> {
        let end =
            end.map_or(self.records.len(), |end| self.records.partition_point(|(other, _)| *other < end));
        self.records[..end].iter().rev().map(|(sequence, execution)| (*sequence, &**execution))
    }

    fn place(&self, sequence: Sequence) -> Option<usize> {
        self.records.binary_search_by_key(&sequence, |(other, _)| *other).ok()
    }

    /// Adds an execution, the newest of its job, and returns its sequence number.
    pub(crate) fn insert(&mut self, execution: Execution) -> Sequence {
        self.last_sequence = self.last_sequence.next();
        let sequence = self.last_sequence;
        self.put(sequence, execution);
        sequence
    }

    fn put(&mut self, sequence: Sequence, execution: Execution) {
        self.by_job.insert((execution.job_id.clone(), sequence));
        self.reorder(None, execution.pending_order(sequence));
        let place = self.records.partition_point(|(other, _)| *other < sequence);
        if self.records.is_empty() {
            self.records.reserve_exact(1);
        }
        self.records.insert(place, (sequence, Box::new(execution)));
    }

    /// Changes an execution and keeps the pending list in order.
    pub(crate) fn edit<T>(
        &mut self,
        sequence: Sequence,
        edit: impl FnOnce(&mut Execution) -> T,
    ) -> Option<T> {
        let place = self.place(sequence)?;
        let execution = &mut *self.records[place].1;
        let before = execution.pending_order(sequence);
        let result = edit(execution);
        let after = execution.pending_order(sequence);
        self.reorder(before, after);
        Some(result)
    }

    pub(crate) fn remove(&mut self, sequence: Sequence) -> Option<Execution> {
        let (_, execution) = self.records.remove(self.place(sequence)?);
        self.reorder(execution.pending_order(sequence), None);
        self.by_job.remove(&(execution.job_id.clone(), sequence));
        Some(*execution)
    }

    fn reorder(&mut self, before: Option<PendingOrder>, after: Option<PendingOrder>) {
        if before == after {
            return;
        }
        if let Some(Ok(place)) = before.map(|before| self.pending.binary_search(&before)) {
            self.pending.remove(place);
        }
        if let Some((after, Err(place))) = after.map(|after| (after, self.pending.binary_search(&after))) {
            if self.pending.is_empty() {
                self.pending.reserve_exact(1);
            }
            self.pending.insert(place, after);
        }
        if before.is_some() != after.is_some() {
            self.pending_changes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::state::retry::RetriesUsed;
    use crate::service::time::Timestamp;
    use crate::wire::model::JobExecutionStatus;

    fn queued(job: &str, at: i64) -> Execution {
        Execution::queued(
            job.parse().unwrap(),
            ExecutionNumber::FIRST,
            RetriesUsed::default(),
            Timestamp::from_millis(at),
        )
    }

    fn order(executions: &Executions) -> Vec<&str> {
        executions.pending().map(|(_, execution)| execution.job_id.as_str()).collect()
    }

    #[test]
    fn in_progress_comes_first_then_queued_at_then_creation() {
        let mut executions = Executions::default();
        executions.insert(queued("late", 20));
        executions.insert(queued("tied-a", 10));
        executions.insert(queued("tied-b", 10));
        let moved = executions.insert(queued("moved", 30));
        assert_eq!(order(&executions), ["tied-a", "tied-b", "late", "moved"]);

        let before = executions.pending_changes();
        executions.edit(moved, |execution| execution.status = JobExecutionStatus::InProgress);
        assert_eq!(order(&executions), ["moved", "tied-a", "tied-b", "late"]);
        assert_eq!(executions.pending_changes(), before, "the set is the same");
    }

    #[test]
    fn of_two_in_progress_the_one_queued_earlier_is_the_head() {
        let mut executions = Executions::default();
        let early = executions.insert(queued("early", 10));
        let late = executions.insert(queued("late", 20));
        executions.edit(late, |execution| execution.status = JobExecutionStatus::InProgress);
        executions.edit(early, |execution| execution.status = JobExecutionStatus::InProgress);
        assert_eq!(order(&executions), ["early", "late"]);
    }

    #[test]
    fn a_removed_execution_leaves_nothing() {
        let mut executions = Executions::default();
        let only = executions.insert(queued("job", 10));
        let before = executions.pending_changes();
        assert!(executions.remove(only).is_some());
        assert_ne!(executions.pending_changes(), before);
        assert!(
            executions.records.is_empty()
                && executions.by_job.as_slice().is_empty()
                && executions.pending.is_empty()
        );
        assert!(executions.find(&"job".parse().unwrap(), None).is_none());
    }
}
