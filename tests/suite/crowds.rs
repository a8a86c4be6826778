//! More clients than there is room for, on the ports of `serve`.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use jobs_sandbox::client::identity::Identity;
use nix::sys::signal::Signal;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::support::peers::program;
use crate::support::skip::may_open;
use crate::support::{DEADLINE, Sandbox, Serve, connect};

/// MQTT 3.1.1, for a client id of one byte, which is still to come.
const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01";

/// A device that is connected.
struct Device(StreamOwned<ClientConnection, TcpStream>);

impl Device {
    /// An error where the service closes the connection before the CONNACK.
    fn connect(serve: &Serve, tls: &Arc<ClientConfig>, number: u8) -> io::Result<Self> {
        let connection = ClientConnection::new(tls.clone(), "localhost".try_into().unwrap()).unwrap();
        let mut device = Self(StreamOwned::new(connection, connect(serve.mqtt)));
        device.0.write_all(&[CONNECT, &[b'a' + number]].concat())?;
        let mut ack = [0; 4];
        device.0.read_exact(&mut ack)?;
        assert_eq!(&ack, b"\x20\x02\0\0");
        Ok(device)
    }

    /// Connects as soon as the service lets it.
    fn connect_sooner_or_later(serve: &Serve, tls: &Arc<ClientConfig>, number: u8) -> Self {
        let begun = Instant::now();
        loop {
            if let Ok(device) = Self::connect(serve, tls, number) {
                return device;
            }
            assert!(begun.elapsed() < DEADLINE, "nobody is let in");
        }
    }

    /// A round trip.
    fn ping(&mut self) -> io::Result<()> {
        self.0.write_all(b"\xc0\0")?;
        let mut answer = [0; 2];
        self.0.read_exact(&mut answer)?;
        assert_eq!(&answer, b"\xd0\0");
        Ok(())
    }
}

/// TLS as the device's files have it.
fn tls(serve: &Serve) -> Arc<ClientConfig> {
    let [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| serve.file(name));
    Identity::load(&cert, &key, Some(&ca)).unwrap().tls_config(serve.mqtt.port())
}

#[test]
fn a_connection_too_many_is_closed_and_a_free_place_is_taken_again() {
    // Four hundred files are for everything else.
    let mut serve = Serve::run(Sandbox::new().open_files(412), &[]);
    let tls = tls(&serve);
    let mut devices: Vec<_> = (0..12).map(|number| Device::connect(&serve, &tls, number).unwrap()).collect();
    assert!(Device::connect(&serve, &tls, 12).is_err());
    let told = serve.process.stderr_until("clients are refused");
    assert!(told.ends_with("clients are refused: 12 are connected, no more are taken"), "{told}");
    for device in &mut devices {
        device.ping().unwrap();
    }
    drop(devices.remove(5));
    devices.push(Device::connect_sooner_or_later(&serve, &tls, 12));

    // One that never says anything keeps its place for a second, where others want it.
    drop(devices.remove(5));
    let mut silent = connect(serve.mqtt);
    devices.push(Device::connect_sooner_or_later(&serve, &tls, 13));
    assert!(!matches!(silent.read(&mut [0]), Ok(1..)));
    for device in &mut devices {
        device.ping().unwrap();
    }
}

#[test]
fn the_program_takes_as_many_files_as_it_may_have() {
    if !may_open(1000) {
        return;
    }
    let serve = Serve::run(Sandbox::new().soft_open_files(412), &[]);
    let tls = tls(&serve);
    let mut devices: Vec<_> = (0..20).map(|number| Device::connect(&serve, &tls, number).unwrap()).collect();
    for device in &mut devices {
        device.ping().unwrap();
    }
}

#[test]
fn five_thousand_connections_that_never_speak_mqtt_keep_nobody_waiting() {
    // A thousand are for the tests beside this one, and for the service's own.
    if !may_open(6000) {
        return;
    }
    let serve = Serve::start();
    let tls = tls(&serve);
    let mut first = Device::connect(&serve, &tls, 0).unwrap();
    let mut crowd = Vec::new();
    for number in 0..5000 {
        let mut stream = connect(serve.mqtt);
        // Some say nothing, some stop within the TLS hello, some speak something else.
        let start: &[u8] = match number % 3 {
            0 => b"",
            1 => b"\x16\x03\x01\x02\0\x01",
            _ => CONNECT,
        };
        let _ = stream.write_all(start);
        crowd.push(stream);
        if number % 500 == 0 {
            first.ping().unwrap();
            Device::connect(&serve, &tls, 1).unwrap().ping().unwrap();
        }
    }
    // What is no TLS is told so and closed; on the others the service waits for a while.
    for stream in crowd.iter_mut().skip(2).step_by(3) {
        while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
    }
    first.ping().unwrap();
    Device::connect(&serve, &tls, 1).unwrap().ping().unwrap();
}

#[test]
fn a_silent_crowd_on_the_http_port_leaves_files_to_everybody_else() {
    if !may_open(1500) {
        return;
    }
    let mut serve = Serve::run(Sandbox::new().open_files(200), &["--thing", "MyThing"]);
    let tls = tls(&serve);
    let _crowd: Vec<_> = (0..1000).map(|_| connect(serve.http)).collect();
    Device::connect(&serve, &tls, 0).unwrap().ping().unwrap();
    serve.get("/_sandbox/health");
    assert_eq!(log_of(&mut serve), "");
}

#[test]
fn where_no_file_is_left_the_silent_make_room_and_one_line_a_second_says_so() {
    if !may_open(1500) {
        return;
    }
    let Some(prlimit) = program("prlimit") else { return };
    let mut serve = Serve::start();
    let begun = Instant::now();
    let mut crowd: Vec<_> = (0..100).map(|_| connect(serve.http)).collect();
    // They are taken in their order.
    serve.get("/_sandbox/health");
    take_other_files(&serve, &prlimit);
    crowd.extend((0..800).map(|_| connect(serve.http)));
    serve.get("/_sandbox/health");
    assert_only_lack_of_files(&log_of(&mut serve), "HTTP", begun);
}

#[test]
fn where_no_file_is_left_who_does_not_finish_connecting_makes_room_on_the_mqtt_port() {
    let Some(prlimit) = program("prlimit") else { return };
    let mut serve = Serve::start();
    let tls = tls(&serve);
    let begun = Instant::now();
    let _crowd: Vec<_> = (0..20).map(|_| connect(serve.mqtt)).collect();
    Device::connect(&serve, &tls, 0).unwrap();
    take_other_files(&serve, &prlimit);
    let _more: Vec<_> = (0..20).map(|_| connect(serve.mqtt)).collect();
    Device::connect(&serve, &tls, 1).unwrap().ping().unwrap();
    assert_only_lack_of_files(&log_of(&mut serve), "MQTT", begun);
}

/// Lets the service have no more files than are open now.
fn take_other_files(serve: &Serve, prlimit: &Path) {
    let pid = serve.process.id();
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let limited =
        Command::new(prlimit).args(["--pid", &pid.to_string(), &format!("--nofile={open}")]).status();
    assert!(limited.unwrap().success());
}

#[track_caller]
fn assert_only_lack_of_files(log: &str, front: &str, begun: Instant) {
    let line = format!(
        "local service: cannot accept {front} connections: too many files are open: raise the limit on open files \
         (ulimit -n)"
    );
    assert!(!log.is_empty() && log.lines().all(|said| said == line), "{log}");
    assert!(log.lines().count() as u64 <= begun.elapsed().as_secs() + 1, "{log}");
}

/// What the service has logged when it has ended.
fn log_of(serve: &mut Serve) -> String {
    serve.process.signal(Signal::SIGTERM);
    let finished = serve.process.wait();
    assert!(finished.status.success(), "{}\n{}", finished.status, finished.stderr);
    finished.stderr
}
