//! MQTT packets to bytes and back, over rumqttc's codec.
//!
//! The codec is given whole frames of a bounded size only. On a stream of its own it would wait for
//! ever for the rest of a frame whose inner lengths are wrong, and it reads a DISCONNECT only in its
//! longest form, so that the reason that most brokers send in the short one would be lost.

use bytes::{Buf, BytesMut};
use rumqttc::v5::mqttbytes::v5::Packet;

use super::error::Error;

/// The largest packet that we take, in bytes: AWS IoT sends payloads of up to 128 KiB.
pub(super) const MAX_PACKET_SIZE: u32 = 150_000;

/// The first byte of a CONNACK packet.
pub(super) const CONNACK: u8 = 0x20;
const DISCONNECT: u8 = 0xE0;

/// Takes the next packet out of `buffer`, or `None` while it is not complete.
pub(super) fn take_packet(buffer: &mut BytesMut) -> Result<Option<Packet>, Error> {
    let Some(length) = frame_length(buffer)? else { return Ok(None) };
    if buffer.len() < length {
        buffer.reserve(length - buffer.len());
        return Ok(None);
    }
    let mut frame = buffer.split_to(length);
    if let [DISCONNECT, remaining @ (0 | 1), ..] = frame[..] {
        let reason = if remaining == 0 { 0 } else { frame[2] };
        frame = BytesMut::from(&[DISCONNECT, 2, reason, 0][..]);
    }
    Packet::read(&mut frame, None).map(Some).map_err(|error| Error::Protocol { reason: error.to_string() })
}

/// The length in bytes of the frame at the start of `buffer`, once enough of it is there.
fn frame_length(buffer: &BytesMut) -> Result<Option<usize>, Error> {
    let mut remaining = 0;
    for (index, byte) in buffer.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            if remaining > MAX_PACKET_SIZE as usize {
                let reason = format!("a packet of {remaining} bytes, more than {MAX_PACKET_SIZE}");
                return Err(Error::Protocol { reason });
            }
            return Ok(Some(2 + index + remaining));
        }
    }
    if buffer.remaining() >= 5 {
        return Err(Error::Protocol { reason: "a packet length of more than four bytes".to_owned() });
    }
    Ok(None)
}

/// Appends `packet` to `buffer`.
pub(super) fn put_packet(packet: &Packet, buffer: &mut BytesMut) -> Result<(), Error> {
    packet.write(buffer, None).map(drop).map_err(|error| Error::Protocol { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::{DisconnectReasonCode, Publish};

    fn reason_of(bytes: &[u8]) -> DisconnectReasonCode {
        match take_packet(&mut BytesMut::from(bytes)) {
            Ok(Some(Packet::Disconnect(disconnect))) => disconnect.reason_code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_disconnect_is_read_in_each_of_its_forms() {
        assert_eq!(reason_of(&[0xE0, 0]), DisconnectReasonCode::NormalDisconnection);
        assert_eq!(reason_of(&[0xE0, 1, 0x8E]), DisconnectReasonCode::SessionTakenOver);
        assert_eq!(reason_of(&[0xE0, 2, 0x8B, 0]), DisconnectReasonCode::ServerShuttingDown);
        assert_eq!(reason_of(&[0xE0, 5, 0x98, 3, 31, 0, 0]), DisconnectReasonCode::AdministrativeAction);
    }

    #[test]
    fn a_frame_is_taken_once_it_is_whole() {
        let mut whole = BytesMut::new();
        let publish = Publish::new("a/b", QoS::AtMostOnce, vec![7; 300], None);
        put_packet(&Packet::Publish(publish.clone()), &mut whole).unwrap();
        let mut buffer = BytesMut::new();
        for (index, byte) in whole.iter().enumerate() {
            buffer.extend_from_slice(&[*byte]);
            let taken = take_packet(&mut buffer).unwrap();
            assert_eq!(taken.is_some(), index + 1 == whole.len());
        }
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_frame_that_is_too_large_is_refused_before_it_has_come() {
        let mut buffer = BytesMut::from(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F][..]);
        assert!(matches!(take_packet(&mut buffer), Err(Error::Protocol { .. })));
        let mut buffer = BytesMut::from(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF][..]);
        assert!(matches!(take_packet(&mut buffer), Err(Error::Protocol { .. })));
    }

    #[test]
    fn a_frame_with_wrong_inner_lengths_is_an_error_not_a_wait() {
        for frame in [&[0x90, 2, 0, 1][..], &[0x20, 1, 0], &[0x32, 4, 0, 9, b'a', b'b'], &[0xE0, 2, 0x8E, 9]]
        {
            assert!(
                matches!(take_packet(&mut BytesMut::from(frame)), Err(Error::Protocol { .. })),
                "{frame:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_stand_still(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            loop {
                let before = buffer.len();
                match take_packet(&mut buffer) {
                    Ok(Some(_)) => prop_assert!(buffer.len() < before),
                    Ok(None) | Err(_) => break,
                }
            }
        }

        #[test]
        fn no_mutated_packet_makes_it_panic(at in 0_usize..64, byte in any::<u8>(), kind in 0_usize..6) {
            let whole: &[&[u8]] = &[
                &[0x20, 14, 0, 0, 11, 33, 0, 100, 39, 0, 2, 0x48, 0, 36, 1, 42],
                &[0x90, 11, 0, 1, 6, 31, 0, 3, b'n', b'o', b't', 0x87, 1],
                &[0x40, 10, 0, 1, 0x87, 6, 31, 0, 3, b'n', b'o', b't'],
                &[0x32, 17, 0, 3, b'a', b'/', b'b', 0, 1, 5, 11, 1, 35, 0, 1, b'{', b'}', b' ', b' '],
                &[0xE0, 8, 0x8E, 6, 31, 0, 3, b'n', b'o', b't'],
                &[0xD0, 0],
            ];
            let mut bytes = whole[kind].to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            drop(take_packet(&mut BytesMut::from(&bytes[..])));
        }
    }
}
