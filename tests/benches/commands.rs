//! A line of a script or of the prompt, read.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use jobs_sandbox::bench;

const SHORT: &str = "start-next-pending-job-execution";
const OPTIONS: &str = r#"update-job-execution Job1 IN_PROGRESS --status-details {"progress":"50%"} --expected-version 2 --step-timeout-in-minutes 5"#;
const EXPECTATION: &str = "expect NextJobExecutionChangedEvent execution.jobId=Job1 execution.status=QUEUED";

pub(crate) fn measure(criterion: &mut Criterion) {
    // As long a document as AWS takes, 32 KiB.
    let steps = r#"{"action":{"name":"reboot","input":{"after":"5m"}}},"#.repeat(620);
    let document = format!(r#"create-job Job1 {{"steps":[{}]}}"#, steps.trim_end_matches(','));
    let mut group = criterion.benchmark_group("parse a line");
    for (name, line) in [
        ("no argument", SHORT),
        ("options", OPTIONS),
        ("expectation", EXPECTATION),
        ("long document", &document),
    ] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| assert!(bench::is_command(black_box(line))));
        });
    }
    group.finish();
}
