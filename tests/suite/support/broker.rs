//! An MQTT 5 broker of the test's, byte by byte: it says what no real one would.

use std::io::{self, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::Value;

use super::DEADLINE;
use super::certificates::Authority;
use super::packet::{first_byte, packet, string};
use super::tls::{Behavior, TlsServer};
use super::{Sandbox, Serve};

/// The broker before anybody has come.
pub(crate) struct Broker {
    clients: Receiver<TcpStream>,
    tls: TlsServer,
    authority: Authority,
}

/// One client's connection; what is written to it is on its way at the latest when something is awaited.
pub(crate) struct Connection {
    reader: TcpStream,
    writer: BufWriter<TcpStream>,
}

/// How a client is received.
pub(crate) mod terms {
    /// No properties in CONNACK.
    pub(crate) const NONE: &[u8] = &[];
    /// A keep-alive of a second, whatever the client asked for.
    pub(crate) const KEEP_ALIVE_1: &[u8] = &[0x13, 0, 1];
    /// Each filter is granted, at QoS 1.
    pub(crate) const GRANTED: u8 = 1;
    /// Each filter is refused: not authorized.
    pub(crate) const REFUSED: u8 = 0x87;
}

impl Broker {
    pub(crate) fn start() -> Self {
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind: SocketAddr = plain.local_addr().unwrap();
        let authority = Authority::new();
        let behavior = Behavior { behind, is_proxy: false, alpn: None };
        let tls = TlsServer::start(TcpListener::bind("127.0.0.1:0").unwrap(), &authority.server(), behavior);
        let (sender, clients) = channel();
        thread::spawn(move || plain.incoming().try_for_each(|client| sender.send(client.unwrap())));
        Self { clients, tls, authority }
    }

    /// `jobs-sandbox` connected to it, the control plane at `control_plane`, whose certificate it bears.
    pub(crate) fn client(&self, control_plane: &Serve) -> Sandbox {
        let port = self.tls.address.port();
        Sandbox::aws_mode(port, &control_plane.url(), control_plane.dir())
            .file("ca.pem", self.authority.pem())
    }

    /// Takes the next client and refuses it, in a code and in words.
    #[track_caller]
    pub(crate) fn refuse(&self, code: u8, reason: &str) {
        let mut connection = self.connected();
        let length = u8::try_from(reason.len()).unwrap();
        connection.write(first_byte::CONNACK, &[&[0, code, length + 3, 0x1F, 0, length], reason.as_bytes()]);
        connection.flush();
    }

    /// The next client, which has said CONNECT.
    #[track_caller]
    fn connected(&self) -> Connection {
        let stream = self.clients.recv_timeout(DEADLINE).expect("a client");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let writer = BufWriter::with_capacity(64 * 1024, stream.try_clone().unwrap());
        let mut connection = Connection { reader: stream, writer };
        connection.next(first_byte::CONNECT);
        connection
    }

    /// Takes the next client and grants all that it subscribes to.
    #[track_caller]
    pub(crate) fn accept(&self) -> Connection {
        self.accept_with(terms::NONE, terms::GRANTED)
    }

    /// Takes the next client with these properties of CONNACK, and gives this code for each filter.
    #[track_caller]
    pub(crate) fn accept_with(&self, properties: &[u8], code: u8) -> Connection {
        let mut connection = self.connected();
        // No session, success.
        let length = u8::try_from(properties.len()).unwrap();
        connection.write(first_byte::CONNACK, &[&[0, 0, length], properties]);
        let subscribe = connection.next(first_byte::SUBSCRIBE);
        // Two bytes of packet identifier, one that says that there are no properties, and each filter with its
        // length before and its options behind it.
        let (id, mut filters, mut codes) = (&subscribe[..2], &subscribe[3..], vec![0]);
        while let [high, low, rest @ ..] = filters {
            filters = &rest[usize::from(u16::from_be_bytes([*high, *low])) + 1..];
            codes.push(code);
        }
        connection.write(first_byte::SUBACK, &[id, &codes]);
        connection.flush();
        connection
    }
}

impl Connection {
    /// A message at QoS 0 below `$aws/things/MyThing/jobs/`.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8]) {
        self.publish_to(&format!("{PREFIX}{topic}"), payload);
    }

    /// A message at QoS 0 on any topic.
    pub(crate) fn publish_to(&mut self, topic: &str, payload: &[u8]) {
        self.write(first_byte::PUBLISH, &[&string(topic), &[0], payload]);
    }

    /// The same at QoS 1; returns when the client has taken it, and all before it.
    #[track_caller]
    pub(crate) fn publish_and_wait(&mut self, topic: &str, payload: &[u8]) {
        let topic = string(&format!("{PREFIX}{topic}"));
        self.write(first_byte::PUBLISH | first_byte::QOS_1, &[&topic, &[0, 1, 0], payload]);
        self.next(first_byte::PUBACK);
    }

    /// Sends what has been written.
    pub(crate) fn flush(&mut self) {
        // That the client has hung up shows where something is read.
        let _ = self.writer.flush();
    }

    /// Says DISCONNECT with a reason, in a code and in words.
    pub(crate) fn disconnect(&mut self, code: u8, reason: &str) {
        let length = u8::try_from(reason.len()).unwrap();
        self.write(first_byte::DISCONNECT, &[&[code, length + 3, 0x1F, 0, length], reason.as_bytes()]);
        self.flush();
    }

    /// Takes the next request and grants it; returns its topic below `$aws/things/MyThing/jobs/` and its payload.
    #[track_caller]
    pub(crate) fn request(&mut self) -> (String, Value) {
        let publish = self.next(first_byte::PUBLISH | first_byte::QOS_1);
        let (length, rest) = publish.split_at(2);
        let (topic, rest) = rest.split_at(usize::from(u16::from_be_bytes([length[0], length[1]])));
        // The identifier, and one byte that says that there are no properties.
        let (id, payload) = (&rest[..2], &rest[3..]);
        self.write(first_byte::PUBACK, &[id]);
        let topic = std::str::from_utf8(topic).unwrap().strip_prefix(PREFIX).unwrap();
        (topic.to_owned(), serde_json::from_slice(payload).unwrap())
    }

    /// Stays connected, with an answer to nothing but pings, until the client goes.
    pub(crate) fn stay(mut self) {
        thread::spawn(move || while self.next_but_pings().is_ok() {});
    }

    /// The next packet, which begins with this byte, without its header.
    #[track_caller]
    fn next(&mut self, first: u8) -> Vec<u8> {
        let (found, body) = self.next_but_pings().unwrap();
        assert_eq!(found, first);
        body
    }

    /// The first byte of the next packet, and what is behind its header; pings before it are answered.
    fn next_but_pings(&mut self) -> io::Result<(u8, Vec<u8>)> {
        loop {
            self.flush();
            let (first, body) = self.packet()?;
            if first != PINGREQ {
                return Ok((first, body));
            }
            self.write(PINGRESP, &[]);
        }
    }

    fn packet(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut byte = || {
            let mut byte = [0];
            self.reader.read_exact(&mut byte).map(|()| byte[0])
        };
        let first = byte()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let seven = byte()?;
            length |= usize::from(seven & 0x7F) << shift;
            shift += 7;
            if seven & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((first, body))
    }

    fn write(&mut self, first: u8, parts: &[&[u8]]) {
        let _ = self.writer.write_all(&packet(first, parts));
    }
}

const PREFIX: &str = "$aws/things/MyThing/jobs/";

const PINGREQ: u8 = 0xC0;
const PINGRESP: u8 = 0xD0;
