//! What the benches in `tests/benches` measure and no public function shows by itself.

use std::num::NonZeroU16;
use std::sync::Arc;

use bytes::BytesMut;

use crate::app::command;
use crate::service::broker::packet::{Delivery, Message, Outgoing, PacketId, Qos};
use crate::service::mqtt::codec::Codec;
use crate::service::policy::{Action, Context, Decision, Document, evaluate};

/// CONNECT of MQTT 5: a clean start, no keep-alive, no properties, the client id `a`.
const CONNECT: &[u8] = b"\x10\x0e\0\x04MQTT\x05\x02\0\0\0\0\x01a";

/// Reads one command as it is typed, and says whether it is one.
#[must_use]
pub fn is_command(line: &str) -> bool {
    command::parse(line).is_ok_and(|line| line.is_some())
}

/// Whether a policy allows to publish to a resource.
///
/// # Panics
///
/// If `document` is no policy.
pub fn policy(document: &str) -> impl Fn(&str) -> bool {
    let document = Document::parse(document).expect("a policy");
    let context = Context::default();
    move |resource| evaluate([&document], Action::Publish, resource, &context) == Decision::Allowed
}

/// As the service announces it by default.
const MAXIMUM_PACKET_SIZE: u32 = 149_504;

/// Reads packets of a client that speaks MQTT 5, and says whether all are there and well formed.
pub fn packet_reader() -> impl FnMut(&[u8]) -> bool {
    let (mut codec, mut input) = (Codec::new(MAXIMUM_PACKET_SIZE), BytesMut::new());
    let mut read = move |packets: &[u8]| {
        input.extend_from_slice(packets);
        let mut is_sound = true;
        while is_sound && !input.is_empty() {
            is_sound = matches!(codec.decode(&mut input), Ok(Some(_)));
        }
        is_sound
    };
    assert!(read(CONNECT));
    read
}

/// Writes a message as it is sent to a client that speaks MQTT 5; the number of its bytes.
pub fn packet_writer(topic: &str, payload: &str) -> impl FnMut() -> usize {
    let (mut codec, mut output, mut input) =
        (Codec::new(MAXIMUM_PACKET_SIZE), BytesMut::new(), BytesMut::from(CONNECT));
    assert!(codec.decode(&mut input).is_ok());
    let message = Message {
        topic: topic.into(),
        payload: payload.to_owned().into(),
        qos: Qos::AtLeastOnce,
        ..Message::default()
    };
    let delivery = Delivery {
        message: Arc::new(message),
        qos: Qos::AtLeastOnce,
        retain: false,
        dup: false,
        packet_id: Some(PacketId(NonZeroU16::MIN)),
        expiry: None,
        sequence: None,
    };
    move || {
        output.clear();
        codec.encode(Outgoing::Publish(delivery.clone()), &mut output).map_or(0, |()| output.len())
    }
}
