//! The executor of the library, on a service in this process and through whatever goes wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jobs_sandbox::client::connection::{KEEP_ALIVE, Options};
use jobs_sandbox::client::executor::{self, Control, Ended, Executor, Gone, Notice, Outcome, Stop, Verdict};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::Client;
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::wire::fault::{Fault, MESSAGES};
use jobs_sandbox::wire::model::{
    JobExecutionData, JobExecutionStatus, StatusDetails, ThingName, UpdateJobExecutionRequest,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::PATIENCE;
use crate::service::{Service, THING, thing};

/// Notices as they come.
type Notices = mpsc::UnboundedReceiver<Notice>;

async fn executor(service: &Service, client_id: &str, options: executor::Options) -> (Executor, Notices) {
    executor_of(service, thing(), client_id, options).await
}

async fn executor_of(
    service: &Service,
    thing: ThingName,
    client_id: &str,
    options: executor::Options,
) -> (Executor, Notices) {
    let local = &service.local;
    let identity = Identity::load(&local.cert_file(), &local.key_file(), Some(&local.ca_file())).unwrap();
    let port = local.mqtt_addr().port();
    let connection = Options {
        host: "localhost".to_owned(),
        port,
        client_id: client_id.to_owned(),
        tls: identity.tls_config(port),
        timeout: Duration::from_secs(3),
        keep_alive: KEEP_ALIVE,
    };
    let (client, streams) = Client::connect(thing, connection, Trace::off()).await.unwrap();
    let (tell, notices) = mpsc::unbounded_channel();
    let executor =
        Executor::new(client, streams, options).telling(move |notice| drop(tell.send(notice.clone())));
    (executor, notices)
}

fn once() -> executor::Options {
    executor::Options { once: true, report_every: Duration::ZERO, ..executor::Options::default() }
}

fn details(pairs: &[(&str, &str)]) -> StatusDetails {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Where a job execution stands: its status and details.
fn stands(service: &Service, job: &str) -> Value {
    stands_of(service, THING, job)
}

fn stands_of(service: &Service, thing: &str, job: &str) -> Value {
    let described = service
        .local
        .read(|state, now| state.describe_job_execution_any_status(now, thing, job, None))
        .unwrap();
    let execution = described.execution;
    json!([execution.status, execution.status_details.details_map])
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

async fn until(notices: &mut Notices, expected: impl Fn(&Notice) -> bool) {
    let mut others = Vec::new();
    let come = async {
        loop {
            let notice = notices.recv().await?;
            if expected(&notice) {
                return Some(());
            }
            others.push(notice);
        }
    };
    let come = timeout(PATIENCE, come).await;
    assert_eq!(come, Ok(Some(())), "{others:?}");
}

#[tokio::test]
async fn each_is_carried_out_once_in_order_with_what_its_handler_reports() {
    let service = Service::start().await;
    service.create_job("A", r#"{"n":1}"#);
    service.create_job("B", r#"{"n":2}"#);
    service.create_job("C", r#"{"n":3}"#);
    let (executor, mut notices) = executor(&service, "test-e", once()).await;
    let begun = Arc::new(Mutex::new(Vec::new()));
    let log = begun.clone();
    let ended = in_time(executor.run(move |execution: JobExecutionData, control: Control| {
        log.lock().unwrap().push(execution.job_document.unwrap().get().to_owned());
        control.report(details(&[("step", "1")]));
        async move {
            match execution.job_id.as_str() {
                "A" => Verdict::Succeeded.into(),
                "B" => Outcome { verdict: Verdict::Failed, status_details: details(&[("why", "no")]) },
                _ => panic!("a handler that panics"),
            }
        }
    }));
    assert_eq!(ended.await.unwrap(), Ended::NothingPending);
    assert_eq!(*begun.lock().unwrap(), [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]);
    assert_eq!(stands(&service, "A"), json!(["SUCCEEDED", {"step": "1"}]));
    assert_eq!(stands(&service, "B"), json!(["FAILED", {"step": "1", "why": "no"}]));
    assert_eq!(stands(&service, "C"), json!(["FAILED", {"step": "1"}]));
    until(&mut notices, |notice| notice.to_string() == "A: begins, execution 1").await;
    until(&mut notices, |notice| notice.to_string() == "C: FAILED").await;
}

/// What goes wrong with a message; the executor gets there all the same, and begins nothing twice. Each fault has a
/// thing of its own, all at once. (`silence` is as any lost connection, once the keep alive has told.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_nothing_is_lost_and_nothing_begins_twice() {
    let service = Arc::new(Service::start_for_any_thing().await);
    let kinds = [
        "refuse=RequestThrottled",
        "refuse=InternalError",
        "refuse=NotAuthorized",
        "refuse=QuotaExceeded",
        "drop-request",
        "drop-answer",
        "drop-event",
        "duplicate",
        "delay=4s",
        "corrupt",
        "disconnect",
        "reset",
        "no-puback",
        "no-connack",
        "refuse-connect=ServerBusy",
    ];
    let mut all = JoinSet::new();
    for (number, (kind, on)) in kinds.iter().flat_map(|kind| MESSAGES.map(|on| (kind, on))).enumerate() {
        let fault = format!("{kind} --on {on} --client-id test-{number}");
        if on != "subscribe" && fault.parse::<Fault>().is_ok() {
            let (service, thing, client_id) =
                (service.clone(), format!("T{number}"), format!("test-{number}"));
            service.create_thing(&thing);
            let options = executor::Options { once: false, ..once() };
            // One after the other: all at once they might take longer than each may.
            let executor = executor_of(&service, thing.parse().unwrap(), &client_id, options).await;
            all.spawn(async move { meet(&service, executor, &thing, &client_id, &fault).await });
        }
    }
    assert_eq!(all.len(), 63);
    while let Some(met) = all.join_next().await {
        met.unwrap();
    }
}

async fn meet(
    service: &Service,
    (executor, mut notices): (Executor, Notices),
    thing: &str,
    client_id: &str,
    fault: &str,
) {
    let add =
        async |fault: &str| service.sandbox("POST", "faults", &json!({ "fault": fault }).to_string()).await;
    add(fault).await;
    if fault.contains("connect ") {
        // A connection that is lost is the occasion for another CONNECT.
        add(&format!("reset --on start-next --client-id {client_id}")).await;
    }
    let begun = Arc::new(Mutex::new(0));
    let (count, (stop, stopped)) = (begun.clone(), oneshot::channel::<()>());
    let running = executor.until(async { drop(stopped.await) }).run(move |_, control| {
        *count.lock().unwrap() += 1;
        control.report(details(&[("progress", "half")]));
        async { Verdict::Succeeded.into() }
    });
    let running = tokio::spawn(running);
    service.create_job_for(thing, thing, "{}");
    until(&mut notices, |notice| matches!(notice, Notice::Ended { .. })).await;
    drop(stop);
    assert_eq!(in_time(running).await.unwrap().unwrap(), Ended::Shutdown, "{fault}");
    assert_eq!(*begun.lock().unwrap(), 1, "{fault}");
    assert_eq!(stands_of(service, thing, thing), json!(["SUCCEEDED", {"progress": "half"}]), "{fault}");
}

/// Two devices with one client id would take the connection from each other for ever.
#[tokio::test]
async fn it_ends_where_another_client_takes_its_place_and_the_next_one_goes_on() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let (first, _) = executor(&service, "test-e", once()).await;
    service.sandbox("POST", "faults", r#"{"fault":"takeover --on update"}"#).await;
    let ended = in_time(first.run(|_, _| async { Verdict::Succeeded.into() })).await;
    assert!(ended.unwrap_err().to_string().contains("took the session over"));
    let (second, _) = executor(&service, "test-e", once()).await;
    let ended = in_time(second.run(|_, _| async { Verdict::Succeeded.into() })).await;
    assert_eq!(ended.unwrap(), Ended::NothingPending);
    assert_eq!(stands(&service, "J")[0], "SUCCEEDED");
}

#[tokio::test]
async fn what_is_in_progress_is_resumed_and_that_is_said_first() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let (first, _) = executor(&service, "test-e", once()).await;
    let unfinished = in_time(first.run(|_, control| {
        control.report(details(&[("step", "1")]));
        async { Verdict::Unfinished.into() }
    }));
    assert_eq!(unfinished.await.unwrap(), Ended::Unfinished);
    assert_eq!(stands(&service, "J"), json!(["IN_PROGRESS", {"step": "1"}]));
    let (second, mut notices) = executor(&service, "test-e", once()).await;
    let ended = in_time(second.run(|execution, control| {
        assert_eq!(execution.status_details, Some(details(&[("resumed", "1"), ("step", "1")])));
        assert_eq!(execution.version_number.to_string(), "4", "begun, reported, resumed");
        control.report(details(&[("step", "2")]));
        async { Verdict::Succeeded.into() }
    }));
    assert_eq!(ended.await.unwrap(), Ended::NothingPending);
    assert_eq!(stands(&service, "J"), json!(["SUCCEEDED", {"resumed": "1", "step": "2"}]));
    until(&mut notices, |notice| notice.to_string() == "J: is resumed, execution 1").await;
}

#[tokio::test]
async fn that_it_is_resumed_is_said_even_where_there_are_as_many_details_as_may_be() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let ten: StatusDetails = (0..10).map(|number| (format!("n{number}"), "1".to_owned())).collect();
    let (first, _) = executor(&service, "test-e", once()).await;
    in_time(first.run(|_, control| {
        control.report(ten.clone());
        async { Verdict::Unfinished.into() }
    }))
    .await
    .unwrap();
    let (second, _) = executor(&service, "test-e", once()).await;
    in_time(second.run(|_, _| async { Verdict::Succeeded.into() })).await.unwrap();
    let details = &stands(&service, "J")[1];
    assert_eq!((&details["resumed"], details.as_object().unwrap().len()), (&json!("1"), 10));
}

#[tokio::test]
async fn what_is_queued_while_the_last_one_runs_is_carried_out_too() {
    let service = Arc::new(Service::start().await);
    service.create_job("A", "{}");
    let (executor, _) = executor(&service, "test-e", once()).await;
    let queueing = service.clone();
    in_time(executor.run(move |execution, _| {
        if execution.job_id.as_str() == "A" {
            queueing.create_job("B", "{}");
        }
        async { Verdict::Succeeded.into() }
    }))
    .await
    .unwrap();
    assert_eq!(stands(&service, "B")[0], "SUCCEEDED");
}

/// Without that it would begin the same job execution again and again.
#[tokio::test]
async fn it_ends_where_the_service_does_not_let_it_say_how_it_went() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let (executor, _) = executor(&service, "test-e", once()).await;
    service.sandbox("POST", "faults", r#"{"fault":"refuse=InvalidRequest --on update --always"}"#).await;
    let ended = in_time(executor.run(|_, _| async { Verdict::Succeeded.into() })).await;
    let error = ended.unwrap_err().to_string();
    assert!(error.starts_with("the service does not take SUCCEEDED for J: InvalidRequest"), "{error}");
}

#[tokio::test]
async fn a_handler_may_end_in_order_where_the_connection_is_lost_for_good() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let (executor, mut notices) = executor(&service, "test-e", once()).await;
    let (stopped, mut stops) = mpsc::unbounded_channel();
    let running = tokio::spawn(executor.run(move |_, control| {
        let stopped = stopped.clone();
        async move {
            let why = control.stopped().await;
            tokio::task::yield_now().await;
            stopped.send(why).unwrap();
            Verdict::Succeeded.into()
        }
    }));
    until(&mut notices, |notice| matches!(notice, Notice::Begun { .. })).await;
    let _other = self::executor(&service, "test-e", once()).await;
    assert!(in_time(running).await.unwrap().is_err());
    assert_eq!(stops.try_recv(), Ok(Stop::Gone));
}

/// Whoever ends it, or changes it, ends its handler.
#[tokio::test]
async fn a_handler_is_stopped_when_its_job_execution_is_not_its_own_any_more() {
    let service = Service::start().await;
    for (what, why) in [
        ("cancel", Gone::Ended(JobExecutionStatus::Canceled)),
        ("delete", Gone::Deleted),
        ("update", Gone::TakenOver),
    ] {
        service.sandbox("POST", "reset", "").await;
        service.create_thing(THING);
        service.create_job("J", "{}");
        let (executor, mut notices) = executor(&service, "test-e", once()).await;
        let (stopped, mut stops) = mpsc::unbounded_channel();
        let running = tokio::spawn(executor.run(move |_, control| {
            let stopped = stopped.clone();
            async move {
                stopped.send(control.stopped().await).unwrap();
                Verdict::Succeeded.into()
            }
        }));
        until(&mut notices, |notice| matches!(notice, Notice::Begun { .. })).await;
        end(&service, what);
        assert_eq!(in_time(stops.recv()).await, Some(Stop::Gone), "{what}");
        until(&mut notices, |notice| *notice == Notice::Gone { job: "J".parse().unwrap(), why }).await;
        running.abort();
    }
}

/// What somebody else does with the job execution that is in progress.
fn end(service: &Service, what: &str) {
    let local = &service.local;
    match what {
        "cancel" => {
            let request = serde_json::from_value(json!({})).unwrap();
            local.write(|state, now| state.cancel_job(now, "J", true, request)).unwrap();
        }
        "delete" => local.write(|state, now| state.delete_job(now, "J", true)).unwrap(),
        _ => {
            // Another device's update raises the version; a second job lets an event tell.
            let request = UpdateJobExecutionRequest::new(JobExecutionStatus::InProgress);
            let job = "J".parse().unwrap();
            local.write(|state, now| state.update_job_execution(now, &thing(), &job, request)).unwrap();
            service.create_job("K", "{}");
        }
    }
}

#[tokio::test]
async fn a_handler_is_told_of_the_end_and_what_it_leaves_stays_in_progress() {
    let service = Service::start().await;
    service.create_job("J", "{}");
    let (executor, mut notices) = executor(&service, "test-e", executor::Options::default()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(executor.until(async { drop(stopped.await) }).run(|_, control| async move {
        control.report(details(&[("at", "the end")]));
        assert_eq!(control.stopped().await, Stop::Shutdown);
        Verdict::Unfinished.into()
    }));
    until(&mut notices, |notice| matches!(notice, Notice::Begun { .. })).await;
    drop(stop);
    assert_eq!(in_time(running).await.unwrap().unwrap(), Ended::Shutdown);
    assert_eq!(stands(&service, "J")[0], "IN_PROGRESS");
    assert_eq!(stands(&service, "J")[1], json!({"at": "the end"}));
}
