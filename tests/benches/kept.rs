//! What it costs that everything is kept: the same work beside a service that keeps nothing, in one run.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jobs_sandbox::client::connection::{self, KEEP_ALIVE};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::{Client, Streams};
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::service::state::rollout::RolloutRate;
use jobs_sandbox::service::{DevicePolicies, LocalService, Options};
use jobs_sandbox::wire::model::{
    JobExecutionStatus, JobId, StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest,
};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::account::{from, job};

/// How long one measurement takes.
const WINDOW: Duration = Duration::from_secs(2);
/// How often each is taken, in turn.
const TURNS: usize = 3;
const MANY: usize = 100_000;

pub(crate) fn measure(wanted: &dyn Fn(&str) -> bool, long: bool) {
    let runtime = Runtime::new().unwrap();
    if wanted("kept/round trips") {
        compare(&runtime, "round trips of 1,000 devices", 1000, false);
    }
    if wanted("kept/updates") {
        compare(&runtime, "updates of 100 devices", 100, true);
    }
    if wanted("kept/bystander") {
        runtime.block_on(bystander());
    }
    if long && wanted("kept/start") {
        runtime.block_on(start_again());
    }
}

fn options(dir: &Path, keep: bool, things: &[String]) -> Options {
    Options {
        dir: Some(dir.to_owned()),
        keep,
        things: things.iter().map(|name| name.parse().unwrap()).collect(),
        device_policies: DevicePolicies::AnyThing,
        rollout_rate: RolloutRate::Unlimited,
        ..Options::default()
    }
}

/// How often a second so many devices are answered, in memory and kept, and what the one is of the other.
fn compare(runtime: &Runtime, what: &str, devices: usize, updates: bool) {
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for keep in [false, true] {
            rates[usize::from(keep)].push(runtime.block_on(rate(devices, keep, updates)));
        }
    }
    let [memory, kept] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[TURNS / 2]
    });
    println!("kept/{what}: {kept:.0}/s, in memory {memory:.0}/s, ratio {:.2}", kept / memory);
}

async fn rate(devices: usize, keep: bool, updates: bool) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let things: Vec<_> = (0..devices).map(|number| format!("Thing{number}")).collect();
    let service = LocalService::start(options(dir.path(), keep, &things)).await.unwrap();
    let mut clients = Vec::new();
    for thing in &things {
        if updates {
            let target = format!("thing/{thing}");
            service.write(|state, now| state.create_job(now, thing, job(&target))).unwrap();
        }
        clients.push(connect(&service, thing).await);
    }
    let (answers, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for (client, streams) in clients {
        let (answers, over) = (answers.clone(), over.clone());
        tasks.spawn(async move {
            let job = if updates { Some(start_next(&client).await) } else { None };
            while !over.load(Ordering::Relaxed) {
                match &job {
                    Some(job) => {
                        let update = UpdateJobExecutionRequest::new(JobExecutionStatus::InProgress);
                        client.update_job_execution(job, update).await.unwrap();
                    }
                    None => drop(client.get_pending_job_executions().await.unwrap()),
                }
                answers.fetch_add(1, Ordering::Relaxed);
            }
            drop(streams);
        });
    }
    tokio::time::sleep(WINDOW).await;
    #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
    let rate = answers.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    service.stop().await;
    rate
}

async fn start_next(client: &Client) -> JobId {
    let start = StartNextPendingJobExecutionRequest::default();
    let started = client.start_next_pending_job_execution(start).await.unwrap();
    started.response.execution.unwrap().job_id
}

/// How long a device waits for its updates while a job for 100,000 things is rolled out at once.
async fn bystander() {
    for keep in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let service =
            LocalService::start(options(dir.path(), keep, &["Bystander".to_owned()])).await.unwrap();
        add_group(&service, MANY);
        service.write(|state, now| state.create_job(now, "Own", job("thing/Bystander"))).unwrap();
        let (client, _streams) = connect(&service, "Bystander").await;
        let own = start_next(&client).await;
        let begun = Instant::now();
        service.write(|state, now| state.create_job(now, "J", job("thinggroup/G"))).unwrap();
        let mut waits = Vec::new();
        while service.read(|state, now| Ok(state.next_timeout().is_some_and(|due| due <= now))).unwrap() {
            let asked = Instant::now();
            let update = UpdateJobExecutionRequest::new(JobExecutionStatus::InProgress);
            client.update_job_execution(&own, update).await.unwrap();
            waits.push(asked.elapsed());
        }
        let taken = begun.elapsed();
        waits.sort();
        let how = if keep { "kept" } else { "in memory" };
        println!(
            "kept/bystander of a job for {MANY} things, {how}: rolled out in {taken:.1?}, {} updates meanwhile, p99 {:.1?}",
            waits.len(),
            waits.get(waits.len() * 99 / 100)
        );
        client.disconnect().await;
        service.stop().await;
    }
}

/// How long a start takes that finds a million job executions, and how large each is.
async fn start_again() {
    let dir = tempfile::tempdir().unwrap();
    let options = || options(dir.path(), true, &["MyThing".to_owned()]);
    let service = LocalService::start(options()).await.unwrap();
    add_group(&service, MANY);
    for number in 0..10 {
        let job_id = format!("J{number}");
        service.write(|state, now| state.create_job(now, &job_id, job("thinggroup/G"))).unwrap();
        while service.read(|state, now| Ok(state.next_timeout().is_some_and(|due| due <= now))).unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let before = fs::metadata(dir.path().join("state.db")).unwrap().len();
    service.stop().await;
    let size = fs::metadata(dir.path().join("state.db")).unwrap().len();
    let begun = Instant::now();
    let service = LocalService::start(options()).await.unwrap();
    println!(
        "kept/start with {} executions: {:.1?}, {} bytes an execution on disk ({before} before it was stopped)",
        10 * MANY,
        begun.elapsed(),
        size / (10 * MANY as u64)
    );
    service.stop().await;
}

fn add_group(service: &LocalService, things: usize) {
    service
        .write(|state, now| state.create_thing_group(now, "G", Uuid::from_u128(2), from(json!({}))))
        .unwrap();
    for number in 0..things {
        let name = format!("G-{number:07}");
        service
            .write(|state, now| state.create_thing(now, &name, Uuid::from_u128(1), &from(json!({}))))
            .unwrap();
        let member = from(json!({ "thingName": name, "thingGroupName": "G" }));
        service.write(|state, now| state.add_thing_to_thing_group(now, &member)).unwrap();
    }
}

async fn connect(service: &LocalService, thing: &str) -> (Client, Streams) {
    let (certificate, key, ca) = (service.cert_file(), service.key_file(), service.ca_file());
    let port = service.mqtt_addr().port();
    let options = connection::Options {
        host: "localhost".to_owned(),
        port,
        client_id: format!("test-{thing}"),
        tls: Identity::load(&certificate, &key, Some(&ca)).unwrap().tls_config(port),
        timeout: Duration::from_secs(30),
        keep_alive: KEEP_ALIVE,
    };
    Client::connect(thing.parse().unwrap(), options, Trace::off()).await.unwrap()
}
