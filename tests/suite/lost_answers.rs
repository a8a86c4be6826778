//! Requests whose answer is lost, late, refused for now or broken: the client against mosquitto, with the
//! test in the part of the Jobs service.

use std::time::Duration;

use jobs_sandbox::client::connection::{self, Change};
use jobs_sandbox::client::jobs::{self, Client, Streams};
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::wire::model::{
    DescribeJobExecutionRequest, JobExecutionStatus, JobRef, StartNextPendingJobExecutionRequest,
    UpdateJobExecutionRequest,
};
use tokio::time::timeout;

use crate::support::DEADLINE;
use crate::support::mosquitto::{Mosquitto, Service};
use crate::support::proxy::{Proxy, next_change};

/// For what waits in vain; long enough for what is answered.
const SHORT: Duration = Duration::from_secs(5);

/// The client behind a line that can be broken, the test as the service behind the broker.
struct Rig {
    client: Client,
    streams: Streams,
    service: Service,
    proxy: Proxy,
    mosquitto: Mosquitto,
}

impl Rig {
    async fn start(timeout: Duration) -> Option<Self> {
        let mosquitto = Mosquitto::start()?;
        let proxy = Proxy::start(([127, 0, 0, 1], mosquitto.port).into()).await;
        let options =
            connection::Options { port: proxy.address.port(), timeout, ..mosquitto.options("test-1") };
        let (client, streams) =
            Client::connect("MyThing".parse().unwrap(), options, Trace::off()).await.unwrap();
        Some(Self { client, streams, service: mosquitto.service(), proxy, mosquitto })
    }

    /// Breaks the line and waits until it is whole again.
    async fn interrupt(&mut self) {
        self.proxy.reset();
        let lost = next_change(&mut self.streams.connection_changes).await;
        assert!(matches!(lost, Change::Lost { .. }), "{lost:?}");
        self.proxy.pass();
        assert_eq!(next_change(&mut self.streams.connection_changes).await, Change::Restored);
    }

    fn update(&self, status: JobExecutionStatus) -> tokio::task::JoinHandle<Option<jobs::Error>> {
        let client = self.client.clone();
        tokio::spawn(async move {
            let request = UpdateJobExecutionRequest::new(status);
            client.update_job_execution(&"J".parse().unwrap(), request).await.err()
        })
    }

    fn get(&self) -> tokio::task::JoinHandle<Option<jobs::Error>> {
        let client = self.client.clone();
        tokio::spawn(async move { client.get_pending_job_executions().await.err() })
    }
}

fn rejected(token: &str, code: &str) -> String {
    format!(r#"{{"clientToken":"{token}","timestamp":1,"code":"{code}","message":"m"}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_answer_was_lost_is_asked_again() {
    let Some(mut rig) = Rig::start(DEADLINE).await else { return };
    let get = rig.get();
    let first = rig.service.request();
    rig.interrupt().await;
    let second = rig.service.request();
    assert_eq!((first.topic.as_str(), second.topic.as_str()), ("get", "get"));
    assert_ne!(first.token(), second.token());
    rig.service.publish("get/accepted", first.list(&[]));
    rig.service.publish("get/accepted", second.list(&[]));
    assert!(get.await.unwrap().is_none());

    let client = rig.client.clone();
    let describe = tokio::spawn(async move {
        client.describe_job_execution(&JobRef::Next, DescribeJobExecutionRequest::default()).await.err()
    });
    let first = rig.service.request();
    rig.interrupt().await;
    let second = rig.service.request();
    assert_eq!((first.topic.as_str(), second.topic.as_str()), ("$next/get", "$next/get"));
    rig.service
        .publish("$next/get/accepted", format!(r#"{{"clientToken":"{}","timestamp":1}}"#, second.token()));
    assert!(describe.await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_answer_was_lost_is_not_repeated() {
    let Some(mut rig) = Rig::start(DEADLINE).await else { return };
    let update = rig.update(JobExecutionStatus::Succeeded);
    assert_eq!(rig.service.request().topic, "J/update");
    rig.interrupt().await;
    assert_eq!(
        update.await.unwrap().unwrap().to_string(),
        "UpdateJobExecution: outcome unknown, the connection was lost before the answer; \
         to find out: describe-job-execution J"
    );
    let client = rig.client.clone();
    let start = tokio::spawn(async move {
        client.start_next_pending_job_execution(StartNextPendingJobExecutionRequest::default()).await.err()
    });
    assert_eq!(rig.service.request().topic, "start-next", "the update was not sent again");
    rig.interrupt().await;
    let error = start.await.unwrap().unwrap().to_string();
    assert!(error.ends_with("to find out: get-pending-job-executions"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_asked_again_while_the_service_is_busy_and_a_change_is_not() {
    let Some(rig) = Rig::start(DEADLINE).await else { return };
    let get = rig.get();
    for code in ["RequestThrottled", "InternalError"] {
        let request = rig.service.request();
        rig.service.publish("get/rejected", rejected(request.token(), code));
    }
    rig.service.publish("get/accepted", rig.service.request().list(&[]));
    assert!(get.await.unwrap().is_none());

    let update = rig.update(JobExecutionStatus::Failed);
    let request = rig.service.request();
    rig.service.publish("J/update/rejected", rejected(request.token(), "RequestThrottled"));
    let error = update.await.unwrap().unwrap();
    assert_eq!(error.to_string(), "UpdateJobExecution rejected: RequestThrottled: m");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_out_of_order_find_their_requests() {
    let Some(rig) = Rig::start(DEADLINE).await else { return };
    let (first, second) = (rig.get(), rig.update(JobExecutionStatus::Failed));
    let mut requests = [rig.service.request(), rig.service.request()];
    requests.sort_by(|one, other| one.topic.cmp(&other.topic));
    let [update, get] = requests;
    rig.service.publish("J/update/rejected", rejected(update.token(), "InvalidRequest"));
    rig.service.publish("J/update/accepted", rejected(get.token(), "NotForThisTopic"));
    rig.service.publish("get/accepted", get.list(&[]));
    assert!(first.await.unwrap().is_none());
    assert!(matches!(second.await.unwrap(), Some(jobs::Error::Rejected { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_answer_ends_its_own_request_only() {
    let Some(rig) = Rig::start(DEADLINE).await else { return };
    let get = rig.get();
    let request = rig.service.request();
    rig.service.publish("get/accepted", [0xFF, 0xFE]);
    rig.service.publish("get/accepted", "[".repeat(100_000));
    rig.service.publish("get/accepted", vec![b' '; 149_000]);
    rig.service
        .publish("get/accepted", format!(r#"{{"clientToken":"{}","timestamp":"soon"}}"#, request.token()));
    let error = get.await.unwrap().unwrap().to_string();
    assert!(
        error.starts_with(
            "GetPendingJobExecutions: the answer on $aws/things/MyThing/jobs/get/accepted cannot be read: "
        ),
        "{error}"
    );
    let get = rig.get();
    rig.service.publish("get/accepted", rig.service.request().list(&[]));
    assert!(get.await.unwrap().is_none());
}

/// Not that iot:Receive may be missing, after a long wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_read_at_all_is_told_at_once() {
    let Some(rig) = Rig::start(DEADLINE).await else { return };
    let get = rig.get();
    let request = rig.service.request();
    // Those are for others, if for anybody.
    rig.service.publish("J/update/accepted", [0xFF]);
    rig.service.publish("get/accepted", r#"{"clientToken":"another","timestamp":"#);
    rig.service.publish("get/accepted", r#"{"timestamp":1}"#);
    rig.service.publish("get/accepted", request.list(&[]));
    assert!(get.await.unwrap().is_none());
    for (payload, reason) in [
        (&b"\xff"[..], "it is not UTF-8 text"),
        (b"{", "it is not JSON"),
        (b"", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"{\"clientToken\":7}", "its clientToken is not text"),
    ] {
        let update = rig.update(JobExecutionStatus::Succeeded);
        rig.service.request();
        rig.service.publish("J/update/accepted", payload);
        assert_eq!(
            timeout(DEADLINE / 2, update).await.unwrap().unwrap().unwrap().to_string(),
            format!(
                "UpdateJobExecution: the answer on $aws/things/MyThing/jobs/J/update/accepted cannot be read: {reason}"
            )
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_out_after_a_refusal_names_the_refusal() {
    let Some(rig) = Rig::start(SHORT).await else { return };
    let get = rig.get();
    let request = rig.service.request();
    rig.service.publish("get/rejected", rejected(request.token(), "RequestThrottled"));
    rig.service.request();
    assert_eq!(
        get.await.unwrap().unwrap().to_string(),
        "GetPendingJobExecutions: no answer on $aws/things/MyThing/jobs/get/accepted or \
         $aws/things/MyThing/jobs/get/rejected within 5 s: it was refused with RequestThrottled: m, and what was asked \
         again is not answered"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_nobody_answers_names_the_topics() {
    let Some(rig) = Rig::start(SHORT).await else { return };
    let update = rig.update(JobExecutionStatus::Succeeded);
    let late = rig.service.request();
    let prefix = "$aws/things/MyThing/jobs/J/update";
    assert_eq!(
        update.await.unwrap().unwrap().to_string(),
        format!(
            "UpdateJobExecution: no answer on {prefix}/accepted or {prefix}/rejected within 5 s: \
             if none ever comes, allow iot:Receive there"
        )
    );
    // The late answer is not taken for that of the next request.
    let update = rig.update(JobExecutionStatus::Succeeded);
    let request = rig.service.request();
    rig.service
        .publish("J/update/accepted", format!(r#"{{"clientToken":"{}","timestamp":1}}"#, late.token()));
    rig.service.publish("J/update/rejected", rejected(request.token(), "VersionMismatch"));
    assert!(matches!(update.await.unwrap(), Some(jobs::Error::Rejected { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_restarts_is_found_again_with_every_subscription() {
    let Some(mut rig) = Rig::start(DEADLINE).await else { return };
    rig.mosquitto.restart();
    let lost = next_change(&mut rig.streams.connection_changes).await;
    assert!(matches!(lost, Change::Lost { .. }), "{lost:?}");
    assert_eq!(next_change(&mut rig.streams.connection_changes).await, Change::Restored);
    let service = rig.mosquitto.service();
    service.publish("notify", r#"{"timestamp":1,"jobs":{}}"#);
    let event = timeout(DEADLINE, rig.streams.job_executions_changed.recv()).await.unwrap().unwrap();
    assert_eq!(&event.payload.unwrap()[..], br#"{"timestamp":1,"jobs":{}}"#);
    let get = rig.get();
    service.publish("get/accepted", service.request().list(&[]));
    assert!(get.await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_with_one_id_do_not_fight_on_a_broker_that_tells_neither() {
    let Some(rig) = Rig::start(DEADLINE).await else { return };
    // The first one may be back before the second one has subscribed.
    let connected = timeout(DEADLINE, async {
        loop {
            let options = rig.mosquitto.options("test-1");
            if let Ok(connected) = Client::connect("MyThing".parse().unwrap(), options, Trace::off()).await {
                return connected;
            }
        }
    });
    let (second, mut others) = connected.await.unwrap();
    let Rig { client: first, mut streams, .. } = rig;
    // Each closes the other's connection in turn, until one of them sees what is going on.
    let (left, reason) = timeout(DEADLINE, async {
        tokio::select! {
            reason = given_up(&mut streams) => (second, reason),
            reason = given_up(&mut others) => (first, reason),
        }
    })
    .await
    .unwrap();
    assert!(reason.contains("most likely another client uses the same client id test-1"), "{reason}");
    // The other one is left in peace, once it is back.
    let in_peace = async { while left.barrier().await.is_err() {} };
    timeout(DEADLINE, in_peace).await.unwrap();
}

/// Why the connection was lost for good.
async fn given_up(streams: &mut Streams) -> String {
    for _ in 0..100 {
        if let Change::Final { reason } = next_change(&mut streams.connection_changes).await {
            return reason;
        }
    }
    panic!("it is lost and restored without end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_keep_their_order_whatever_their_number() {
    let Some(mut rig) = Rig::start(DEADLINE).await else { return };
    // mosquitto keeps no more than 1,000 messages for a client that is slower than this.
    let count = 900;
    for number in 0..count {
        rig.service.publish("notify", format!(r#"{{"timestamp":{number},"jobs":{{}}}}"#));
    }
    for number in 0..count {
        let event = timeout(DEADLINE, rig.streams.job_executions_changed.recv()).await.unwrap().unwrap();
        assert_eq!(event.number, number + 1);
        assert_eq!(event.payload.unwrap(), format!(r#"{{"timestamp":{number},"jobs":{{}}}}"#));
    }
}
