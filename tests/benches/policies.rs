//! Whether a policy allows what a device asks.

use std::hint::black_box;

use criterion::Criterion;
use jobs_sandbox::bench;
use serde_json::{Value, json};

/// The policy that we tell users to deploy.
const DEVICE_POLICY: &str = include_str!("../../policies/device-policy.json");

const ARN: &str = "arn:aws:iot:us-east-1:123456789012:topic/";

pub(crate) fn measure(criterion: &mut Criterion) {
    let of_the_device = DEVICE_POLICY
        .replace("${partition}", "aws")
        .replace("${region}", "us-east-1")
        .replace("${account}", "123456789012")
        .replace("${thing}", "MyThing");
    let update = format!("{ARN}$aws/things/MyThing/jobs/Job1/update");
    let mut group = criterion.benchmark_group("policy");
    let mut measure = |name: &str, document: &str, is_allowed: bool| {
        let allows = bench::policy(document);
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(allows(black_box(&update)), is_allowed));
        });
    };
    measure("of the device", &of_the_device, true);
    measure("the longest", &longest().to_string(), false);
    group.finish();
}

/// A policy with as many statements as fit, none of which is about what a device does.
pub(crate) fn longest() -> Value {
    let statements: Vec<_> = (0..16)
        .map(|number| {
            let resource = format!("{ARN}a/*/{number}/*/z");
            json!({ "Effect": "Allow", "Action": "iot:Publish", "Resource": resource })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}
