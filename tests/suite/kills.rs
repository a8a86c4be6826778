//! The service is killed again and again under a load of devices and an operator: after each start all that anybody
//! was told is there, and nothing half.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use jobs_sandbox::client::connection;
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::Client;
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::wire::model::{
    JobExecutionStatus, StartNextPendingJobExecutionRequest, UpdateJobExecutionRequest,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::support::{DEADLINE, Serve};

/// The devices, one of each thing.
const THINGS: [&str; 3] = ["A", "B", "C"];

/// What somebody was told.
#[derive(Debug)]
enum Told {
    Created(String),
    Deleted(String),
    /// By an answer or an event, of which thing and job; the version, and the status that it had then.
    Execution(&'static str, String, i64, String),
    Clock(f64),
}

impl Told {
    /// Of an execution as it is on the wire.
    fn execution(thing: &'static str, job: &str, execution: &Value) -> Self {
        let version = execution["versionNumber"].as_i64().unwrap();
        Self::Execution(thing, job.to_owned(), version, execution["status"].as_str().unwrap().to_owned())
    }
}

/// All that was told up to now.
#[derive(Debug, Default)]
struct Account {
    jobs: BTreeSet<String>,
    deleted: BTreeSet<String>,
    executions: BTreeMap<(&'static str, String), (i64, String)>,
    clock: f64,
}

impl Account {
    fn note(&mut self, told: Told) {
        match told {
            Told::Created(job) => drop(self.jobs.insert(job)),
            Told::Deleted(job) => {
                self.jobs.remove(&job);
                self.executions.retain(|(_, of), _| *of != job);
                self.deleted.insert(job);
            }
            Told::Execution(thing, job, version, status) => {
                let known = self.executions.entry((thing, job)).or_default();
                if version > known.0 {
                    *known = (version, status);
                }
            }
            Told::Clock(now) => self.clock = self.clock.max(now),
        }
    }

    /// Looks for all of it in a service that has just started.
    #[track_caller]
    fn check(&self, serve: &Serve) {
        assert!(serve.get("/_sandbox/clock")["now"].as_f64().unwrap() >= self.clock);
        for job in &self.deleted {
            assert!(is_being_deleted(serve, job), "{job} is back");
        }
        for ((thing, job), (version, status)) in &self.executions {
            // It may be deleted, with nobody told yet.
            let (code, body) = serve.call("GET", &format!("/things/{thing}/jobs/{job}"), "");
            if code != 200 {
                assert!(!self.jobs.contains(job) || is_being_deleted(serve, job), "{thing} {job}: {body}");
                continue;
            }
            let execution = serde_json::from_str::<Value>(&body).unwrap()["execution"].clone();
            let found = execution["versionNumber"].as_i64().unwrap();
            assert!(found >= *version, "{thing} {job}: told {version} {status}, found {execution}");
            assert!(
                found > *version || execution["status"] == **status,
                "{thing} {job}: {status}, {execution}"
            );
        }
        for job in &self.jobs {
            let began = Instant::now();
            while !(is_whole(serve, job) || is_being_deleted(serve, job)) {
                assert!(began.elapsed() < DEADLINE, "{job} is half: {}", serve.get(&format!("/jobs/{job}")));
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Whether its deletion was asked for, and not answered before the service was killed.
fn is_being_deleted(serve: &Serve, job: &str) -> bool {
    let (status, body) = serve.call("GET", &format!("/jobs/{job}"), "");
    status == 404 || body.contains("DELETION_IN_PROGRESS")
}

/// Whether a job has reached each of its things, and counts them as they are listed.
fn is_whole(serve: &Serve, job: &str) -> bool {
    let (status, listed) = serve.call("GET", &format!("/jobs/{job}/things"), "");
    if status != 200 {
        return false;
    }
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let listed = listed["executionSummaries"].as_array().unwrap();
    let details = serve.get(&format!("/jobs/{job}"))["job"]["jobProcessDetails"].clone();
    let statuses =
        ["Queued", "InProgress", "Succeeded", "Failed", "Canceled", "Rejected", "Removed", "TimedOut"];
    let counted = statuses.iter().filter_map(|status| details[format!("numberOf{status}Things")].as_u64());
    listed.len() == THINGS.len() && counted.sum::<u64>() == THINGS.len() as u64
}

/// How often it is killed: three times, or as often as `JOBS_SANDBOX_KILLS` says.
fn kills() -> usize {
    std::env::var("JOBS_SANDBOX_KILLS").map_or(3, |kills| kills.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_told_is_lost_when_it_is_killed() {
    let things = THINGS.iter().flat_map(|thing| ["--thing", thing]);
    let args: Vec<_> = ["--rollout-rate", "unlimited"].into_iter().chain(things).collect();
    let mut serve = Serve::with(&args);
    let mut account = Account::default();
    for round in 0..kills() {
        let (tell, mut told) = unbounded_channel();
        let mut devices = JoinSet::new();
        for thing in THINGS {
            let client = connect(&serve, thing, tell.clone()).await;
            devices.spawn(device(thing, client, tell.clone()));
        }
        let (http, done) = (serve.http, account.jobs.iter().cloned().collect());
        let operator = thread::spawn(move || operator(http, round, done, &tell));
        let moment = 20 + RandomState::new().hash_one(round) % 200;
        account.hear(&mut told, moment).await;
        serve = serve.killed();
        operator.join().unwrap();
        devices.shutdown().await;
        while let Some(last) = told.recv().await {
            account.note(last);
        }
        account.check(&serve);
        account.deleted.clear();
    }
}

impl Account {
    async fn hear(&mut self, told: &mut UnboundedReceiver<Told>, times: u64) {
        for _ in 0..times {
            let told = tokio::time::timeout(DEADLINE, told.recv()).await;
            self.note(told.expect("the load stands still").expect("the load has ended"));
        }
    }
}

async fn connect(serve: &Serve, thing: &'static str, tell: UnboundedSender<Told>) -> Client {
    let [cert, key, ca] = ["cert.pem", "key.pem", "ca.pem"].map(|name| serve.file(name));
    let options = connection::Options {
        host: "localhost".to_owned(),
        port: serve.mqtt.port(),
        client_id: format!("test-{thing}"),
        tls: Identity::load(&cert, &key, Some(&ca)).unwrap().tls_config(8883),
        timeout: DEADLINE,
        keep_alive: connection::KEEP_ALIVE,
    };
    let (client, mut streams) = Client::connect(thing.parse().unwrap(), options, Trace::off()).await.unwrap();
    tokio::spawn(async move { while streams.job_executions_changed.recv().await.is_some() {} });
    tokio::spawn(async move {
        while let Some(event) = streams.next_job_execution_changed.recv().await {
            let event: Value = serde_json::from_slice(&event.payload.unwrap()).unwrap();
            let execution = &event["execution"];
            if let Some(job) = execution["jobId"].as_str() {
                let _ = tell.send(Told::execution(thing, job, execution));
            }
        }
    });
    client
}

/// A device that carries out whatever there is, until its service is gone.
async fn device(thing: &'static str, client: Client, tell: UnboundedSender<Told>) {
    loop {
        let start = StartNextPendingJobExecutionRequest::default();
        let Ok(started) = client.start_next_pending_job_execution(start).await else { return };
        // Where there is none, the operator is about to create the next.
        let Some(execution) = started.response.execution else { continue };
        let _ = tell.send(Told::execution(thing, execution.job_id.as_str(), &json!(execution)));
        for status in [JobExecutionStatus::InProgress, JobExecutionStatus::Succeeded] {
            let mut update = UpdateJobExecutionRequest::new(status);
            update.include_job_execution_state = true;
            update.status_details = Some([("is".to_owned(), format!("{status:?}"))].into());
            // The job may be deleted meanwhile.
            let Ok(updated) = client.update_job_execution(&execution.job_id, update).await else { break };
            let state = json!(updated.response.execution_state);
            let _ = tell.send(Told::execution(thing, execution.job_id.as_str(), &state));
        }
    }
}

/// An operator that creates jobs, deletes those that are `done` and moves the clock, until the service is gone.
fn operator(http: SocketAddr, round: usize, done: Vec<String>, tell: &UnboundedSender<Told>) {
    let targets = THINGS.map(|thing| format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}"));
    let create = json!({"targets": targets, "document": "{}"}).to_string();
    let mut done = done.into_iter();
    for number in 0.. {
        let job = format!("J{round}-{number}");
        let Some(200) = ask(http, "PUT", &format!("/jobs/{job}"), &create).map(|(status, _)| status) else {
            return;
        };
        let _ = tell.send(Told::Created(job));
        if let Some(job) = done.next() {
            // Its deletion may have been carried out by a service that was killed before it could say so.
            let Some(_) = ask(http, "DELETE", &format!("/jobs/{job}?force=true"), "") else { return };
            let _ = tell.send(Told::Deleted(job));
        }
        let Some((200, clock)) = ask(http, "POST", "/_sandbox/clock", r#"{"advance":"1m"}"#) else { return };
        let now = serde_json::from_str::<Value>(&clock).unwrap()["now"].as_f64().unwrap();
        let _ = tell.send(Told::Clock(now));
    }
}

/// The answer to a request, if it comes whole.
fn ask(http: SocketAddr, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(http).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
