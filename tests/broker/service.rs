//! A local service in this process, for the length of one test.

use std::sync::{Arc, Mutex};

use jobs_sandbox::service::state::create_job::CreateJobRequest;
use jobs_sandbox::service::state::credentials::attachments::PolicyTargetRequest;
use jobs_sandbox::service::state::credentials::certificates::RegisterCertificateRequest;
use jobs_sandbox::service::state::credentials::policies::CreatePolicyRequest;
use jobs_sandbox::service::state::things::CreateThingRequest;
use jobs_sandbox::service::{DevicePolicies, LocalService, Options, StartError};
use jobs_sandbox::wire::model::ThingName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ClientConfig;

use crate::client;

/// The thing that the device certificate speaks for.
pub(crate) const THING: &str = "MyThing";

/// A running service, and what it logged.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) local: LocalService,
    log: Arc<Mutex<Vec<String>>>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let service = Self::try_start(0).await.unwrap();
        service.create_thing(THING);
        service
    }

    /// A service whose own device certificate may act for any thing.
    pub(crate) async fn start_for_any_thing() -> Self {
        Self::with(Options { device_policies: DevicePolicies::AnyThing, ..Options::default() }).await.unwrap()
    }

    /// A service on a port of the test's choice.
    pub(crate) async fn try_start(mqtt_port: u16) -> Result<Self, StartError> {
        Self::with(Options { mqtt_port, ..Options::default() }).await
    }

    async fn with(options: Options) -> Result<Self, StartError> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let options =
            Options { log: Arc::new(move |line| lines.lock().unwrap().push(line.to_owned())), ..options };
        Ok(Self { local: LocalService::start(options).await?, log })
    }

    /// What the service answers below `/_sandbox/`.
    pub(crate) async fn sandbox(&self, method: &str, name: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.local.http_addr()).await.unwrap();
        let length = body.len();
        let head = format!("{method} /_sandbox/{name} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        let request = format!("{head}content-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn create_thing(&self, name: &str) {
        let id = uuid::Uuid::new_v4();
        self.local
            .write(|state, now| state.create_thing(now, name, id, &CreateThingRequest::default()))
            .unwrap();
    }

    /// A new certificate under a policy of its own, as an operator registers it; its id, and TLS with it.
    pub(crate) fn register(&self, statements: &str) -> (String, Arc<ClientConfig>) {
        let service = &self.local;
        let identity = service.issue_certificate().unwrap();
        let request = RegisterCertificateRequest {
            certificate_pem: Some(identity.certificate_pem.clone()),
            status: Some("ACTIVE".into()),
        };
        let certificate =
            service.write(|state, now| state.register_certificate(now, false, &request)).unwrap();
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let request = CreatePolicyRequest { policy_document: Some(document), tags: None };
        let name = &certificate.certificate_id;
        service.write(|state, now| state.create_policy(now, name, request)).unwrap();
        let target = PolicyTargetRequest { target: Some(certificate.certificate_arn) };
        service.write(|state, _| state.attach_policy(name, &target)).unwrap();
        let tls = client::tls(
            &self.local.ca_file(),
            identity.certificate_pem.as_bytes(),
            identity.private_key_pem.as_bytes(),
        );
        (certificate.certificate_id, tls)
    }

    /// TLS with a certificate that may do anything.
    pub(crate) fn open_tls(&self) -> Arc<ClientConfig> {
        self.register(r#"{"Effect":"Allow","Action":"iot:*","Resource":"*"}"#).1
    }

    /// An operator creates a job for the thing.
    pub(crate) fn create_job(&self, id: &str, document: &str) {
        self.create_job_for(THING, id, document);
    }

    /// An operator creates a job for a thing.
    pub(crate) fn create_job_for(&self, thing: &str, id: &str, document: &str) {
        let request: CreateJobRequest = serde_json::from_value(json!({
            "targets": [format!("arn:aws:iot:us-east-1:123456789012:thing/{thing}")],
            "document": document,
        }))
        .unwrap();
        self.local.write(|state, now| state.create_job(now, id, request)).unwrap();
    }
}

pub(crate) fn thing() -> ThingName {
    THING.parse().unwrap()
}
