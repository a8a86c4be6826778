//! Bytes to packets and back, for MQTT 3.1.1 and 5. The only module that knows `rmqtt_codec`.

mod incoming;
mod outgoing;

use bytes::BytesMut;
use rmqtt_codec::error::DecodeError;
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder, Encoder};

use self::incoming::{from_v3, from_v5};
use self::outgoing::{to_v3, to_v5};
#[cfg(any(test, fuzzing))]
use crate::service::broker::packet::Version;
use crate::service::broker::packet::{Incoming, Outgoing};
use crate::service::broker::refusal::Refusal;

/// The codec of one connection.
#[derive(Debug)]
pub(crate) struct Codec {
    protocol: Protocol,
    /// The largest packet that the other side may send, without its type and length.
    incoming_rest: u32,
}

/// What the codec learns from the CONNECT.
#[derive(Debug)]
enum Protocol {
    /// Nothing was read yet.
    Unknown,
    V3(v3::Codec),
    /// With the largest packet that the client takes, in bytes.
    V5(v5::Codec, usize),
}

/// A packet is larger than the client takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Codec {
    /// The codec of a server that takes packets up to this size, in bytes.
    pub(crate) fn new(maximum_packet_size: u32) -> Self {
        // Type and length take four bytes at any size from 16 KiB to 2 MiB.
        Self { protocol: Protocol::Unknown, incoming_rest: maximum_packet_size.saturating_sub(4) }
    }

    /// The other side's codec.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_client(version: Version) -> Self {
        let protocol = match version {
            Version::V3 => Protocol::V3(v3::Codec::new(0)),
            Version::V5 => Protocol::V5(v5::Codec::new(0, 0), usize::MAX),
        };
        Self { protocol, incoming_rest: u32::MAX }
    }

    /// Takes the next packet from `input`, if it is complete.
    pub(crate) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Incoming>, Refusal> {
        let Self { protocol, incoming_rest } = self;
        if matches!(protocol, Protocol::Unknown) {
            *protocol = match VersionCodec.decode(input).map_err(|error| refuse(&error))? {
                None => return Ok(None),
                Some(ProtocolVersion::MQTT3) => Protocol::V3(v3::Codec::new(*incoming_rest)),
                Some(ProtocolVersion::MQTT5) => Protocol::V5(v5::Codec::new(*incoming_rest, 0), usize::MAX),
            };
        }
        if !is_complete(input, *incoming_rest) {
            return Ok(None);
        }
        let packet = match protocol {
            Protocol::Unknown => Ok(None),
            Protocol::V3(codec) => codec.decode(input).map(|packet| packet.map(|(it, _)| from_v3(it))),
            Protocol::V5(codec, _) => codec.decode(input).map(|packet| packet.map(|(it, _)| from_v5(it))),
        };
        packet.map_err(|error| refuse(&error))
    }

    /// Sets the largest packet that the client takes.
    pub(crate) fn set_maximum_packet_size(&mut self, bytes: u32) {
        if let Protocol::V5(codec, largest) = &mut self.protocol {
            codec.set_max_outbound_size(bytes.max(SMALLEST_MAXIMUM));
            *largest = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
    }

    /// Appends a packet to `output`.
    pub(crate) fn encode(&mut self, packet: Outgoing, output: &mut BytesMut) -> Result<(), TooLarge> {
        let before = output.len();
        let (encoded, largest) = match &mut self.protocol {
            Protocol::Unknown => (Ok(()), usize::MAX),
            Protocol::V3(codec) => {
                (to_v3(packet).map_or(Ok(()), |packet| codec.encode(packet, output)), usize::MAX)
            }
            Protocol::V5(codec, largest) => {
                (to_v5(packet).and_then(|packet| codec.encode(packet, output)), *largest)
            }
        };
        if encoded.is_err() || output.len() - before > largest {
            output.truncate(before);
            return Err(TooLarge);
        }
        Ok(())
    }
}

/// The codec counts down from its limit: what it subtracts for an acknowledgement must fit into this.
const SMALLEST_MAXIMUM: u32 = 64;

/// Whether the next packet is there as a whole, or will be refused because it has more than `incoming_rest`.
///
/// `rmqtt_codec` gets to see no other: it would make room at once for all that a header announces.
fn is_complete(input: &[u8], incoming_rest: u32) -> bool {
    let mut length = 0;
    for (at, byte) in input.iter().enumerate().skip(1).take(4) {
        length |= u32::from(byte & 0x7F) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            return length > incoming_rest || input.len() - at > length as usize;
        }
    }
    // Five bytes without the end of a length are malformed.
    input.len() > 4
}

fn refuse(error: &DecodeError) -> Refusal {
    match error {
        DecodeError::MaxSizeExceeded { .. } => Refusal::TooLarge,
        DecodeError::InvalidClientId => Refusal::ClientId,
        DecodeError::UnsupportedProtocolLevel => Refusal::ProtocolVersion,
        DecodeError::InvalidTopicName => Refusal::TopicInvalid,
        DecodeError::InvalidTopicFilter => Refusal::OutOfPlace,
        _ => Refusal::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::service::broker::limits;
    use crate::service::broker::packet::{Delivery, Message, PacketId, Qos};

    /// Reads until the bytes run out or are refused.
    fn read_all(bytes: &[u8]) -> Result<Vec<Incoming>, Refusal> {
        let (mut codec, mut input) = (Codec::new(MAXIMUM), BytesMut::from(bytes));
        let mut packets = Vec::new();
        while let Some(packet) = codec.decode(&mut input)? {
            packets.push(packet);
        }
        Ok(packets)
    }

    const MAXIMUM: u32 = 150_000;
    const CONNECT_5: &[u8] = b"\x10\x0f\0\x04MQTT\x05\x02\0\x3c\0\0\x02c1";
    const CONNECT_311: &[u8] = b"\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02c1";

    #[test]
    fn the_protocol_is_told_by_the_connect() {
        for (bytes, version) in [(CONNECT_5, Version::V5), (CONNECT_311, Version::V3)] {
            let packets = read_all(bytes).unwrap();
            let [Incoming::Connect(connect)] = &packets[..] else { panic!("{packets:?}") };
            assert_eq!((connect.version, &*connect.client_id, connect.clean_start), (version, "c1", true));
        }
        let old = read_all(b"\x10\x10\0\x06MQIsdp\x03\x02\0\x3c\0\x02c1").unwrap();
        assert!(matches!(&old[..], [Incoming::Connect(connect)] if connect.is_version_31));
    }

    #[test]
    fn packets_come_out_whole_however_the_bytes_come_in() {
        let bytes = [CONNECT_5, b"\x30\x05\0\x01t\0x", b"\xc0\0"].concat();
        let (mut codec, mut input) = (Codec::new(MAXIMUM), BytesMut::new());
        let mut packets = Vec::new();
        for byte in bytes {
            input.extend_from_slice(&[byte]);
            packets.extend(codec.decode(&mut input).unwrap());
        }
        assert_eq!(packets.len(), 3);
        assert!(matches!(&packets[1], Incoming::Publish(publish) if publish.message.payload == "x"));
        assert_eq!(packets[2], Incoming::PingRequest);
    }

    #[test]
    fn what_a_client_announces_costs_nothing_before_it_arrives() {
        for (connect, announced) in
            [(CONNECT_5, &b"\x30\x88\x8c\x09"[..]), (CONNECT_311, b"\x30\x88\x8c\x09")]
        {
            let (mut codec, mut input) = (Codec::new(MAXIMUM), BytesMut::from(connect));
            codec.decode(&mut input).unwrap().unwrap();
            input = BytesMut::from(announced);
            for byte in [&b""[..], b"\0", b"\x01t"] {
                input.extend_from_slice(byte);
                assert_eq!(codec.decode(&mut input), Ok(None));
            }
            assert!(input.capacity() < 1000, "{}", input.capacity());
        }
        let (mut codec, mut input) =
            (Codec::new(MAXIMUM), BytesMut::from(&b"\x10\x88\x8c\x09\0\x04MQTT\x05"[..]));
        assert_eq!(codec.decode(&mut input), Ok(None));
        assert!(input.capacity() < 1000, "{}", input.capacity());
    }

    #[test]
    fn what_is_no_mqtt_is_refused() {
        for (bytes, refusal) in [
            (&b"GET / HTTP/1.1\r\n"[..], Refusal::Malformed),
            (b"\x10\x0e\0\x04MQTT\x06\x02\0\x3c\0\x02c1", Refusal::Malformed),
            (b"\x10\x0f\0\x04MQTT\x05\0\0\x3c\0\0\0", Refusal::ClientId),
            (b"\x10\xff\xff\xff\x7f\0\x04MQTT\x05\x02", Refusal::TooLarge),
        ] {
            let bytes = [bytes, &[0; 16]].concat();
            assert_eq!(read_all(&bytes), Err(refusal), "{bytes:?}");
        }
    }

    #[test]
    fn a_disconnect_is_written_in_its_long_form() {
        let (mut codec, mut output) = (Codec::of_client(Version::V5), BytesMut::new());
        codec.encode(Outgoing::Disconnect { reason: 0x8E, text: None }, &mut output).unwrap();
        assert_eq!(&output[..], b"\xe0\x02\x8e\0");
        let (mut codec, mut output) = (Codec::of_client(Version::V3), BytesMut::new());
        codec.encode(Outgoing::Disconnect { reason: 0x8E, text: None }, &mut output).unwrap();
        assert!(output.is_empty(), "MQTT 3.1.1 has no such packet");
    }

    #[test]
    fn a_packet_is_written_if_it_is_no_larger_than_the_client_takes() {
        let packet_id = PacketId::FIRST;
        let delivery = Delivery {
            message: Message { topic: "t".into(), payload: "x".into(), ..Message::default() }.into(),
            qos: Qos::AtLeastOnce,
            retain: false,
            dup: false,
            packet_id: Some(packet_id),
            expiry: NonZeroU32::new(9),
            sequence: Some(7),
        };
        for packet in [
            Outgoing::ConnectAck(Box::default()),
            Outgoing::Publish(delivery),
            Outgoing::PublishAck { packet_id, reason: 0 },
            Outgoing::SubscribeAck { packet_id, reasons: vec![0; limits::FILTERS_PER_SUBSCRIBE] },
            Outgoing::UnsubscribeAck { packet_id, reasons: vec![17; 20], sequence: Some(7) },
            Outgoing::PingResponse,
            Outgoing::Disconnect { reason: 0x97, text: Some("why") },
        ] {
            let mut whole = BytesMut::new();
            Codec::of_client(Version::V5).encode(packet.clone(), &mut whole).unwrap();
            for maximum in 1..100 {
                let (mut codec, mut output) = (Codec::of_client(Version::V5), BytesMut::new());
                codec.set_maximum_packet_size(maximum);
                match codec.encode(packet.clone(), &mut output) {
                    Ok(()) => assert!(output.len() <= maximum as usize, "{packet:?} in {maximum}"),
                    Err(TooLarge) => assert!(output.is_empty() && whole.len() > maximum as usize),
                }
            }
        }
    }

    proptest! {
        /// Whatever comes in, in whatever pieces: packets or a refusal, never a panic, nothing without end.
        #[test]
        fn any_bytes_are_read_or_refused(
            start in prop::sample::select(vec![&b""[..], CONNECT_5, CONNECT_311]),
            first in prop::sample::select(vec![0x10_u8, 0x30, 0x32, 0x40, 0x82, 0xa2, 0xc0, 0xe0, 0xf0, 0x00]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [start, &[first], &rest].concat();
            let _ = read_all(&bytes);
        }

        /// A packet with some of its bytes changed.
        #[test]
        fn mutated_packets_are_read_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let packets: [&[u8]; 4] = [
                CONNECT_5,
                b"\x32\x10\0\x01t\0\x01\x07\x23\0\x01\x01\x01\x09\0payl",
                b"\x82\x0e\0\x02\0\0\x03a/b\x01\0\x02c#\x01",
                b"\xe0\x07\x04\x05\x11\0\0\0\x09",
            ];
            let mut bytes = packets.concat();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let _ = read_all(&bytes);
        }
    }
}
