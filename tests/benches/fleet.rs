//! A week of a whole fleet, rehearsed.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use jobs_sandbox::service::rehearsal::{Fleet, Outcomes, Plan, job, rehearse};
use serde_json::json;

const MANY: u32 = 100_000;
const MOST: u32 = 1_000_000;

pub(crate) fn measure(criterion: &mut Criterion) {
    let plan = plan(MANY);
    let mut group = criterion.benchmark_group("fleet");
    group.sample_size(10);
    group.bench_function(BenchmarkId::from_parameter(MANY), |bencher| {
        bencher.iter(|| rehearse(&plan).unwrap());
    });
    group.finish();
}

/// Once, since it takes its time.
pub(crate) fn measure_most(wanted: &dyn Fn(&str) -> bool, long: bool) {
    if long && wanted("fleet/1000000") {
        let plan = plan(MOST);
        let begun = Instant::now();
        let rehearsal = rehearse(&plan).unwrap();
        println!("fleet/{MOST}: {:.1} s, {} rolled out", begun.elapsed().as_secs_f64(), rehearsal.reached);
    }
}

/// A job with all that makes work, for so many things.
fn plan(things: u32) -> Plan {
    let share = |text: &str| Some(text.parse().unwrap());
    let fleet = Fleet {
        things,
        outcomes: Outcomes::new(None, share("3%"), share("1%"), share("1%")).unwrap(),
        takes: Duration::from_secs(30)..=Duration::from_mins(5),
        offline: "10%".parse().unwrap(),
        back_after: Duration::from_hours(1)..=Duration::from_hours(8),
        seed: 1,
    };
    let retries = json!({ "criteriaList": [{ "failureType": "ALL", "numberOfRetries": 2 }] });
    let abort = json!({ "criteriaList": [
        { "failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 50, "minNumberOfExecutedThings": 1000 },
    ] });
    let members = json!({
        "document": r#"{"operation":"reboot"}"#,
        "timeoutConfig": { "inProgressTimeoutInMinutes": 30 },
        "jobExecutionsRetryConfig": retries,
        "abortConfig": abort,
    });
    let job = job(members.as_object().unwrap().clone()).unwrap();
    Plan { fleet, job, until: Duration::from_hours(24 * 7) }
}
