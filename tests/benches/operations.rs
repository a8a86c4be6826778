//! The operations of the state machine, beside as many job executions as there are.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use jobs_sandbox::service::state::State;
use jobs_sandbox::wire::model::{
    DescribeJobExecutionRequest, JobExecutionStatus, JobId, JobRef, StartNextPendingJobExecutionRequest,
    ThingName, UpdateJobExecutionRequest,
};
use serde_json::json;

use crate::account::{NOW, add_group, add_thing, empty, finish, from, job};

const OPERATIONS: [&str; 5] = ["create", "start", "describe", "update", "cancel"];

pub(crate) fn measure(criterion: &mut Criterion) {
    let long = env::var_os("JOBS_SANDBOX_LONG_BENCHES").map(|_| 1_000_000);
    for executions in [1, 1000].into_iter().chain(long) {
        let mut state = with_executions(executions);
        for (at, operation) in OPERATIONS.iter().enumerate() {
            let mut group = criterion.benchmark_group(format!("state/{operation}"));
            group.bench_function(BenchmarkId::from_parameter(executions), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| life_of_a_job(&mut state)[at]).sum());
            });
            group.finish();
        }
    }
}

/// An account with so many job executions, and a thing that has none.
fn with_executions(count: usize) -> State {
    let mut state = empty();
    add_thing(&mut state, "T");
    add_group(&mut state, "G", count);
    state.create_job(NOW, "before", job("thinggroup/G")).reply.unwrap();
    finish(&mut state);
    state
}

/// How long each of [`OPERATIONS`] takes; the account is left as it was.
fn life_of_a_job(state: &mut State) -> [Duration; 5] {
    let thing: ThingName = "T".parse().unwrap();
    let id: JobId = "J".parse().unwrap();
    let reference = JobRef::Id(id.clone());
    let request = job("thing/T");
    let start = StartNextPendingJobExecutionRequest::default();
    let describe = DescribeJobExecutionRequest::default();
    let update = UpdateJobExecutionRequest::new(JobExecutionStatus::InProgress);
    let cancel = from(json!({}));

    let created = time(|| state.create_job(NOW, "J", request).reply.unwrap());
    let started = time(|| state.start_next_pending_job_execution(NOW, &thing, start).reply.unwrap());
    let described = time(|| state.describe_job_execution(NOW, &thing, &reference, describe).unwrap());
    let updated = time(|| state.update_job_execution(NOW, &thing, &id, update).reply.unwrap());
    let canceled = time(|| state.cancel_job(NOW, "J", true, cancel).reply.unwrap());
    state.delete_job(NOW, "J", true).reply.unwrap();
    finish(state);
    [created, started, described, updated, canceled]
}

fn time<T>(operation: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(operation());
    begun.elapsed()
}
