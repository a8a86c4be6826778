//! MQTT packets, byte by byte; shared with the benches.

/// Packet types of MQTT, as they stand in the first byte of a packet.
pub(crate) mod first_byte {
    pub(crate) const CONNECT: u8 = 0x10;
    pub(crate) const CONNACK: u8 = 0x20;
    pub(crate) const PUBLISH: u8 = 0x30;
    pub(crate) const QOS_1: u8 = 0x02;
    pub(crate) const PUBACK: u8 = 0x40;
    pub(crate) const SUBSCRIBE: u8 = 0x82;
    pub(crate) const SUBACK: u8 = 0x90;
    pub(crate) const DISCONNECT: u8 = 0xE0;
}

/// A packet with its length, which is put together from parts.
pub(crate) fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
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
    packet.extend(parts.concat());
    packet
}

/// A text as it stands in a packet.
pub(crate) fn string(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}
