//! A local service in this process, for the length of one test.

use std::sync::{Arc, Mutex};

use jobs_sandbox::jobs::model::ThingName;
use jobs_sandbox::service::state::create_job::CreateJobRequest;
use jobs_sandbox::service::state::things::CreateThingRequest;
use jobs_sandbox::service::{LocalService, Options};
use serde_json::json;

/// The thing that the device certificate speaks for.
pub(crate) const THING: &str = "MyThing";

/// A running service, and what it logged.
pub(crate) struct Service {
    pub(crate) local: LocalService,
    log: Arc<Mutex<Vec<String>>>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let options = Options {
            mqtt_port: 0,
            http_port: 0,
            listen: "127.0.0.1".parse().unwrap(),
            dir: None,
            account: "123456789012".into(),
            region: "us-east-1".into(),
            things: vec![thing()],
            log: Arc::new(move |line| lines.lock().unwrap().push(line.to_owned())),
        };
        let service = Self { local: LocalService::start(options).await.unwrap(), log };
        service.create_thing(THING);
        service
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn create_thing(&self, name: &str) {
        let id = uuid::Uuid::new_v4();
        self.local
            .shared()
            .handle(|state, now| state.create_thing(now, name, id, &CreateThingRequest::default()))
            .unwrap();
    }

    /// An operator creates a job for the thing.
    pub(crate) fn create_job(&self, id: &str, document: &str) {
        let request: CreateJobRequest = serde_json::from_value(json!({
            "targets": [format!("arn:aws:iot:us-east-1:123456789012:thing/{THING}")],
            "document": document,
        }))
        .unwrap();
        self.local.shared().handle(|state, now| state.create_job(now, id, request)).unwrap();
    }
}

pub(crate) fn thing() -> ThingName {
    THING.parse().unwrap()
}
