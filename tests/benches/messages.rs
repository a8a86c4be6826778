//! Topics, payloads and packets as they cross the wire, written and read.

use std::hint::black_box;

use criterion::Criterion;
use jobs_sandbox::bench;
use jobs_sandbox::wire::model::{
    JobExecutionStatus, StartNextJobExecutionResponse, UpdateJobExecutionRequest,
};
use jobs_sandbox::wire::topics::Topic;

const TOPIC: &str = "$aws/things/MyThing/jobs/Job1/update/accepted";
const ANSWER: &str = r#"{"clientToken":"1","timestamp":1748952000,"execution":{"jobId":"Job1","status":"IN_PROGRESS","queuedAt":1748952000,"startedAt":1748952000,"lastUpdatedAt":1748952000,"versionNumber":2,"executionNumber":1,"jobDocument":{"operation":"reboot"}}}"#;

pub(crate) fn measure(criterion: &mut Criterion) {
    let topic = Topic::parse(TOPIC).unwrap();
    let update = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
    let mut group = criterion.benchmark_group("wire");
    group.bench_function("write a topic", |bencher| bencher.iter(|| black_box(&topic).to_string()));
    group.bench_function("read a topic", |bencher| bencher.iter(|| Topic::parse(black_box(TOPIC)).unwrap()));
    group.bench_function("write a request", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&update)).unwrap());
    });
    group.bench_function("read an answer", |bencher| {
        bencher.iter(|| serde_json::from_str::<StartNextJobExecutionResponse>(black_box(ANSWER)).unwrap());
    });
    let mut write = bench::packet_writer(TOPIC, ANSWER);
    group.bench_function("write a packet", |bencher| bencher.iter(|| black_box(write())));
    let (mut read, publish) = (bench::packet_reader(), publish());
    group.bench_function("read a packet", |bencher| bencher.iter(|| assert!(read(black_box(&publish)))));
    group.finish();
}

/// PUBLISH of MQTT 5 at QoS 1, its identifier 1, without properties.
fn publish() -> Vec<u8> {
    const PAYLOAD: &[u8] = br#"{"clientToken":"1","status":"SUCCEEDED"}"#;
    const REQUEST: &[u8] = b"$aws/things/MyThing/jobs/Job1/update";
    let length = |bytes: usize| u8::try_from(bytes).unwrap();
    let rest = 2 + REQUEST.len() + 3 + PAYLOAD.len();
    [&[0x32, length(rest), 0, length(REQUEST.len())], REQUEST, &[0, 1, 0], PAYLOAD].concat()
}
