//! An MQTT client that sends and shows single packets, so that a test sees what a library would hide.

use std::io::{self, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jobs_sandbox::service::LocalService;
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v5::{self, Codec, Connect, ConnectAck, Packet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_util::codec::{Decoder, Encoder};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// TLS as a device sets it up.
pub(crate) fn tls(ca: &Path, cert: &[u8], key: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(cert).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// TLS with the service's own device certificate.
pub(crate) fn device_tls(service: &LocalService) -> Arc<ClientConfig> {
    let read = |path| std::fs::read(path).unwrap();
    tls(&service.ca_file(), &read(service.cert_file()), &read(service.key_file()))
}

/// An open TLS connection to the service.
pub(crate) async fn open(service: &LocalService, tls: Arc<ClientConfig>) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(service.mqtt_addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let connector = tokio_rustls::TlsConnector::from(tls);
    connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

/// One MQTT 5 connection.
pub(crate) struct Client {
    stream: TlsStream<TcpStream>,
    codec: Codec,
    input: BytesMut,
    next_packet_id: u16,
}

impl Client {
    /// Connects as a device and sees the CONNECT accepted.
    pub(crate) async fn connect(service: &LocalService, client_id: &str) -> Self {
        let connect = Connect { clean_start: true, ..Connect::default().client_id(client_id) };
        Self::connect_with(service, connect).await.0
    }

    /// Connects as a device.
    pub(crate) async fn connect_with(service: &LocalService, connect: Connect) -> (Self, ConnectAck) {
        Self::connect_as(service, device_tls(service), connect).await
    }

    /// Connects with a certificate of the test's choice.
    pub(crate) async fn connect_as(
        service: &LocalService,
        tls: Arc<ClientConfig>,
        connect: Connect,
    ) -> (Self, ConnectAck) {
        Self::try_connect(service, tls, connect).await.expect("a CONNACK")
    }

    /// Connects; `None` where the connection breaks before a CONNACK.
    pub(crate) async fn try_connect(
        service: &LocalService,
        tls: Arc<ClientConfig>,
        connect: Connect,
    ) -> Option<(Self, ConnectAck)> {
        let mut client = Self::ask(service, tls, connect).await.ok()?;
        match client.receive().await? {
            Packet::ConnectAck(ack) => Some((client, *ack)),
            other => panic!("no CONNACK but {other:?}"),
        }
    }

    /// Sends a CONNECT and awaits nothing.
    pub(crate) async fn ask(
        service: &LocalService,
        tls: Arc<ClientConfig>,
        connect: Connect,
    ) -> io::Result<Self> {
        let stream = open(service, tls).await;
        let mut client = Self { stream, codec: Codec::new(0, 0), input: BytesMut::new(), next_packet_id: 1 };
        let mut bytes = BytesMut::new();
        client.codec.encode(Packet::Connect(Box::new(connect)), &mut bytes).unwrap();
        client.stream.write_all(&bytes).await?;
        Ok(client)
    }

    /// Whether it sends from now on as the AWS SDKs do.
    pub(crate) fn set_nagle(&self, is_on: bool) {
        self.stream.get_ref().0.set_nodelay(!is_on).unwrap();
    }

    pub(crate) async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        self.codec.encode(packet, &mut bytes).unwrap();
        self.send_bytes(&bytes).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends it in one record of TLS, whose beginning leaves alone.
    pub(crate) async fn send_in_two(&mut self, bytes: &[u8]) {
        let (socket, tls) = self.stream.get_mut();
        let mut record = Vec::new();
        tls.writer().write_all(bytes).unwrap();
        tls.write_tls(&mut record).unwrap();
        let (begin, end) = record.split_at(record.len() / 2);
        socket.write_all(begin).await.unwrap();
        socket.write_all(end).await.unwrap();
    }

    /// The next packet; `None` once the connection is closed.
    pub(crate) async fn receive(&mut self) -> Option<Packet> {
        self.receive_or_end().await.ok()
    }

    /// The next packet, or how the connection ends.
    pub(crate) async fn receive_or_end(&mut self) -> Result<Packet, io::ErrorKind> {
        timeout(PATIENCE, async {
            loop {
                if let Some((packet, _)) = self.codec.decode(&mut self.input).unwrap() {
                    return Ok(packet);
                }
                match self.stream.read_buf(&mut self.input).await {
                    Ok(1..) => {}
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof),
                    Err(error) => return Err(error.kind()),
                }
            }
        })
        .await
        .expect("a packet in time")
    }

    /// Asks for nothing, so that what comes before the answer is all that has been on its way; returns its identifier.
    pub(crate) async fn send_barrier(&mut self) -> NonZeroU16 {
        let packet_id = self.packet_id();
        let topic_filters = vec!["nothing".into()];
        let unsubscribe = v5::Unsubscribe { packet_id, user_properties: Vec::new(), topic_filters };
        self.send(Packet::Unsubscribe(unsubscribe)).await;
        packet_id
    }

    /// Says that nothing more comes.
    pub(crate) async fn close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    pub(crate) fn packet_id(&mut self) -> NonZeroU16 {
        self.next_packet_id += 1;
        NonZeroU16::new(self.next_packet_id).unwrap()
    }

    /// Subscribes at QoS 1 and returns the reason codes.
    pub(crate) async fn subscribe(&mut self, filters: &[&str]) -> Vec<u8> {
        let options = v5::SubscriptionOptions { qos: QoS::AtLeastOnce, ..Default::default() };
        self.subscribe_with(filters, options).await
    }

    pub(crate) async fn subscribe_with(
        &mut self,
        filters: &[&str],
        options: v5::SubscriptionOptions,
    ) -> Vec<u8> {
        let packet_id = self.packet_id();
        let topic_filters = filters.iter().map(|filter| ((*filter).into(), options)).collect();
        let subscribe = v5::Subscribe { packet_id, id: None, user_properties: Vec::new(), topic_filters };
        self.send(Packet::Subscribe(subscribe)).await;
        match self.receive().await {
            Some(Packet::SubscribeAck(ack)) => {
                assert_eq!(ack.packet_id, packet_id);
                ack.status.into_iter().map(u8::from).collect()
            }
            other => panic!("no SUBACK but {other:?}"),
        }
    }

    /// Publishes at QoS 1 and returns the reason code.
    pub(crate) async fn publish(&mut self, topic: &str, payload: &str) -> u8 {
        let packet_id = self.packet_id();
        let publish = Publish { packet_id: Some(packet_id), ..publish(topic, payload, QoS::AtLeastOnce) };
        self.send(Packet::Publish(Box::new(publish))).await;
        match self.receive().await {
            Some(Packet::PublishAck(ack)) => {
                assert_eq!(ack.packet_id, packet_id);
                ack.reason_code.into()
            }
            other => panic!("no PUBACK but {other:?}"),
        }
    }

    /// Publishes a message of any kind at QoS 0 or 1, and sees it acknowledged.
    pub(crate) async fn publish_message(&mut self, publish: Publish) {
        let packet_id = (publish.qos != QoS::AtMostOnce).then(|| self.packet_id());
        self.send(Packet::Publish(Box::new(Publish { packet_id, ..publish }))).await;
        if packet_id.is_some() {
            let Some(Packet::PublishAck(ack)) = self.receive().await else { panic!("no PUBACK") };
            assert_eq!(u8::from(ack.reason_code), 0);
        }
    }

    /// Says goodbye and sees the connection closed.
    pub(crate) async fn disconnect(mut self, reason_code: v5::DisconnectReasonCode) {
        self.send(Packet::Disconnect(v5::Disconnect { reason_code, ..Default::default() })).await;
        while self.receive().await.is_some() {}
    }

    /// The next packet, which is a message; a QoS 1 message is acknowledged.
    pub(crate) async fn message(&mut self) -> Publish {
        match self.receive().await {
            Some(Packet::Publish(publish)) => {
                if let Some(packet_id) = publish.packet_id {
                    self.send(Packet::PublishAck(v5::PublishAck { packet_id, ..Default::default() })).await;
                }
                *publish
            }
            other => panic!("no message but {other:?}"),
        }
    }

    /// Topics of the messages that are on their way: asks for a ping, which nothing overtakes in the end.
    pub(crate) async fn pending(&mut self) -> Vec<String> {
        let barrier = self.send_barrier().await;
        let mut topics = Vec::new();
        loop {
            match self.receive().await {
                Some(Packet::UnsubscribeAck(ack)) if ack.packet_id == barrier => return topics,
                Some(Packet::Publish(publish)) => topics.push(publish.topic.to_string()),
                other => panic!("no UNSUBACK but {other:?}"),
            }
        }
    }

    /// The reason code of the DISCONNECT with which the service ends the connection.
    pub(crate) async fn disconnected(&mut self) -> u8 {
        loop {
            match self.receive().await {
                Some(Packet::Disconnect(disconnect)) => return disconnect.reason_code.into(),
                Some(Packet::Publish(_)) => {}
                other => panic!("no DISCONNECT but {other:?}"),
            }
        }
    }
}

/// A message that nothing is special about.
pub(crate) fn publish(topic: &str, payload: &str, qos: QoS) -> Publish {
    Publish {
        dup: false,
        retain: false,
        qos,
        topic: topic.into(),
        packet_id: None,
        payload: payload.to_owned().into(),
        properties: None,
    }
}
