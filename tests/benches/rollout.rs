//! A job for many things, and who has to wait for it.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use jobs_sandbox::service::state::rollout::RolloutRate;
use jobs_sandbox::service::{LocalService, Options};
use tokio::runtime::Runtime;

use crate::account::{NOW, add_group, empty, finish, job};

const MANY: usize = 100_000;

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rollout");
    group.sample_size(10);
    let mut state = empty();
    add_group(&mut state, "G", MANY);
    group.bench_function(BenchmarkId::from_parameter(MANY), |bencher| {
        bencher.iter_custom(|times| {
            let mut taken = Duration::ZERO;
            for _ in 0..times {
                let begun = Instant::now();
                state.create_job(NOW, "J", job("thinggroup/G")).reply.unwrap();
                finish(&mut state);
                taken += begun.elapsed();
                state.delete_job(NOW, "J", true).reply.unwrap();
                finish(&mut state);
            }
            taken
        });
    });
    drop(state);

    let runtime = Runtime::new().unwrap();
    for things in [1, MANY] {
        let options = Options { rollout_rate: RolloutRate::Unlimited, ..Options::default() };
        let service = runtime.block_on(LocalService::start(options)).unwrap();
        let filled = service.write(|state, _| {
            add_group(state, "G", things);
            Ok(()).into()
        });
        filled.unwrap();
        group.bench_function(BenchmarkId::new("longest wait of a bystander", things), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| longest_wait(&service)).sum());
        });
        runtime.block_on(service.stop());
    }
    group.finish();
}

/// The longest time that a short request takes while a job for the group is rolled out.
fn longest_wait(service: &LocalService) -> Duration {
    service.write(|state, now| state.create_job(now, "J", job("thinggroup/G"))).unwrap();
    let longest = wait_until_done(service);
    service.write(|state, now| state.delete_job(now, "J", true)).unwrap();
    wait_until_done(service);
    longest
}

/// Asks and asks until nothing is left to do; the longest time that an answer took.
fn wait_until_done(service: &LocalService) -> Duration {
    let mut longest = Duration::ZERO;
    loop {
        let begun = Instant::now();
        let done = service.read(|state, _| Ok(state.next_timeout().is_none())).unwrap();
        longest = longest.max(begun.elapsed());
        if done {
            return longest;
        }
    }
}
