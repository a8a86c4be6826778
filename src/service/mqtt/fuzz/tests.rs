//! Clients that mostly make sense.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn byte(length: usize) -> u8 {
    length.try_into().expect("everything here is short")
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    // Seven bits a byte, the lowest first.
    let length = match body.len() {
        short @ 0..128 => vec![byte(short)],
        long => vec![byte(long % 128) | 0x80, byte(long / 128)],
    };
    [&[first], &length[..], body].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[0, byte(text.len())], text.as_bytes()].concat()
}

/// In MQTT 5 properties stand there.
fn properties(v5: bool, bytes: &[u8]) -> Vec<u8> {
    if v5 { [&[byte(bytes.len())], bytes].concat() } else { Vec::new() }
}

fn connect(v5: bool) -> impl Strategy<Value = Vec<u8>> {
    let client = select(vec!["a", "b", "", "evil", "unknown", "$x"]);
    let given = vec![
        &b""[..],
        b"\x11\0\0\0\x3c",
        b"\x11\xff\xff\xff\xff\x21\0\x02",
        b"\x27\0\0\0\x1e",
        b"\x27\0\0\0\x03",
    ];
    (client, select(given), any::<bool>(), prop::option::of(topic()), any::<bool>()).prop_map(
        move |(client, given, clean, will, retain)| {
            let mut flags = if clean { 2 } else { 0 };
            let mut last = Vec::new();
            if let Some(topic) = will {
                flags |= 4 | if retain { 0x20 } else { 8 };
                last = [properties(v5, b"\x18\0\0\0\x05"), text(&topic), text("gone")].concat();
            }
            let head = [&text("MQTT")[..], &[if v5 { 5 } else { 4 }, flags, 0, 60]].concat();
            packet(0x10, &[head, properties(v5, given), text(client), last].concat())
        },
    )
}

/// Topics that mean something, and now and then text that comes near or does not.
fn topic() -> impl Strategy<Value = String> {
    let known = vec![
        "a",
        "a/b",
        "x/denied",
        "$aws/things/T/jobs/get",
        "$aws/things/T/jobs/start-next",
        "$aws/things/T/jobs/$next/get",
        "$aws/things/T/jobs/J1/update",
        "$SYS/x",
        "a/+",
        "",
    ];
    prop_oneof![
        12 => select(known).prop_map(str::to_owned),
        1 => r"(\$aws/things/T/jobs/|\$aws/|\$share/g/|\$)?(get|a|\+|#|\$next|J1|)(/(update|accepted|\+|#|é|)){0,3}",
        1 => "\\PC{0,10}",
    ]
}

fn publish(v5: bool) -> impl Strategy<Value = Vec<u8>> {
    let payload =
        select(vec!["", "{}", r#"{"status":"IN_PROGRESS","clientToken":"t"}"#, r#"{"status":"FAILED"}"#]);
    let given = select(vec![&b""[..], b"\x23\0\x01", b"\x23\0\x09", b"\x02\0\0\0\x09\x26\0\x01k\0\x01v"]);
    (topic(), payload, given, select(vec![0x30, 0x31, 0x32, 0x32, 0x32, 0x33, 0x34]), 1..4_u8).prop_map(
        move |(topic, payload, given, first, id)| {
            let id = if first & 6 == 0 { Vec::new() } else { vec![0, id] };
            packet(first, &[text(&topic), id, properties(v5, given), payload.as_bytes().to_vec()].concat())
        },
    )
}

fn subscribe(v5: bool) -> impl Strategy<Value = Vec<u8>> {
    let known = vec!["a", "a/#", "+/b", "#", "$share/g/a", "$aws/things/T/jobs/#", "x/denied", "a#"];
    let filter = prop_oneof![8 => select(known).prop_map(str::to_owned), 1 => topic()];
    (vec((filter, 0..3_u8), 1..4), 1..4_u8, any::<bool>()).prop_map(move |(filters, id, gone)| {
        let mut body = [vec![0, id], properties(v5, b"")].concat();
        for (filter, options) in filters {
            body.extend(text(&filter));
            body.extend((!gone).then_some(options));
        }
        packet(if gone { 0xa2 } else { 0x82 }, &body)
    })
}

fn any_packet(v5: bool) -> impl Strategy<Value = Vec<u8>> {
    let short = vec![
        &b"\xc0\0"[..],
        b"\xe0\0",
        b"\xe0\x01\x04",
        b"\xe0\x07\0\x05\x11\0\0\0\x09",
        b"\xf0\0",
        b"\x62\x02\0\x01",
    ];
    let sound = prop_oneof![
        2 => connect(v5),
        8 => publish(v5),
        5 => subscribe(v5),
        6 => (1..9_u8).prop_map(|id| vec![0x40, 2, 0, id]),
        2 => select(short).prop_map(<[u8]>::to_vec),
    ];
    (sound, prop::option::weighted(0.05, (any::<Index>(), any::<u8>()))).prop_map(|(mut packet, change)| {
        if let Some((at, byte)) = change {
            let at = at.index(packet.len());
            packet[at] = byte;
        }
        packet
    })
}

fn piece(what: u8, bytes: &[u8]) -> Vec<u8> {
    [&[what, byte(bytes.len())], bytes].concat()
}

/// What a client does, in the order in which it makes sense.
fn conversation() -> impl Strategy<Value = Vec<u8>> {
    (0..4_u8, any::<bool>()).prop_flat_map(|(who, v5)| {
        let packets = vec(any_packet(v5), 0..12);
        let gone = prop::option::of(select(vec![[20, 0], [24, 1], [24, 255], [28, 0]]));
        (connect(v5), packets, gone).prop_map(move |(connect, packets, gone)| {
            let mut data = piece(who, &connect);
            data.extend(packets.iter().flat_map(|packet| piece(who, packet)));
            data.extend(gone.into_iter().flat_map(|[what, length]| [what + who, length]));
            data
        })
    })
}

proptest! {
    #[test]
    fn whatever_clients_send_nothing_is_owed_and_nothing_is_left(
        conversations in vec(conversation(), 1..8),
        cut in any::<Index>(),
    ) {
        let data = conversations.concat();
        super::check(&data);
        super::check(&data[cut.index(data.len())..]);
    }
}
