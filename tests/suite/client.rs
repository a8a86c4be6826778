//! The Jobs client and the control-plane client as a library, against the local service: what they do when
//! all is well, when a policy forbids it, and when the network breaks.

use std::path::Path;
use std::time::Duration;

use jobs_sandbox::client::connection::{self, Change};
use jobs_sandbox::client::control_plane::{self, ControlPlane, CreateJob, CredentialsSource, ThingLookup};
use jobs_sandbox::client::identity::Identity;
use jobs_sandbox::client::jobs::{self, Client, Streams};
use jobs_sandbox::client::trace::Trace;
use jobs_sandbox::service::{self, LocalService};
use jobs_sandbox::wire::model::{
    DescribeJobExecutionRequest, JobExecutionStatus, JobRef, StartNextPendingJobExecutionRequest, ThingName,
    UpdateJobExecutionRequest,
};
use tokio::time::timeout;

use crate::support::certificates::Authority;
use crate::support::proxy::{Proxy, next_change};
use crate::support::{DEADLINE, refusing};

/// The local service and what is needed to speak to it.
struct Rig {
    service: LocalService,
    control_plane: ControlPlane,
}

impl Rig {
    async fn start() -> Self {
        let service = LocalService::start(service::Options::default()).await.unwrap();
        let control_plane = ControlPlane::new(control_plane::Options {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(format!("http://{}", service.http_addr())),
            credentials: CredentialsSource::Dummy,
            ca_bundle: None,
            timeout: DEADLINE,
            trace: Trace::off(),
        })
        .await;
        Self { service, control_plane }
    }

    fn options(&self) -> connection::Options {
        self.options_with(&self.service.cert_file(), &self.service.key_file(), &self.service.ca_file())
    }

    fn options_with(&self, cert: &Path, key: &Path, ca: &Path) -> connection::Options {
        let identity = Identity::load(cert, key, Some(ca)).unwrap();
        connection::Options {
            host: "localhost".to_owned(),
            port: self.service.mqtt_addr().port(),
            client_id: format!("test-{:?}", std::thread::current().id()),
            tls: identity.tls_config(8883),
            timeout: Duration::from_secs(20),
            keep_alive: connection::KEEP_ALIVE,
        }
    }

    async fn connect(&self) -> (Client, Streams) {
        Client::connect(thing(), self.options(), Trace::off()).await.unwrap()
    }

    /// Connects over a line that can be broken.
    async fn connect_through_proxy(&self, timeout: Duration) -> (Client, Streams, Proxy) {
        let proxy = Proxy::start(self.service.mqtt_addr()).await;
        let options = connection::Options {
            port: proxy.address.port(),
            keep_alive: Duration::from_secs(1),
            timeout,
            ..self.options()
        };
        let (client, streams) = Client::connect(thing(), options, Trace::off()).await.unwrap();
        (client, streams, proxy)
    }

    async fn create_job(&self, job: &str) {
        let lookup = self.control_plane.create_thing_if_missing(&thing()).await.unwrap();
        let (ThingLookup::Existing { arn } | ThingLookup::Created { arn }) = lookup;
        let request = CreateJob {
            target_arn: arn,
            document: r#"{"Todo":"Reboot"}"#.to_owned(),
            description: None,
            timeout_minutes: None,
            retries: None,
        };
        self.control_plane.create_job(&job.parse().unwrap(), request).await.unwrap();
    }
}

/// For what waits in vain; long enough for what is answered.
const SHORT: Duration = Duration::from_secs(5);

fn thing() -> ThingName {
    "MyThing".parse().unwrap()
}

fn start_next() -> StartNextPendingJobExecutionRequest {
    StartNextPendingJobExecutionRequest::default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_walkthrough_through_the_library() {
    let rig = Rig::start().await;
    let (client, mut streams) = rig.connect().await;
    assert!(client.is_local_service());
    let pending = client.get_pending_job_executions().await.unwrap().response;
    assert!(pending.in_progress_jobs.is_empty() && pending.queued_jobs.is_empty());

    rig.create_job("Job1").await;
    rig.create_job("Job2").await;
    assert_eq!(client.barrier().await.unwrap(), 3);
    let first = streams.job_executions_changed.try_recv().unwrap();
    let next = streams.next_job_execution_changed.try_recv().unwrap();
    let second = streams.job_executions_changed.try_recv().unwrap();
    assert_eq!([first.number, next.number, second.number], [1, 2, 3]);
    assert_eq!(client.pending().unwrap().jobs(JobExecutionStatus::Queued).count(), 2);

    let started = client.start_next_pending_job_execution(start_next()).await.unwrap();
    let execution = started.response.execution.unwrap();
    assert_eq!((execution.job_id.as_str(), execution.version_number), ("Job1", 2.into()));
    assert_eq!(execution.job_document.unwrap().get(), r#"{"Todo":"Reboot"}"#);
    assert_eq!(started.topic, "$aws/things/MyThing/jobs/start-next/accepted");
    let listed = client.get_pending_job_executions().await.unwrap().response;
    assert_eq!((listed.in_progress_jobs.len(), listed.queued_jobs.len()), (1, 1));

    let job = "Job1".parse().unwrap();
    let mut update = UpdateJobExecutionRequest::new(JobExecutionStatus::Succeeded);
    update.include_job_execution_state = true;
    update.include_job_document = true;
    update.expected_version = Some(2.into());
    update.status_details = Some([("a".to_owned(), "b".to_owned())].into());
    let updated = client.update_job_execution(&job, update).await.unwrap().response;
    let state = updated.execution_state.unwrap();
    assert_eq!((state.status, state.version_number), (JobExecutionStatus::Succeeded.into(), 3.into()));
    assert!(updated.job_document.is_some());

    let describe = DescribeJobExecutionRequest { include_job_document: Some(false), ..Default::default() };
    let next = client.describe_job_execution(&JobRef::Next, describe.clone()).await.unwrap();
    assert_eq!(next.topic, "$aws/things/MyThing/jobs/$next/get/accepted");
    let execution = next.response.execution.unwrap();
    assert!(execution.job_id.as_str() == "Job2" && execution.job_document.is_none());
    let done = client.describe_job_execution(&JobRef::Id(job.clone()), describe).await.unwrap_err();
    let jobs::Error::Rejected { response, .. } = done else { panic!() };
    assert_eq!(response.code, "TerminalStateReached");

    rig.control_plane.delete_job(&job, false).await.unwrap();
    let error = rig.control_plane.delete_job(&"Job2".parse().unwrap(), false).await.unwrap_err();
    assert!(error.to_string().starts_with("DeleteJob refused: InvalidStateTransitionException: "), "{error}");
    let list = rig.control_plane.list_jobs(None).await.unwrap().body.unwrap();
    assert!(list.contains(r#""jobId":"Job2""#) && !list.contains("Job1"), "{list}");
    client.disconnect().await;
    rig.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thing_that_the_policy_does_not_name_cannot_be_subscribed_to() {
    let rig = Rig::start().await;
    let error =
        Client::connect("Other".parse().unwrap(), rig.options(), Trace::off()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the server refused to subscribe to $aws/things/Other/jobs/notify, "),
        "{error}"
    );
    assert!(error.contains("0x87 not authorized"), "{error}");
    assert!(error.contains("allow iot:Subscribe on topicfilter/$aws/things/Other/jobs/notify, "), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_server_does_not_know_and_whom_we_do_not_trust_are_told_apart() {
    let rig = Rig::start().await;
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let authority = Authority::new();
    let device = authority.device();
    let ca = write("ca.pem", &authority.pem());
    let (cert, key) = (write("cert.pem", &device.cert), write("key.pem", &device.key));

    let stranger = rig.options_with(&cert, &key, &rig.service.ca_file());
    let error = Client::connect(thing(), stranger, Trace::off()).await.unwrap_err();
    assert!(matches!(error, connection::Error::CertificateRefused { .. }), "{error:?}");

    let suspicious = rig.options_with(&rig.service.cert_file(), &rig.service.key_file(), &ca);
    let error = Client::connect(thing(), suspicious, Trace::off()).await.unwrap_err().to_string();
    assert!(error.starts_with("the certificate of localhost is not trusted: it was issued by"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hinders_a_connection_is_named() {
    let rig = Rig::start().await;
    let failing = async |host: &str, port: u16, timeout: Duration| {
        let options = connection::Options { host: host.to_owned(), port, timeout, ..rig.options() };
        Client::connect(thing(), options, Trace::off()).await.unwrap_err().to_string()
    };
    let error = failing("no-such-host.invalid", 8883, DEADLINE).await;
    assert!(error.starts_with("cannot resolve no-such-host.invalid: "), "{error}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = failing("127.0.0.1", port, Duration::from_millis(200)).await;
    let expected = format!(
        "no TLS handshake from 127.0.0.1:{port} within 0.2 s: check the endpoint, the port and any firewall"
    );
    assert_eq!(error, expected);
    let refusing = refusing();
    let port = refusing.local_addr().unwrap().port();
    let error = failing("127.0.0.1", port, DEADLINE).await;
    assert_eq!(
        error,
        format!(
            "127.0.0.1:{port} refused the connection: check the endpoint and the port, and that the server runs"
        )
    );

    let error = failing("127.0.0.1", rig.service.http_addr().port(), DEADLINE).await;
    assert!(error.contains("does not speak TLS: check the port"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_client_with_the_same_id_ends_the_first_for_good() {
    let rig = Rig::start().await;
    let (first, mut streams) = rig.connect().await;
    let (second, _streams) = rig.connect().await;
    let Change::Final { reason } = next_change(&mut streams.connection_changes).await else { panic!() };
    assert!(reason.starts_with("another client connected with the same client id test-"), "{reason}");
    assert!(
        timeout(DEADLINE, streams.connection_changes.recv()).await.unwrap().is_none(),
        "no attempt follows"
    );
    let error = first.start_next_pending_job_execution(start_next()).await.unwrap_err();
    assert!(matches!(error, jobs::Error::NotAccepted { .. }), "{error:?}");
    second.barrier().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reset_everything_is_subscribed_again_and_what_changed_is_known() {
    let rig = Rig::start().await;
    let (client, mut streams, proxy) = rig.connect_through_proxy(DEADLINE).await;
    rig.create_job("Job1").await;
    client.barrier().await.unwrap();
    proxy.reset();
    let change = next_change(&mut streams.connection_changes).await;
    assert!(matches!(change, Change::Lost { .. }), "{change:?}");
    rig.create_job("Job2").await;
    proxy.pass();
    assert_eq!(next_change(&mut streams.connection_changes).await, Change::Restored);
    let before = client.pending().unwrap();
    client.get_pending_job_executions().await.unwrap();
    let differences = before.differences(&client.pending().unwrap());
    let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(differences, ["Job2 is QUEUED now"]);
    rig.create_job("Job3").await;
    client.barrier().await.unwrap();
    let mut events = 0;
    while streams.job_executions_changed.try_recv().is_ok() {
        events += 1;
    }
    assert_eq!(events, 2, "one before, one after; the one between is lost, as on AWS without a session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_dies_in_silence_is_noticed() {
    let rig = Rig::start().await;
    let (_client, mut streams, proxy) = rig.connect_through_proxy(DEADLINE).await;
    proxy.freeze();
    let Change::Lost { reason } = next_change(&mut streams.connection_changes).await else { panic!() };
    assert_eq!(reason, "no answer to a ping within 0.5 s: the link is dead");
    proxy.pass();
    assert_eq!(next_change(&mut streams.connection_changes).await, Change::Restored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_without_connection_waits_and_then_says_so() {
    let rig = Rig::start().await;
    rig.create_job("Job1").await;
    let (client, mut streams, proxy) = rig.connect_through_proxy(SHORT).await;
    proxy.reset();
    assert!(matches!(next_change(&mut streams.connection_changes).await, Change::Lost { .. }));
    let error = client.start_next_pending_job_execution(start_next()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("StartNextPendingJobExecution was not sent: no connection within 5 s ("),
        "{error}"
    );
    proxy.pass();
    assert_eq!(next_change(&mut streams.connection_changes).await, Change::Restored);
    client.start_next_pending_job_execution(start_next()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivated_certificate_ends_the_connection_until_it_is_active_again() {
    let rig = Rig::start().await;
    let (_client, mut streams) = rig.connect().await;
    let iot = aws_sdk_iot::Client::from_conf(
        aws_sdk_iot::Config::builder()
            .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_iot::config::Region::new("us-east-1"))
            .credentials_provider(aws_sdk_iot::config::Credentials::new("a", "b", None, None, "test"))
            .endpoint_url(format!("http://{}", rig.service.http_addr()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build(),
    );
    let listed = iot.list_certificates().send().await.unwrap();
    let id = listed.certificates()[0].certificate_id().unwrap().to_owned();
    let set = async |status: aws_sdk_iot::types::CertificateStatus| {
        iot.update_certificate().certificate_id(&id).new_status(status).send().await.unwrap();
    };
    set(aws_sdk_iot::types::CertificateStatus::Inactive).await;
    assert!(matches!(next_change(&mut streams.connection_changes).await, Change::Lost { .. }));
    let refused = async {
        loop {
            let next = streams.connection_changes.recv().await;
            if let Some(Change::Retrying { reason: Some(reason), .. }) = next.map(|next| next.change) {
                return reason;
            }
        }
    };
    let reason = timeout(DEADLINE, refused).await.unwrap();
    assert!(reason.contains("check that it is registered and ACTIVE"), "{reason}");
    set(aws_sdk_iot::types::CertificateStatus::Active).await;
    assert_eq!(next_change(&mut streams.connection_changes).await, Change::Restored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restored_line_requests_are_answered() {
    let rig = Rig::start().await;
    rig.create_job("Job1").await;
    let (client, mut streams, proxy) = rig.connect_through_proxy(DEADLINE).await;
    for _ in 0..3 {
        proxy.reset();
        let change = next_change(&mut streams.connection_changes).await;
        assert!(matches!(change, Change::Lost { .. }), "{change:?}");
        proxy.pass();
        assert_eq!(next_change(&mut streams.connection_changes).await, Change::Restored);
        client.get_pending_job_executions().await.unwrap();
    }
}
