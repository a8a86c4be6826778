//! The jobs and job executions that are stored, compared before and after a change.

use std::collections::BTreeMap;

use crate::service::state::{Sequence, State, Touched};
use crate::wire::model::{JobId, ThingName};

/// Every job and every job execution, as text.
#[derive(Debug)]
pub(super) struct Rows {
    jobs: BTreeMap<JobId, String>,
    executions: BTreeMap<(ThingName, Sequence), String>,
}

impl Rows {
    pub(super) fn of(state: &State) -> Self {
        let jobs = state.jobs.iter().map(|(id, job)| (id.clone(), format!("{job:?}")));
        let executions = state.executions.iter().flat_map(|(thing, executions)| {
            let all = executions.before(None);
            all.map(|(sequence, execution)| ((thing.clone(), sequence), format!("{execution:?}")))
        });
        Self { jobs: jobs.collect(), executions: executions.collect() }
    }

    /// Every row that differs from `before` must be among the touched ones.
    #[track_caller]
    pub(super) fn assert_changes_are_touched(&self, before: &Self, touched: &Touched) {
        for id in differing(&before.jobs, &self.jobs) {
            assert!(touched.jobs.contains(id), "job {id} is not touched");
        }
        for key in differing(&before.executions, &self.executions) {
            assert!(touched.executions.contains(key), "job execution {key:?} is not touched");
        }
    }
}

/// The keys whose values are not the same in both maps, or in one of them alone.
fn differing<'a, K: Ord>(
    before: &'a BTreeMap<K, String>,
    after: &'a BTreeMap<K, String>,
) -> impl Iterator<Item = &'a K> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| before.get(key) != after.get(key))
}
