//! A broker that we did not write, mosquitto, and the test itself in the part of the Jobs service behind it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use jobs_sandbox::client::connection;
use jobs_sandbox::client::identity::Identity;
use nix::sys::signal::Signal;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{Client, Event, MqttOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::certificates::{Authority, Pem};
use super::{DEADLINE, Process, Sandbox, kept_port, peers};

/// mosquitto with a mutual-TLS listener for our program and a plain one for the test.
#[derive(Debug)]
pub(crate) struct Mosquitto {
    process: Process,
    /// Where it speaks MQTT over mutual TLS.
    pub(crate) port: u16,
    plain_port: u16,
    dir: TempDir,
    /// What keeps others from its ports.
    _kept: [TcpSocket; 2],
}

impl Mosquitto {
    /// Starts it, or says why the test is skipped.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        Self::with("")
    }

    /// The same with further lines of configuration.
    #[track_caller]
    pub(crate) fn with(configuration: &str) -> Option<Self> {
        let program = peers::program("mosquitto")?;
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let Pem { cert, key } = authority.server();
        write("server.pem", &cert);
        write("server.key", &key);
        let Pem { cert, key } = authority.device();
        write("cert.pem", &cert);
        write("key.pem", &key);
        write("ca.pem", &authority.pem());
        write("ca.key", &authority.key_pem());

        let kept = [(); 2].map(|()| kept_port());
        let [port, plain_port] = kept.each_ref().map(|kept| kept.local_addr().unwrap().port());
        // Started as root it would become another user, who cannot read the key.
        write(
            "mosquitto.conf",
            &format!(
                "per_listener_settings true
                 user root
                 log_dest stderr
                 {configuration}
                 listener {port} 127.0.0.1
                 cafile ca.pem
                 certfile server.pem
                 keyfile server.key
                 require_certificate true
                 use_identity_as_username true
                 listener {plain_port} 127.0.0.1
                 allow_anonymous true
                "
            )
            .replace("\n                 ", "\n"),
        );
        let process = spawn(&program, dir.path());
        Some(Self { process, port, plain_port, dir, _kept: kept })
    }

    /// Where it speaks MQTT to anybody.
    pub(crate) fn plain_address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.plain_port).into()
    }

    /// Ends it and starts it again on the same ports; it remembers nothing.
    pub(crate) fn restart(&mut self) {
        let program = peers::program("mosquitto").expect("it was started before");
        self.process.signal(Signal::SIGTERM);
        self.process.finish();
        self.process = spawn(&program, self.dir.path());
    }

    /// Waits until it logs a line that contains `text`.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        self.process.stderr_until(text);
    }

    /// How the library connects to it.
    pub(crate) fn options(&self, client_id: &str) -> connection::Options {
        let [cert, key, ca] = ["cert.pem", "key.pem", "ca.pem"].map(|name| self.file(name));
        let identity = Identity::load(&cert, &key, Some(&ca)).unwrap();
        connection::Options {
            host: "localhost".to_owned(),
            port: self.port,
            client_id: client_id.to_owned(),
            tls: identity.tls_config(self.port),
            timeout: DEADLINE,
            keep_alive: connection::KEEP_ALIVE,
        }
    }

    /// One of its files: `ca.pem` and `ca.key` of the authority that it trusts among them.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `jobs-sandbox` connected to it with copies of its files, the control plane at `control_plane`.
    pub(crate) fn client(&self, control_plane: &str) -> Sandbox {
        self.client_through(self.port, control_plane)
    }

    /// The same over a line that ends at another port.
    pub(crate) fn client_through(&self, port: u16, control_plane: &str) -> Sandbox {
        Sandbox::aws_mode(port, control_plane, self.dir.path())
    }

    /// The test's own connection, on which it plays the Jobs service of `MyThing`.
    pub(crate) fn service(&self) -> Service {
        Service::connect(self.plain_port)
    }
}

fn spawn(program: &Path, dir: &Path) -> Process {
    let mut process =
        Process::spawn(std::process::Command::new(program).args(["-c", "mosquitto.conf"]).current_dir(dir));
    process.stderr_until(" running");
    process
}

/// The Jobs service of `MyThing`, played by a test step by step.
pub(crate) struct Service {
    client: Client,
    requests: Receiver<Request>,
}

/// What a device asked.
#[derive(Debug)]
pub(crate) struct Request {
    /// The topic below `$aws/things/MyThing/jobs/`.
    pub(crate) topic: String,
    pub(crate) payload: Value,
}

const PREFIX: &str = "$aws/things/MyThing/jobs/";

impl Service {
    fn connect(port: u16) -> Self {
        let mut options = MqttOptions::new("the-tests", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_mins(1));
        let (client, mut connection) = Client::new(options, 100);
        for requests in ["get", "start-next", "+/get", "+/update"] {
            client.subscribe(format!("{PREFIX}{requests}"), QoS::AtLeastOnce).unwrap();
        }
        let (sender, requests) = channel();
        let (subscribed, ready) = channel();
        thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::SubAck(_))) => subscribed.send(()).unwrap(),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                        let topic = topic.strip_prefix(PREFIX).unwrap().to_owned();
                        let payload = serde_json::from_slice(&publish.payload).unwrap();
                        if sender.send(Request { topic, payload }).is_err() {
                            break;
                        }
                    }
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        });
        for _ in 0..4 {
            ready.recv_timeout(DEADLINE).expect("mosquitto grants the test's subscriptions");
        }
        Self { client, requests }
    }

    /// The next request of a device.
    #[track_caller]
    pub(crate) fn request(&self) -> Request {
        self.requests.recv_timeout(DEADLINE).expect("a request of the device")
    }

    /// Publishes below `$aws/things/MyThing/jobs/`.
    pub(crate) fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.publish(format!("{PREFIX}{topic}"), QoS::AtLeastOnce, false, payload.into()).unwrap();
    }
}

impl Request {
    /// The client token that its answer must carry.
    #[track_caller]
    pub(crate) fn token(&self) -> &str {
        self.payload["clientToken"].as_str().expect("a request carries a client token")
    }

    /// The answer to GetPendingJobExecutions with these jobs queued.
    pub(crate) fn list(&self, queued: &[&str]) -> String {
        let queued: Vec<_> = queued
            .iter()
            .map(|job| json!({"jobId": job, "queuedAt": 1, "lastUpdatedAt": 1, "executionNumber": 1, "versionNumber": 1}))
            .collect();
        let list =
            json!({"clientToken": self.token(), "timestamp": 1, "inProgressJobs": [], "queuedJobs": queued});
        list.to_string()
    }
}
