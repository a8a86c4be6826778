//! An MQTT 5 broker of the test's, byte by byte: it says what no real one would.

use std::io::{BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::DEADLINE;
use super::certificates::Authority;
use super::tls::{Behaviour, TlsServer};
use super::{Sandbox, Serve};

/// The broker before anybody has come.
pub(crate) struct Broker {
    plain: TcpListener,
    tls: TlsServer,
    authority: Authority,
}

/// One client's connection; what is written to it is on its way at the latest when something is awaited.
pub(crate) struct Connection {
    reader: TcpStream,
    writer: BufWriter<TcpStream>,
}

/// Packet types of MQTT, as they stand in the first byte of a packet.
mod first_byte {
    pub(crate) const CONNECT: u8 = 0x10;
    pub(crate) const CONNACK: u8 = 0x20;
    pub(crate) const PUBLISH: u8 = 0x30;
    pub(crate) const QOS_1: u8 = 0x02;
    pub(crate) const PUBACK: u8 = 0x40;
    pub(crate) const SUBSCRIBE: u8 = 0x82;
    pub(crate) const SUBACK: u8 = 0x90;
}

impl Broker {
    pub(crate) fn start() -> Self {
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind: SocketAddr = plain.local_addr().unwrap();
        let authority = Authority::new();
        let behaviour = Behaviour { behind, is_proxy: false, alpn: None };
        let tls = TlsServer::start(TcpListener::bind("127.0.0.1:0").unwrap(), &authority.server(), behaviour);
        Self { plain, tls, authority }
    }

    /// `jobs-sandbox` connected to it, the control plane at `control_plane`, whose certificate it bears.
    pub(crate) fn client(&self, control_plane: &Serve) -> Sandbox {
        let port = self.tls.address.port();
        Sandbox::aws_mode(port, &control_plane.url(), control_plane.dir())
            .file("ca.pem", self.authority.pem())
    }

    /// Takes the next client and grants all that it subscribes to.
    #[track_caller]
    pub(crate) fn accept(&self) -> Connection {
        let (stream, _) = self.plain.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let writer = BufWriter::with_capacity(64 * 1024, stream.try_clone().unwrap());
        let mut connection = Connection { reader: stream, writer };
        connection.next(first_byte::CONNECT);
        // No session, success, no properties.
        connection.write(first_byte::CONNACK, &[&[0, 0, 0]]);
        let subscribe = connection.next(first_byte::SUBSCRIBE);
        // Two bytes of packet identifier, one that says that there are no properties, and each filter with its
        // length before and its options behind it.
        let (id, mut filters, mut codes) = (&subscribe[..2], &subscribe[3..], vec![0]);
        while let [high, low, rest @ ..] = filters {
            filters = &rest[usize::from(u16::from_be_bytes([*high, *low])) + 1..];
            codes.push(1);
        }
        connection.write(first_byte::SUBACK, &[id, &codes]);
        connection.writer.flush().unwrap();
        connection
    }
}

impl Connection {
    /// A message at QoS 0 below `$aws/things/MyThing/jobs/`.
    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8]) {
        let topic = name(topic);
        self.write(first_byte::PUBLISH, &[&topic, &[0], payload]);
    }

    /// The same at QoS 1; returns when the client has taken it, and all before it.
    #[track_caller]
    pub(crate) fn publish_and_wait(&mut self, topic: &str, payload: &[u8]) {
        let topic = name(topic);
        self.write(first_byte::PUBLISH | first_byte::QOS_1, &[&topic, &[0, 1, 0], payload]);
        self.next(first_byte::PUBACK);
    }

    /// The next packet, which begins with this byte, without its header.
    #[track_caller]
    fn next(&mut self, first: u8) -> Vec<u8> {
        self.writer.flush().unwrap();
        let mut byte = || {
            let mut byte = [0];
            self.reader.read_exact(&mut byte).unwrap();
            byte[0]
        };
        assert_eq!(byte(), first);
        let (mut length, mut shift) = (0, 0);
        loop {
            let seven = byte();
            length |= usize::from(seven & 0x7F) << shift;
            shift += 7;
            if seven & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).unwrap();
        body
    }

    fn write(&mut self, first: u8, parts: &[&[u8]]) {
        let mut packet = vec![first];
        let mut length = parts.iter().map(|part| part.len()).sum::<usize>();
        // Seven bits at a time, the lowest first; the eighth says that more follow.
        loop {
            let more = if length >= 0x80 { 0x80 } else { 0 };
            packet.push(u8::try_from(length % 0x80).unwrap() | more);
            length /= 0x80;
            if more == 0 {
                break;
            }
        }
        for part in parts {
            packet.extend_from_slice(part);
        }
        self.writer.write_all(&packet).unwrap();
    }
}

/// A topic as it stands in a packet.
fn name(topic: &str) -> Vec<u8> {
    let topic = format!("$aws/things/MyThing/jobs/{topic}");
    [&u16::try_from(topic.len()).unwrap().to_be_bytes(), topic.as_bytes()].concat()
}
