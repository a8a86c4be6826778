//! A device's request and its answer, over TLS and through the broker, all in this process.

use std::time::{Duration, Instant};

use criterion::Criterion;
use jobs_sandbox::client::connection::{self, KEEP_ALIVE};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::Client;
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::service::{LocalService, Options};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::account::from;
use crate::policies;

pub(crate) fn measure(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let service = runtime.block_on(LocalService::start(Options::default())).unwrap();
    let (client, _streams) = runtime.block_on(connect(&service));
    let mut measure = |name: &str| {
        criterion.bench_function(&format!("round trip/{name}"), |bencher| {
            bencher.iter_custom(|times| {
                runtime.block_on(async {
                    let begun = Instant::now();
                    for _ in 0..times {
                        client.get_pending_job_executions().await.unwrap();
                    }
                    begun.elapsed()
                })
            });
        });
    };
    measure("the policy of the device");
    attach_long_policy(&service);
    measure("the longest policy besides");
    runtime.block_on(client.disconnect());
    runtime.block_on(service.stop());
}

/// Connects as the device that the service made its files for.
async fn connect(service: &LocalService) -> (Client, jobs_sandbox::client::jobs::Streams) {
    let (certificate, key, ca) = (service.cert_file(), service.key_file(), service.ca_file());
    let port = service.mqtt_addr().port();
    let options = connection::Options {
        host: "localhost".to_owned(),
        port,
        client_id: "test-bench".to_owned(),
        tls: Identity::load(&certificate, &key, Some(&ca)).unwrap().tls_config(port),
        timeout: Duration::from_secs(30),
        keep_alive: KEEP_ALIVE,
    };
    Client::connect("MyThing".parse().unwrap(), options, Trace::off()).await.unwrap()
}

/// Gives the device a policy that is about nothing which it does.
fn attach_long_policy(service: &LocalService) {
    let document = policies::longest().to_string();
    service
        .write(|state, now| state.create_policy(now, "Long", from(json!({ "policyDocument": document }))))
        .unwrap();
    let listed = service.read(|state, _| state.list_certificates(&from(json!({})))).unwrap();
    let target = json!({ "target": listed.certificates[0].certificate_arn });
    service.write(|state, _| state.attach_policy("Long", &from(target))).unwrap();
}
